"""Judge the claims of the paper by the collected numbers."""

import argparse
import json
from pathlib import Path

from edgemem.errors import EdgememError
from edgemem.pages import write_page
from edgemem.tables.claims import claims_table, comparison_table, comparisons


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
    paper, seeds, figures, refute, images = (_read(path) for path in options.metrics)
    found = comparisons(figures)
    places = {
        "claims": claims_table(paper, seeds, figures, refute, images),
        "comparison": comparison_table(found),
        "inside": f"{sum(c.inside for c in found)} of {len(found)}",
    }
    write_page(options.template, options.page, places)


def _read(path: str) -> dict[str, float | None]:
    """Return a campaign's numbers.

    **Raises:** EdgememError if they cannot be read.
    """
    try:
        metrics: dict[str, float | None] = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EdgememError(f"{path} cannot be read as metrics ({error}); type: snakemake {path}") from None
    return metrics
