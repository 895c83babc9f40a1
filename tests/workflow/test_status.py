"""`edgemem status` says what of a campaign is done, running, failed and still to do."""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from typing import Any

import xarray as xr

from .campaign import CONFIG, OTHER_SETTING, PROTOCOL, SETTING, TINY, Workflow
from .processes import started
from .test_failures import LONG, stage_in_its_middle


# Minutes of training: longer than any test looks at it.
ENDLESS = LONG | {"steps": 25_000_000}
NAME = f"train {SETTING}/seed1/mixture"


def configure(workflow: Workflow, **protocol: Any) -> str:
    """Train one small model by another protocol, by which nothing is trained yet; return the path of its first file."""
    mixture = TINY["models"]["mixture"] | {"sizes": [5], "protocol": "other"}
    workflow.configure(
        models=TINY["models"] | {"mixture": mixture}, protocols=TINY["protocols"] | {"other": dict(protocol)}
    )
    return workflow.path("models", SETTING, 1)


def log_of(models: str) -> str:
    """Return the path of a training's log."""
    return models.replace("results/models/", "results/logs/train/").removesuffix(".nc") + ".log"


def status(workflow: Workflow, *options: str) -> str:
    """Return what the command prints."""
    command = [workflow.python, "-m", "edgemem", "status", *(options or ("--configfile", CONFIG))]
    ended = subprocess.run(
        command, cwd=workflow.folder, env=workflow.environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def counts(text: str) -> dict[str, list[int]]:
    """Return the numbers of each stage that are done, running, failed and to do."""
    table = text.partition("`a job`")[0]
    lines = [line for line in table.splitlines() if re.match(r"\w+ +", line)]
    return {line[:12].strip(): [int(line[12 + 9 * i : 21 + 9 * i].strip() or 0) for i in range(4)] for line in lines}


def test_finished_campaign(workflow: Workflow):
    """Everything is done, and how long a job of each stage took stands beside it."""
    text = status(workflow)
    assert counts(text) == {
        "sample": [4, 0, 0, 0],
        "train": [4, 0, 0, 0],
        "geometry": [4, 0, 0, 0],
        "evaluate": [4, 0, 0, 0],
        "regress": [1, 0, 0, 0],
        "files": [1, 0, 0, 0],
        "plot": [4, 0, 0, 0],
        "report": [1, 0, 0, 0],
        "all": [23, 0, 0, 0],
    }
    assert re.search(r"^train +4 +\d+ s$", text, re.MULTILINE)
    assert not re.search(r"^(running|failed)$", text, re.MULTILINE)
    assert "\nNothing is left to do\n" in text


def test_what_is_to_do_is_what_snakemake_would_do(workflow: Workflow):
    """A changed key makes exactly the jobs that would run again jobs to do, with the time that they will take."""
    workflow.configure(evaluation=TINY["evaluation"] | {"draws": 3})
    expected: Counter[str] = Counter()
    for name, number in workflow.pending().items():
        expected[name.partition(" ")[0]] += number
    assert expected["evaluate"] == 4
    text = status(workflow)
    found = {stage: numbers[3] for stage, numbers in counts(text).items() if numbers[3]}
    assert found == {**expected, "all": expected.total()}
    assert re.search(r"^evaluate +4 +unknown$", text, re.MULTILINE), "none is done, so none can be timed"


def test_running_and_killed_jobs(workflow: Workflow):
    """A job that runs is named with its time, its machine and its last words; killed, it is a failed one."""
    models = configure(workflow, **ENDLESS)
    with started(workflow, "--cores", "1", models) as snakemake:
        stage_in_its_middle(snakemake, "train")
        text = status(workflow)
        assert counts(text)["train"] == [0, 1, 0, 3]
        assert re.search(rf"^running\n  {NAME}: \d+ s on {platform.node()}; \S.*\n?", text, re.MULTILINE), text
        assert "\nso far 0 of 4 evaluations\nnone yet of\n" in text
        os.killpg(snakemake.pid, signal.SIGKILL)
        snakemake.wait()
    text = status(workflow)
    assert counts(text)["train"] == [0, 0, 1, 3]
    assert re.search(rf"^failed\n  {NAME}: killed.*  \[{log_of(models)}\]$", text, re.MULTILINE), text


def test_curves_so_far(workflow: Workflow):
    """Each case that has evaluations has a line with its data sets and the ends of its curve; the others are named."""
    for path in (
        workflow.path("evaluations", SETTING, 2),
        *(workflow.path("evaluations", OTHER_SETTING, n) for n in (1, 2)),
    ):
        (workflow / path).unlink()
    shutil.rmtree(workflow / "results/tiny")  # else nobody asks for evaluations
    with xr.open_dataset(workflow / workflow.path("evaluations", SETTING, 1)) as evaluation:
        ratio, size = evaluation.memorization_ratio.values[:, -1], evaluation.fraction.values
    ends = f"ratio {ratio[0]:.2f} at {size[0]:.2f} N … {ratio[-1]:.2f} at {size[-1]:.2f} N"
    text = status(workflow)
    assert f"so far 1 of 4 evaluations\n  {SETTING}/mixture: 1 of 2 seeds, missing 2; {ends}; M50 " in text
    assert text.endswith(f"none yet of\n  {OTHER_SETTING}/mixture\n")
    assert re.search(r"^Expected end: none while no job runs; \d+ s are left, one job at a time; ", text, re.MULTILINE)
    assert "; regress, files, plot, report not counted, of which none has ended yet\n" in text


def test_evaluation_that_cannot_be_read_is_named(workflow: Workflow):
    """A damaged evaluation is left out of the curves with its path, and all else is told."""
    path = workflow.path("evaluations", SETTING, 1)
    (workflow / path).write_bytes(b"damaged")
    text = status(workflow)
    assert re.search(rf"^  {SETTING}/mixture: .*; ratio .*; not read: {path} is not a readable", text, re.MULTILINE), (
        text
    )


def test_looking_does_not_start_jax():
    """JAX, which takes seconds to start and a GPU where there is one, is no part of the command."""
    code = "import sys, edgemem.commands.status; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_failed_job_says_why(workflow: Workflow):
    """A job that has failed is named with its message and its log."""
    wild = PROTOCOL | {"steps": 100, "clip_norm": None, "update_ema": None, "weighting": [1.0e300] * 3}
    models = configure(workflow, **wild)
    assert workflow.snakemake("--cores", "1", models).returncode != 0
    text = status(workflow)
    assert counts(text)["train"] == [0, 0, 1, 3]
    assert re.search(rf"^failed\n  {NAME}: edgemem train: training of .* diverged", text, re.MULTILINE)


def test_values_of_the_command_line(workflow: Workflow):
    """Values that are given with --config are those that Snakemake would take."""
    text = status(workflow, "--configfile", CONFIG, "--config", "seeds=[1]")
    assert counts(text)["train"] == [2, 0, 0, 0]
    text = status(workflow, "--configfile", CONFIG, "--config", "campaign=other")
    assert counts(text)["train"] == [4, 0, 0, 0]
    assert counts(text)["regress"] == [0, 0, 0, 1]


def test_configuration_that_is_refused(workflow: Workflow):
    """What Snakemake says of a broken configuration is said here, too."""
    workflow.configure(seeds=[])
    command = [workflow.python, "-m", "edgemem", "status", "--configfile", CONFIG]
    ended = subprocess.run(
        command, cwd=workflow.folder, env=workflow.environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "edgemem status: snakemake cannot tell" in ended.stderr
    assert f"{CONFIG}: seeds" in ended.stderr
    assert "Traceback" not in ended.stderr
