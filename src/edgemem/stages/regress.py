"""Stage 4: find the transitions of a campaign and compare them with predictions."""

import argparse

from edgemem.analysis.evaluations import read_evaluations
from edgemem.analysis.flows import flow_table
from edgemem.analysis.metrics import metrics
from edgemem.analysis.prediction import predict_transitions
from edgemem.analysis.starts import starts_table
from edgemem.analysis.training_times import training_times
from edgemem.analysis.transition import find_transitions
from edgemem.config.regress import RegressSpec
from edgemem.files.atomic_write import atomic_write
from edgemem.files.attributes import metrics_text
from edgemem.files.lineage import lineage_attributes
from edgemem.files.netcdf import write_dataset
from edgemem.stages.campaign_spec import add_campaign_spec


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("evaluations", nargs="+", metavar="EVALUATION.nc", help="one file a setting, model and seed")
    parser.add_argument("--transition", required=True, metavar="OUT.nc", help="transition file to write")
    parser.add_argument("--regression", required=True, metavar="OUT.nc", help="regression file to write")
    parser.add_argument("--metrics", metavar="OUT.json", help="flat table of the summary metrics to write")
    add_campaign_spec(parser, "campaign, settings, models, seeds and regression")


def run(options: argparse.Namespace) -> None:
    """Write the transition and regression files, and the metrics."""
    spec = RegressSpec.parse(options.spec)
    cases = [(case.setting.name, case.model) for case in spec.cases]
    evaluations = read_evaluations(options.evaluations, cases, spec.seeds)
    transition = find_transitions(spec, evaluations)
    for more in (starts_table, training_times, flow_table):
        transition = transition.merge(more(spec, evaluations))
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
        text = metrics_text(table, lineage_attributes("metrics", spec.canonical(), inputs, spec.names))
        atomic_write(options.metrics, lambda path: path.write_text(text))
