"""The one exception whose message is meant for the user."""


class EdgememError(Exception):
    """Something the user can put right; the message says what was found, what is allowed and what to do."""
