"""What versions ask of Snakemake."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from edgemem.errors import EdgememError
from edgemem.versions.files import RESULTS
from edgemem.versions.records import is_running
from edgemem.writing import is_held


def jobs_to_do(configfiles: Sequence[str]) -> list[str]:
    """Return which jobs a dry-run names, with their numbers: none if there is nothing to be done.

    **Raises:** EdgememError with what Snakemake said if it refused.
    """
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules"]
    command += ["--configfile", *configfiles] if configfiles else []
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if ended.returncode:
        raise EdgememError(f"snakemake refuses a dry-run:\n{ended.stdout.strip()}")
    if "Nothing to be done" in ended.stdout:
        return []
    table = ended.stdout.partition("Job stats:")[2].partition("\n\n")[0]
    return [
        f"{number} {rule}" for rule, number in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE) if rule != "total"
    ]


def require_rest() -> None:
    """Check that nothing makes results in this folder.

    **Raises:** EdgememError if Snakemake or a job of it does.
    """
    if is_running():
        raise EdgememError(
            "Snakemake is running in this folder; wait until it ends, or, if it was killed, type: snakemake --unlock"
        )
    for lock in RESULTS.rglob(".*.job"):
        if is_held(lock):
            raise EdgememError(f"a job is still running and holds {lock}; wait until it ends")


def command_line(configfiles: Sequence[str]) -> str:
    """Return what one types to run the campaign."""
    return " ".join(["snakemake --cores all", *(["--configfile", *configfiles] if configfiles else [])])


def configuration(configfiles: Sequence[str]) -> list[str]:
    """Return all files of the configuration, the strongest last, relative to this folder.

    **Raises:** EdgememError if one lies elsewhere: a version could not bring it back.
    """
    for file in configfiles:
        if not Path(file).resolve().is_relative_to(Path.cwd().resolve()):
            raise EdgememError(
                f"{file} lies outside of this folder, and a version cannot hold it; copy it to experiments/"
            )
    return ["config.yaml", *(str(Path(file).resolve().relative_to(Path.cwd().resolve())) for file in configfiles)]
