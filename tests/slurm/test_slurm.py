"""A campaign on a real SLURM of one node with four pretend GPUs, checked by SLURM's own records."""

import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import xarray as xr

from workflow.campaign import TINY, Workflow, copy_parts
from workflow.processes import started

from .cluster import HERE, PROGRAMS, ClusterWorkflow, Record, records


pytestmark = pytest.mark.slurm

GPUS = 4
SEEDS = [1, 2, 3, 4, 5, 6]
JOBS = {"sample": 6, "train": 6, "geometry": 6, "evaluate": 6, "regress": 1, "plot": 1}
PATIENCE = 1500


def missing() -> str:
    """Return why there can be no SLURM here, or nothing."""
    if os.getuid() != 0:
        return "SLURM's daemons are started by root alone"
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    absent = [program for program in PROGRAMS if not shutil.which(program, path=path)]
    return f"there is no {', '.join(absent)}: apt-get install slurmctld slurmd slurm-client munge" if absent else ""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    """The folder of a SLURM that runs; REQUIRE_SLURM=1 makes it an error that there can be none."""
    reason = missing()
    if reason:
        (pytest.fail if os.environ.get("REQUIRE_SLURM") == "1" else pytest.skip)(reason)
    # Not below pytest's folder, which other users cannot enter: the socket of munge must be open to all.
    with tempfile.TemporaryDirectory(prefix="edgemem-slurm-") as name:
        subprocess.run([HERE / "cluster.sh", "up", name], check=True, timeout=60)
        try:
            yield Path(name)
        finally:
            subprocess.run([HERE / "cluster.sh", "down", name], check=True, timeout=60)
            assert daemons(name) == []


