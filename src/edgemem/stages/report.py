"""The last stage: one page that shows a campaign, to be opened without a network and sent around."""

import argparse
import base64
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from edgemem.captions import CAPTIONS
from edgemem.config.plot import PlotSpec
from edgemem.config.report import ReportSpec
from edgemem.config.settings import SETTINGS
from edgemem.errors import EdgememError
from edgemem.lineage import lineage_attributes
from edgemem.stages.campaign_spec import add_campaign_spec
from edgemem.tables.campaign_claims import campaign_claims
from edgemem.tables.cost import cost_table, cost_text, costs
from edgemem.tables.main_numbers import read_metrics
from edgemem.tables.origin import File, changed, origin_table, trace
from edgemem.tables.parameters import options as options_of
from edgemem.tables.parameters import parameter_tables
from edgemem.tables.summary import headlines, places, ratio_table, summary
from edgemem.tables.worth import noise_table, predictor_table, weights_text
from edgemem.web_page import link, write_web_page


# What numbers depend on; no other part of the environment computes any.
PACKAGES = ("equinox", "jax", "matplotlib", "numpy", "optax", "scikit-learn", "scipy", "xarray")
# The width of a picture is in the bytes 16 to 20 of a PNG file, its height in the four that follow.
PNG = b"\x89PNG\r\n\x1a\n"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("template", metavar="TEMPLATE.html", help="page with places for what is reported")
    parser.add_argument("data", nargs="+", metavar="DATA.nc", help="files that figures are drawn from, and tables")
    parser.add_argument("--metrics", required=True, metavar="METRICS.json", help="main numbers of the campaign")
    parser.add_argument("--figures", nargs="*", default=[], metavar="FIGURE", help="figures as .png and .pdf")
    parser.add_argument("--benchmarks", required=True, metavar="FOLDER", help="where jobs leave their benchmarks")
    parser.add_argument("--out", required=True, metavar="REPORT.html", help="page to write")
    add_campaign_spec(parser, "all keys of the campaign")


def run(options: argparse.Namespace) -> None:
    """Write the page."""
    spec = ReportSpec.parse(options.spec)
    metrics = read_metrics(options.metrics)
    files = trace(options.data)
    where = places(spec, metrics)
    found = costs(spec, Path(options.benchmarks))
    write_web_page(
        options.template,
        options.out,
        campaign=spec.campaign,
        summary=summary(spec, metrics),
        headlines=headlines(spec, metrics),
        claims=campaign_claims(metrics, [setting.name for setting in spec.settings]),
        places=where,
        scale=max(1.0, *(place.m90 or 0.0 for place in where)),
        ratios=ratio_table(spec, metrics),
        predictors=predictor_table(metrics),
        noise=noise_table(metrics),
        weights=weights_text(metrics),
        figures=_figures(spec, options, files),
        parameters=list(parameter_tables(spec)),
        costs=cost_table(found) if found else None,
        cost_text=cost_text(spec, found),
        origin=origin_table(files.values()),
        sources=[file for file in files.values() if not file.attributes],
        traced=len(files),
        changed=list(changed(files)),
        packages={name: metadata.version(name) for name in PACKAGES},
        made=lineage_attributes("report", spec.canonical(), []),
        numbers=[_link(path, options.out) for path in (options.metrics, *_of_campaign(spec, files))],
    )


def _figures(spec: ReportSpec, options: argparse.Namespace, files: Mapping[str, File]) -> dict[str, list[Any]]:
    """Return what the page shows of each figure, by setting; those over all settings come first, under no name."""
    given = {path.name: path for path in map(Path, options.figures)}
    groups: dict[str, list[Any]] = {"": [], **{setting.name: [] for setting in spec.settings}}
    for figure in spec.figures:
        caption = CAPTIONS[figure.figure.figure]
        name = f"{figure.figure.figure}{f'_{figure.setting}' if figure.setting else ''}"
        for file in (f"{name}.png", f"{name}.pdf"):
            if file not in given:
                raise EdgememError(f"--figures lacks {file}, which --spec asks for")
        groups[figure.setting or ""].append(
            {
                "id": name,
                "caption": caption,
                "options": options_of(figure.figure),
                "pdf": link(given[f"{name}.pdf"], options.out),
                "data": [
                    {"path": file.path, "link": link(file.path, options.out), "size": file.size, "sha256": file.sha256}
                    for file in _drawn_from(figure, [files[path] for path in options.data])
                ],
                **_picture(given[f"{name}.png"]),
            }
        )
    return {setting: group for setting, group in groups.items() if group}


def _drawn_from(figure: PlotSpec, files: Iterable[File]) -> list[File]:
    """Return the files that a figure reads."""
    return [
        file
        for file in files
        if file.kind in figure.figure.reads
        and (figure.setting is None or "setting" not in file.spec or _name(file.spec["setting"]) == figure.setting)
    ]


def _name(setting: dict[str, Any]) -> str:
    return SETTINGS[setting["family"]](**setting).name


def _of_campaign(spec: ReportSpec, files: Mapping[str, File]) -> list[str]:
    """Return the files that hold the campaign's own tables."""
    return [path for path, file in files.items() if file.spec.get("campaign") == spec.campaign]


def _link(path: str, page: str) -> dict[str, Any]:
    return {"name": Path(path).name, "link": link(path, page), "size": Path(path).stat().st_size}


def _picture(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    if not content.startswith(PNG):
        raise EdgememError(f"{path} is no PNG file; delete it and run again")
    width, height = (int.from_bytes(content[start : start + 4], "big") for start in (16, 20))
    return {"png": base64.b64encode(content).decode(), "width": width, "height": height}
