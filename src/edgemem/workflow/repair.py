"""What disks and clocks have done to results after they were written, and how Snakemake can go on.

Looking changes nothing: a dry-run may look. What is found is repaired when jobs run, or by `python -m edgemem repair`.
"""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from edgemem.errors import EdgememError


SIGNATURE = b"\x89HDF\r\n\x1a\n"
# Where the superblock of an HDF5 file says how long the file is, by the superblock's version.
END_OF_FILE = {0: slice(40, 48), 2: slice(28, 36), 3: slice(28, 36)}
# What a truncated file is called after its repair.
ASIDE = ".truncated"


def is_truncated(path: str | Path) -> bool:
    """Return whether a NetCDF file is shorter than it says, or does not say; looking takes microseconds."""
    with Path(path).open("rb") as file:
        start = file.read(48)
        size = file.seek(0, 2)
    place = END_OF_FILE.get(start[8]) if len(start) == 48 and start.startswith(SIGNATURE) else None
    return place is None or int.from_bytes(start[place], "little") > size


def truncated(paths: Iterable[str]) -> list[str]:
    """Return those of some files that are NetCDF files by their name, exist, and are truncated."""
    return [path for path in paths if path.endswith(".nc") and Path(path).exists() and is_truncated(path)]


def future(paths: Iterable[str]) -> list[str]:
    """Return those of some files that were written in the future, before a clock was put right."""
    now = time.time()
    return [path for path in paths if Path(path).exists() and Path(path).stat().st_mtime > now]


def missing_after_repair(paths: Iterable[str]) -> list[str]:
    """Return those of some files that a repair has set aside and that have not been made again since."""
    return [path for path in paths if not Path(path).exists() and aside(path).exists()]


def aside(path: str) -> Path:
    """Return what a truncated file is renamed to."""
    return Path(path + ASIDE)


def repair(paths: Iterable[str], log: Callable[[str], object]) -> None:
    """Set truncated files aside, for else Snakemake takes them for results, and date those of the future now.

    Snakemake refuses what is made from a file of the future, as older than its input. What reruns is decided by
    content, not by dates.

    **Arguments:** `paths`: of results; `log`: is given a line for all that is done.

    **Raises:** EdgememError if a file cannot be renamed or dated, with the reason.
    """
    paths = list(paths)
    for path in truncated(paths):
        try:
            Path(path).replace(aside(path))
        except OSError as error:
            raise EdgememError(
                f"{path} is truncated, and cannot be renamed to {aside(path).name}: {error.strerror}; remove it"
            ) from None
        log(f"{path} is truncated; renamed to {aside(path).name}")
    if later := future(paths):
        for path in later:
            try:
                os.utime(path)
            except OSError as error:
                raise EdgememError(
                    f"{path} lies in the future, and cannot be given another date: {error.strerror}; type: touch {path}"
                ) from None
        log(f"{len(later)} results were written in the future, {later[0]} for one; they are now of the present")
