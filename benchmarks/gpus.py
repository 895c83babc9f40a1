"""What docs/gpus.md says of small models on a large GPU, measured: `python -m benchmarks.gpus OUT.json`.

Steps of many models in one program, a GPU beside the CPU, and training jobs that share one GPU, with NVIDIA's
multi-process service and without. A part is written when it is done, so that a run that is cut off leaves the others.
`--device cpu` does the same without a GPU; with few steps, it tests this program.

It imports no JAX, which would open the GPU that the jobs are measured on.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.jobs import ROOT, Folder, folder, protocol, train_spec


SETTING = {"family": "gaussian", "N": 200, "d": 50, "K": 12}
SIZES = {"coarse": 10, "fine": 10, "probe": 500}
MPS = "nvidia-cuda-mps-control"


def machine() -> dict[str, Any]:
    """Return what this machine is."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total,compute_mode", "--format=csv,noheader"]
    smi = shutil.which(query[0])
    return {
        "platform": platform.platform(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "gpu": subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip() if smi else None,
        "gpus_in_proc": len(list(Path("/proc/driver/nvidia/gpus").glob("*"))),
        "mps_control": shutil.which(MPS),
    }


def steps(options: Sequence[str], keep: Callable[[dict[str, Any]], None]) -> None:
    """Measure steps in a process of its own, and keep each of its parts."""
    command = [sys.executable, "-m", "benchmarks.gpu_steps", *options]
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            keep(json.loads(line))
    if process.returncode:
        keep({"steps ended with": process.returncode})


@contextmanager
def multi_process_service() -> Iterator[None]:
    """Let processes that are started within share the GPU's cores, not only its time.

    **Raises:** RuntimeError with what it says if it does not start.
    """
    with tempfile.TemporaryDirectory() as path:
        os.environ.update(CUDA_MPS_PIPE_DIRECTORY=path, CUDA_MPS_LOG_DIRECTORY=path)
        try:
            started = subprocess.run([MPS, "-d"], capture_output=True, text=True, check=False, timeout=20)
            if started.returncode:
                raise RuntimeError(f"{MPS} -d: {started.stdout}{started.stderr}".strip())
            try:
                yield
            finally:
                subprocess.run([MPS], input="quit\n", text=True, capture_output=True, check=False, timeout=20)
        finally:
            del os.environ["CUDA_MPS_PIPE_DIRECTORY"], os.environ["CUDA_MPS_LOG_DIRECTORY"]


def spec(seed: int, steps: int) -> dict[str, Any]:
    """Return what a training job of a campaign reads, here of N = 200, d = 50."""
    return train_spec(SETTING, protocol("fast") | {"steps": steps}, SIZES, seed)


def training(made: Folder, seeds: Sequence[int], steps: int) -> dict[str, Any]:
    """Return what training jobs take that run side by side, one a seed."""
    began = time.perf_counter()
    running = [made.stage("train", f"samples{seed}.nc", f"{seed}.nc", spec=spec(seed, steps)) for seed in seeds]
    usage = [made.finished(process, began) for process in running]
    seconds = time.perf_counter() - began
    return {
        "jobs": len(seeds),
        "seconds": seconds,
        "jobs_a_minute": 60 * len(seeds) / seconds,
        "cpu_seconds_a_job": sum(job.cpu_seconds for job in usage) / len(seeds),
        "peak_mib": max(job.peak_bytes for job in usage) / 2**20,
    }


def draw(made: Folder, seeds: Sequence[int]) -> None:
    """Draw the samples of all seeds side by side."""
    running = [
        made.stage("sample", f"samples{seed}.nc", spec={"setting": SETTING, "seed": seed}, threads=1) for seed in seeds
    ]
    for process in running:
        made.finished(process, 0)


def jobs(options: argparse.Namespace, keep: Callable[[dict[str, Any]], None]) -> None:
    """Measure how many training jobs a minute one GPU does."""
    ends = time.monotonic() + options.seconds

    def measure(name: str, count: int) -> None:
        if time.monotonic() < ends:
            try:
                keep({name: training(made, range(1, count + 1), options.job_steps)})
            except RuntimeError as error:
                keep({name: str(error)})

    with folder() as made:
        draw(made, range(1, max(options.jobs) + 1))
        if options.compiled:
            shutil.copytree(options.compiled, made.path / "cache")
        else:
            measure("first job, nothing compiled yet", 1)
        for count in options.jobs:
            measure(f"jobs side by side: {count}", count)
            if count > 1 and shutil.which(MPS) and options.device == "gpu":
                try:
                    with multi_process_service():
                        measure(f"jobs side by side, multi-process service: {count}", count)
                except (RuntimeError, OSError, subprocess.SubprocessError) as error:
                    keep({f"multi-process service: {count}": str(error)[-2000:]})
        log = (made.path / "stderr").read_text()
        keep({"jobs compute on": "the CPU" if "on the CPU" in log else "the GPU"})


def main() -> None:
    """Measure everything, and write it after each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu")
    parser.add_argument("--jobs", type=int, nargs="+", default=[8, 1, 4], help="how many train side by side")
    parser.add_argument("--job-steps", type=int, default=protocol("fast")["steps"], help="steps of their training")
    parser.add_argument("--compiled", type=Path, help="folder of compiled programs that the jobs find")
    parser.add_argument("--seconds", type=float, default=600, help="after so many no further jobs are begun")
    options, others = parser.parse_known_args()
    # One GPU that is named is not leased: jobs share it.
    os.environ["CUDA_VISIBLE_DEVICES"] = "" if options.device == "cpu" else os.environ.get("CUDA_VISIBLE_DEVICES", "0")
    if options.device == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"
    began, found = time.monotonic(), {"machine": machine()}

    def keep(part: dict[str, Any]) -> None:
        print(f"{time.monotonic() - began:6.1f} s", json.dumps(part), flush=True)
        found.update(part)
        options.out.write_text(json.dumps(found, indent=2) + "\n")

    keep({})
    steps(others, keep)
    options.seconds -= time.monotonic() - began
    jobs(options, keep)


if __name__ == "__main__":
    main()
