"""The last stage: one page that shows a campaign, to be opened without a network and sent around."""

import argparse
import base64
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
from edgemem.reporting.claims import Judged, campaign_claims
from edgemem.reporting.cost import cost_table, cost_text, costs
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.origin import File, changed, origin_table, trace
from edgemem.reporting.pages import link, write_page
from edgemem.reporting.parameters import options as options_of
from edgemem.reporting.parameters import parameter_tables
from edgemem.reporting.skill import noise_table, predictor_table, weights_text
from edgemem.reporting.summary import headlines, ratio_table, summary, transitions
from edgemem.reporting.summary_metrics import read_metrics
from edgemem.stages.campaign_spec import add_campaign_spec


# What numbers depend on; no other part of the environment computes any.
PACKAGES = ("equinox", "jax", "matplotlib", "numpy", "optax", "scikit-learn", "scipy", "xarray")
# The width of an image is in the bytes 16 to 20 of a PNG file, its height in the four that follow.
PNG = b"\x89PNG\r\n\x1a\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("template", metavar="TEMPLATE.html", help="page with a place for each part")
    parser.add_argument("data", nargs="+", metavar="DATA.nc", help="files that figures are drawn from, and tables")
    parser.add_argument("--metrics", required=True, metavar="METRICS.json", help="summary metrics of the campaign")
    parser.add_argument("--figures", nargs="*", default=[], metavar="FIGURE", help="figures as .png, .pdf and .csv")
    parser.add_argument("--out", required=True, metavar="REPORT.html", help="page to write")
    add_campaign_spec(parser, "all keys of the campaign")


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    spec = ReportSpec.parse(options.spec)
    metrics = read_metrics(options.metrics)
    files = trace(options.data)
    found = transitions(spec, metrics)
    cost = costs(spec)
    write_page(
        options.template,
        options.out,
        campaign=spec.campaign,
        summary=summary(spec, metrics),
        headlines=headlines(spec, metrics),
        claims=_claims(spec, metrics),
        transitions=found,
        scale=max(1.0, *(each.m90 or 0.0 for each in found)),
        ratios=ratio_table(spec, metrics),
        predictors=predictor_table(metrics),
        noise=noise_table(metrics),
        weights=weights_text(metrics),
        figures=_figures(spec, options, files),
        parameters=list(parameter_tables(spec)),
        costs=cost_table(cost) if cost else None,
        cost_text=cost_text(spec, cost),
        origin=origin_table(files.values()),
        sources=[file for file in files.values() if not file.attributes],
        traced=len(files),
        changed=[[_link(file, options.out) for file in pair] for pair in changed(files)],
        packages={name: metadata.version(name) for name in PACKAGES},
        made=lineage_attributes("report", spec.canonical(), [], spec.names),
        metrics=link(options.metrics, options.out),
        tables=[_link(file, options.out) for file in files.values() if "campaign" in file.attributes],
    )


def _claims(spec: ReportSpec, metrics: Metrics) -> dict[str, list[Judged]]:
    """Return the claims of the paper, and those beyond it, judged by the campaign."""
    cases = [case.name for case in spec.cases if "components" in case.provides]
    return {
        "What the paper claims": campaign_claims(metrics, cases),
        "Beyond the paper": campaign_claims(metrics, cases, beyond=True),
    }


def _figures(spec: ReportSpec, options: argparse.Namespace, files: Mapping[str, File]) -> list[dict[str, Any]]:
    """Return what the page shows of the figures of each setting, with its title; those of none come first."""
    given = {path.name: path for path in map(Path, options.figures)}
    groups: dict[str | None, dict[str, Any]] = {None: {"title": "All settings", "shown": []}}
    groups |= {setting.name: {"title": setting.title, "shown": []} for setting in spec.settings}
    for plot in spec.figures:
        setting = plot.setting.name if plot.setting else None
        name = plot_name(plot.figure.figure, setting, plot.model)
        for file in (f"{name}.png", f"{name}.pdf", f"{name}.csv"):
            if file not in given:
                raise EdgememError(f"--figures lacks {file}, which --spec asks for")
        drawn_from = _drawn_from(plot, [files[path] for path in options.data])
        groups[setting]["shown"].append(
            {
                "id": name,
                "caption": pieces.figure_module(plot.figure.figure).CAPTION,
                "model": plot.model,
                "options": options_of(plot.figure),
                "pdf": link(given[f"{name}.pdf"], options.out),
                "csv": link(given[f"{name}.csv"], options.out),
                "data": [{**_link(file, options.out), "size": file.size, "sha256": file.sha256} for file in drawn_from],
                **_image(given[f"{name}.png"]),
            }
        )
    return [group for group in groups.values() if group["shown"]]


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


def _image(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    if not content.startswith(PNG):
        raise EdgememError(f"{path} is no PNG file; delete it and run again")
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    return {"png": base64.b64encode(content).decode(), "width": width, "height": height}
