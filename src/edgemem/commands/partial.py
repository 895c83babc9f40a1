"""`report --partial`: the report of a campaign that still runs, made of the evaluations that are there.

The stages take every case with every seed. So the evaluations are taken apart into campaigns that have all of theirs,
and regress, plot and report do with each what they do with a finished one.
"""

import argparse
import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from edgemem import layout
from edgemem.commands.configuration import add_configuration, campaign_of
from edgemem.commands.parts import Part, parts_of
from edgemem.commands.progress import Progress, expected_end, job_line, progress, seconds_of_finished
from edgemem.commands.so_far import There, data_sets, evaluations_there
from edgemem.config.base import Spec
from edgemem.config.campaign import Campaign
from edgemem.config.file_list import files_of, plot_files, plot_name
from edgemem.config.plot import DrawnFigure
from edgemem.config.report import ReportSpec
from edgemem.errors import EdgememError
from edgemem.files.file_lock import file_lock
from edgemem.files.netcdf import read_dataset
from edgemem.reporting.origin import trace
from edgemem.reporting.pages import Table, write_page
from edgemem.reporting.summary_metrics import read_metrics
from edgemem.runtime.progress import Progress as Log
from edgemem.stages import plot, regress, report
from edgemem.versions.files import files_below
from edgemem.workflow.snakemake import jobs_of, summary


TEMPLATE = f"{layout.TEMPLATES}/report.html"
TABLES = ("transition", "regression", "metrics")
# The part of the campaign that a case's own numbers are of, by the names of setting and model.
Own = Mapping[tuple[str, str], Part]
# Paths of files by kind, setting, seed and model.
Paths = Mapping[tuple[str, str | None, int | None, str | None], str]


