"""Stage 4, beside regress: compare models that differ in their training with a reference."""

import argparse

from edgemem.analysis.comparison import compare
from edgemem.analysis.evaluations import read_evaluations
from edgemem.config.compare import CompareSpec
from edgemem.files.atomic_write import atomic_write
from edgemem.files.netcdf import write_dataset
from edgemem.reporting.comparison import comparison_table
from edgemem.reporting.pages import markdown_table
from edgemem.stages.campaign_spec import add_campaign_spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("evaluations", nargs="+", metavar="EVALUATION.nc", help="one file a setting, model and seed")
    parser.add_argument("--comparison", required=True, metavar="OUT.nc", help="comparison file to write")
    parser.add_argument("--table", required=True, metavar="OUT.md", help="the same as a table in Markdown")
    add_campaign_spec(parser, "campaign, settings, seeds, candidates and references")


def run(options: argparse.Namespace) -> None:
    """Write the comparison and its table."""
    spec = CompareSpec.parse(options.spec)
    comparison = compare(spec, read_evaluations(options.evaluations, spec.compared, spec.seeds))
    write_dataset(
        comparison,
        options.comparison,
        kind="comparison",
        spec=spec,
        inputs=options.evaluations,
        title=f"Training protocols of campaign {spec.campaign}",
    )
    text = markdown_table(*comparison_table(comparison)) + "\n"
    atomic_write(options.table, lambda path: path.write_text(text, encoding="utf-8"))
