"""Keep the results of a finished campaign under a name."""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from edgemem.commands.status import Job, jobs_of, summary
from edgemem.commands.version.text import listed, megabytes
from edgemem.commands.version.workflow import command_line, configuration, require_rest
from edgemem.errors import EdgememError
from edgemem.versions import store, tags
from edgemem.versions.files import checksums, files_below, stale_files
from edgemem.versions.git import uncommitted
from edgemem.versions.packing import pack
from edgemem.versions.parameters import parameters
from edgemem.versions.records import read_records
from edgemem.versions.version import File, Version


# What decides how results are made, besides the configuration.
CODE = ("Snakefile", "rules", "src", "profiles")


def save(options: argparse.Namespace) -> None:
    """Keep the results of the campaign, if configuration and code would give just these.

    **Raises:** EdgememError if they would not, with what to do about it.
    """
    tags.require_new(options.name)
    require_rest()
    configfiles = configuration(options.configfile)
    _require_committed(configfiles)
    campaign, values = parameters(configfiles)
    jobs = jobs_of(summary(configfiles[1:], []))
    _require_done(jobs, configfiles[1:])
    made = _files(jobs)
    folder = Path("results", campaign)
    _require_no_more(folder, made)
    records = read_records(made)
    _require_records(made, records)

    notes = {str(note) for job in jobs for note in (job.log, job.benchmark) if note.is_file()}
    sums = checksums(sorted({*made, *notes}))
    if stale := stale_files(sums):
        raise EdgememError(
            listed("some files were not made from those that lie beside them; remove them and run again", stale)
        )
    with store.opened_store(tags.read_all()):
        packed = pack(store.staging(options.name), sums, records)
        version = Version(
            name=options.name,
            campaign=campaign,
            configfiles=configfiles[1:],
            parameters=values,
            metrics=json.loads((folder / "metrics.json").read_text()),
            files={path: _file(path, total) for path, total in sums.items()},
            packed=packed,
            data=store.keep(options.name),
        )
        tags.write(version, configfiles, options.message)
        store.CURRENT.write_text(version.name)
    print(f"saved {version.name}: campaign {campaign}, {len(version.files)} files, {megabytes(version.size)}")


def _require_committed(configfiles: Sequence[str]) -> None:
    """Check that the commit that is checked out has the code that made the results."""
    if changed := [path for path in uncommitted(*CODE) if path not in configfiles]:
        raise EdgememError(listed("the code is not that of a commit; type git add and git commit first", changed))


def _files(jobs: Iterable[Job]) -> list[str]:
    return [str(path) for job in jobs for path in job.outputs]


def _require_done(jobs: Sequence[Job], configfiles: Sequence[str]) -> None:
    """Check that nothing is left to do."""
    if pending := _files(job for job in jobs if not job.done):
        typed = command_line(configfiles)
        raise EdgememError(listed(f"configuration and code would make other files; type first: {typed}", pending))


def _require_no_more(folder: Path, made: Sequence[str]) -> None:
    """Check that the campaign's folder holds nothing that the campaign does not make."""
    if more := sorted(set(files_below(folder)) - set(made)):
        raise EdgememError(listed("the campaign does not make some files in its folder; remove them", more))


def _require_records(made: Sequence[str], records: Iterable[str]) -> None:
    """Check that Snakemake knows how each file was made."""
    known = set(records)
    if unknown := [path for path in made if path not in known]:
        raise EdgememError(
            listed("Snakemake has no record of how some files were made; remove them and run again", unknown)
        )


def _file(path: str, sha256: str) -> File:
    status = Path(path).stat()
    return File(sha256, status.st_size, status.st_mtime_ns)
