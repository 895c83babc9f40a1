"""Write the pages of the documentation, each from its template and the numbers that it has places for."""

import argparse
from pathlib import Path

from edgemem.layout import NUMBERS, PAGES, TEMPLATES
from edgemem.reporting.page_numbers import page_numbers
from edgemem.reporting.pages import write_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("pages", nargs="*", default=PAGES, metavar="PAGE.md", help="pages to write; all if left out")
    numbers = sorted(path for pattern in NUMBERS for path in Path().glob(pattern))
    parser.add_argument("--numbers", nargs="+", default=numbers, metavar="FILE", help="files with numbers of the pages")


def run(options: argparse.Namespace) -> None:
    """Write the pages."""
    numbers = page_numbers(options.numbers)
    for page in options.pages:
        write_page(f"{TEMPLATES}/{Path(page).name}", page, numbers)
