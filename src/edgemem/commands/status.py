"""What of a campaign is done, running, failed and still to do, and how long it takes."""

import argparse
import csv
import json
import platform
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Literal

from edgemem.commands.configuration import add_configuration, campaign_of
from edgemem.files.file_lock import is_held, lock_of
from edgemem.reporting.numbers import duration
from edgemem.workflow.last_words import FAILURE, last_words
from edgemem.workflow.snakemake import Job, jobs_of, summary


State = Literal["done", "running", "failed", "to do"]
STATES: tuple[State, ...] = ("done", "running", "failed", "to do")


@dataclass(frozen=True)
class Progress:
    """What has become of a job.

    **Arguments:** `words`: the last ones of its log, where they say something; `elapsed`: seconds since it has begun;
    `host`: the machine that it runs on.
    """

    job: Job
    state: State
    words: str = ""
    elapsed: float = 0.0
    host: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_configuration(parser)


def run(options: argparse.Namespace) -> None:
    """Print the state of the campaign: a table of stages, then what runs and what failed.

    **Raises:** EdgememError if the configuration is refused.
    """
    table = summary(options.configfile, options.config)
    found = [progress(job) for job in jobs_of(campaign_of(options), table)]
    print(report(found, seconds_of_finished(found)))


def progress(job: Job) -> Progress:
    """Return what has become of a job."""
    if job.done:
        return Progress(job, "done")
    holder = _holder(Path(file.path) for file in job.files)
    words = last_words(job.log)
    if holder is None:
        return Progress(job, "failed", words) if FAILURE.match(words) else Progress(job, "to do")
    state: State = "running"
    if not holder["locked"]:
        if holder["host"] == platform.node():
            state, words = "failed", f"killed; its last words: {words}" if words else "killed"
        else:  # the lock of another machine cannot be seen on every file system
            words = f"{words} (as far as can be seen from {platform.node()})"
    return Progress(job, state, words, time.time() - holder["started"], holder["host"])


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


def seconds_of_finished(found: Iterable[Progress]) -> dict[Hashable, float]:
    """Return the mean seconds of the jobs that are done, by stage, and by what jobs of a stage have in common."""
    times: dict[Hashable, list[float]] = {}
    for each in found:
        if each.state == "done" and each.job.benchmark.exists():
            with each.job.benchmark.open(newline="") as file:
                seconds = [float(row["s"]) for row in csv.DictReader(file, delimiter="\t")]
            for key in (each.job.stage, each.job.case):
                times.setdefault(key, []).extend(seconds)
    return {key: mean(seconds) for key, seconds in times.items() if seconds}


def report(found: Sequence[Progress], seconds: Mapping[Hashable, float]) -> str:
    """Return the text that the command prints.

    **Arguments:** `found`: all jobs, in the order of the stages; `seconds`: of `seconds_of_finished`.
    """
    at_once = max(1, sum(each.state == "running" for each in found))
    lines = [f"{'':12}" + "".join(f"{state:>9}" for state in STATES) + f"{'a job':>12}{'left':>14}"]
    for stage in dict.fromkeys(each.job.stage for each in found):
        lines.append(_row(stage, [each for each in found if each.job.stage == stage], seconds, at_once))
    lines += [
        _row("all", found, seconds, at_once),
        f"`a job` is the mean of those done; `left` is of all that is not, {at_once} at once.",
    ]
    for state in ("running", "failed"):
        if some := [each for each in found if each.state == state]:
            lines += ["", state, *(f"  {_line(each, seconds)}" for each in some)]
    return "\n".join(lines)


def _row(name: str, found: Sequence[Progress], seconds: Mapping[Hashable, float], at_once: int) -> str:
    """Return the line of a stage: how many jobs are in each state, seconds of one, and of all that are not done."""
    counts = [sum(each.state == state for each in found) for state in STATES]
    numbers = "".join(f"{number or '':>9}" for number in counts)
    one = duration(seconds[name]) if name in seconds else ""
    left = [_left(each, seconds) for each in found if each.state != "done"]
    known = [value for value in left if value is not None]
    pending = "" if not left else duration(sum(known) / at_once) if len(known) == len(left) else "unknown"
    return f"{name:12}{numbers}{one:>12}{pending:>14}".rstrip()


def _expected(job: Job, seconds: Mapping[Hashable, float]) -> float | None:
    """Return the seconds that a job is expected to take, None where none of its stage has ended yet."""
    return seconds.get(job.case, seconds.get(job.stage))


def _left(each: Progress, seconds: Mapping[Hashable, float]) -> float | None:
    """Return the seconds of work that are left of a job."""
    expected = _expected(each.job, seconds)
    return expected if expected is None or each.state != "running" else max(0.0, expected - each.elapsed)


def _line(each: Progress, seconds: Mapping[Hashable, float]) -> str:
    """Return what is worth knowing of one job."""
    title = f"{each.job.stage} {each.job.name}"
    if each.state == "failed":
        return f"{title}: {each.words}  [{each.job.log}]"
    expected = _expected(each.job, seconds)
    about = f" of about {duration(expected)}" if expected else ""
    return f"{title}: {duration(each.elapsed)}{about} on {each.host}; {each.words or 'no word yet'}"
