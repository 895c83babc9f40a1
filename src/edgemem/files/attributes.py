"""The attributes that a file carries, each kind in its own way.

A NetCDF file as such, a PNG as text beside its pixels, a PDF as keywords, a table as its first line, a page in its
head, metrics under one name.
"""

import html
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import netCDF4
from PIL import Image


# How Matplotlib writes a text in a PDF: in parentheses, with backslashes before those that belong to the text.
KEYWORDS = re.compile(rb"/Keywords\s*\(([^\\()]*(?:\\.[^\\()]*)*)\)", re.DOTALL)
# How the template of reports writes them.
META = re.compile(rb'<meta name="edgemem-lineage" content="([^"]*)">')
# The name in metrics.json that is no metric's, whose names have a slash.
LINEAGE = "lineage"
# What the line of a table begins with that is not part of it.
COMMENT = "# "


def read_attributes(path: str | Path) -> dict[str, str]:
    """Return the attributes of a file of edgemem as text, whatever its name; none of any other file.

    **Raises:** OSError if the file cannot be read or is damaged.
    """
    with Path(path).open("rb") as file:
        start = file.read(8)
    attributes: dict[str, Any] = {}
    if start.startswith(b"\x89HDF"):
        try:
            with netCDF4.Dataset(path) as dataset:
                attributes = {name: dataset.getncattr(name) for name in dataset.ncattrs()}
        except (RuntimeError, AttributeError) as error:  # so the library calls a byte that has changed
            raise OSError(str(error)) from error
    elif start.startswith(b"\x89PNG"):
        with Image.open(path) as image:
            attributes = {str(name): value for name, value in image.info.items() if isinstance(value, str)}
    elif start.startswith(COMMENT.encode()):
        with Path(path).open("rb") as file:
            attributes = _json(file.readline().removeprefix(COMMENT.encode()))
    elif start.startswith(b"%PDF") and (found := KEYWORDS.search(Path(path).read_bytes())):
        attributes = _json(re.sub(rb"\\(.)", rb"\1", found[1]))
    elif start.startswith(b"<!") and (found := META.search(Path(path).read_bytes())):
        attributes = _json(html.unescape(found[1].decode()))
    elif start.startswith(b"{") and isinstance(inner := _json(Path(path).read_bytes()).get(LINEAGE), dict):
        attributes = inner
    return {name: str(value) for name, value in attributes.items()} if "edgemem_file" in attributes else {}


def _json(text: str | bytes) -> dict[str, Any]:
    """Return the keys and values that a text spells; texts of others are no JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def figure_metadata(suffix: str, attributes: Mapping[str, object]) -> dict[str, str | None]:
    """Return what makes Matplotlib write attributes into a figure, from where `read_attributes` reads them.

    **Arguments:** `suffix`: `.pdf` or `.png`; `attributes`: by name, `title` among them.
    """
    if suffix == ".png":
        return {name: str(value) for name, value in attributes.items()}
    # Without the date, which would be that of drawing in a form of its own; `created` says it.
    return {
        "Title": str(attributes["title"]),
        "Keywords": json.dumps(dict(attributes), sort_keys=True),
        "CreationDate": None,
    }


def metrics_text(metrics: Mapping[str, float | None], attributes: Mapping[str, object]) -> str:
    """Return the content of metrics.json: numbers by name, and attributes where `read_attributes` looks for them."""
    numbers = {name: metrics[name] for name in sorted(metrics)}
    return json.dumps({**numbers, LINEAGE: dict(attributes)}, indent=2) + "\n"


def table_comment(attributes: Mapping[str, object]) -> str:
    """Return the first line of a table, from which `read_attributes` reads attributes."""
    return COMMENT + json.dumps(dict(attributes), sort_keys=True)
