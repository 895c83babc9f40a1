"""Keep the results of a finished campaign under a name."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from edgemem import layout
from edgemem.commands.configuration import CONFIG
from edgemem.commands.text import listed
from edgemem.config.loading import read_campaign
from edgemem.errors import EdgememError
from edgemem.reporting.numbers import megabytes
from edgemem.reporting.summary_metrics import read_metrics
from edgemem.versions import store, tags
from edgemem.versions.configuration import inside, parameters
from edgemem.versions.files import checksums, files_below, stale_files
from edgemem.versions.git import uncommitted
from edgemem.versions.packing import pack
from edgemem.versions.records import read_records
from edgemem.versions.version import File, Version
from edgemem.workflow.snakemake import Job, command_line, jobs_of, require_rest, summary


# What decides how results are made, besides the configuration.
CODE = ("Snakefile", "rules", "src", "profiles")


def save(options: argparse.Namespace) -> None:
    """Keep the results of the campaign, if configuration and code would give just these.

    **Raises:** EdgememError if they would not, with what to do about it.
    """
    tags.require_new(options.name)
    require_rest()
    configfiles, values = inside(options.configfile), options.config
    campaign = read_campaign(CONFIG, *configfiles, values=values)
    extensions = inside(campaign.extensions)
    configuration = [CONFIG, *configfiles, *extensions]
    _require_committed(configuration)
    jobs = jobs_of(campaign, summary(configfiles, values))
    _require_done(jobs, command_line(configfiles, values))
    labels = {file.path: file.label for job in jobs for file in job.files}
    folder = Path(layout.RESULTS, campaign.campaign)
    _require_no_more(folder, labels)
    records = read_records(labels)
    _require_records(labels, records)

    notes = {str(note) for job in jobs for note in (job.log, job.benchmark) if note.is_file()}
    sums = checksums(sorted({*labels, *notes}))
    if stale := stale_files(sums):
        raise EdgememError(
            listed("some files were not made from those that lie beside them; remove them and run again", stale)
        )
    with store.opened_store(tags.read_all()):
        packed = pack(store.staging(options.name), sums, records)
        version = Version(
            name=options.name,
            campaign=campaign.campaign,
            configfiles=configfiles,
            values=values,
            extensions=extensions,
            parameters=parameters(campaign),
            metrics=dict(read_metrics(folder / "metrics.json")),
            files={path: _file(path, total, labels.get(path, "")) for path, total in sums.items()},
            packed=packed,
            data=store.keep(options.name),
        )
        tags.write(version, configuration, options.message)
        store.CURRENT.write_text(version.name)
    print(f"saved {version.name}: campaign {version.campaign}, {len(version.files)} files, {megabytes(version.size)}")


def _require_committed(configuration: Sequence[str]) -> None:
    """Check that the commit that is checked out has the code that made the results."""
    if changed := [path for path in uncommitted(*CODE) if path not in configuration]:
        raise EdgememError(listed("the code is not that of a commit; type git add and git commit first", changed))


def _require_done(jobs: Iterable[Job], typed: str) -> None:
    """Check that nothing is left to do.

    **Arguments:** `typed`: the command that would do it.
    """
    if pending := [file.path for job in jobs if not job.done for file in job.files]:
        raise EdgememError(listed(f"configuration and code would make other files; type first: {typed}", pending))


def _require_no_more(folder: Path, made: Iterable[str]) -> None:
    """Check that the campaign's folder holds nothing that the campaign does not make."""
    if more := sorted(set(files_below(folder)) - set(made)):
        raise EdgememError(listed("the campaign does not make some files in its folder; remove them", more))


def _require_records(made: Iterable[str], records: Iterable[str]) -> None:
    """Check that Snakemake knows how each file was made."""
    known = set(records)
    if unknown := [path for path in made if path not in known]:
        raise EdgememError(
            listed("Snakemake has no record of how some files were made; remove them and run again", unknown)
        )


def _file(path: str, sha256: str, label: str) -> File:
    status = Path(path).stat()
    return File(sha256, status.st_size, status.st_mtime_ns, label)
