"""A training job takes one GPU for itself; the GPUs here are pretended, the locks are real."""

import itertools
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest


# A job that leases a GPU before JAX is imported, says which and since when, and computes for a while.
JOB = """
import os, sys, time
from edgemem.runtime.devices import lease_gpu
assert "jax" not in sys.modules
gpu = lease_gpu(lambda line: print(line, file=sys.stderr, flush=True))
assert gpu is None or os.environ["CUDA_VISIBLE_DEVICES"] == gpu
print(gpu, time.monotonic(), flush=True)
time.sleep(float(sys.argv[1]))
"""
GPUS = ["0", "1", "2", "3"]


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """A function that starts a job on the four GPUs, or with other environment variables."""

    def start(seconds: float, **variables: str) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
        environment |= {"EDGEMEM_PRETEND_GPUS": ",".join(GPUS), "EDGEMEM_GPU_LOCKS": str(tmp_path / "locks")}
        return subprocess.Popen(
            [sys.executable, "-c", JOB, str(seconds)],
            env=environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def taken(job: subprocess.Popen[str]) -> tuple[str, float]:
    """Return the GPU that a job has leased, and since when; wait until it has."""
    assert job.stdout is not None
    gpu, since = job.stdout.readline().split()
    return gpu, float(since)


def ended(job: subprocess.Popen[str]) -> tuple[str, str]:
    """Return what an undisturbed job has printed from now on."""
    printed = job.communicate(timeout=60)
    assert job.returncode == 0, printed[1]
    return printed


def test_two_hundred_jobs_on_four_gpus(start: Callable[..., subprocess.Popen[str]]):
    """Of 200 jobs, 20 at a time and some killed, no two ever have one GPU, every one gets one, and all are used."""
    rng = random.Random(1)
    leases: list[tuple[str, float, float]] = []
    waiting = [rng.uniform(0, 0.05) for _ in range(200)]
    running: dict[subprocess.Popen[str], float] = {}  # with the moment at which a job is killed
    killed = 0
    deadline = time.monotonic() + 120
    while waiting or running:
        assert time.monotonic() < deadline, "a job is starved"
        while waiting and len(running) < 20:
            death = time.monotonic() + rng.uniform(0, 1) if rng.random() < 0.3 else math.inf
            running[start(waiting.pop())] = death
        for job, death in list(running.items()):
            # The moment from which a job that is killed has its GPU no longer is not known, but it is after this one.
            now = time.monotonic()
            if job.poll() is None and now > death:
                job.kill()
                job.wait()
                killed += 1
            elif job.poll() is None:
                continue
            printed, errors = job.communicate()
            if printed:
                gpu, since = printed.split()
                # An undisturbed job has ended at some time before now, but not before it has slept.
                leases.append((gpu, float(since), min(now, float(since) + float(job.args[-1]))))
            else:
                assert job.returncode == -9, errors
            running.pop(job)
        time.sleep(0.002)
    assert killed >= 5
    assert len(leases) >= 200 - killed
    assert {gpu for gpu, *_ in leases} == set(GPUS)
    for gpu in GPUS:
        of_gpu = sorted((since, until) for leased, since, until in leases if leased == gpu)
        for (_, until), (since, _) in itertools.pairwise(of_gpu):
            assert since >= until, f"two jobs had GPU {gpu}"


def test_waiting_job_says_for_what(start: Callable[..., subprocess.Popen[str]]):
    """A job that finds all GPUs taken says so, and which they are; one that is killed frees its GPU at once."""
    holders = [start(60) for _ in GPUS]
    gpus = [taken(job)[0] for job in holders]
    assert sorted(gpus) == GPUS
    waiting, queuing = start(0), start(0)
    for job in (waiting, queuing):
        assert job.stderr is not None
        assert job.stderr.readline().startswith("waiting for a GPU: 0, 1, 2, 3 are in use")
    holders[2].kill()
    holders[2].wait()
    for job in (waiting, queuing):
        printed, errors = ended(job)
        assert printed.split()[0] == gpus[2]
        assert errors == ""
    for job in holders:
        job.kill()
        job.communicate()


@pytest.mark.parametrize("number", ["2", "GPU-8932f937"])
def test_gpu_of_the_scheduler_is_taken_as_it_is(start: Callable[..., subprocess.Popen[str]], number: str):
    """The one GPU that a scheduler has given is used without a lease: its numbers may count from 0 in each job."""
    first, second = (start(1, CUDA_VISIBLE_DEVICES=number) for _ in range(2))
    assert taken(first)[0] == taken(second)[0] == number
    assert ended(first) == ended(second) == ("", "")


def test_one_of_several_gpus_that_were_chosen(start: Callable[..., subprocess.Popen[str]]):
    """Where CUDA_VISIBLE_DEVICES names several GPUs, jobs lease among those alone; others respect it."""
    chosen = [start(60, CUDA_VISIBLE_DEVICES="1,3") for _ in range(2)]
    assert sorted(taken(job)[0] for job in chosen) == ["1", "3"]
    others = [start(60) for _ in range(2)]
    assert sorted(taken(job)[0] for job in others) == ["0", "2"]
    for job in (*chosen, *others):
        job.kill()
        job.communicate()


@pytest.mark.parametrize(
    "variables", [{"EDGEMEM_PRETEND_GPUS": ""}, {"CUDA_VISIBLE_DEVICES": ""}, {"CUDA_VISIBLE_DEVICES": "-1"}]
)
def test_without_a_gpu(start: Callable[..., subprocess.Popen[str]], variables: dict[str, str]):
    """Where there is no GPU, or none is to be used, the job computes on the CPU and says so in one line."""
    printed, errors = ended(start(0, **variables))
    assert printed.split()[0] == "None"
    assert errors == "no GPU: on the CPU\n"


def test_folder_that_cannot_be_made(start: Callable[..., subprocess.Popen[str]], tmp_path: Path):
    """Where locks cannot be written, the message names the file and the variable."""
    (tmp_path / "file").touch()
    job = start(0, EDGEMEM_GPU_LOCKS=str(tmp_path / "file" / "locks"))
    _, errors = job.communicate()
    assert job.returncode == 1
    assert "EdgememError" in errors
    assert f"{tmp_path}/file/locks" in errors
    assert "EDGEMEM_GPU_LOCKS" in errors
