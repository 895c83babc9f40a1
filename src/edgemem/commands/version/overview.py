"""A table of all versions."""

import argparse

from edgemem.reporting.numbers import megabytes
from edgemem.versions import tags


def print_list(options: argparse.Namespace) -> None:
    """Print all versions, oldest first."""
    rows = [("name", "saved", "campaign", "files", "size", "commit", "message")]
    for tag in tags.all_tags():
        version = tags.read(tag.name)
        size = megabytes(version.size)
        rows.append((tag.name, tag.date, version.campaign, str(len(version.files)), size, tag.commit[:8], tag.message))
    if len(rows) == 1:
        print("no versions yet; type: python -m edgemem version save NAME")
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
