"""What of a campaign is done, running, failed and to do, when it will have ended, and what it says so far."""

import argparse
import datetime
from collections.abc import Hashable, Mapping, Sequence

from edgemem.commands.configuration import add_configuration, campaign_of
from edgemem.commands.progress import (
    STATES,
    Progress,
    expected_end,
    job_line,
    jobs_at_once,
    progress,
    seconds_left,
    seconds_of_finished,
)
from edgemem.commands.so_far import curves_so_far
from edgemem.reporting.numbers import duration
from edgemem.workflow.snakemake import jobs_of, summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_configuration(parser)


def run(options: argparse.Namespace) -> None:
    """Print the state of the campaign: a table of stages, what runs, what failed, and the curves that are there.

    **Raises:** EdgememError if the configuration is refused.
    """
    table = summary(options.configfile, options.config)
    campaign = campaign_of(options)
    found = [progress(job) for job in jobs_of(campaign, table)]
    print(report(found, seconds_of_finished(found)))
    print("\n" + curves_so_far(campaign))


def report(found: Sequence[Progress], seconds: Mapping[Hashable, float]) -> str:
    """Return the text about the jobs.

    **Arguments:** `found`: all jobs, in the order of the stages; `seconds`: of `seconds_of_finished`.
    """
    at_once = jobs_at_once(found)
    lines = [f"{'':12}" + "".join(f"{state:>9}" for state in STATES) + f"{'a job':>12}{'left':>14}"]
    for stage in dict.fromkeys(each.job.stage for each in found):
        lines.append(_row(stage, [each for each in found if each.job.stage == stage], seconds, at_once))
    lines += [
        _row("all", found, seconds, at_once),
        f"`a job` is the mean of those done; `left` is of all that is not, {at_once} at once.",
        expected_end(found, seconds, datetime.datetime.now().astimezone()),
    ]
    for state in ("running", "failed"):
        if some := [each for each in found if each.state == state]:
            lines += ["", state, *(f"  {job_line(each, seconds)}" for each in some)]
    return "\n".join(lines)


def _row(name: str, found: Sequence[Progress], seconds: Mapping[Hashable, float], at_once: int) -> str:
    """Return the line of a stage: how many jobs are in each state, seconds of one, and of all that are not done."""
    counts = [sum(each.state == state for each in found) for state in STATES]
    numbers = "".join(f"{number or '':>9}" for number in counts)
    one = duration(seconds[name]) if name in seconds else ""
    left = [seconds_left(each, seconds) for each in found if each.state != "done"]
    known = [value for value in left if value is not None]
    pending = "" if not left else duration(sum(known) / at_once) if len(known) == len(left) else "unknown"
    return f"{name:12}{numbers}{one:>12}{pending:>14}".rstrip()
