"""`edgemem report --partial` shows a campaign that runs: the numbers of what is there, and nothing else is touched."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edgemem.reporting.summary_metrics import read_metrics

from .campaign import CONFIG, OTHER_SETTING, SETTING, TINY, Workflow, copy_finished
from .conftest import once
from .processes import started
from .test_failures import stage_in_its_middle
from .test_status import ENDLESS


FOLDER = "results/tiny/partial"
ARGUMENTS = ("report", "--partial", "--configfile", CONFIG)


def edgemem(workflow: Workflow, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the folder of the campaign."""
    command = [workflow.python, "-m", "edgemem", *words]
    return subprocess.run(
        command, cwd=workflow.folder, env=workflow.environment, capture_output=True, text=True, check=False
    )


def partial(workflow: Workflow, *words: str) -> str:
    """Make the page, and return what the command prints."""
    ended = edgemem(workflow, *(words or ARGUMENTS))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def remove(workflow: Workflow, *names: tuple[str, int]) -> None:
    """Remove the evaluations of some settings and seeds, and what a run makes when all of them are there."""
    for setting, seed in names:
        (workflow / workflow.path("evaluations", setting, seed)).unlink()
    for path in (workflow / "results/tiny").iterdir():
        if path.name != "partial":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def page(workflow: Workflow, folder: str = FOLDER) -> str:
    """Return the source of a page, without places where long names may break."""
    return (workflow / f"{folder}/report.html").read_text().replace("<wbr>", "")


def text(html: str) -> str:
    """Return what one reads, without markup."""
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def banner(workflow: Workflow) -> str:
    """Return what the page says of the campaign's state."""
    return text(page(workflow).partition('id="partial"')[2].partition("<header>")[0])


def section(html: str, name: str) -> str:
    """Return a section of a page, without the note that verdicts are preliminary."""
    return re.sub(
        '<p class="warning">.*?</p>\n', "", html.partition(f'<section id="{name}">')[2].partition("</section>")[0]
    )


def row(html: str, name: str, setting: str) -> str:
    """Return the last row about a setting in a section."""
    rows = re.findall("<tr.*?</tr>", section(html, name), re.DOTALL)
    return [row for row in rows if f"<code>{setting}</code>" in row][-1]


def contents(workflow: Workflow) -> dict[str, Any]:
    """Return everything in the folder but the page's own folder and Snakemake's, with dates."""
    found = (path for path in workflow.folder.rglob("*") if path.is_file())
    kept = (path for path in found if not {"partial", ".snakemake", "__pycache__"} & set(path.parts))
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in kept}


@pytest.fixture
def beside(finished: Path, shared: Path, tmp_path: Path) -> Workflow:
    """The tiny campaign, and beside it one that has the first seed alone, finished, too."""

    def run(folder: Path) -> None:
        copy_finished(finished, folder)
        workflow = Workflow(folder, shared / "cache")
        workflow.configure(seeds=[1], campaign="alone")
        run = workflow.snakemake("--cores", "2", "results/alone/report.html")
        assert run.returncode == 0, run.stdout
        workflow.configure()

    copy_finished(once(shared, "alone", run), tmp_path / "workflow")
    return Workflow(tmp_path / "workflow", shared / "cache")


def test_numbers_are_those_of_a_campaign_of_what_is_there(beside: Workflow):
    """Of one seed of two, tables, verdicts and figures are those of a campaign that has this seed alone."""
    workflow, alone = beside, page(beside, "results/alone")
    remove(workflow, (SETTING, 2), (OTHER_SETTING, 2))
    before = contents(workflow)
    assert partial(workflow) == f"{FOLDER}/report.html: 2 of 4 evaluations\n"
    assert contents(workflow) == before
    paths = (f"{FOLDER}/metrics.json", "results/alone/metrics.json")
    metrics = [read_metrics(workflow / path) for path in paths]
    assert metrics[0] == metrics[1]
    for name in ("claims", "predictions"):
        assert text(section(page(workflow), name)) == text(section(alone, name))
    assert text(section(page(workflow), "transitions")) == text(section(alone, "transitions")).replace("alone", "tiny")
    drawn = {path.name for path in (workflow / "results/alone/figures").iterdir()}
    assert {path.name for path in (workflow / f"{FOLDER}/figures").iterdir()} == drawn
    said = banner(workflow)
    assert said.count("1 of 2 seeds, missing 2 1") == 2
    assert "Verdicts, and all else that compares settings, are of 2 of 2 settings and models so far" in said


