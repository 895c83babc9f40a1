"""What of a campaign is done, running, failed and still to do, and how long it takes."""

import argparse
import csv
import json
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any, Literal

from edgemem.errors import EdgememError
from edgemem.writing import is_held, lock_of


# The shared folders of results, with the rule whose files they hold.
RULES = {"samples": "sample", "models": "train", "evaluations": "evaluate", "sensitivity": "sensitivity"}
# The first line of what a command or Python says when it fails.
FAILURE = re.compile(r"^(edgemem \w+: |Traceback |\w*(Error|Exception|Interrupt)\b|Killed)")

State = Literal["done", "running", "failed", "to do"]


@dataclass
class Job:
    """A job of the workflow, by the files it makes."""

    rule: str
    name: str
    outputs: list[Path] = field(default_factory=list)
    done: bool = True
    state: State = "to do"
    said: str = ""
    elapsed: float | None = None
    host: str = ""

    @property
    def log(self) -> Path:
        """The file that holds what it has printed."""
        return Path("results/logs", self.rule, f"{self.name}.log")

    @property
    def benchmark(self) -> Path:
        """The file that says how long it took."""
        return Path("results/benchmarks", self.rule, f"{self.name}.tsv")

    @property
    def setting(self) -> str:
        """What jobs that take equally long have in common, as far as the name tells."""
        return f"{self.rule}/{self.name.partition('/')[0]}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--configfile", nargs="+", default=[], metavar="FILE", help="as given to snakemake")
    parser.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE", help="as given to snakemake")


def run(options: argparse.Namespace) -> None:
    """Print the state of the campaign: a table of stages, then what runs and what failed."""
    jobs = jobs_of(summary(options.configfile, options.config))
    for job in jobs:
        look(job)
    print(report(jobs, seconds_of_finished(jobs)))


def summary(files: Sequence[str], values: Sequence[str]) -> str:
    """Return Snakemake's table of all files and what it would do about them.

    **Raises:** EdgememError with what Snakemake said if it refused.
    """
    command = [sys.executable, "-m", "snakemake", "--summary"]
    for option, words in (("--configfile", files), ("--config", values)):
        command += [option, *words] if words else []
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise EdgememError(f"snakemake cannot tell:\n{ended.stderr.strip()}")
    return ended.stdout


def jobs_of(table: str) -> list[Job]:
    """Return the jobs of Snakemake's table, in the order of the stages."""
    jobs: dict[tuple[str, str], Job] = {}
    for row in csv.DictReader(table.splitlines(), delimiter="\t"):
        path = Path(row["output_file"])
        rule, name = row["rule"].removesuffix("_setting"), _name(path)
        job = jobs.setdefault((rule, name), Job(rule, name))
        job.outputs.append(path)
        job.done &= row["plan"] == "no update"
    order = [*RULES.values(), "compare", "regress", "plot", "report"]
    return sorted(jobs.values(), key=lambda job: (order.index(job.rule) if job.rule in order else 99, job.name))


def _name(path: Path) -> str:
    """Return what the job that makes a file is called in the folders of logs and benchmarks."""
    parts = path.with_suffix("").parts
    if len(parts) > 2 and parts[1] in RULES:
        return "/".join(parts[2:])
    if "figures" in parts:
        return f"{parts[1]}/{parts[-1]}"
    return parts[1] if len(parts) > 1 else path.stem


def look(job: Job) -> None:
    """Find out what has become of a job."""
    if job.done:
        job.state = "done"
        return
    holder = _holder(job.outputs)
    said = _last_words(job.log)
    if holder:
        here = holder["host"] == platform.node()
        job.host, job.elapsed, job.said = holder["host"], time.time() - holder["started"], said
        job.state = "running" if holder["locked"] or not here else "failed"
        if job.state == "failed":
            job.said = f"killed; its last words: {said}" if said else "killed"
        elif not holder["locked"]:
            # The lock of another machine cannot be seen on every file system.
            job.said = f"{said} (as far as can be seen from {platform.node()})"
    elif FAILURE.match(said):
        job.state, job.said = "failed", said


