"""Pages that are made of a template and of results: Markdown for the documentation, HTML for a browser."""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple
from urllib.parse import quote

import jinja2
import jinja2.meta
from markupsafe import Markup, escape

from edgemem.analysis import published
from edgemem.errors import EdgememError
from edgemem.files.atomic_write import atomic_write
from edgemem.reporting import bounds, definitions
from edgemem.reporting.downloads import csv_address, csv_text
from edgemem.reporting.numbers import megabytes, number, power_of_ten, readable, signed


def _constants(module: ModuleType) -> dict[str, object]:
    return {name.lower(): value for name, value in vars(module).items() if name.isupper()}


MODULES = {"bounds": bounds, "definitions": definitions, "published": published}
# What every template may take numbers from, beside those that it is given.
CONSTANTS = {name: _constants(module) for name, module in MODULES.items()}
# A character after which a line may end.
BREAKABLE = r"\g<0><wbr>"


class Table(NamedTuple):
    """A table of text."""

    header: list[str]
    rows: list[list[str]]


def write_page(
    template: str | Path, page: str | Path, numbers: Mapping[str, object] | None = None, **values: object
) -> None:
    """Write a page: a template of Jinja filled with values, which are escaped where the template is HTML, and the star
    of σ* where it is Markdown.

    **Arguments:** `template`: may extend and import others in its folder; `numbers`: what it may take numbers from;
    `values`: by the name of their place in the template or in those others; each must have one.

    **Raises:** EdgememError if the template cannot be read, has no place for a value, or lacks a value for a place.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(template).parent),
        autoescape=Path(template).suffix == ".html",
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=None if Path(template).suffix == ".html" else readable,
    )
    environment.filters |= {"prose": _prose, "megabytes": megabytes, "as_csv": _as_csv}
    environment.filters |= {"number": number, "signed": signed, "power_of_ten": power_of_ten}
    environment.globals |= CONSTANTS | dict(numbers or {})
    try:
        places = _places(environment, Path(template).name)
        text = environment.get_template(Path(template).name).render(**values)
    except jinja2.TemplateError as error:
        raise EdgememError(f"{template} cannot be filled in: {error}") from None
    for name in values:
        if name not in places:
            raise EdgememError(f"{template} has no place for what belongs there; write {{{{ {name} }}}} into it")
    if Path(template).suffix == ".md":
        text = text.replace("σ*", r"σ\*")  # else two of them are the ends of emphasis, and are not seen
    atomic_write(page, lambda path: path.write_text(text, encoding="utf-8"))


def _places(environment: jinja2.Environment, template: str) -> set[str]:
    """Return the names of the places in a template and in all that it extends and imports."""
    assert environment.loader is not None
    parsed = environment.parse(environment.loader.get_source(environment, template)[0])
    others = filter(None, jinja2.meta.find_referenced_templates(parsed))
    return jinja2.meta.find_undeclared_variables(parsed).union(*(_places(environment, other) for other in others))


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table in Markdown."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def link(file: str | Path, page: str | Path) -> str:
    """Return the address of a file as it is written in a page: relative, so that both can be moved together."""
    return quote(Path(os.path.relpath(file, Path(page).parent)).as_posix())


def _as_csv(table: Table, lineage: str) -> str:
    """Return an address that holds a table as CSV."""
    return csv_address(csv_text(*table, lineage).encode())


def _prose(text: str) -> Markup:
    """Return text with its `code` and **bold** marked up, and no line that begins with a percent sign or ends inside of
    a number or an interval; long names may break after each of their parts.
    """
    escaped = str(escape(text)).replace(" %", "\N{NO-BREAK SPACE}%")
    escaped = re.sub("`(.+?)`", lambda code: f"<code>{re.sub('[_/]', BREAKABLE, code[1])}</code>", escaped)
    escaped = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escaped)
    return Markup(re.sub(r"\[[-+\d.e]+, [-+\d.e]+\]|[-+]?[\d.]+e[-+]\d+", r'<span class="whole">\g<0></span>', escaped))
