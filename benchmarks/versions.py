"""What versions of a campaign of 1,000 results take: `python -m benchmarks.versions`; results are random numbers."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import netCDF4
import numpy as np
from tests.workflow.campaign import ROOT, Workflow

from benchmarks.jobs import Usage
from benchmarks.workflow import pretending, run
from edgemem.files.lineage import sha256


DATA_SETS = 333
NUMBERS = 65_000  # of eight bytes, in each of three files a data set
ACTIONS = (
    ("save v1 --configfile tiny.yaml", "save, the first version"),
    ("save v2 --configfile tiny.yaml", "save again, nothing has changed"),
    ("verify v1", "verify"),
    ("verify --files", "verify --files"),
    ("restore v1", "restore"),
    ("diff v1 v2", "diff"),
    ("list", "list"),
    ("push place", "push to a folder on the same disk"),
    ("prune --yes", "prune"),
)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as path:
        workflow = finished(Path(path))
        (workflow / "place").mkdir()
        files = [file for file in (workflow / "results").rglob("*") if file.is_file()]
        size = sum(file.stat().st_size for file in files)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}; {len(files)} files, {size / 1e6:.0f} MB\n")
        print("| action | seconds | CPU seconds |\n| --- | --- | --- |", flush=True)
        for words, name in ACTIONS:
            usage = action(workflow, words.split())
            print(f"| {name} | {usage.seconds:.1f} | {usage.cpu_seconds:.1f} |", flush=True)
        print(f"\nload {os.getloadavg()[0]:.2f}")


def finished(folder: Path) -> Workflow:
    """Return a repository with a campaign whose files hold random numbers, but come from each other as they say."""
    workflow = pretending(folder)
    shutil.copy(folder / "pretend/python", folder / "pretend/snakemake")  # the report
    workflow.configure(
        settings=[{"family": "gaussian", "N": 50, "d": 5, "K": 2}], seeds=list(range(DATA_SETS)), figures=["prediction"]
    )
    run(workflow, "--cores", "2", "--quiet", "all")
    rng = np.random.default_rng(0)
    for kind, sources in (("samples", ()), ("models", ("samples",)), ("evaluations", ("samples", "models"))):
        for path in (folder / "results" / kind).rglob("*.nc"):
            fill(path, folder, rng, sources)
    for name in ("transition.nc", "regression.nc"):
        fill(folder / "results/tiny" / name, folder, rng, ())
    with kept_times(folder / "results/tiny/metrics.json") as path:
        path.write_text("{}")
    shutil.copy(ROOT / ".gitignore", folder)
    (folder / ".venv-dvc").symlink_to(ROOT / ".venv-dvc")
    subprocess.run(
        [sys.executable, "-c", "from edgemem.versions.environment import *; dvc_command()"], cwd=ROOT, check=True
    )
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Begin"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return workflow


def fill(path: Path, folder: Path, rng: np.random.Generator, sources: tuple[str, ...]) -> None:
    """Write random numbers into a file, as made from those of its data set."""
    inputs = {}
    for kind in sources:
        setting, seed = path.relative_to(folder / "results").with_suffix("").parts[1:3]
        # Of each data set there is one file of a kind.
        (source,) = (folder / "results" / kind / setting).glob(f"{seed}.nc" if kind == "samples" else f"{seed}/*.nc")
        inputs[str(source.relative_to(folder))] = sha256(source)
    with kept_times(path), netCDF4.Dataset(path, "w") as file:
        file.setncatts({"edgemem_file": "benchmark", "inputs": json.dumps(inputs)})
        file.createDimension("number", NUMBERS)
        file.createVariable("x", "f8", ("number",))[:] = rng.normal(size=NUMBERS)


@contextmanager
def kept_times(path: Path) -> Iterator[Path]:
    """Let a file be written without Snakemake taking it for newer."""
    times = path.stat()
    yield path
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def action(workflow: Workflow, words: list[str]) -> Usage:
    """Return what an action takes, with all that it starts.

    **Raises:** CalledProcessError if it fails.
    """
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "edgemem", "version", *words]
    subprocess.run(command, cwd=workflow.folder, env=workflow.environment, check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(seconds, cpu_seconds, 1024 * after.ru_maxrss)


if __name__ == "__main__":
    main()
