"""Pages of the documentation that are made of a template and of results."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from edgemem.errors import EdgememError
from edgemem.writing import write_whole


class Table(NamedTuple):
    """A table of text."""

    header: list[str]
    rows: list[list[str]]


def write_page(template: str | Path, page: str | Path, places: Mapping[str, str]) -> None:
    """Write a page: a template in which each `{{ name }}` is replaced by its text.

    **Raises:** EdgememError if a place is not in the template exactly once.
    """
    text = Path(template).read_text(encoding="utf-8")
    for name, content in places.items():
        place = f"{{{{ {name} }}}}"
        if text.count(place) != 1:
            raise EdgememError(f"{template} needs one line {place} (got {text.count(place)})")
        text = text.replace(place, content.rstrip())
    write_whole(page, lambda path: path.write_text(text, encoding="utf-8"))


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
