"""What jobs take of the machine is what their rules say."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from .campaign import OTHER_SETTING, PROTOCOL, SETTING, TINY, Workflow
from .processes import stage_processes, started


without_gpu = pytest.mark.skipif(any(Path("/proc/driver/nvidia/gpus").glob("*")), reason="this machine has a GPU")


@without_gpu
def test_threads_bound_the_use_of_processors(workflow: Workflow):
    """A job of one thread computes on one core, where arrays are large enough to be shared among several.

    Compared are the seconds of computing of a whole run with the seconds that passed: no timing, but a ratio, which
    other work on the machine only lowers. So that the test tells something on a busy machine, too, it also counts the
    threads that XLA has for its work, by their name.
    """
    workflow.configure(
        seeds=[1],
        settings=[{"family": "gaussian", "N": 1000, "d": 30, "K": 3}],
        models=TINY["models"] | {"mixture": TINY["models"]["mixture"] | {"sizes": [500]}},
        protocols={"tiny": PROTOCOL | {"steps": 80, "draws": 10}},
        figures=[],
    )
    begun, workers, ended = time.monotonic(), {"train": 0, "evaluate": 0}, 0
    with started(workflow, "--cores", "1", workflow.path("evaluations", "gaussian_N1000_d30_K3")) as snakemake:
        while not ended:
            for job in stage_processes(snakemake):
                if job.stage in workers:
                    workers[job.stage] = max(workers[job.stage], job.threads.count("tf_XLAEigen"))
            time.sleep(0.1)
            ended, status, usage = os.wait4(snakemake.pid, os.WNOHANG)
        passed, snakemake.returncode = time.monotonic() - begun, os.waitstatus_to_exitcode(status)
    assert snakemake.returncode == 0, (workflow / "run.log").read_text()
    assert workers == {"train": 1, "evaluate": 1}
    computed = usage.ru_utime + usage.ru_stime
    assert computed > 5, "too small a problem to tell"
    assert computed / passed <= 1.25


@without_gpu
def test_gpus_that_are_not_there(workflow: Workflow):
    """`--resources gpu=4` on a machine without a GPU trains on the CPU, and each job says so in one line."""
    models = [workflow.path("models", setting) for setting in (SETTING, OTHER_SETTING)]
    for path in models:
        (workflow / path).unlink()
    run = workflow.snakemake("--cores", "2", *models, "--resources", "gpu=4")
    assert run.returncode == 0, run.stdout
    said = sorted(line for line in run.stdout.splitlines() if "no GPU" in line)
    assert said == [
        f"[train mixture on {setting} seed 1] no GPU: on the CPU" for setting in (SETTING, OTHER_SETTING)
    ], run.stdout
    for path in models:
        with xr.open_dataset(workflow / path, engine="netcdf4") as dataset:
            assert dataset.attrs["device_kind"] == "cpu"


def test_environment_need_not_be_activated(workflow: Workflow):
    """Jobs run with the Python of Snakemake, wherever it is, not with one that happens to be on the path."""
    sample = f"results/samples/{SETTING}/seed1.nc"
    (workflow / sample).unlink()
    workflow.environment["PATH"] = os.defpath
    assert [job.rule for job in workflow.jobs("--cores", "1", sample)] == ["sample"]


def test_numbers_do_not_depend_on_the_campaign(finished: Path, workflow: Workflow):
    """Samples and models are the same bits whether their setting, seed and size are alone in a campaign or not."""
    samples, among = (workflow.path(kind, OTHER_SETTING, 2) for kind in ("samples", "models"))
    (workflow / samples).unlink()
    workflow.configure(
        campaign="alone",
        seeds=[2],
        settings=[TINY["settings"][0] | {"variance": 2}],
        models=TINY["models"] | {"mixture": TINY["models"]["mixture"] | {"sizes": [10]}},
        protocols={"tiny": PROTOCOL},
        figures=[],
    )
    models = workflow.path("models", OTHER_SETTING, 2)
    assert [job.rule for job in workflow.jobs("--cores", "1", models)] == ["sample", "train"]
    alone, together = (xr.load_dataset(folder / samples, engine="netcdf4") for folder in (workflow.folder, finished))
    assert alone.equals(together)
    alone, together = (xr.load_dataset(path, engine="netcdf4") for path in (workflow / models, finished / among))
    together = together.sel(model_size=[10]).isel(component=slice(alone.sizes["component"]))
    for name in ("mean", "standard_deviation", "training_loss"):
        np.testing.assert_array_equal(alone[name], together[name], err_msg=name)
