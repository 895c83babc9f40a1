"""Bring back the results and the configuration of a version."""

import argparse
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgemem.commands.text import listed
from edgemem.errors import EdgememError
from edgemem.versions import store, tags
from edgemem.versions.files import checksums, files_below, is_note
from edgemem.versions.git import git
from edgemem.versions.packing import SMALL, unpack
from edgemem.versions.records import mark_incomplete, remove_records, write_records
from edgemem.versions.version import Version
from edgemem.workflow.snakemake import command_line, jobs_to_do, require_rest


def restore(options: argparse.Namespace) -> None:
    """Bring back a version, so that there is nothing to do.

    **Raises:** EdgememError, before anything is changed, if that would lose something or the version's files are not
    all here and whole; afterwards, if this code would make other results.
    """
    version = tags.read(options.name)
    require_rest()
    versions = tags.read_all()
    if not options.discard:
        _require_saved(version, versions)
    with store.opened_store(versions):
        folder = store.fetch_out(version.name)
        _require_whole(folder, version)
        records = unpack(folder)
        store.CURRENT.unlink(missing_ok=True)
        _put_in_place(folder, version, records)
        git("restore", f"--source={tags.reference(version.name)}", "--worktree", "--", *version.configuration)
        store.CURRENT.write_text(version.name)
    print(f"restored {version.name}: campaign {version.campaign}, {len(version.files)} files")
    if jobs := jobs_to_do(version.configfiles, version.values):
        raise EdgememError(
            f"the results are those of {version.name}, but this code would make others ({', '.join(jobs)}); "
            f"for the code that made them, type: git switch --detach {tags.reference(version.name)}"
        )
    print(f"a dry-run has nothing to do; to go on, type: {command_line(version.configfiles, version.values)}")


def _require_saved(version: Version, versions: list[Version]) -> None:
    """Check that what will be replaced or removed can be brought back."""
    kept = {file.sha256 for each in versions for file in each.files.values()}
    present = checksums({*version.files, *files_below(version.folder)})
    lost = [path for path, total in present.items() if total not in kept and not is_note(path)]
    references = ["HEAD", *(tags.reference(each.name) for each in versions)]
    lost += [path for path in tags.changed(version.configuration, references) if Path(path).exists()]
    if lost:
        # The list is cut: the configuration and tables come before files of deeper folders, pictures among them.
        lost.sort(key=lambda path: (path.count("/"), path))
        raise EdgememError(
            listed(f"{len(lost)} would be replaced or removed that no version holds:", lost)
            + "\nSave them first (python -m edgemem version save NAME), or give --discard to lose them"
        )


def _require_whole(folder: Path, version: Version) -> None:
    """Check that what the store gave is what was saved."""
    saved = {path: file.sha256 for path, file in version.files.items() if not is_note(path)} | {SMALL: version.packed}
    found = checksums(str(folder / path) for path in saved)
    for path, total in saved.items():
        if found.get(str(folder / path)) != total:
            raise EdgememError(
                f"the store is damaged: it gives another {path} than was saved; nothing was changed. "
                f"Remove {store.STORE}/.dvc/cache and type: python -m edgemem version pull"
            )


def _put_in_place(folder: Path, version: Version, records: Mapping[str, Any]) -> None:
    """Replace results by a version's, with times and records, and remove what else is in the campaign's folder."""
    # Were this cut off, a file of one version with the record of another would pass for a result.
    mark_incomplete(records)
    gone = set(files_below(version.folder)) - version.files.keys()
    for path in gone:
        Path(path).unlink()
    remove_records(gone)
    for path, file in version.files.items():
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Snakemake asks which of two files is older.
        os.utime(folder / path, ns=(file.mtime_ns, file.mtime_ns))
        shutil.move(folder / path, target)  # `results` may be a link to another disk
    write_records(records)
