"""What Snakemake takes for campaigns of 5,000 jobs, whose stages make empty files: `python -m benchmarks.workflow`.

It imports little: the system counts among a command's memory what the process that starts it had.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import netCDF4
from tests.workflow.campaign import CONFIG, Workflow, copy_parts

from benchmarks.jobs import Usage


# 1,666 data sets each, to be sampled, trained on and evaluated; then regress and two figures; a dry-run has the report.
GRID = {"N": list(range(50, 67)), "d": list(range(5, 19)), "K": list(range(2, 9))}
CAMPAIGNS: dict[str, dict[str, Any]] = {
    "1,666 settings, one seed": {"settings": [{"family": "gaussian", **GRID}], "seeds": [1]},
    "2 settings, 833 seeds": {
        "settings": [{"family": "gaussian", "N": [50, 60], "d": 5, "K": 2}],
        "seeds": list(range(833)),
    },
}
FIGURES = ["prediction", "regression"]
# Makes what it was asked for: words that name a result which is not there.
PRETEND_PYTHON = """#!/bin/sh
for word; do
  case $word in results/*) [ -e "$word" ] || cp "${0%/*}/empty.nc" "$word" ;; esac
done
"""
# The same jobs with nothing but their paths.
BARE = """
PAIRS = [(setting, seed) for setting in range({settings}) for seed in range({seeds})]

rule all:
    input: "results/regression.nc"

rule sample:
    output: "results/samples/{{setting}}/seed{{seed}}.nc"
    shell: "touch {{output}}"

rule train:
    input: rules.sample.output
    output: "results/models/{{setting}}/seed{{seed}}.nc"
    shell: "touch {{output}}"

rule evaluate:
    input: rules.sample.output, rules.train.output
    output: "results/evaluations/{{setting}}/seed{{seed}}.nc"
    shell: "touch {{output}}"

rule regress:
    input: [f"results/evaluations/{{setting}}/seed{{seed}}.nc" for setting, seed in PAIRS]
    output: "results/regression.nc"
    shell: "touch {{output}}"
"""


def main() -> None:
    """Print the tables."""
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}\n")
    for name, change in CAMPAIGNS.items():
        print(f"| {name} | seconds | CPU seconds | peak MiB |\n| --- | --- | --- | --- |", flush=True)
        for what, usage in measured(change):
            print(
                f"| {what} | {usage.seconds:.1f} | {usage.cpu_seconds:.1f} | {usage.peak_bytes / 2**20:.0f} |",
                flush=True,
            )
        print(f"\nload {os.getloadavg()[0]:.2f}\n", flush=True)


def measured(change: dict[str, Any]) -> Iterator[tuple[str, Usage]]:
    """Yield what each kind of run takes, in the order of a campaign's life."""
    with tempfile.TemporaryDirectory() as path:
        workflow = pretending(Path(path))
        workflow.configure(figures=FIGURES, **change)
        grid, seeds = change["settings"][0], len(change["seeds"])
        settings = len(grid["N"]) * (len(grid["d"]) * len(grid["K"]) if isinstance(grid["d"], list) else 1)
        bare = Workflow(workflow / "bare", workflow / "cache")
        (bare / "Snakefile").parent.mkdir()
        (bare / "Snakefile").write_text(BARE.format(settings=settings, seeds=seeds))
        (bare / CONFIG).write_text("{}")

        yield "Python and Snakemake start", run(bare, "--version")
        yield "parse a workflow with nothing but paths", run(bare, "--list-rules")
        yield "parse this workflow", run(workflow, "--list-rules")
        yield "dry-run with nothing but paths", run(bare, "--dry-run", "--quiet", "all")
        yield "dry-run", run(workflow, "--dry-run", "--quiet", "all")
        yield "run, all jobs but the report", run(workflow, "--cores", "2", "--quiet", "all", "--", "figures")
        yield "run again: nothing to be done", run(workflow, "--cores", "2", "figures")
        if "Nothing to be done" not in (workflow / "log").read_text():
            raise RuntimeError("the second run did something")


def pretending(folder: Path) -> Workflow:
    """Return the workflow in a folder of its own, whose jobs get a pretend Python."""
    copy_parts(folder)
    workflow = Workflow(folder, folder / "cache")
    python = folder / "pretend/python"
    python.parent.mkdir()
    python.write_text(PRETEND_PYTHON)
    netCDF4.Dataset(python.with_name("empty.nc"), "w").close()
    python.chmod(0o755)
    # Bash reads this file before each command, when the workflow has put its own Python in front.
    (folder / "front.sh").write_text(f"PATH={python.parent}:$PATH\n")
    workflow.environment["BASH_ENV"] = str(folder / "front.sh")
    return workflow


def run(workflow: Workflow, *arguments: str) -> Usage:
    """Run Snakemake and return what it took.

    **Raises:** RuntimeError with its last words if it failed.
    """
    began = time.perf_counter()
    log = workflow / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--configfile", CONFIG, *arguments],
            cwd=workflow.folder,
            env=workflow.environment,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(log.read_text()[-2000:])
    return Usage(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss)


if __name__ == "__main__":
    main()
