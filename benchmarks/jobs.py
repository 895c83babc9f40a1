"""Times and memory of whole stage commands, each in a process of its own: `python -m benchmarks.jobs` prints JSON.

It imports nothing large: the system counts among a command's memory what the process that starts it had.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml


ROOT = Path(__file__).parents[1]


class Usage(NamedTuple):
    """What a process took; a whole command on one core unless said otherwise."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int


def protocol(name: str) -> dict[str, Any]:
    """Return a protocol of config.yaml."""
    return yaml.safe_load((ROOT / "config.yaml").read_text())["protocols"][name]


class Folder:
    """A folder for samples, models and compiled programs."""

    def __init__(self, path: Path):
        self.path = path

    def stage(self, *words: str, spec: dict[str, Any], threads: int = 1) -> subprocess.Popen:
        """Start a stage command."""
        return subprocess.Popen(
            [sys.executable, "-m", "edgemem", *words, "--spec", json.dumps(spec)],
            cwd=self.path,
            stdout=subprocess.DEVNULL,
            stderr=(self.path / "stderr").open("a"),
            env={
                **os.environ,
                "NPROC": str(threads),
                "PYTHONPATH": str(ROOT / "src"),
                "JAX_COMPILATION_CACHE_DIR": str(self.path / "cache"),
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            },
        )

    def run(self, *words: str, spec: dict[str, Any], threads: int = 1) -> Usage:
        """Run a stage command on as many cores as it has threads, and return what it took."""
        began = time.perf_counter()
        process = self.stage(*words, spec=spec, threads=threads)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:threads])
        return self.finished(process, began)

    def finished(self, process: subprocess.Popen, began: float) -> Usage:
        """Wait for a command and return what it took.

        **Raises:** RuntimeError with its last words if it failed.
        """
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError((self.path / "stderr").read_text()[-2000:])
        return Usage(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss)

    def samples(self, setting: dict[str, Any], seed: int = 1) -> str:
        """Draw samples and return the name of their file."""
        name = f"samples{seed}.nc"
        self.run("sample", name, spec={"setting": setting, "seed": seed})
        return name


@contextmanager
def folder() -> Iterator[Folder]:
    """Give a new folder, which is removed at the end."""
    with tempfile.TemporaryDirectory() as path:
        yield Folder(Path(path))


def train_spec(setting: dict[str, Any], protocol: dict[str, Any], sizes: Any, seed: int = 1) -> dict[str, Any]:
    """Return what the train stage reads."""
    grid = {"times": 26, "t_min": 0.001, "t_max": 0.999}
    model = {"model": "mixture", "denoiser": "isotropic_mixture", "sizes": sizes, "protocol": protocol}
    return {"setting": setting, "seed": seed, **model, "time_grid": grid}


def training_job() -> tuple[Usage, Usage]:
    """Return what the ten coarse sizes of N = 200, d = 50, K = 12 take, with nothing compiled yet and again."""
    setting = {"family": "gaussian", "N": 200, "d": 50, "K": 12}
    spec = train_spec(setting, protocol("fast"), {"coarse": 10, "fine": 0, "probe": 500})
    with folder() as made:
        samples = made.samples(setting)
        return made.run("train", samples, "a.nc", spec=spec), made.run("train", samples, "b.nc", spec=spec)


def large_job() -> Usage:
    """Return what a few steps at N = 5,000, M = 4,000, d = 200, 4 draws take."""
    setting = {"family": "gaussian", "N": 5000, "d": 200, "K": 12}
    spec = train_spec(setting, protocol("fast") | {"steps": 3, "draws": 4}, [4000])
    with folder() as made:
        return made.run("train", made.samples(setting), "models.nc", spec=spec)


def start_up() -> Usage:
    """Return what the train command takes for one step of one tiny model whose program is compiled."""
    setting = {"family": "gaussian", "N": 10, "d": 2, "K": 2}
    spec = train_spec(setting, protocol("fast") | {"steps": 1}, [10])
    with folder() as made:
        samples = made.samples(setting)
        made.run("train", samples, "a.nc", spec=spec)
        return min(made.run("train", samples, f"{i}.nc", spec=spec) for i in range(3))


def throughput(jobs: int, threads: int) -> float:
    """Return models a minute of a small campaign, its programs compiled, with so many jobs of so many threads."""
    setting = {"family": "gaussian", "N": 200, "d": 50, "K": 12}
    sizes = [100, 140, 180]
    with folder() as made:
        seeds = [1, 2, 3, 4]
        samples = {seed: made.samples(setting, seed) for seed in seeds}
        first = train_spec(setting, protocol("fast") | {"steps": 1}, sizes)
        made.run("train", samples[1], "first.nc", spec=first, threads=threads)
        began = time.perf_counter()
        for batch in range(0, len(seeds), jobs):
            running = [
                made.stage(
                    "train",
                    samples[seed],
                    f"{seed}.nc",
                    spec=train_spec(setting, protocol("fast") | {"draws": 4}, sizes, seed),
                    threads=threads,
                )
                for seed in seeds[batch : batch + jobs]
            ]
            for process in running:
                made.finished(process, began)
        return 60 * len(seeds) * len(sizes) / (time.perf_counter() - began)


def main() -> None:
    """Print names and numbers of all commands, and the throughputs."""
    cold, warm = training_job()
    commands = {
        "train N = 200, d = 50, K = 12, ten coarse sizes, `fast`, nothing compiled yet": cold,
        "the same again": warm,
        "train N = 5,000, M = 4,000, d = 200, 4 draws, 3 steps": large_job(),
        "train, one step of one tiny model, compiled before": start_up(),
    }
    rates = {f"{jobs} × {threads}": throughput(jobs, threads) for jobs, threads in ((1, 2), (2, 1))}
    print(json.dumps({"commands": commands, "models a minute": rates}))


if __name__ == "__main__":
    main()
