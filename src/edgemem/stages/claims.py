"""Judge the claims of the paper by the collected numbers."""

import argparse

from edgemem.pages import write_page
from edgemem.tables.claims import claims_table, comparison_table, comparisons
from edgemem.tables.main_numbers import read_metrics


# The campaigns in the order in which their numbers are given.
CAMPAIGNS = ("paper", "paper-seeds", "paper-figures", "refute", "images")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("template", metavar="TEMPLATE.md", help="page with a place for each table")
    parser.add_argument("page", metavar="PAGE.md", help="page to write")
    parser.add_argument(
        "--metrics",
        nargs=len(CAMPAIGNS),
        required=True,
        metavar="METRICS.json",
        help=f"main numbers of the campaigns {', '.join(CAMPAIGNS)}",
    )


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    paper, seeds, figures, refute, images = (read_metrics(path) for path in options.metrics)
    found = comparisons(figures)
    places = {
        "claims": claims_table(paper, seeds, figures, refute, images),
        "comparison": comparison_table(found),
        "inside": f"{sum(c.inside for c in found)} of {len(found)}",
    }
    write_page(options.template, options.page, places)