def test_a_case_is_of_all_its_seeds(beside: Workflow):
    """Where settings differ in their seeds each has the numbers of its own; they are compared by what they share."""
    workflow, whole, alone = beside, page(beside, "results/tiny"), page(beside, "results/alone")
    remove(workflow, (SETTING, 2))
    partial(workflow)
    assert row(page(workflow), "transitions", SETTING) == row(alone, "transitions", SETTING)
    assert row(page(workflow), "transitions", OTHER_SETTING) == row(whole, "transitions", OTHER_SETTING)
    assert text(section(page(workflow), "claims")) == text(section(alone, "claims"))
    remove(workflow, (SETTING, 1))
    partial(workflow)
    assert f"<code>{SETTING}</code>" not in section(page(workflow), "transitions")
    assert row(page(workflow), "transitions", OTHER_SETTING) == row(whole, "transitions", OTHER_SETTING)
    assert re.search(f"{SETTING} mixture 0 of 2 seeds –", banner(workflow))
    made = {str(path.relative_to(workflow.folder)) for path in (workflow / FOLDER).rglob("*") if path.is_file()}
    assert not [path for path in made if SETTING + "_mixture" in path or "seeds_" in path], (
        "they are of the page before"
    )


def test_while_snakemake_runs(workflow: Workflow):
    """The page can be made while Snakemake holds its lock; it names what runs, with the last line of its log."""
    mixture = TINY["models"]["mixture"]
    other = mixture | {"denoiser": "isotropic_mixture", "sizes": [5], "protocol": "other"}
    workflow.configure(
        models=TINY["models"] | {"other": other},
        protocols=TINY["protocols"] | {"other": ENDLESS},
        figures=["prediction"],
    )
    with started(workflow, "--cores", "1", workflow.path("models", SETTING, 1, "other")) as snakemake:
        stage_in_its_middle(snakemake, "train")
        assert partial(workflow) == f"{FOLDER}/report.html: 4 of 8 evaluations\n"
        assert snakemake.poll() is None
        os.killpg(snakemake.pid, signal.SIGKILL)
        snakemake.wait()
    said = banner(workflow)
    assert "Jobs running: 1; failed: 0. Expected end: " in said
    assert re.search(rf"Running: train {SETTING}/seed1/other: \d+ s of about \S+ \S+ on [^;]+; \S", said), said
    assert said.count("mixture 2 of 2 seeds 1, 2") == 2
    assert said.count("other 0 of 2 seeds –") == 2


def test_damaged_evaluation_is_left_out_and_named(workflow: Workflow):
    """An evaluation that cannot be read is named, and counts as missing."""
    path = workflow.path("evaluations", OTHER_SETTING, 2)
    file = workflow / path
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    printed = partial(workflow)
    assert re.match(rf"left out: {path} is not a readable NetCDF file.*\n.*: 3 of 4 evaluations\n$", printed), printed
    assert re.search(f"{OTHER_SETTING} mixture 1 of 2 seeds, missing 2", banner(workflow))
    assert f"Left out, since they cannot be read: {path}" in banner(workflow)


def test_nothing_to_show(workflow: Workflow):
    """A finished campaign and one that has nothing yet each get one message, and no page."""
    assert partial(workflow) == "finished: results/tiny/report.html\n"
    workflow.configure(evaluation=TINY["evaluation"] | {"draws": 3})
    ended = edgemem(workflow, *ARGUMENTS)
    assert ended.returncode == 1
    assert ended.stderr.startswith("edgemem report: no evaluation of campaign tiny is there yet")
    assert len(ended.stderr.splitlines()) == 1
    assert not (workflow / FOLDER).exists()


def test_a_page_is_no_result(workflow: Workflow):
    """Neither Snakemake nor what looks at results takes the page for one."""
    files = partial(workflow, "version", "verify", "--files")
    workflow.configure(figures=[*TINY["figures"], "regression"])
    partial(workflow)
    workflow.configure()
    assert (workflow / f"{FOLDER}/report.html").exists()
    assert workflow.pending() == {}
    assert partial(workflow, "version", "verify", "--files") == files
