"""How long lists are printed, and how a question is asked."""

import sys
from collections.abc import Sequence


LINES = 20


def listed(head: str, lines: Sequence[str]) -> str:
    """Return a line and, indented, those of a list, or the first of a long one."""
    more = [f"... and {len(lines) - LINES} more"] if len(lines) > LINES else []
    return "\n  ".join([head, *lines[:LINES], *more])


def agreed(question: str) -> bool:
    """Return whether somebody at a terminal answers a question with y; without a terminal nobody does."""
    return sys.stdin.isatty() and input(f"{question} [y/N] ").lower() == "y"
