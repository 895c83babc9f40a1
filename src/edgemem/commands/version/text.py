"""How lists and sizes are printed."""

from collections.abc import Sequence


LINES = 20


def listed(head: str, lines: Sequence[str]) -> str:
    """Return a line and, indented, those of a list, or the first of a long one."""
    more = [f"... and {len(lines) - LINES} more"] if len(lines) > LINES else []
    return "\n  ".join([head, *lines[:LINES], *more])


def megabytes(size: int) -> str:
    """Return a size as one reads it."""
    return f"{size / 1e6:.1f} MB"
