"""Stage 4: find the transitions of a campaign and compare them with predictions."""

import argparse
import json

from edgemem.config.regress import RegressSpec
from edgemem.stages.campaign_spec import add_campaign_spec
from edgemem.storage import write_dataset
from edgemem.tables.evaluations import by_setting_and_seed
from edgemem.tables.metrics import metrics
from edgemem.tables.prediction import predict_transitions
from edgemem.tables.transition import find_transitions
from edgemem.writing import write_whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("evaluations", nargs="+", metavar="EVALUATION.nc", help="one file a setting and seed")
    parser.add_argument("--transition", required=True, metavar="OUT.nc", help="transition file to write")
    parser.add_argument("--regression", required=True, metavar="OUT.nc", help="regression file to write")
    parser.add_argument("--metrics", metavar="OUT.json", help="flat table of the main numbers to write")
    add_campaign_spec(parser, "campaign, settings, seeds and regression")


def run(options: argparse.Namespace) -> None:
    """Write the transition and regression files, and the metrics."""
    spec = RegressSpec.parse(options.spec)
    evaluations = by_setting_and_seed(spec, options.evaluations)
    transition = find_transitions(spec, evaluations)
    regression = predict_transitions(spec, evaluations, transition)
    inputs = options.evaluations
    title = f"of campaign {spec.campaign}"
    write_dataset(
        transition, options.transition, kind="transition", spec=spec, inputs=inputs, title=f"Transitions {title}"
    )
    write_dataset(
        regression, options.regression, kind="regression", spec=spec, inputs=inputs, title=f"Predictions {title}"
    )
    if options.metrics:
        table = metrics(spec, evaluations, transition, regression)
        text = json.dumps(table, indent=2, sort_keys=True) + "\n"
        write_whole(options.metrics, lambda path: path.write_text(text))
