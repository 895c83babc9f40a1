"""Snakemake's records of how files were made, of single files.

Without them Snakemake would make everything again after a change of the code, or nothing after one of a parameter.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


FOLDER = Path(".snakemake")
# The longest name of a file; longer records lie in folders.
LONGEST = 255


def _place(kind: str, path: str) -> Path:
    """Return where Snakemake keeps what it knows of a file: in its name, Base64, cut to pieces."""
    name = urlsafe_b64encode(path.encode()).decode()
    pieces = [name[i : i + LONGEST - 1] for i in range(0, len(name), LONGEST - 1)]
    return FOLDER.joinpath(kind, *(f"@{piece}" for piece in pieces[:-1]), pieces[-1])


def read_records(paths: Iterable[str]) -> dict[str, Any]:
    """Return the records of those of some files that have one."""
    found = {}
    for path in paths:
        place = _place("metadata", path)
        if place.is_file():
            found[path] = json.loads(place.read_text())
    return found


def mark_incomplete(paths: Iterable[str]) -> None:
    """Let Snakemake take files for those of killed jobs, until their records are written."""
    for path in paths:
        _write(_place("incomplete", path), {"external_jobid": None})


def write_records(records: Mapping[str, Any]) -> None:
    """Give files the records that they had; records of other files stay as they are."""
    for path, record in records.items():
        _write(_place("metadata", path), record)
        _place("incomplete", path).unlink(missing_ok=True)


def _write(place: Path, content: Any) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(content))


def remove_records(paths: Iterable[str]) -> None:
    """Forget how files were made that are no longer there."""
    for path in paths:
        _place("metadata", path).unlink(missing_ok=True)


def is_running() -> bool:
    """Return whether a Snakemake works in this folder, or was killed and left its lock."""
    return any((FOLDER / "locks").glob("*.lock"))
