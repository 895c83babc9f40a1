"""What disks and clocks have done to results after they were written, and how Snakemake can go on."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from edgemem.errors import EdgememError


SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Where the superblock of an HDF5 file says how long the file is, by the superblock's version.
END_OF_FILE = {0: slice(40, 48), 2: slice(28, 36), 3: slice(28, 36)}


def is_truncated(path: str | Path) -> bool:
    """Return whether a NetCDF file is shorter than it says, or does not say; looking takes microseconds."""
    with Path(path).open("rb") as file:
        start = file.read(48)
        size = file.seek(0, 2)
    place = END_OF_FILE.get(start[8]) if len(start) == 48 and start.startswith(SIGNATURE) else None
    return place is None or int.from_bytes(start[place], "little") > size


def set_aside_truncated(paths: Iterable[str], say: Callable[[str], None]) -> list[str]:
    """Rename those of some NetCDF files that are truncated, and return those that are missing for this reason.

    Snakemake would take them for results.

    **Arguments:** `say`: prints a line.

    **Raises:** EdgememError if a file cannot be renamed.
    """
    missing = []
    for path in map(Path, paths):
        aside = path.with_name(f"{path.name}.truncated")
        if path.exists():
            if not is_truncated(path):
                continue
            try:
                path.replace(aside)
            except OSError as error:
                raise EdgememError(
                    f"{path} is truncated, and cannot be renamed to {aside.name}: {error.strerror}; remove it"
                ) from None
            say(f"{path} is truncated; renamed to {aside.name}, it is made again")
        if aside.exists():
            missing.append(str(path))
    return missing


def date_now(paths: Iterable[str], say: Callable[[str], None]) -> None:
    """Give files that were written in the future, before a clock was put right, the present as their date.

    Snakemake refuses what is made from them, as older than its input. What reruns is decided by content, not by dates.

    **Arguments:** `say`: prints a line.
    """
    now = time.time()
    future = [path for path in map(Path, paths) if path.exists() and path.stat().st_mtime > now]
    for path in future:
        os.utime(path)
    if future:
        say(f"{len(future)} results were written in the future, {future[0]} for one; they are now of the present")