def _holder(outputs: Iterable[Path]) -> dict[str, Any] | None:
    """Return who makes, or was killed making, the first of some files, and whether the lock is held."""
    for lock in map(lock_of, outputs):
        try:
            locked, text = is_held(lock), lock.read_text()
        except OSError:
            continue
        if text:  # else it has only just been made
            return {**json.loads(text), "locked": locked}
    return None


def _last_words(log: Path) -> str:
    """Return the line of a log that says most: the failure, or else the last one."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    line = next((line for line in reversed(lines) if FAILURE.match(line)), lines[-1] if lines else "")
    return re.sub(r"^\[[^]]*\] ", "", line)  # which job it is stands in front already


def seconds_of_finished(jobs: Iterable[Job]) -> dict[str, float]:
    """Return the mean seconds of the jobs that are done, by stage and setting, and by stage alone."""
    found: dict[str, list[float]] = {}
    for job in jobs:
        if job.state == "done" and job.benchmark.exists():
            with job.benchmark.open(newline="") as file:
                seconds = [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
            for key in (job.rule, job.setting):
                found.setdefault(key, []).extend(seconds)
    return {key: mean(seconds) for key, seconds in found.items() if seconds}


def report(jobs: Iterable[Job], seconds: Mapping[str, float]) -> str:
    """Return the text that the command prints."""
    jobs = list(jobs)
    states: tuple[State, ...] = ("done", "running", "failed", "to do")
    lines = [f"{'':12}" + "".join(f"{state:>9}" for state in states) + f"{'a job':>12}{'left':>14}"]
    at_once = max(1, sum(job.state == "running" for job in jobs))
    left_in_all: float | None = 0.0
    for rule in [*dict.fromkeys(job.rule for job in jobs), "all"]:
        of_rule = [job for job in jobs if rule in (job.rule, "all")]
        counts = [sum(job.state == state for job in of_rule) for state in states]
        left = _left(of_rule, seconds)
        if rule == "all":
            left = left_in_all
        elif left is None or left_in_all is None:
            left_in_all = None
        else:
            left_in_all += left
        numbers = "".join(f"{number or '':>9}" for number in counts)
        pending = "" if counts[0] == len(of_rule) else _duration(None if left is None else left / at_once)
        each = _duration(seconds[rule]) if rule in seconds else ""
        lines.append(f"{rule:12}{numbers}{each:>12}{pending:>14}".rstrip())
    lines.append(f"`a job` is the mean of those done; `left` is of all that is not, {at_once} at once.")
    for state in ("running", "failed"):
        some = [job for job in jobs if job.state == state]
        if some:
            lines += ["", state, *(f"  {_line(job, seconds)}" for job in some)]
    return "\n".join(lines)


def _left(jobs: Iterable[Job], seconds: Mapping[str, float]) -> float | None:
    """Return the seconds of work in jobs that are not done, None where none of their kind has ended yet."""
    left = 0.0
    for job in jobs:
        if job.state != "done":
            expected = seconds.get(job.setting, seconds.get(job.rule))
            if expected is None:
                return None
            left += max(0.0, expected - (job.elapsed or 0.0)) if job.state == "running" else expected
    return left


def _line(job: Job, seconds: Mapping[str, float]) -> str:
    """Return what is worth knowing of one job."""
    if job.state == "failed":
        return f"{job.rule} {job.name}: {job.said or 'no word'}  [{job.log}]"
    expected = seconds.get(job.setting, seconds.get(job.rule))
    about = f" of about {_duration(expected)}" if expected else ""
    return f"{job.rule} {job.name}: {_duration(job.elapsed)}{about} on {job.host}; {job.said or 'no word yet'}"


def _duration(seconds: float | None) -> str:
    """Return a time as one reads it: 40 s, 12 min, 3.5 h."""
    if seconds is None:
        return "unknown"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