class Drawn(NamedTuple):
    """A figure that has been drawn: of which part of the campaign, from which files, and the files that it is."""

    figure: DrawnFigure
    part: Part
    data: list[str]
    files: list[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--partial", action="store_true", required=True, help="of a campaign that still runs")
    add_configuration(parser)


def run(options: argparse.Namespace) -> None:
    """Write the page, its figures and its tables into the campaign's folder `partial`, and nothing anywhere else.

    **Raises:** EdgememError if the configuration is refused, no evaluation is there, or one goes while it is read.
    """
    campaign = campaign_of(options)
    found = [progress(job) for job in jobs_of(campaign, summary(options.configfile, options.config))]
    if all(each.state == "done" for each in found):
        print(f"finished: {layout.path_of('report').format(campaign=campaign.campaign)}")
        return
    there, unread = _readable(evaluations_there(campaign))
    for line in unread:
        print(f"left out: {line}", flush=True)
    if not any(there.values()):
        raise EdgememError(
            f"no evaluation of campaign {campaign.campaign} is there yet, so that there is nothing to show; "
            "what is done and what runs: python -m edgemem status"
        )
    page = layout.path_of("report").format(campaign=layout.PARTIAL.format(campaign=campaign.campaign))
    try:
        with file_lock(page):
            written = _write(campaign, page, there, unread, found)
            for path in set(files_below(Path(page).parent)) - written:  # of an earlier page
                Path(path).unlink()
    except (EdgememError, OSError) as error:
        gone = [path for paths in there.values() for path in paths.values() if not Path(path).is_file()]
        if not gone:
            raise
        raise EdgememError(f"{gone[0]} has gone while the page was made; type the same command again") from error
    print(f"{page}: {_count(there)} of {len(there) * len(campaign.seeds)} evaluations")


def _readable(there: There) -> tuple[There, list[str]]:
    """Return the evaluations that can be read, and a line for each that cannot."""
    kept: There = {name: {} for name in there}
    unread = []
    for name, paths in there.items():
        for seed, path in paths.items():
            try:
                read_dataset(path, "evaluations")
            except EdgememError as error:
                unread.append(str(error))
            else:
                kept[name][seed] = path
    return kept, unread


def _count(there: There) -> int:
    return sum(map(len, there.values()))


def _write(campaign: Campaign, page: str, there: There, unread: Sequence[str], found: Sequence[Progress]) -> set[str]:
    """Write tables, figures and the page, and return their paths.

    **Arguments:** `unread`: a line for each evaluation that is left out; `found`: all jobs.
    """
    said = Log("report --partial")
    parts = parts_of(there, campaign.seeds, layout.PARTIAL.format(campaign=campaign.campaign))
    for part in parts:
        said.update(f"tables of {len(part.cases)} settings and models")
        evaluations = [there[name][seed] for name in part.cases for seed in part.seeds]
        tables = [word for kind in TABLES for word in (f"--{kind}", part.path(kind))]
        _stage(regress, *evaluations, *tables, spec=part.of(campaign.regress_spec()))
    # What is of one case alone is of all its seeds.
    own = {name: part for part in parts for name in part.cases if part.seeds == tuple(there[name])}
    drawn, undrawn = _draw(campaign, parts[0], own, said)
    contents = _contents(campaign.report_spec(), page, parts, own, drawn)
    state = _state(campaign, there, parts[0], found) | {"unread": unread, "undrawn": undrawn}
    write_page(TEMPLATE, page, partial=state, **contents)
    tables = [part.path(kind) for part in parts for kind in TABLES]
    return {page, *tables, *(path for each in drawn for path in each.files)}


def _state(campaign: Campaign, there: There, compared: Part, found: Sequence[Progress]) -> dict[str, Any]:
    """Return what the page says of how far the campaign is.

    **Arguments:** `compared`: the part that whatever compares cases is of.
    """
    seconds, now = seconds_of_finished(found), datetime.datetime.now().astimezone()
    outdated = {file.path for each in found if each.state != "done" for file in each.job.files}
    seeds = ", ".join(map(str, compared.seeds))
    rows = [
        [f"`{name[0]}`", f"`{name[1]}`", data_sets(campaign.seeds, done), seeds if name in compared.cases else "–"]
        for name, done in there.items()
    ]
    return {
        "made": f"{now:%d %B %Y, %H:%M %Z}",
        "done": _count(there),
        "total": len(there) * len(campaign.seeds),
        "again": sum(path in outdated for paths in there.values() for path in paths.values()),
        **{
            state: [job_line(each, seconds) for each in found if each.state == state] for state in ("running", "failed")
        },
        "end": expected_end(found, seconds, now),
        "cases": Table(["setting", "model", "evaluations", "compared with others: seeds"], rows),
        "compared": len(compared.cases),
    }


def _stage(stage: ModuleType, *words: str, spec: Spec) -> None:
    """Run a stage as its rule does, but in this process."""
    parser = argparse.ArgumentParser()
    stage.add_arguments(parser)
    stage.run(parser.parse_args([*words, "--spec", spec.canonical()]))


def _draw(campaign: Campaign, compared: Part, own: Own, said: Log) -> tuple[list[Drawn], list[str]]:
    """Draw the figures of the cases that have evaluations, and return them, and the names of those that lack a file.

    **Arguments:** `compared`: the part that figures over all cases are drawn of; `own`: that of each case; `said`:
    prints which figure is drawn.
    """
    paths = {(file.kind, file.setting, file.seed, file.model): file.path for file in files_of(campaign)}
    drawn, undrawn = [], []
    for figure in campaign.report_spec().figures:
        kind, subject = figure.figure.figure, (figure.setting.name if figure.setting else None, figure.model)
        # Of a figure of a setting it is the part of any of its models: it shows samples.
        of = [part for name, part in own.items() if subject in (name, (name[0], None))]
        if figure.setting and not of:
            continue
        part = of[0] if figure.setting else compared
        if not (data := _data(figure, part, paths)):
            undrawn.append(plot_name(kind, *subject))
            continue
        said.update(f"figure {plot_name(kind, *subject)}")
        files = [file.path for file in plot_files(compared.folder, kind, *subject)]
        _stage(plot, kind, *data, "--out", *files, spec=campaign.plot_spec(kind, *subject))
        drawn.append(Drawn(figure, part, data, files))
    return drawn, undrawn


def _data(figure: DrawnFigure, part: Part, paths: Paths) -> list[str]:
    """Return the files that a figure of a part reads, of the seeds that have all of them; none if no seed has.

    **Arguments:** `paths`: of all files of the campaign.
    """
    setting = figure.setting.name if figure.setting else None
    tables = [part.path(kind) for kind in figure.figure.reads if kind in TABLES]
    kinds = [kind for kind in figure.figure.reads if kind not in TABLES]
    found = []
    for seed in part.seeds if kinds else ():
        own = [paths.get((kind, setting, seed, None if kind in layout.OF_DATA else figure.model), "") for kind in kinds]
        if all(path and Path(path).is_file() for path in own):
            found += own
    return [*found, *tables] if found or not kinds else []


def _contents(whole: ReportSpec, page: str, parts: Sequence[Part], own: Own, drawn: Sequence[Drawn]) -> dict[str, Any]:
    """Return what the page shows: what compares cases is of the first part, all else of what there is."""
    specs, given = [], []
    for part in parts:
        shown = [each for each in drawn if each.part == part]
        specs.append(part.of(whole).model_copy(update={"figures": [each.figure for each in shown]}))
        data = [part.path("transition"), part.path("regression"), *(path for each in shown for path in each.data)]
        files = [path for each in shown for path in each.files]
        read = {"data": list(dict.fromkeys(data)), "metrics": part.path("metrics"), "figures": files}
        given.append(argparse.Namespace(**read, out=page))
    traced = trace(dict.fromkeys(path for options in given for path in options.data))
    metrics = {
        name: value
        for part, options in zip(parts, given, strict=True)
        for name, value in read_metrics(options.metrics).items()
        if any(name.startswith(f"{setting}/{model}/") and own[setting, model] == part for setting, model in part.cases)
    }
    begun = Part(tuple(own), parts[0].seeds, parts[0].folder).of(whole)
    of_parts = [report.figures(spec, options, traced) for spec, options in zip(specs, given, strict=True)]
    return {
        **report.contents(specs[0], given[0], traced),
        **report.cases(begun, metrics),
        **report.making(whole),
        "cost_text": "Of the jobs that have ended so far.",
        **report.first_apart(whole, _together(of_parts, [setting.title for setting in whole.settings])),
    }


def _together(groups: Iterable[Sequence[Mapping[str, Any]]], titles: Iterable[str]) -> list[dict[str, Any]]:
    """Return the figures of all parts by the titles of settings, in the order of these; those of none come first."""
    shown: dict[str, list[Any]] = {}
    for group in (group for of_part in groups for group in of_part):
        shown.setdefault(group["title"], []).extend(group["shown"])
    order = [title for title in shown if title not in (known := list(titles))] + known
    return [{"title": title, "shown": shown[title]} for title in order if title in shown]
