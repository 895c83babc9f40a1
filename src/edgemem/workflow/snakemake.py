"""What commands ask of Snakemake."""

import csv
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgemem.config.campaign import Campaign
from edgemem.config.file_list import CampaignFile, files_of
from edgemem.errors import EdgememError
from edgemem.files.file_lock import is_held
from edgemem.layout import RESULTS
from edgemem.versions.records import is_running


@dataclass(frozen=True)
class Job:
    """A job of the workflow.

    **Arguments:** `files`: what it makes; `done`: whether Snakemake would not do it again.
    """

    files: list[CampaignFile]
    done: bool

    @property
    def stage(self) -> str:
        """The stage, which is the rule."""
        return self.files[0].stage

    @property
    def name(self) -> str:
        """What it is for: figure, setting, seed, model, as in `gaussian_N50_d30_K3/seed2/mixture`, or the campaign."""
        file = self.files[0]
        seed = None if file.seed is None else f"seed{file.seed}"
        return "/".join(filter(None, (file.figure, file.setting, seed, file.model))) or file.job

    @property
    def case(self) -> tuple[str | None, ...]:
        """What jobs that take equally long have in common."""
        file = self.files[0]
        return file.stage, file.figure, file.setting, file.model

    @property
    def log(self) -> Path:
        """The file that holds what it has printed."""
        return Path(self.files[0].log)

    @property
    def benchmark(self) -> Path:
        """The file that says how long it took."""
        return Path(self.files[0].benchmark)


def jobs_of(campaign: Campaign, table: str) -> list[Job]:
    """Return the jobs of a campaign, in the order of the stages and of the configuration.

    **Arguments:** `table`: what `summary` returns of this campaign.
    """
    plans = {row["output_file"]: row["plan"] for row in csv.DictReader(table.splitlines(), delimiter="\t")}
    made: dict[str, list[CampaignFile]] = {}
    for file in files_of(campaign):
        if file.path in plans:
            made.setdefault(file.log, []).append(file)
    return [Job(files, all(plans[file.path] == "no update" for file in files)) for files in made.values()]


def summary(files: Sequence[str], values: Sequence[str] = ()) -> str:
    """Return Snakemake's table of all files and what it would do about them.

    **Arguments:** `files`, `values`: as given to Snakemake with `--configfile` and `--config`.

    **Raises:** EdgememError with what Snakemake said if it refused.
    """
    command = [sys.executable, "-m", "snakemake", "--summary", *options_of(files, values)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise EdgememError(f"snakemake cannot tell:\n{ended.stderr.strip()}")
    return ended.stdout


def jobs_to_do(files: Sequence[str], values: Sequence[str] = ()) -> list[str]:
    """Return which jobs a dry-run names, with their numbers: none if there is nothing to be done.

    **Arguments:** `files`, `values`: as given to Snakemake with `--configfile` and `--config`.

    **Raises:** EdgememError with what Snakemake said if it refused.
    """
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", *options_of(files, values)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if ended.returncode:
        raise EdgememError(f"snakemake refuses a dry-run:\n{ended.stdout.strip()}")
    if "Nothing to be done" in ended.stdout:
        return []
    table = ended.stdout.partition("Job stats:")[2].partition("\n\n")[0]
    return [
        f"{number} {rule}" for rule, number in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE) if rule != "total"
    ]


def command_line(files: Sequence[str], values: Sequence[str] = ()) -> str:
    """Return what one types to run the campaign of some files and values."""
    return shlex.join(["snakemake", "--cores", "all", *options_of(files, values)])


def options_of(files: Sequence[str], values: Sequence[str] = ()) -> list[str]:
    """Return Snakemake's options that give it a configuration."""
    return [
        word
        for option, words in (("--configfile", files), ("--config", values))
        for word in ([option, *words] if words else [])
    ]


def require_rest() -> None:
    """Check that nothing makes results in this folder.

    **Raises:** EdgememError if Snakemake or a job of it does.
    """
    if is_running():
        raise EdgememError(
            "Snakemake is running in this folder; wait until it ends, or, if it was killed, type: snakemake --unlock"
        )
    for lock in Path(RESULTS).rglob(".*.job"):
        if is_held(lock):
            raise EdgememError(f"a job is still running and holds {lock}; wait until it ends")
