"""Collect the figures, the summary metrics and the costs of a finished campaign for the documentation."""

import argparse
import json
import os
import platform
import shutil
from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from edgemem import pieces
from edgemem.analysis.barriers import barrier_metrics
from edgemem.analysis.disjoint_parts import agreement_metrics
from edgemem.analysis.ways import ways_metrics
from edgemem.config.collect import CollectSpec
from edgemem.errors import EdgememError
from edgemem.files.atomic_write import atomic_write
from edgemem.files.attributes import metrics_text, read_attributes
from edgemem.files.lineage import lineage_attributes
from edgemem.files.netcdf import read_dataset
from edgemem.reporting.barriers import barriers_text
from edgemem.reporting.cost import cost_table, cost_text, costs
from edgemem.reporting.disjoint_parts import agreement_text
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.pages import markdown_table, write_page
from edgemem.reporting.skill import has_predictions, has_transitions, noise_table, predictor_table, weights_text
from edgemem.reporting.starts import starts_text
from edgemem.reporting.summary_metrics import known, read_metrics
from edgemem.reporting.times import times_text
from edgemem.reporting.ways import ways_text
from edgemem.stages.campaign_spec import add_campaign_spec


# Sections of which a campaign has those that it has numbers for.
SECTIONS = (starts_text, times_text, weights_text, ways_text, barriers_text, agreement_text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("template", metavar="TEMPLATE.md", help="page with a place for each table")
    parser.add_argument("evaluations", nargs="+", metavar="EVALUATION.nc", help="evaluations of the campaign")
    parser.add_argument("--metrics", required=True, metavar="METRICS.json", help="summary metrics of the campaign")
    parser.add_argument("--sensitivity", nargs="*", default=[], metavar="SENSITIVITY.nc", help="other ways to generate")
    parser.add_argument("--barriers", nargs="*", default=[], metavar="BARRIERS.nc", help="paths between models")
    parser.add_argument(
        "--agreements", nargs="*", default=[], metavar="AGREEMENTS.nc", help="models of different samples, compared"
    )
    parser.add_argument("--figures", nargs="*", default=[], metavar="FIGURE.png", help="figures of the campaign")
    parser.add_argument(
        "--out", required=True, metavar="FOLDER", help="where to write README.md and copies of the rest"
    )
    add_campaign_spec(parser, "campaign, seeds, settings, models and how they are measured")


def run(options: argparse.Namespace) -> None:
    """Write the page of the campaign, and copy its figures and numbers beside it."""
    spec = CollectSpec.parse(options.spec)
    out = Path(options.out)
    evaluations = [read_dataset(path, "evaluations") for path in options.evaluations]
    ways = ways_metrics(read_dataset(path, "sensitivity") for path in options.sensitivity)
    barriers = barrier_metrics(read_dataset(path, "barriers") for path in options.barriers)
    agreements = agreement_metrics(read_dataset(path, "agreements") for path in options.agreements)
    metrics = {**read_metrics(options.metrics), **ways, **barriers, **agreements}
    images = [Path(image) for image in options.figures]
    found = costs(spec)
    write_page(
        options.template,
        out / "README.md",
        campaign=spec.campaign,
        origin=_origin(spec, evaluations, metrics),
        figures="\n\n".join(map(_figure, images)),
        predictors=markdown_table(*predictor_table(metrics)) if has_predictions(metrics) else "",
        noise=markdown_table(*noise_table(metrics)) if has_transitions(metrics) else "",
        sections="\n\n".join(filter(None, (text(metrics) for text in SECTIONS))),
        cost=f"{markdown_table(*cost_table(found))}\n\n{cost_text(spec, found)}",
    )
    inputs = [options.metrics, *options.sensitivity, *options.barriers, *options.agreements]
    text = metrics_text(metrics, lineage_attributes("metrics", spec.canonical(), inputs, spec.names))
    atomic_write(out / "metrics.json", lambda path: path.write_text(text, encoding="utf-8"))
    for source in images:
        atomic_write(out / source.name, lambda path: shutil.copyfile(source, path))  # noqa: B023


def _figure(image: Path) -> str:
    """Return a figure between its title and its caption, by what the image says of itself.

    **Raises:** EdgememError if it says nothing.
    """
    attributes = read_attributes(image)
    if not attributes:
        raise EdgememError(f"{image} carries no lineage, which says what figure it is; delete it and run again")
    caption = pieces.figure_module(json.loads(attributes["spec"])["figure"]["figure"]).CAPTION
    drawn_of = [f"`{attributes[name]}`" for name in ("model", "setting") if name in attributes]
    title = ", ".join(filter(None, (caption.title, " on ".join(drawn_of))))
    return f"### {title}\n\n![{caption.alt}]({image.name})\n\n{caption.text}"


def _origin(spec: CollectSpec, evaluations: Iterable[xr.Dataset], metrics: Metrics) -> str:
    """Return what was computed, when, where and by which code, from the attributes of the files themselves."""
    evaluations = list(evaluations)

    def all_of(attribute: str) -> str:
        return ", ".join(sorted({str(evaluation.attrs[attribute]) for evaluation in evaluations}))

    created = sorted(evaluation.attrs["created"] for evaluation in evaluations)
    changed = any(evaluation.attrs["git_dirty"] == "true" for evaluation in evaluations)
    rows = [
        ["settings × seeds", f"{len(spec.settings)} × {len(spec.seeds)}"],
        *(
            [f"models `{name}`", f"{_count(name, evaluations):,} of {model.denoiser}, protocol `{model.protocol_name}`"]
            for name, model in spec.models.items()
        ),
        ["models left out of fits", "{:,.0f} of {:,.0f}".format(*_left_out(metrics))],
        ["evaluated", f"{created[0]} to {created[-1]}"],
        ["commit", all_of("git_commit") + (", with changes that were not committed" if changed else "")],
        ["machine", f"{all_of('host_platform')}; {all_of('device_kind')}"],
        ["collected on", f"{_processor()}, {os.cpu_count()} cores"],
        ["Python, JAX", f"{all_of('python_version')}, {all_of('jax_version')}"],
    ]
    return markdown_table(["", ""], rows)


def _left_out(metrics: Metrics) -> list[float]:
    """Return how many models have not converged, or cannot be told to have, and how many there are."""
    return [known(metrics, f"campaign/{name}") for name in ("models_left_out", "models")]


def _count(model: str, evaluations: Iterable[xr.Dataset]) -> int:
    """Return how many models have been trained under a name."""
    return sum(evaluation.sizes["model_size"] for evaluation in evaluations if evaluation.attrs["model"] == model)


def _processor() -> str:
    """Return the name of the processor."""
    information = Path("/proc/cpuinfo")  # on Linux; elsewhere Python knows
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
