"""What jobs will take: the work that the resource functions say, at the speed of jobs that have ended."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

from edgemem.workflow.past_jobs import PastJob


class Speed(NamedTuple):
    """CPU seconds a + b w of a job of work w."""

    start: float
    factor: float

    def seconds(self, work: float) -> float:
        """Return the CPU seconds of a job."""
        return self.start + self.factor * work


# Where no job has ended yet: CPU seconds, rounded from what `speed_of` finds for the jobs of quick, refute, paper,
# paper-seeds, paper-figures and images, of which some ran on another machine. That of `geometry` is of three jobs of
# `starts`, with N = 50, 100 and 200. Of `barrier`, `agreement` and `compare` none ran: they are guesses.
STANDARD = {
    "sample": Speed(0.7, 0.0),
    "train": Speed(3.0, 0.37),
    "geometry": Speed(4.5, 0.47),
    "evaluate": Speed(6.5, 0.26),
    "sensitivity": Speed(2.0, 0.45),
    "barrier": Speed(6.0, 0.4),
    "agreement": Speed(4.0, 0.4),
    "regress": Speed(1.0, 0.15),
    "compare": Speed(3.0, 0.02),
    "files": Speed(0.5, 0.0),
    "plot": Speed(3.2, 0.02),
    "report": Speed(1.5, 0.0),
}


def speed_of(jobs: Sequence[PastJob]) -> Speed | None:
    """Return the speed of some jobs, None where none was long enough for its CPU time to be known.

    Where jobs are wrong by a factor rather than by seconds, sum_i (t_i - mu_i) / mu_i^2 (1, w_i) = 0 with
    mu = a + b w is what a gamma distribution asks for: the total is right, and no long job outweighs all others.
    """
    measured = [(job.work, job.cpu_seconds) for job in jobs if job.cpu_seconds]
    if not measured:
        return None
    work, seconds = np.array(measured).T
    found = np.array([seconds.mean(), 0.0])
    columns = np.stack([np.ones_like(work), work], axis=1)
    for _ in range(20):
        expected = columns @ found
        found, _ = nnls(columns / expected[:, None], seconds / expected)
    return Speed(*found)


def wrong_by(jobs: Sequence[PastJob]) -> float | None:
    """Return the factor by which totals of past cases were wrong, each by the speed of all other cases.

    It is exp of the root mean square of log(expected / taken) over cases; None with fewer than two.
    """
    cases: dict[tuple[str, ...], list[PastJob]] = {}
    for job in jobs:
        cases.setdefault(job.case, []).append(job)
    errors = []
    for case, own in cases.items():
        taken = sum(job.cpu_seconds or 0.0 for job in own)
        others = speed_of([job for job in jobs if job.case != case])
        if taken and others:
            errors.append(np.log(sum(others.seconds(job.work) for job in own if job.cpu_seconds) / taken))
    return float(np.exp(np.sqrt(np.mean(np.square(errors))))) if errors else None


def waiting(jobs: Iterable[PastJob]) -> float:
    """Return how much longer jobs were there than they computed, at least 1: the machine had other work, or waited."""
    known = [(job.seconds, job.cpu_seconds) for job in jobs if job.cpu_seconds]
    seconds, cpu = (sum(column) for column in zip(*known, strict=True)) if known else (1.0, 1.0)
    return max(1.0, seconds / cpu)


def wall_seconds(steps: Sequence[Mapping[object, float]], cores: int) -> float:
    """Return the seconds of steps one after the other, each of chains of jobs that run side by side.

    Of each step the longest chain starts first, on the core that is free first.
    """
    total = 0.0
    for step in steps:
        free = [0.0] * cores
        for seconds in sorted(step.values(), reverse=True):
            heapq.heapreplace(free, free[0] + seconds)
        total += max(free)
    return total