def daemons(folder: str) -> list[str]:
    """Return the command lines of the processes that still have to do with a cluster."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text().split("\0") + (process / "environ").read_text().split("\0")
        except (OSError, UnicodeDecodeError):
            continue  # it has ended meanwhile
        if words[0] in PROGRAMS and any(folder in word for word in words):
            found.append(" ".join(words))
    return found


class Campaign(NamedTuple):
    """A campaign that ran on SLURM, and the same one without it."""

    cluster: Workflow
    local: Workflow
    # Of each job its last record, with the GPUs it had while it ran.
    jobs: list[Record]
    # The GPUs of all jobs that ran at the same moment, many times a second.
    together: list[list[int]]
    # The two that were ended, as they were before.
    cancelled: Record
    late: Record


@pytest.fixture(scope="module")
def campaign(cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """The campaign after a run in which one training was cancelled, and one was hung until its time was over.

    A second run, without SLURM, goes on beside it. The training that hangs is stopped, and the end of its time, many
    minutes away, is moved to now: all that follows is SLURM's own doing.
    """
    base = tmp_path_factory.mktemp("slurm")
    cache = base / "cache"
    on_cluster = ClusterWorkflow(base / "cluster", cache, cluster)
    local = Workflow(base / "local", cache)
    for workflow in (on_cluster, local):
        copy_parts(workflow.folder)
        workflow.configure(seeds=SEEDS, settings=[TINY["settings"][0] | {"variance": 1}], figures=["prediction"])
    jobs: dict[str, Record] = {}
    together = []
    disturbed: dict[str, Record] = {}
    deadline = time.monotonic() + PATIENCE
    arrays = ("--slurm-array-jobs", "sample")
    with started(on_cluster, *arrays) as snakemake, started(local, "--cores", "1") as other:
        while snakemake.poll() is None or other.poll() is None:
            assert time.monotonic() < deadline, printed(on_cluster)
            running = []
            for job in records(on_cluster):
                gpus = job.gpus or jobs.get(job.number, job).gpus
                jobs[job.number] = job._replace(gpus=gpus)
                if job.state == "RUNNING" and job.rule == "train":
                    running.append(job)
            together.append([gpu for job in running for gpu in job.gpus])
            at_work = [job for job in running if job.about not in disturbed and log_of(on_cluster, job).exists()]
            if at_work and len(disturbed) < 2 and disturb(on_cluster, at_work[0], cancel=not disturbed):
                disturbed[at_work[0].about] = at_work[0]
            time.sleep(0.2)
    assert snakemake.returncode == 0, printed(on_cluster)
    assert other.returncode == 0, printed(local)
    return Campaign(on_cluster, local, list(jobs.values()), together, *disturbed.values())


def disturb(workflow: ClusterWorkflow, job: Record, *, cancel: bool) -> bool:
    """Cancel a job, or make it hang and let its time be over; return whether it was still there."""
    stop = ["scancel", "--full", "--signal=STOP", job.number]
    end = ["scontrol", "update", f"JobId={job.number}", "EndTime=now"]
    commands = [["scancel", job.number]] if cancel else [stop, end]
    return all(workflow.slurm(*words).returncode == 0 for words in commands)


def log_of(workflow: Workflow, training: Record) -> Path:
    """Return the log of a training, which is there once its command runs."""
    setting, seed, model, key = training.wildcards.rsplit("_", 3)
    return workflow / f"results/logs/train/{setting}/seed{seed}/{model}-{key}.log"


def printed(workflow: Workflow) -> str:
    """Return what Snakemake has printed."""
    return (workflow / "run.log").read_text()


def attempts(campaign: Campaign, one: Record) -> list[Record]:
    """Return all attempts at what a job was to do, in their order."""
    return sorted((job for job in campaign.jobs if job.about == one.about), key=lambda job: int(job.number))


def test_all_jobs_ran_on_the_cluster(campaign: Campaign):
    """Each job was completed once on the node, and none but the two that were ended had to be tried again."""
    completed = [job for job in campaign.jobs if job.state == "COMPLETED"]
    assert Counter(job.rule for job in completed) == JOBS
    assert len({job.node for job in completed}) == 1
    others = {job.number: job.state for job in campaign.jobs if job.state != "COMPLETED"}
    assert others == {campaign.cancelled.number: "CANCELLED", campaign.late.number: "TIMEOUT"}


def test_samples_are_one_array(campaign: Campaign):
    """What is to go to SLURM as an array does, and nothing else."""
    arrays = Counter((job.array, job.rule) for job in campaign.jobs if job.array)
    assert len(arrays) == 1
    assert [(rule, count) for (_, rule), count in arrays.items()] == [("sample", JOBS["sample"])]


def test_no_gpu_has_two_jobs(campaign: Campaign):
    """Every training has one GPU and nothing else has any; the GPUs are all used, by one job at a time."""
    for job in campaign.jobs:
        assert len(job.gpus) == (job.rule == "train"), job
    for gpus in campaign.together:
        assert len(gpus) == len(set(gpus)) <= GPUS
    trainings = sorted((job for job in campaign.jobs if job.rule == "train"), key=lambda job: job.start)
    assert {gpu for job in trainings for gpu in job.gpus} == set(range(GPUS))
    for gpu in range(GPUS):
        one_after_the_other = [job for job in trainings if gpu in job.gpus]
        for before, after in itertools.pairwise(one_after_the_other):
            assert before.end <= after.start, (before, after)


def test_cancelled_job_is_tried_again(campaign: Campaign):
    """A training that someone ends with scancel is noticed and started again, and then completes."""
    assert [job.state for job in attempts(campaign, campaign.cancelled)] == ["CANCELLED", "COMPLETED"]


def test_job_out_of_time_is_tried_again_with_more(campaign: Campaign):
    """A training that hangs until its time is over is started again with twice the time and memory."""
    first, second = attempts(campaign, campaign.late)
    assert (first.state, second.state) == ("TIMEOUT", "COMPLETED")
    assert minutes(second) == 2 * minutes(campaign.late)
    assert second.megabytes == 2 * first.megabytes


def minutes(job: Record) -> int:
    """Return a job's limit."""
    hours, minutes, _ = job.limit.split(":")
    return 60 * int(hours) + int(minutes)


def test_results_are_those_of_a_local_run(campaign: Campaign):
    """All variables of all files are the same bits as without SLURM, but for times on the clock."""
    files = [
        sorted(path.relative_to(run.folder) for path in run.folder.glob("results/**/*.nc"))
        for run in (campaign.cluster, campaign.local)
    ]
    assert files[0] == files[1]
    assert len(files[0]) >= 3 * len(SEEDS) + 2
    for file in files[0]:
        here, there = (
            xr.load_dataset(run.folder / file, engine="netcdf4").drop_vars("train_seconds", errors="ignore")
            for run in (campaign.cluster, campaign.local)
        )
        assert set(here.variables) == set(there.variables), file
        for name in here.variables:
            assert bits(here[name].values) == bits(there[name].values), (file, name)


def bits(array: np.ndarray) -> tuple[Any, ...]:
    """Return what two arrays share if the same bits are in both; texts are objects without bits of their own."""
    return array.dtype, array.shape, array.tolist() if array.dtype == object else array.tobytes()
