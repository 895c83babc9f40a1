"""Put tables and figures of a finished campaign into a page of the documentation."""

import argparse
import shutil
from pathlib import Path

from edgemem.files.atomic_write import atomic_write
from edgemem.files.netcdf import read_dataset
from edgemem.reporting.page_numbers import page_numbers
from edgemem.reporting.pages import write_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("template", metavar="TEMPLATE.md", help="page with a line {{ table }}")
    parser.add_argument("page", metavar="PAGE.md", help="page to write")
    parser.add_argument("--data", required=True, metavar="COMPARISON.nc", help="file the table was made of")
    parser.add_argument("--table", required=True, metavar="TABLE.md", help="table to put in the place")
    parser.add_argument("--image", required=True, metavar="FIGURE.png", help="figure to copy beside the page")
    parser.add_argument("--copy", required=True, metavar="FIGURE.png", help="where to copy it to")
    parser.add_argument("--numbers", nargs="*", default=[], metavar="FILE", help="files with numbers of the page")


def run(options: argparse.Namespace) -> None:
    """Write the page and copy its image."""
    made = read_dataset(options.data, "comparison").attrs
    origin = (
        f"Made from `{options.data}` of {made['created'][:10]}, commit {made['git_commit'][:12]}, "
        f"Python {made['python_version']}, {made['host_platform']}."
    )
    table = Path(options.table).read_text(encoding="utf-8").rstrip()
    numbers = page_numbers(options.numbers)
    write_page(options.template, options.page, numbers, table=f"{table}\n\n{origin}")
    atomic_write(options.copy, lambda path: shutil.copyfile(options.image, path))
