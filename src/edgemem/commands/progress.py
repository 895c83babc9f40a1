"""What has become of a campaign's jobs, and when the rest of them will have ended."""

import csv
import datetime
import json
import platform
import time
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Literal

from edgemem.files.file_lock import is_held, lock_of
from edgemem.layout import SETTING, STAGES
from edgemem.reporting.numbers import duration
from edgemem.workflow.last_words import FAILURE, last_words
from edgemem.workflow.snakemake import Job


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


def jobs_at_once(found: Iterable[Progress]) -> int:
    """Return how many jobs run, and one if none does: what is left takes so much less than one after another."""
    return max(1, sum(each.state == "running" for each in found))


def _expected(job: Job, seconds: Mapping[Hashable, float]) -> float | None:
    """Return the seconds that a job is expected to take, None where none of its stage has ended yet."""
    return seconds.get(job.case, seconds.get(job.stage))


def seconds_left(each: Progress, seconds: Mapping[Hashable, float]) -> float | None:
    """Return the seconds of work that are left of a job, None where none of its stage has ended yet.

    **Arguments:** `seconds`: of `seconds_of_finished`.
    """
    expected = _expected(each.job, seconds)
    return expected if expected is None or each.state != "running" else max(0.0, expected - each.elapsed)


def expected_end(found: Sequence[Progress], seconds: Mapping[Hashable, float], now: datetime.datetime) -> str:
    """Return when all jobs will have ended, in words: by the clock, and by what that is reckoned.

    Most of a campaign is the work on each data set: the end is unknown as long as no job of one of these stages has
    ended. Tables and figures come last and are no part of it before one of them has been made: the words say so.

    **Arguments:** `seconds`: of `seconds_of_finished`; `now`: with its time zone.
    """
    pending = [each for each in found if each.state != "done"]
    if not pending:
        return "Nothing is left to do"
    left = [seconds_left(each, seconds) for each in pending]
    known = [value for value in left if value is not None]
    unknown = list(dict.fromkeys(each.job.stage for each in pending if _expected(each.job, seconds) is None))
    needed = [stage for stage in unknown if STAGES[stage].job.startswith(SETTING)] or (unknown if not known else [])
    if needed:
        return f"Expected end: unknown before a job of each has ended: {', '.join(needed)}"
    at_once = jobs_at_once(found)
    rest = sum(known) / at_once
    end = now + datetime.timedelta(seconds=rest)
    clock = f"{end:%H:%M %Z}" if end.date() == now.date() else f"{end:%d %B, %H:%M %Z}"
    if any(each.state == "running" for each in pending):
        text = f"Expected end: {clock}, in {duration(rest)} at {at_once} at once"
    else:
        text = f"Expected end: none while no job runs; {duration(rest)} are left, one job at a time"
    return text + (f"; {', '.join(unknown)} not counted, of which none has ended yet" if unknown else "")


def job_line(each: Progress, seconds: Mapping[Hashable, float]) -> str:
    """Return what is worth knowing of one job that runs or has failed."""
    title = f"{each.job.stage} {each.job.name}"
    if each.state == "failed":
        return f"{title}: {each.words}  [{each.job.log}]"
    expected = _expected(each.job, seconds)
    about = f" of about {duration(expected)}" if expected else ""
    return f"{title}: {duration(each.elapsed)}{about} on {each.host}; {each.words or 'no word yet'}"
