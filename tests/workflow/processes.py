"""Runs of Snakemake whose jobs are watched, or killed, from outside."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .campaign import Workflow


class StageProcess(NamedTuple):
    """A process that runs a stage: its number, the stage, how long it has computed, its threads' names."""

    process: int
    stage: str
    seconds: float
    threads: list[str]


@contextmanager
def started(workflow: Workflow, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start Snakemake as the leader of a group of processes, all of which are gone afterwards."""
    with (workflow / "run.log").open("wb") as log:
        process = subprocess.Popen(
            workflow.command(*arguments),
            cwd=workflow.folder,
            env=workflow.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def stage_processes(snakemake: subprocess.Popen[bytes]) -> Iterator[StageProcess]:
    """Yield the processes that run a stage for a Snakemake started by `started`."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text().split("\0")
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            threads = [(thread / "comm").read_text().strip() for thread in (folder / "task").iterdir()]
        except (OSError, UnicodeDecodeError):
            continue  # it has ended meanwhile, or is none of ours
        group, seconds = int(fields[2]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        # All children of Snakemake are in its group; a shell has the whole command in one word.
        if group == snakemake.pid and words[1:3] == ["-m", "edgemem"]:
            yield StageProcess(int(folder.name), words[3], seconds, threads)
