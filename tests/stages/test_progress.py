"""When the rest of a campaign's jobs is expected to have ended."""

import datetime
from collections.abc import Hashable

import pytest

from edgemem.commands.progress import Progress, State, expected_end
from edgemem.config.file_list import CampaignFile
from edgemem.workflow.snakemake import Job


NOW = datetime.datetime(2026, 1, 31, 14, 13, tzinfo=datetime.UTC)
SECONDS: dict[Hashable, float] = {
    "sample": 6.0,
    "train": 600.0,
    "evaluate": 60.0,
    ("train", None, "large", None): 6000.0,
}


def jobs(stage: str, *states: State, setting: str = "small", elapsed: float = 0) -> list[Progress]:
    """Return jobs of a stage."""
    job = Job([CampaignFile(stage, "models", "path", "job", setting)], done=False)
    return [Progress(job, state, elapsed=elapsed) for state in states]


def test_rest_is_shared_by_the_jobs_that_run():
    """Work that is left, less what running jobs have done, is divided by how many run; the clock says when that is."""
    found = [
        *jobs("train", "done", "to do"),
        *jobs("train", "running", "running", elapsed=540),
        *jobs("evaluate", "failed", "to do"),
    ]  # 600 + 2 * 60 + 2 * 60 seconds, two at once
    assert expected_end(found, SECONDS, NOW) == "Expected end: 14:20 UTC, in 7 min at 2 at once"


def test_a_job_that_takes_longer_than_others_is_reckoned_by_its_own_kind():
    """Jobs of a setting are as long as those of it that have ended; past midnight the day is named."""
    found = [
        *jobs("train", "to do", "to do", "to do", "to do", "to do", "to do", setting="large"),
        *jobs("train", "running"),
    ]
    assert expected_end(found, SECONDS, NOW) == "Expected end: 01 February, 00:23 UTC, in 10.2 h at 1 at once"


def test_an_overdue_job_ends_now():
    """A job that runs longer than expected has nothing left."""
    assert expected_end(jobs("train", "running", elapsed=7000), SECONDS, NOW).startswith(
        "Expected end: 14:13 UTC, in 0 s"
    )


def test_what_is_not_counted_is_named():
    """Tables that were never made are named; of what is done for each data set, the end is unknown without it."""
    found = [*jobs("train", "running"), *jobs("regress", "to do"), *jobs("report", "to do")]
    text = "Expected end: 14:23 UTC, in 10 min at 1 at once; regress, report not counted, of which none has ended yet"
    assert expected_end(found, SECONDS, NOW) == text
    found += jobs("sensitivity", "to do")
    text = "Expected end: unknown before a job of each has ended: sensitivity"
    assert expected_end(found, SECONDS, NOW) == text
    text = "Expected end: unknown before a job of each has ended: regress"
    assert expected_end(jobs("regress", "running"), SECONDS, NOW) == text


@pytest.mark.parametrize("states", [("to do",), ("failed", "done")])
def test_without_running_jobs_there_is_no_end(states: tuple[State, ...]):
    """Where nothing runs nothing ends: only the work that is left is told."""
    text = "Expected end: none while no job runs; 10 min are left, one job at a time"
    assert expected_end(jobs("train", *states), SECONDS, NOW) == text


def test_finished():
    """Of a finished campaign nothing is left."""
    assert expected_end(jobs("train", "done"), SECONDS, NOW) == "Nothing is left to do"
