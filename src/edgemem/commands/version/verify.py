"""Check results byte by byte."""

import argparse

from edgemem.commands.text import listed
from edgemem.errors import EdgememError
from edgemem.versions import store, tags
from edgemem.versions.files import RESULTS, checksums, files_below, stale_files
from edgemem.versions.version import Version
from edgemem.workflow.snakemake import jobs_to_do


def verify(options: argparse.Namespace) -> None:
    """Say whether results are those of a version, or, of files alone, whether they were made from each other.

    **Raises:** EdgememError with a line for everything that is wrong.
    """
    if options.files:
        sums = checksums(files_below(RESULTS))
        if not sums:
            raise EdgememError(f"there are no files below {RESULTS}/ here")
        found, what = stale_files(sums), f"{len(sums)} files below {RESULTS}/ belong together"
    else:
        version = tags.read(options.name or _current())
        found = _differences(version)
        what = f"the {len(version.files)} files are those of version {version.name}, and a dry-run has nothing to do"
    if found:
        raise EdgememError(listed(f"{len(found)} found:", found))
    print(what)


def _current() -> str:
    """Return the name of the version that was saved or restored last."""
    try:
        return store.CURRENT.read_text()
    except OSError:
        names = ", ".join(tag.name for tag in tags.all_tags()) or "none yet"
        raise EdgememError(
            f"no version was saved or restored here lately; name one of them ({names}), or give --files to check the "
            "files alone"
        ) from None


def _differences(version: Version) -> list[str]:
    """Return a line for everything in which the results here are not a version."""
    sums = checksums({*version.files, *files_below(version.folder)})
    lines = []
    for path in sorted({*version.files, *sums}):
        if path not in sums:
            lines.append(f"{path} is missing")
        elif path not in version.files:
            lines.append(f"{path} is not saved")
        elif sums[path] != version.files[path].sha256:
            lines.append(f"{path} is not the one that was saved")
    lines += stale_files(sums)
    changed = tags.changed(version.configuration, [tags.reference(version.name)])
    lines += [f"{path} is not the one that was saved" for path in changed]
    if jobs := jobs_to_do(version.configfiles, version.values):
        lines.append(f"a dry-run has something to do: {', '.join(jobs)}")
    return lines
