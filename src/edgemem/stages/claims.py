"""Judge the claims of the paper by the collected numbers."""

import argparse
from collections.abc import Mapping

from edgemem.layout import CLAIMED, SOLVED, TIMED
from edgemem.reporting import bounds
from edgemem.reporting.claims import documented_claims, rules_table
from edgemem.reporting.compared_claims import COMPARED
from edgemem.reporting.figure_values import comparisons, figure_table
from edgemem.reporting.flow_claims import CLAIMS as FLOW_CLAIMS
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.page_numbers import page_numbers
from edgemem.reporting.pages import markdown_table, write_page
from edgemem.reporting.summary_metrics import known, read_metrics
from edgemem.reporting.timed_claims import CLAIMS as TIMED_CLAIMS
from edgemem.reporting.timed_claims import not_testable_table


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
    parser.add_argument(
        "--timed", nargs="?", metavar="METRICS.json", help=f"those of the campaign {TIMED}, once it is collected"
    )
    parser.add_argument(
        "--solved",
        nargs="*",
        default=[],
        metavar="METRICS.json",
        help=f"those of the campaigns {', '.join(SOLVED)}, once all of them are collected",
    )


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    campaigns = dict(zip(CLAIMED, map(read_metrics, options.metrics), strict=True))
    timed = {TIMED: read_metrics(options.timed)} if options.timed else {}
    solved = dict(zip(SOLVED, map(read_metrics, options.solved), strict=True)) if options.solved else {}
    found = comparisons(campaigns["paper-figures"])
    write_page(
        options.template,
        options.page,
        page_numbers([], campaigns),
        claims=markdown_table(*documented_claims(campaigns)),
        beyond=markdown_table(*documented_claims(campaigns, FURTHER)),
        compared=markdown_table(*documented_claims(campaigns, COMPARED)),
        rules=markdown_table(*rules_table()),
        timed=markdown_table(*documented_claims(timed, TIMED_CLAIMS)) if timed else None,
        timed_rules=markdown_table(*rules_table(TIMED_CLAIMS)),
        solved=markdown_table(*documented_claims(solved, FLOW_CLAIMS)) if solved else None,
        solved_rules=markdown_table(*rules_table(FLOW_CLAIMS)),
        not_testable=markdown_table(*not_testable_table()),
        comparison=markdown_table(*figure_table(found)),
        settings=_counts(campaigns, "settings"),
        seeds=_counts(campaigns, "seeds"),
        level=f"{bounds.LEVEL:g}",
        held_out=bounds.MIN_HELD_OUT,
        inside=f"{sum(c.inside for c in found)} of {len(found)}",
    )


def _counts(campaigns: Mapping[str, Metrics], what: str) -> dict[str, int]:
    """Return how many settings, or data sets of each, the campaigns have."""
    return {name: round(known(metrics, f"campaign/{what}")) for name, metrics in campaigns.items()}
