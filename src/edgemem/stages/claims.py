"""Judge the claims of the paper by the collected numbers."""

import argparse

from edgemem.layout import CLAIMED
from edgemem.reporting.claims import documented_claims
from edgemem.reporting.figure_values import comparisons, figure_table
from edgemem.reporting.page_numbers import page_numbers
from edgemem.reporting.pages import markdown_table, write_page
from edgemem.reporting.published_verdicts import Campaigns
from edgemem.reporting.summary_metrics import read_metrics


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("template", metavar="TEMPLATE.md", help="page with a place for each table")
    parser.add_argument("page", metavar="PAGE.md", help="page to write")
    parser.add_argument(
        "--metrics",
        nargs=len(CLAIMED),
        required=True,
        metavar="METRICS.json",
        help=f"summary metrics of the campaigns {', '.join(CLAIMED)}",
    )
    parser.add_argument("--numbers", nargs="*", default=[], metavar="FILE", help="files with numbers of the page")


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    campaigns = Campaigns(*map(read_metrics, options.metrics))
    found = comparisons(campaigns.figures)
    write_page(
        options.template,
        options.page,
        page_numbers(options.numbers, dict(zip(CLAIMED, campaigns, strict=True))),
        claims=markdown_table(*documented_claims(campaigns)),
        comparison=markdown_table(*figure_table(found)),
        inside=f"{sum(c.inside for c in found)} of {len(found)}",
    )
