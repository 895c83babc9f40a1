"""What disks and clocks have done is repaired when jobs run, or by a command, and never by looking."""

import os
import subprocess
import time
from pathlib import Path

import pytest
import xarray as xr

from .campaign import AFTER_EVALUATE, CONFIG, SETTING, Workflow


TABLE = "results/tiny/transition.nc"


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return content and time of every file in a folder, with Snakemake's records.

    Without what any dry-run of Snakemake writes: its log, and what `--trust-io-cache` reads.
    """
    own = [folder / ".snakemake" / name for name in ("log", "iocache")]
    files = (path for path in folder.rglob("*") if path.is_file() and not set(own) & set(path.parents))
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def repair(workflow: Workflow) -> subprocess.CompletedProcess[str]:
    """Run the command that repairs."""
    return subprocess.run(
        [workflow.python, "-m", "edgemem", "repair", "--configfile", CONFIG],
        cwd=workflow.folder,
        env=workflow.environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def evaluation(workflow: Workflow) -> str:
    """The path of an evaluation, of which the last byte has been cut off; a table and a figure lie in the future."""
    path = workflow.path("evaluations", SETTING, 1)
    os.truncate(workflow / path, (workflow / path).stat().st_size - 1)
    tomorrow = time.time() + 86_400
    for later in (TABLE, "results/tiny/figures/prediction.png"):
        os.utime(workflow / later, (tomorrow, tomorrow))
    return path


@pytest.mark.parametrize("option", ["--dry-run", "--summary"])
def test_looking_changes_nothing(workflow: Workflow, evaluation: str, option: str):
    """A dry-run names what a run would repair, and leaves every byte and every date as it is."""
    before = snapshot(workflow.folder)
    said = workflow.snakemake(option).stdout
    assert f"{evaluation} is truncated" in said
    assert "2 results lie in the future" in said
    assert snapshot(workflow.folder) == before


def test_a_run_repairs(workflow: Workflow, evaluation: str, finished: Path):
    """A run sets the truncated file aside, makes it and what follows from it again, and leaves nothing to do."""
    cut = (workflow / evaluation).read_bytes()
    assert workflow.pending() == {"evaluate": 1, **AFTER_EVALUATE}
    run = workflow.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout
    assert f"{evaluation} is truncated; renamed to" in run.stdout
    assert (workflow / f"{evaluation}.truncated").read_bytes() == cut
    for path in (evaluation, TABLE):
        assert xr.load_dataset(workflow / path).equals(xr.load_dataset(finished / path))
        assert (workflow / path).stat().st_mtime <= time.time()
    assert workflow.pending() == {}


def test_command_repairs_and_says_so(workflow: Workflow, evaluation: str, finished: Path):
    """The command does it without any job; afterwards exactly what is missing is to be made again."""
    ended = repair(workflow)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines() == [
        f"{evaluation} is truncated; renamed to {Path(evaluation).name}.truncated",
        f"2 results were written in the future, {TABLE} for one; they are now of the present",
        f"to be made again: 1; type: snakemake --cores all --configfile {CONFIG}",
    ]
    assert not (workflow / evaluation).exists()
    assert repair(workflow).stdout.startswith("to be made again: 1; ")
    assert workflow.pending() == {"evaluate": 1, **AFTER_EVALUATE}
    run = workflow.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout
    assert xr.load_dataset(workflow / evaluation).equals(xr.load_dataset(finished / evaluation))
    assert workflow.pending() == {}
    assert repair(workflow).stdout.startswith("nothing to repair in ")


def test_command_waits_for_no_run(workflow: Workflow):
    """While Snakemake runs, or after it was killed, the command says what to do."""
    lock = workflow / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("results")
    ended = repair(workflow)
    assert ended.returncode == 1
    assert "edgemem repair: Snakemake is running in this folder" in ended.stderr
