"""Where a file comes from: inputs by content, code by commit, and the machine."""

import datetime
import hashlib
import json
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from edgemem import __version__


# Raised whenever a file's variables change meaning, name or shape.
SCHEMA_VERSION = 1


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lineage_attributes(kind: str, spec: str, inputs: Iterable[str | Path]) -> dict[str, str | int]:
    """Return the attributes that every file carries.

    **Arguments:** `kind`: the file's name in the contract, for example `models`; `spec`: canonical JSON of all keys
    the stage read; `inputs`: files it read.
    """
    jax = sys.modules.get("jax")  # a stage that computes without JAX does not start it for an attribute
    return {
        "edgemem_file": kind,
        "edgemem_version": __version__,
        "schema_version": SCHEMA_VERSION,
        "spec": spec,
        "inputs": json.dumps({str(path): sha256(path) for path in inputs}, sort_keys=True),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "host_platform": platform.platform(),
        "python_version": platform.python_version(),
        "device_kind": jax.devices()[0].device_kind if jax else "cpu",
        "jax_version": jax.__version__ if jax else "not used",
        **_git_attributes(),
    }


def _git_attributes() -> dict[str, str]:
    """Return the commit of the code and whether tracked files differ from it; unknown outside a repository."""
    source = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(source), *arguments], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        return {
            "git_commit": git("rev-parse", "HEAD"),
            "git_dirty": str(bool(git("status", "--porcelain", "--untracked-files=no"))).lower(),
        }
    except (OSError, subprocess.CalledProcessError):
        return {"git_commit": "unknown", "git_dirty": "unknown"}
