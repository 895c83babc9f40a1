"""Files of results by content: checksums, and whether each was made from those that lie beside it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edgemem import layout
from edgemem.files.attributes import read_attributes
from edgemem.files.lineage import sha256


RESULTS = Path(layout.RESULTS)
# What a run says and how long it took: kept, but replaced without asking.
NOTES = tuple(RESULTS / Path(path).parts[1] for path in (layout.log_of("sample"), layout.benchmark_of("sample")))
# The folders of pages about campaigns that run.
PARTIAL = str(RESULTS / layout.PARTIAL.format(campaign="*"))


def checksums(paths: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of those of some files that exist."""
    present = [path for path in paths if Path(path).is_file()]
    with ThreadPoolExecutor() as pool:
        return dict(zip(present, pool.map(sha256, present), strict=True))


def is_note(path: str) -> bool:
    """Return whether a file is a log or a benchmark."""
    return any(folder in Path(path).parents for folder in NOTES)


def files_below(folder: Path) -> list[str]:
    """Return the files below a folder, but for hidden ones and what lies in hidden folders, such as locks.

    What shows a campaign that runs is no result, and is not among them either.
    """
    return sorted(str(path) for path in _visible(folder) if path.is_file())


def _visible(folder: Path) -> Iterator[Path]:
    """Return the files and folders below a folder that are not hidden, no work of a training job, and not partial."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if not path.name.startswith(".") and path.suffix != ".work" and not path.match(PARTIAL):
            yield path
            if path.is_dir():
                yield from _visible(path)


def stale_files(sums: Mapping[str, str]) -> list[str]:
    """Return a line for each NetCDF file that cannot be read, or was not made from the files that lie beside it.

    **Arguments:** `sums`: the checksums of all files by path; what a file was made from is looked up here.
    """
    lines = []
    for path in sums:
        if not path.endswith(".nc"):
            continue
        try:
            inputs = json.loads(read_attributes(path)["inputs"])
        except (OSError, KeyError, ValueError) as error:
            lines.append(f"{path} is not a readable file of edgemem ({error})")
            continue
        for source, recorded in inputs.items():
            # Images that samples were made of may lie anywhere, and need not be here.
            if Path(source).is_relative_to(RESULTS) and sums.get(source) != recorded:
                what = "another" if source in sums else "a file that is not here,"
                lines.append(f"{path} is stale: it was made from {what} {source}")
    return lines
