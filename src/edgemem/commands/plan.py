"""What a campaign would cost: jobs, hours, memory and disk, before anything runs."""

import argparse
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from edgemem.commands.configuration import add_configuration, campaign_of, configuration_file
from edgemem.errors import EdgememError
from edgemem.reporting.numbers import duration, megabytes
from edgemem.workflow.estimates import STANDARD, speed_of, waiting, wall_seconds, wrong_by
from edgemem.workflow.past_jobs import PastJob, past_jobs
from edgemem.workflow.repository import workflow_folder
from edgemem.workflow.requests import Requests
from edgemem.workflow.snakemake import Job, jobs_of, summary


class Expected(NamedTuple):
    """What one job is expected to take, and what it asks a cluster for.

    **Arguments:** `cpu_seconds`, `bytes`: expected; `megabytes`, `minutes`: asked for.
    """

    job: Job
    cpu_seconds: float
    bytes: float
    megabytes: int
    minutes: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("campaign", nargs="*", metavar="CAMPAIGN.yaml", help="files laid over config.yaml")
    add_configuration(parser)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="cores of this machine that are used")
    parser.add_argument("--slurm", action="store_true", help="also the core and GPU hours that jobs ask a cluster for")


def run(options: argparse.Namespace) -> None:
    """Print what is still to do of the campaign, by stage, and how well past jobs were foretold.

    **Raises:** EdgememError if the configuration is refused.
    """
    if options.cores < 1:
        raise EdgememError(f"--cores must be at least 1 (got {options.cores})")
    here = Path.cwd()
    folder = workflow_folder(here)
    os.chdir(folder)
    options.configfile = [configuration_file(file, here, folder) for file in (*options.campaign, *options.configfile)]
    campaign = campaign_of(options)
    jobs = jobs_of(campaign, summary(options.configfile, options.config))
    past = {stage: past_jobs(stage) for stage in dict.fromkeys(job.stage for job in jobs)}
    requests = Requests(campaign)
    expected = [each for stage, known in past.items() for each in _expected(stage, jobs, known, requests)]
    print(f"campaign {campaign.campaign}: {len(expected)} of {len(jobs)} jobs are to do")
    if expected:
        print(_table(expected, past, options.cores))
    if expected and options.slurm:
        print(_asked(expected))


def _expected(stage: str, jobs: Sequence[Job], past: Sequence[PastJob], requests: Requests) -> Iterator[Expected]:
    """Yield what the jobs of a stage that are not done will take."""
    speed = speed_of(past) or STANDARD[stage]
    size = sum(done.bytes for done in past) / sum(done.size for done in past) if past else 1.0
    for job in jobs:
        if job.stage == stage and not job.done:
            file = job.files[0]
            of = (stage, file.setting, file.seed, file.model)
            yield Expected(
                job,
                speed.seconds(requests.seconds(*of)),
                size * requests.bytes(*of),
                requests.memory(*of, 1),
                requests.minutes(*of, 1),
            )


def _table(expected: Sequence[Expected], past: Mapping[str, Sequence[PastJob]], cores: int) -> str:
    """Return the table of stages, and what it was made from."""
    wait = waiting(job for known in past.values() for job in known)

    def row(name: str, own: Sequence[Expected], known: Sequence[PastJob] | None) -> str:
        seconds = [each.cpu_seconds for each in own]
        wall = wait * wall_seconds(_steps(own), cores)
        wrong = wrong_by(known) if known else None
        source = "" if known is None else f"{len(known)} jobs" if known else "standard"
        return (
            f"{name:12}{len(own):>7,}{sum(seconds) / 3600:>11.2f}{duration(wall):>10}"
            f"{max(each.megabytes for each in own):>16,} MB{megabytes(int(sum(each.bytes for each in own))):>13}"
            f"{'' if wrong is None else f'{wrong:.1f}':>11}{source:>11}"
        ).rstrip()

    head = f"{'':12}{'jobs':>7}{'CPU hours':>11}{'wall':>10}{'largest job asks':>19}{'disk':>13}{'wrong by':>11}"
    rows = [row(stage, own, known) for stage, known in past.items() if (own := _of(stage, expected))]
    largest = sorted((each.megabytes for each in expected), reverse=True)[:cores]
    return "\n".join(
        [
            f"{head}{'from':>11}",
            *rows,
            row("all", expected, None),
            f"`wall`: here, on {cores} {'core' if cores == 1 else 'cores'}"
            + (f", if jobs wait as past ones did, {wait:.1f} times as long as they compute" if wait > 1.05 else ""),
            f"peak memory: at most {sum(largest):,} MB, what the {len(largest)} largest jobs ask for",
            "`wrong by`: the factor, in the root mean square, by which past totals of a setting and model were missed",
            "from all others; `from`: past jobs here, or what the project's own campaigns took",
        ]
    )


def _of(stage: str, expected: Sequence[Expected]) -> list[Expected]:
    return [each for each in expected if each.job.stage == stage]


def _steps(expected: Sequence[Expected]) -> list[dict[object, float]]:
    """Return the CPU seconds of what runs side by side, step by step: a data set's jobs are one chain."""
    steps: list[dict[object, float]] = [{}, {}, {}, {}]
    for each in expected:
        file, stage = each.job.files[0], each.job.stage
        step = 0 if file.seed is not None else {"plot": 2, "report": 3}.get(stage, 1)
        chain = (file.setting, file.seed, file.model) if step == 0 else each.job.name
        steps[step][chain] = steps[step].get(chain, 0.0) + each.cpu_seconds
    return [step for step in steps if step]


def _asked(expected: Sequence[Expected]) -> str:
    """Return what jobs ask a cluster for: enough for slow nodes, so much more than they will take."""
    minutes, gpu = (
        sum(each.minutes for each in expected if stage is None or each.job.stage == stage) for stage in (None, "train")
    )
    taken = sum(each.cpu_seconds for each in expected) / 60
    return (
        f"asked of a cluster: {minutes / 60:,.0f} core hours, {minutes / max(taken, 1e-9):.0f} times what is expected, "
        f"and {gpu / 60:,.0f} GPU hours where training asks for one"
    )
