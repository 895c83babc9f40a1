"""What killed and failed jobs leave behind: no half file, an exit code, a log, and a workflow that goes on."""

import os
import signal
import subprocess
import time

import pytest
import xarray as xr

from .campaign import AFTER_PLOT, FILES, PROTOCOL, SETTING, Workflow, trained_by
from .processes import stage_processes, started


# Several seconds of training of one small model.
LONG = PROTOCOL | {"steps": 250_000, "draws": 4}
SAMPLES = f"results/samples/{SETTING}/seed1.nc"
# Seconds of computing after which the training has begun and has not ended.
MIDDLE = 2.5
PATIENCE = 600


@pytest.fixture
def long(workflow: Workflow) -> Workflow:
    """The finished campaign with a protocol that takes its time and has trained nothing yet."""
    workflow.configure(**trained_by(LONG))
    return workflow


@pytest.fixture
def models(long: Workflow) -> str:
    """The path of the models that are not there yet."""
    return long.path("models", SETTING)


def log_of(models: str) -> str:
    """Return the path of what the job that trains models prints."""
    return models.replace("results/models/", "results/logs/train/").replace(".nc", ".log")


def stage_in_its_middle(snakemake: subprocess.Popen[bytes], stage: str) -> int:
    """Wait until a Snakemake's job of a stage is in the middle of its work, and return its process."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert snakemake.poll() is None, "Snakemake ended before its job could be killed"
        for job in stage_processes(snakemake):
            if job.stage == stage and job.seconds > MIDDLE:
                return job.process
        time.sleep(0.05)
    raise AssertionError(f"no {stage} job was found in its middle within {PATIENCE} s")


def test_killed_job_leaves_no_file_and_is_run_again(long: Workflow, models: str):
    """A training killed in its middle leaves no models file; Snakemake says so; the next run trains and completes."""
    with started(long, "--cores", "1", models) as snakemake:
        os.kill(stage_in_its_middle(snakemake, "train"), signal.SIGKILL)
        assert snakemake.wait(PATIENCE) != 0
    assert not (long / models).exists()
    assert [job.rule for job in long.jobs("--cores", "1", models)] == ["train"]
    assert (long / models).exists()


def test_killed_snakemake_goes_on_after_unlock(long: Workflow, models: str):
    """Snakemake killed with its jobs leaves no models file, and asks for --unlock; then a plain run completes."""
    with started(long, "--cores", "1", models) as snakemake:
        stage_in_its_middle(snakemake, "train")
        os.killpg(snakemake.pid, signal.SIGKILL)
        snakemake.wait(PATIENCE)
    assert not (long / models).exists()
    refused = long.snakemake("--cores", "1", models)
    assert refused.returncode != 0
    assert "--unlock" in refused.stdout
    unlocked = long.snakemake("--unlock")
    assert unlocked.returncode == 0, unlocked.stdout
    assert [job.rule for job in long.jobs("--cores", "1", models)] == ["train"]
    assert (long / models).exists()


def test_failing_job_says_why_in_its_log(long: Workflow, models: str):
    """A job that fails has its error in its log, shows it, leaves no output, and the exit code is not 0."""
    samples = long / SAMPLES
    content = samples.read_bytes()
    samples.write_bytes(content[:100] + bytes(len(content) - 100))
    run = long.snakemake("--cores", "1", models)
    assert run.returncode != 0
    log = (long / log_of(models)).read_text()
    assert f"{SAMPLES} is not a readable NetCDF file" in log
    assert log.strip() in run.stdout
    assert not (long / models).exists()


@pytest.mark.parametrize("kind", ["samples", "evaluations"])
def test_truncated_file_is_made_again(workflow: Workflow, kind: str):
    """A file that was cut off is made again with the same numbers, and what follows from it; a dry-run says so, too."""
    workflow.configure(figures=[])
    path = workflow.path(kind, SETTING)
    whole, content = xr.load_dataset(workflow / path), (workflow / path).read_bytes()[:-1]
    (workflow / path).write_bytes(content)
    expected = {"evaluate": 1, "regress": 1, **AFTER_PLOT, **FILES}
    if kind == "samples":
        expected |= {"sample": 1, "geometry": 1, "train": 1}
    assert f"{path} is truncated: a run sets it aside" in workflow.snakemake("--dry-run").stdout
    assert workflow.pending() == expected
    assert (workflow / path).read_bytes() == content, "a dry-run changes nothing"
    run = workflow.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout
    assert f"{path} is truncated; renamed to" in run.stdout
    assert (workflow / f"{path}.truncated").read_bytes() == content
    assert xr.load_dataset(workflow / path).equals(whole)
    assert workflow.pending() == {}


def test_diverging_training_fails_and_says_so(long: Workflow):
    """A training whose loss becomes infinite fails, with the model size and the step in its log."""
    wild = PROTOCOL | {
        "steps": 200,
        "peak_lr": 1,
        "final_lr": 1,
        "warmup": 0,
        "clip_norm": None,
        "update_ema": None,
    }
    weighting = [1.0e300] * 3
    long.configure(**trained_by(wild | {"weighting": weighting}))
    models = long.path("models", SETTING)
    assert long.snakemake("--cores", "1", models).returncode != 0
    log = (long / log_of(models)).read_text()
    assert "model size 5 diverged: the loss at step" in log
    assert not (long / models).exists()


@pytest.mark.parametrize("text", ["seeds: [1, 2\nfoo: {", "just text\n"], ids=["broken", "no keys"])
def test_configuration_that_is_no_mapping_is_named(workflow: Workflow, text: str):
    """A config.yaml that is not YAML, or holds no keys, gives one line that names it, and nothing runs."""
    (workflow / "config.yaml").write_text(text)
    run = workflow.snakemake("--dry-run")
    assert run.returncode != 0
    assert "is not YAML" in run.stdout or "config.yaml must hold keys" in run.stdout
    assert "Traceback" not in run.stdout
