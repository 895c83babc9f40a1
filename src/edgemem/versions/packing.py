"""The folder of a version in the store: results as they are; Snakemake's records, logs and benchmarks in one file.

Those are thousands of small texts, and DVC takes as long for each as for a large file.
"""

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgemem.files.lineage import sha256
from edgemem.versions.files import is_note


SMALL = "small.json"


def pack(folder: Path, paths: Iterable[str], records: Mapping[str, Any]) -> str:
    """Lay files and records into a folder, and return the checksum of what is packed into one file.

    Results are not copied where the file system permits.
    """
    folder.mkdir(parents=True, exist_ok=True)
    notes = {}
    for path in paths:
        if is_note(path):
            notes[path] = Path(path).read_bytes().decode(errors="surrogateescape")
            continue
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except OSError:
            shutil.copy2(path, target)
    (folder / SMALL).write_text(json.dumps({"notes": notes, "records": records}))
    return sha256(folder / SMALL)


def unpack(folder: Path) -> dict[str, Any]:
    """Make all packed files of a folder files of their own, and return the records."""
    content: dict[str, dict[str, Any]] = json.loads((folder / SMALL).read_text())
    for path, text in content["notes"].items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode(errors="surrogateescape"))
    return content["records"]
