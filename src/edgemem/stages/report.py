"""The last stage: one page that shows a campaign, to be opened without a network and sent around."""

import argparse
import json
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from edgemem import pieces
from edgemem.config.file_list import plot_name
from edgemem.config.plot import DrawnFigure
from edgemem.config.report import ReportSpec
from edgemem.errors import EdgememError
from edgemem.files.lineage import lineage_attributes
from edgemem.reporting.claims import campaign_claims, compared_claims, flow_claims, judged_table, timed_claims
from edgemem.reporting.cost import cost_table, cost_text, costs
from edgemem.reporting.downloads import Image, csv_address, image, made_by
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.origin import File, changed, origin_table, trace
from edgemem.reporting.pages import Table, link, write_page
from edgemem.reporting.parameters import options as options_of
from edgemem.reporting.parameters import parameter_tables
from edgemem.reporting.skill import agreement_table, error_table, noise_table, weights_text
from edgemem.reporting.summary import headlines, ratio_table, summary, transition_table, transitions
from edgemem.reporting.summary_metrics import read_metrics
from edgemem.stages.campaign_spec import add_campaign_spec


# The folder of figures at the width of one column of text.
COLUMN = "column"
# What numbers depend on; no other part of the environment computes any.
PACKAGES = ("equinox", "jax", "matplotlib", "numpy", "optax", "scikit-learn", "scipy", "xarray")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("template", metavar="TEMPLATE.html", help="page with a place for each part")
    parser.add_argument("data", nargs="+", metavar="DATA.nc", help="files that figures are drawn from, and tables")
    parser.add_argument("--metrics", required=True, metavar="METRICS.json", help="summary metrics of the campaign")
    parser.add_argument(
        "--figures",
        nargs="*",
        default=[],
        metavar="FIGURE",
        help="figures as .png and .pdf, what they show as .csv, and in a folder `column` for one column as .png",
    )
    parser.add_argument("--out", required=True, metavar="REPORT.html", help="page to write")
    add_campaign_spec(parser, "all keys of the campaign")


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    spec = ReportSpec.parse(options.spec)
    write_page(options.template, options.out, partial=None, **contents(spec, options, trace(options.data)))


def contents(spec: ReportSpec, options: argparse.Namespace, files: dict[str, File]) -> dict[str, Any]:
    """Return what the page shows, by the names of the places in its template.

    **Arguments:** `options`: the command's `data`, `metrics`, `figures` and `out`; `files`: of which the page says
    where they come from, by path, the data among them.
    """
    metrics = read_metrics(options.metrics)
    inputs = [*options.data, options.metrics, *options.figures]
    made = lineage_attributes("report", spec.canonical(), inputs, spec.names)
    return {
        "campaign": spec.campaign,
        "summary": summary(spec, metrics),
        "headlines": headlines(spec, metrics),
        "claims": _claims(spec, metrics),
        **cases(spec, metrics),
        "errors": error_table(metrics),
        "agreement": agreement_table(metrics),
        "noise": noise_table(metrics),
        "weights": weights_text(metrics),
        **first_apart(spec, figures(spec, options, files)),
        **making(spec),
        "origin": origin_table(files.values()),
        "sources": [file for file in files.values() if not file.attributes],
        "traced": len(files),
        "changed": [[_link(file, options.out) for file in pair] for pair in changed(files)],
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "made": made,
        "lineage": made_by(f"campaign {spec.campaign}", made),
        "lineage_json": json.dumps(made),
        "metrics": link(options.metrics, options.out),
        "tables": [_link(files[path], options.out) for path in options.data if "campaign" in files[path].attributes],
    }


def cases(spec: ReportSpec, metrics: Metrics) -> dict[str, Any]:
    """Return what the page shows of each setting and model by itself."""
    found = transitions(spec, metrics)
    return {
        "transitions": found,
        "transition_table": transition_table(found),
        "scale": max(1.0, *(each.m90 or 0.0 for each in found)),
        "ratios": ratio_table(spec, metrics),
    }


def making(spec: ReportSpec) -> dict[str, Any]:
    """Return what the page shows of how a campaign is made: its parameters, and what they cost."""
    cost = costs(spec)
    return {
        "parameters": list(parameter_tables(spec)),
        "costs": cost_table(cost) if cost else None,
        "cost_text": cost_text(spec, cost),
    }


