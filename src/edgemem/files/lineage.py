"""Where a file comes from: inputs by content, code by commit, the machine, and the same of all its ancestors."""

import base64
import datetime
import hashlib
import json
import lzma
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgemem import __version__, pieces
from edgemem.files.attributes import read_attributes


# Raised whenever a file's variables change meaning, name or shape.
SCHEMA_VERSION = 2

# What a file tells of each of its ancestors.
TOLD = (
    "edgemem_file",
    "edgemem_version",
    "setting",
    "seed",
    "model",
    "campaign",
    "spec",
    "inputs",
    "created",
    "host_platform",
    "python_version",
    "device_kind",
    "jax_version",
    "git_commit",
    "git_dirty",
)

Ancestry = dict[str, dict[str, str]]


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def lineage_attributes(
    kind: str, spec: str, inputs: Iterable[str | Path], names: Mapping[str, str | int]
) -> dict[str, str | int]:
    """Return the attributes that every file carries.

    **Arguments:** `kind`: the file's name in the contract, for example `models`; `spec`: canonical JSON of all keys
    the stage read; `inputs`: files it read, besides extensions; `names`: of what the file is, by `setting`, `seed`,
    `model`, `campaign`, as far as they apply, so that nobody parses them out of a path.
    """
    checksums = {str(path): sha256(path) for path in (*inputs, *pieces.registered())}
    jax = sys.modules.get("jax")  # a stage that computes without JAX does not start it for an attribute
    return {
        "edgemem_file": kind,
        "edgemem_version": __version__,
        "schema_version": SCHEMA_VERSION,
        **names,
        "spec": spec,
        "inputs": json.dumps(checksums, sort_keys=True),
        "ancestry": packed(ancestry_of(checksums)),
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "host_platform": platform.platform(),
        "python_version": platform.python_version(),
        "device_kind": jax.devices()[0].device_kind if jax else "cpu",
        "jax_version": jax.__version__ if jax else "not used",
        **_git_attributes(),
    }


def ancestry_of(checksums: Mapping[str, str]) -> Ancestry:
    """Return what is told of some files, and of all their ancestors, by SHA-256; nothing of files of others.

    **Arguments:** `checksums`: SHA-256 by path.
    """
    told: Ancestry = {}
    for path, checksum in checksums.items():
        attributes = read_attributes(path)
        if attributes:
            told |= unpacked(attributes.get("ancestry", packed({})))
            told[checksum] = {name: attributes[name] for name in TOLD if name in attributes}
    return told


def packed(ancestry: Ancestry) -> str:
    """Return an ancestry as one attribute: JSON, compressed since most ancestors differ in little, in base64."""
    return base64.b64encode(lzma.compress(json.dumps(ancestry).encode())).decode()


def unpacked(attribute: str) -> Ancestry:
    """Return the ancestry in an attribute that `packed` has made.

    **Raises:** ValueError or LZMAError if it is damaged.
    """
    ancestry: Ancestry = json.loads(lzma.decompress(base64.b64decode(attribute)))
    return ancestry


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
