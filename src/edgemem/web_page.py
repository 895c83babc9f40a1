"""Pages for a browser, each one file that holds all it shows."""

import os
import re
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup, escape

from edgemem.errors import EdgememError
from edgemem.writing import write_whole


def write_web_page(template: str | Path, page: str | Path, **values: object) -> None:
    """Write a page: a template of Jinja in which every value is escaped.

    **Raises:** EdgememError if the template cannot be read or asks for a value that is not given.
    """
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = _prose
    try:
        text = environment.from_string(Path(template).read_text(encoding="utf-8")).render(**values)
    except (OSError, jinja2.TemplateError) as error:
        raise EdgememError(f"{template} cannot be filled in: {error}") from None
    write_whole(page, lambda path: path.write_text(text, encoding="utf-8"))


def link(file: str | Path, page: str | Path) -> str:
    """Return the address of a file as it is written in a page: relative, so that both can be moved together."""
    return quote(Path(os.path.relpath(file, Path(page).parent)).as_posix())


def _prose(text: str) -> Markup:
    """Return text with its `code` and **bold** marked up, and no line that begins with a percent sign."""
    escaped = str(escape(text)).replace(" %", "\N{NO-BREAK SPACE}%")
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", re.sub("`(.+?)`", r"<code>\1</code>", escaped)))
