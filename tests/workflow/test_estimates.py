"""What `edgemem plan` foretells is made of past jobs, by an estimate that finds the truth in simulated ones."""

import csv
import subprocess

import numpy as np
import pytest

from edgemem.layout import STAGES
from edgemem.workflow.estimates import STANDARD, Speed, speed_of, waiting, wall_seconds, wrong_by
from edgemem.workflow.past_jobs import PastJob

from .campaign import CONFIG, Workflow
from .test_traps import edgemem


def jobs(work: np.ndarray, seconds: np.ndarray, cases: int = 10) -> list[PastJob]:
    """Return past jobs, so many in turn of each case, that waited as long as they computed."""
    return [
        PastJob((str(i % cases),), w, 1.0, 2 * t, t, 100.0, 1.0)
        for i, (w, t) in enumerate(zip(work, seconds, strict=True))
    ]


def test_the_speed_is_found_where_jobs_are_wrong_by_a_factor():
    """From 400 jobs whose times vary by 30 %, start and factor are found to 10 %, and the total to 3 %."""
    rng = np.random.default_rng(1)
    work = rng.uniform(0, 200, 400)
    seconds = (5 + 0.3 * work) * rng.gamma(10, 0.1, 400)
    found = speed_of(jobs(work, seconds))
    assert found is not None
    assert found == pytest.approx((5, 0.3), rel=0.1)
    assert sum(found.seconds(w) for w in work) == pytest.approx(seconds.sum(), rel=0.03)


def test_the_factor_by_which_totals_are_missed_is_that_between_cases():
    """Cases that are three times faster and slower than foretold are missed by about three; equal ones by nothing."""
    work = np.full(200, 10.0)
    case = np.arange(200) % 10
    seconds = 10 * 3.0 ** np.where(case % 2, 1, -1)
    assert wrong_by(jobs(work, np.full(200, 7.0))) == pytest.approx(1.0)
    assert 2.5 < wrong_by(jobs(work, seconds)) < 7
    assert wrong_by(jobs(work[:1], seconds[:1])) is None


def test_jobs_without_cpu_time_say_nothing_of_speed():
    """A job that ended before it was looked at is counted, and changes no estimate."""
    short = PastJob(("a",), 5.0, 1.0, 0.2, None, None, 1.0)
    assert speed_of([short]) is None
    known = jobs(np.array([1.0, 2.0]), np.array([3.0, 6.0]))
    assert speed_of([*known, short]) == speed_of(known)
    assert waiting([*known, short]) == pytest.approx(2.0)
    assert waiting([]) == 1.0


def test_steps_follow_each_other_and_chains_fill_the_cores():
    """Two cores take half of equal chains, at least the longest, and one step after the other."""
    assert wall_seconds([dict.fromkeys(range(4), 10.0)], 2) == 20
    assert wall_seconds([{1: 30.0, 2: 5.0, 3: 5.0}], 2) == 30
    assert wall_seconds([{1: 30.0}, {1: 1.0, 2: 1.0}], 8) == 31
    assert wall_seconds([], 2) == 0


def test_every_stage_has_a_standard():
    """Where nothing has run yet every stage has a speed."""
    assert set(STANDARD) == set(STAGES)
    assert all(isinstance(speed, Speed) for speed in STANDARD.values())


def test_a_plan_says_what_is_to_do_from_what_has_been_done(workflow: Workflow):
    """With one seed more, its jobs and what follows are to do; the CPU time is that of the jobs that are there."""
    workflow.configure(seeds=[1, 2, 3])
    run = edgemem(workflow, "plan", CONFIG, "--slurm", "--cores", "3")
    assert run.returncode == 0, run.stdout
    rows = {line.split()[0]: line.split() for line in run.stdout.splitlines() if line[:1].isalpha()}
    stages = "sample", "train", "geometry", "evaluate", "regress", "report"
    assert [int(rows[stage][1]) for stage in stages] == [2, 2, 2, 2, 1, 1]
    assert "`wall`: here, on 3 cores" in run.stdout
    assert "core hours" in run.stdout and "GPU hours" in run.stdout
    taken = []
    for benchmark in (workflow / "results/benchmarks/train").rglob("*.tsv"):
        with benchmark.open(newline="") as file:
            taken += [float(row["cpu_time"]) for row in csv.DictReader(file, delimiter="\t")]
    assert float(rows["train"][2]) == pytest.approx(2 * np.mean(taken) / 3600, abs=0.006)
    assert rows["train"][-2:] == ["4", "jobs"]


def test_a_plan_of_what_is_done_says_so(workflow: Workflow):
    """Of a finished campaign nothing is to do, and no table is printed."""
    run = edgemem(workflow, "plan", CONFIG)
    assert run.stdout.splitlines() == ["campaign tiny: 0 of 23 jobs are to do"]


def test_whoever_reads_the_first_line_alone_sees_no_error(workflow: Workflow):
    """`edgemem plan | head -1` prints a line."""
    workflow.configure(seeds=[1, 2, 3])
    command = f"{workflow.python} -m edgemem plan {CONFIG} | head -1"
    run = subprocess.run(
        command, shell=True, cwd=workflow.folder, env=workflow.environment, capture_output=True, text=True, check=True
    )
    assert (run.stdout, run.stderr) == ("campaign tiny: 15 of 31 jobs are to do\n", "")