def _claims(spec: ReportSpec, metrics: Metrics) -> dict[str, Table]:
    """Return the claims of the paper, those beyond it, and those about what the campaign compares, judged by it."""
    cases = [case.name for case in spec.cases if "components" in case.provides]
    tables = {
        "What the paper claims": judged_table(campaign_claims(metrics, cases)),
        "Beyond the paper": judged_table(campaign_claims(metrics, cases, FURTHER)),
    }
    networks = {case.model for case in spec.cases if case.provides.isdisjoint({"components", "closed_form"})}
    more = {
        "Compared on the same data": compared_claims(metrics, cases),
        "Training time": timed_claims(metrics, networks),
        "Random features": flow_claims(metrics),
    }
    return tables | {title: judged_table(judged) for title, judged in more.items() if judged}


def figures(spec: ReportSpec, options: argparse.Namespace, files: Mapping[str, File]) -> list[dict[str, Any]]:
    """Return what the page shows of the figures of each setting, with its title; those of none come first."""
    given = {_below_figures(path): path for path in map(Path, options.figures)}
    groups: dict[str | None, dict[str, Any]] = {None: {"title": "All settings", "shown": []}}
    groups |= {setting.name: {"title": setting.title, "shown": []} for setting in spec.settings}
    for plot in spec.figures:
        shown = _figure(plot, given, options.out)
        drawn_from = _drawn_from(plot, [files[path] for path in options.data])
        shown["data"] = [{**_link(file, options.out), "size": file.size, "sha256": file.sha256} for file in drawn_from]
        groups[plot.setting.name if plot.setting else None]["shown"].append(shown)
    return [group for group in groups.values() if group["shown"]]


def first_apart(spec: ReportSpec, groups: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the campaign's first figure, which stands on top, and the groups of all others."""
    shown = {each["id"]: each for group in groups for each in group["shown"]}
    first = next((shown[name] for name in map(_name, spec.figures) if name in shown), None)
    rest = [group | {"shown": [each for each in group["shown"] if each is not first]} for group in groups]
    return {"first": first, "figures": [group for group in rest if group["shown"]]}


def _below_figures(path: Path) -> str:
    """Return the path of a figure from the folder of figures: those for one column have the same names."""
    return f"{COLUMN}/{path.name}" if path.parent.name == COLUMN else path.name


def _name(plot: DrawnFigure) -> str:
    return plot_name(plot.figure.figure, plot.setting.name if plot.setting else None, plot.model)


def _figure(plot: DrawnFigure, given: Mapping[str, Path], page: str) -> dict[str, Any]:
    """Return what the page shows of a figure: as PNG, for narrow screens in one column, and what is drawn as CSV.

    **Raises:** EdgememError if a file of it is missing or broken.
    """
    name = _name(plot)
    for file in (f"{name}.png", f"{name}.pdf", f"{name}.csv", column := f"{COLUMN}/{name}.png"):
        if file not in given:
            raise EdgememError(f"--figures lacks {file}, which --spec asks for")
    return {
        "id": name,
        "caption": pieces.figure_module(plot.figure.figure).CAPTION,
        "setting": plot.setting.title if plot.setting else None,
        "model": plot.model,
        "options": options_of(plot.figure),
        "png": _image(given[f"{name}.png"]),
        "column": _image(given[column]),
        "csv": csv_address(given[f"{name}.csv"].read_bytes()),
        "pdf": link(given[f"{name}.pdf"], page),
    }


def _image(path: Path) -> Image:
    return image(path.read_bytes(), path)


def _drawn_from(plot: DrawnFigure, files: Iterable[File]) -> list[File]:
    """Return the files that a figure reads: of its kinds, and of its setting and model, as far as they are of one."""
    subject = {"setting": plot.setting.name if plot.setting else None, "model": plot.model}
    return [
        file
        for file in files
        if file.kind in plot.figure.reads
        and all(file.attributes.get(name, wanted) == wanted for name, wanted in subject.items() if wanted is not None)
    ]


def _link(file: File, page: str) -> dict[str, Any]:
    return {"label": file.label, "link": link(file.path, page)}
