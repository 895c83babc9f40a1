"""What a page holds in itself, so that it needs no network: images, and tables and files to be downloaded."""

import base64
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edgemem.errors import EdgememError
from edgemem.reporting.numbers import number


# The width of an image is in the bytes 16 to 20 of a PNG file, its height in the four that follow.
PNG = b"\x89PNG\r\n\x1a\n"
NUMBER = r"[+-]?[\d,]*\.?\d+(?:e[+-]?\d+)?"
WITH_INTERVAL = re.compile(rf"({NUMBER}) \[({NUMBER}), ({NUMBER})\]")
GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
UNKNOWN = number(None)


class Image(NamedTuple):
    """A PNG image as an address that holds it, and its size in pixels."""

    address: str
    width: int
    height: int


def image(content: bytes, path: str | Path) -> Image:
    """Return an image.

    **Arguments:** `path`: of the file whose content it is, for the message.

    **Raises:** EdgememError if it is no PNG file.
    """
    if not content.startswith(PNG):
        raise EdgememError(f"{path} is no PNG file; delete it and run again")
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    return Image(_address(content, "image/png"), width, height)


def csv_address(content: bytes) -> str:
    """Return an address that holds a CSV file."""
    return _address(content, "text/csv;charset=utf-8")


def _address(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def made_by(what: str, made: Mapping[str, str | int]) -> str:
    """Return what something is and what made it, for the first line of its CSV.

    **Arguments:** `made`: attributes of its lineage.
    """
    return f"{what}; edgemem {made['edgemem_version']}, commit {made['git_commit']}, {made['created']}"


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]], lineage: str) -> str:
    """Return a table of a page as CSV, below a line with its lineage, and with numbers as programs read them.

    A column of numbers with intervals becomes three, `NAME`, `NAME low` and `NAME high`; what is unknown is empty.

    **Arguments:** `header`, `rows`: text as the page has it.
    """
    columns = [column for name, *cells in zip(header, *rows, strict=True) for column in _columns(name, cells)]
    lines = io.StringIO()
    lines.write(f"# {lineage}\n")
    csv.writer(lines, lineterminator="\n").writerows(zip(*columns, strict=True))
    return lines.getvalue()


def _columns(name: str, cells: Sequence[str]) -> list[list[str]]:
    """Return a column, or three if it has numbers with intervals."""
    found = [WITH_INTERVAL.fullmatch(cell) for cell in cells]
    if not any(found):
        return [[_plain(name), *map(_plain, cells)]]
    parts = zip(
        *(match.groups() if match else (cell, "", "") for match, cell in zip(found, cells, strict=True)), strict=True
    )
    return [[_plain(name) + end, *map(_plain, part)] for end, part in zip(("", " low", " high"), parts, strict=True)]


def _plain(text: str) -> str:
    """Return text without markup, numbers without commas, and nothing for a dash."""
    plain = text.replace("`", "").replace("**", "")
    if plain == UNKNOWN:
        return ""
    return plain.replace(",", "") if GROUPED.fullmatch(plain) else plain
