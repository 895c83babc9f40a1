"""A real SLURM on this machine, and what its own records say of the jobs that ran there."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

from workflow.campaign import Workflow


HERE = Path(__file__).parent
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scontrol", "scancel")


class ClusterWorkflow(Workflow):
    """A workflow whose jobs run on a cluster, with the project's own profile."""

    def __init__(self, folder: Path, cache: Path, cluster: Path):
        """**Arguments:** `cluster`: the folder of the SLURM that `cluster.sh` has started."""
        super().__init__(folder, cache)
        self.environment["SLURM_CONF"] = str(cluster / "slurm.conf")
        self.environment["PATH"] = f"{cluster / 'bin'}:{self.environment['PATH']}"

    def command(self, *arguments: str) -> list[str]:
        """Return the words that start an impatient Snakemake on the campaign."""
        first = ("--slurm-init-seconds-before-status-checks", "1", *arguments)
        words = super().command("--profile", "profiles/slurm", *first)
        return [words[0], str(HERE / "impatient.py"), *words[3:]]

    def slurm(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of SLURM, which may fail when the machine is busy or a job has ended meanwhile."""
        return subprocess.run(words, env=self.environment, capture_output=True, text=True, check=False, timeout=60)


class Record(NamedTuple):
    """What SLURM knows of a job; times and limits as it writes them, which sort as they should."""

    number: str
    array: str
    about: str
    state: str
    node: str
    limit: str
    megabytes: int
    start: str
    end: str
    gpus: frozenset[int]

    @property
    def rule(self) -> str:
        """The rule, which Snakemake writes into a job's comment with the wildcards."""
        return self.about.removeprefix("rule_").partition("_wildcards_")[0]

    @property
    def wildcards(self) -> str:
        """The wildcards of the job; of an array, those of the first job."""
        return self.about.partition("_wildcards_")[2]


def records(workflow: ClusterWorkflow) -> list[Record]:
    """Return SLURM's records of all jobs; which GPU a job has is known only while it runs."""
    found = []
    for line in workflow.slurm("scontrol", "show", "job", "--details", "--oneliner").stdout.splitlines():
        fields = dict(re.findall(r"(\S+?)=(\S*)", line))
        if "JobId" in fields:
            found.append(
                Record(
                    fields["JobId"],
                    fields.get("ArrayJobId", ""),
                    fields["Comment"],
                    fields["JobState"],
                    fields.get("BatchHost", ""),
                    fields["TimeLimit"],
                    int(re.search(r"mem=(\d+)M", fields["TRES"])[1]),
                    fields["StartTime"],
                    fields["EndTime"],
                    indices(fields.get("GRES", "")),
                )
            )
    return found


def indices(gres: str) -> frozenset[int]:
    """Return the GPUs of a text like gpu:2(IDX:0,2-3)."""
    found = re.search(r"IDX:([\d,-]+)", gres)
    if not found:
        return frozenset()
    ends = [list(map(int, part.split("-"))) for part in found[1].split(",")]
    return frozenset(gpu for part in ends for gpu in range(part[0], part[-1] + 1))
