"""Disturbs runs of a tiny campaign at random moments, and looks whether one plain rerun repairs everything.

python -m tests.workflow.faults --rounds 60    prints a table; needs root for disks that are full or read-only
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from edgemem.files.lineage import sha256
from edgemem.reporting.summary_metrics import read_metrics

from .campaign import PROTOCOL, TINY, Workflow, copy_parts
from .processes import stage_processes, started


PATIENCE = 1200
# One setting and two seeds: 11 jobs.
CAMPAIGN = TINY | {
    "settings": [{"family": "gaussian", "N": 10, "d": 2, "K": 2}],
    "protocols": {"tiny": PROTOCOL | {"steps": 200}},
    "figures": ["losses", "mechanism", "prediction"],
}
DAY = 86_400


class Run:
    """A run of the campaign that is going on, and the means to disturb it."""

    def __init__(self, workflow: Workflow, snakemake: subprocess.Popen[bytes], rng: random.Random):
        self.workflow, self.snakemake, self.rng = workflow, snakemake, rng

    @property
    def results(self) -> Path:
        """The folder of results."""
        return self.workflow / "results"

    def files(self, pattern: str) -> list[Path]:
        """Return the results of a kind that are there."""
        return sorted(self.results.rglob(pattern)) if self.results.exists() else []

    def signal_stage(self, number: signal.Signals) -> None:
        """Send a signal to one of the stages that run, as soon as there is one."""
        while self.snakemake.poll() is None:
            jobs = list(stage_processes(self.snakemake))
            if jobs:
                os.kill(self.rng.choice(jobs).process, number)
                return
            time.sleep(0.02)

    def signal_snakemake(self, number: signal.Signals, *, jobs: bool) -> None:
        """Send a signal to Snakemake, and to all its jobs, too, or not."""
        if self.snakemake.poll() is None:
            (os.killpg if jobs else os.kill)(self.snakemake.pid, number)

    def fill_disk(self) -> None:
        """Leave no room on the disk for a while."""
        filler = self.workflow / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(2**16)):
                    pass
            except OSError:
                time.sleep(self.rng.uniform(1, 6))
        filler.unlink()

    def truncate(self) -> None:
        """Cut off one of the files that are there."""
        files = self.files("*.nc")
        if files:
            path = self.rng.choice(files)
            os.truncate(path, self.rng.randrange(path.stat().st_size))

    def forbid_writing(self) -> None:
        """Let nobody write results for a while."""
        self.results.mkdir(exist_ok=True)
        subprocess.run(["mount", "--bind", self.results, self.results], check=True)
        try:
            for _ in range(200):  # busy while somebody writes
                remount = ["mount", "-o", "remount,ro,bind", self.results]
                if subprocess.run(remount, capture_output=True, check=False).returncode == 0:
                    break
                time.sleep(0.01)
            time.sleep(self.rng.uniform(1, 6))
        finally:
            subprocess.run(["umount", "--lazy", self.results], check=True)

    def start_another(self) -> None:
        """Start a second Snakemake on the same campaign: it is refused, or finds the first one at its end."""
        second = self.workflow.snakemake("--cores", "1")
        assert second.returncode == 0 or "--unlock" in second.stdout, second.stdout

    def jump(self) -> None:
        """Let everything made so far lie a day in the future, or the past, as after a clock was put right."""
        by = self.rng.choice([-DAY, DAY])
        for path in self.files("*"):
            try:
                stat = path.stat()
                os.utime(path, (stat.st_atime + by, stat.st_mtime + by))
            except FileNotFoundError:
                continue  # a temporary file


FAULTS: dict[str, Callable[[Run], None]] = {
    "SIGKILL to a stage": lambda run: run.signal_stage(signal.SIGKILL),
    "SIGTERM to a stage": lambda run: run.signal_stage(signal.SIGTERM),
    "SIGKILL to Snakemake alone": lambda run: run.signal_snakemake(signal.SIGKILL, jobs=False),
    "SIGKILL to Snakemake and its jobs": lambda run: run.signal_snakemake(signal.SIGKILL, jobs=True),
    "SIGTERM to Snakemake": lambda run: run.signal_snakemake(signal.SIGTERM, jobs=False),
    "SIGINT to all, as by Ctrl-C": lambda run: run.signal_snakemake(signal.SIGINT, jobs=True),
    "a full disk": Run.fill_disk,
    "a truncated file": Run.truncate,
    "read-only results": Run.forbid_writing,
    "two Snakemakes at once": Run.start_another,
    "a clock that jumps by a day": Run.jump,
}


def prepared(folder: Path, cache: Path) -> Workflow:
    """Return the campaign in a new folder, with two pretend GPUs and a checkpoint after every block."""
    copy_parts(folder)
    workflow = Workflow(folder, cache)
    workflow.write(CAMPAIGN)
    workflow.environment |= {
        "EDGEMEM_CHECKPOINT_MINUTES": "0",
        "EDGEMEM_PRETEND_GPUS": "0,1",
        "EDGEMEM_GPU_LOCKS": str(folder / "locks"),
    }
    return workflow


def undisturbed(folder: Path, cache: Path) -> tuple[Workflow, float]:
    """Return the campaign after a run that nothing disturbs, and the seconds it takes when everything is compiled."""
    for name in ("first", "reference"):
        workflow = prepared(folder / name, cache)
        began = time.monotonic()
        run = workflow.snakemake("--cores", "2")
        assert run.returncode == 0, run.stdout
    return workflow, time.monotonic() - began


@contextmanager
def disk(folder: Path, *, small: bool) -> Iterator[None]:
    """Give a folder a small disk of its own, or leave it where it is."""
    folder.mkdir()
    if small:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", folder], check=True)
    try:
        yield
    finally:
        if small:
            subprocess.run(["umount", "--lazy", folder], check=True)
        shutil.rmtree(folder, ignore_errors=small)


def disturbed_round(fault: str, rng: random.Random, reference: Workflow, seconds: float, folder: Path) -> bool:
    """Run the campaign, disturb it at a random moment, run it again, and compare it with the undisturbed one.

    **Returns:** whether the disturbed run failed.

    **Raises:** AssertionError if the rerun fails, leaves something to do, or gives other results.
    """
    with disk(folder, small=fault == "a full disk"):
        workflow = prepared(folder / "campaign", Path(reference.environment["XDG_CACHE_HOME"]))
        with started(workflow, "--cores", "2", "--resources", "gpu=2") as snakemake:
            time.sleep(rng.uniform(0, seconds))
            FAULTS[fault](Run(workflow, snakemake, rng))
            code = snakemake.wait(PATIENCE)
        if "SIGKILL to Snakemake" in fault:
            workflow.snakemake("--unlock")  # as Snakemake asks for after that
        again = workflow.snakemake("--cores", "2", "--resources", "gpu=2")
        assert again.returncode == 0, f"{fault}: the rerun failed\n{again.stdout}"
        left = workflow.pending()
        assert left == {}, f"{fault}: left to do is {left}, {workflow.snakemake('--dry-run').stdout}"
        compare(workflow / "results", reference / "results")
        return code != 0


def compare(found: Path, expected: Path) -> None:
    """Check that two folders of results hold the same numbers and images, and the first nothing that is no result."""
    names = {path.relative_to(expected) for path in expected.rglob("*") if path.is_file() and relevant(path)}
    # What was cut off is kept beside what has taken its place.
    there = {path.relative_to(found) for path in found.rglob("*") if path.is_file() and relevant(path)}
    assert {path for path in there if path.suffix != ".truncated"} == names
    for name in names:
        if name.suffix == ".nc":
            with xr.open_dataset(found / name) as ours, xr.open_dataset(expected / name) as theirs:
                timed = [name for name in ("train_seconds",) if name in ours]
                assert ours.drop_vars(timed).load().equals(theirs.drop_vars(timed).load()), name
                assert ours.attrs["spec"] == theirs.attrs["spec"], name
                for path, content in json.loads(ours.attrs["inputs"]).items():
                    assert sha256(found.parent / path) == content, f"{name} was made from another {path}"
        elif name.suffix == ".png":
            np.testing.assert_array_equal(plt.imread(found / name), plt.imread(expected / name), err_msg=str(name))
        elif name.suffix == ".json":
            assert read_metrics(found / name) == read_metrics(expected / name), name
        elif name.suffix == ".csv" and name.parent.name == "figures":
            # Below the first line, which says when the figure was drawn.
            ours, theirs = ((folder / name).read_bytes().partition(b"\n")[2] for folder in (found, expected))
            assert ours == theirs, name


def relevant(path: Path) -> bool:
    """Tell whether a file is more than messages, times, and compiled programs."""
    return not {"logs", "benchmarks", ".jax-cache"} & set(path.parts)


def main() -> None:
    """Disturb many runs and print how often what happened, and that the rerun was like the undisturbed run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=FAULTS, help="one kind of fault")
    options = parser.parse_args()
    kinds = [options.only] if options.only else list(FAULTS)
    with tempfile.TemporaryDirectory() as path:
        reference, seconds = undisturbed(Path(path), Path(path) / "cache")
        print(f"undisturbed: {seconds:.1f} s", flush=True)
        failed = dict.fromkeys(kinds, 0)
        rounds = dict.fromkeys(kinds, 0)
        for number in range(options.rounds):
            fault, rng = kinds[number % len(kinds)], random.Random(f"{options.seed} {number}")
            began = time.monotonic()
            failed[fault] += disturbed_round(fault, rng, reference, seconds, Path(path) / f"round{number}")
            rounds[fault] += 1
            print(f"round {number + 1}: {fault}, {time.monotonic() - began:.0f} s", flush=True)
    print("\n| fault | rounds | disturbed run failed | identical after one rerun |\n| --- | --- | --- | --- |")
    for fault in kinds:
        print(f"| {fault} | {rounds[fault]} | {failed[fault]} | {rounds[fault]} |")


if __name__ == "__main__":
    main()
