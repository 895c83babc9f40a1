"""Find results that no campaign file of the folder refers to, and remove them when told to."""

import argparse
import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from edgemem import layout
from edgemem.commands.configuration import CONFIG
from edgemem.commands.text import agreed
from edgemem.config.campaign import Campaign
from edgemem.config.file_list import files_of
from edgemem.config.loading import read_campaign
from edgemem.errors import EdgememError
from edgemem.files.lineage import sha256
from edgemem.reporting.numbers import megabytes
from edgemem.versions import tags
from edgemem.versions.files import NOTES, RESULTS
from edgemem.versions.git import in_repository
from edgemem.versions.records import remove_records
from edgemem.workflow.repair import ASIDE
from edgemem.workflow.snakemake import require_rest


EXPERIMENTS = Path("experiments")
# The stages whose files campaigns share.
SHARED_STAGES = [name for name, stage in layout.STAGES.items() if stage.job.startswith(layout.SETTING)]
# What lies in the folder of a campaign.
OF_CAMPAIGN = {
    Path(path).parts[1]
    for stage in layout.STAGES.values()
    for path in stage.files.values()
    if path.startswith(layout.CAMPAIGN)
}
# What a training that was cut off has left beside its output.
WORK = ".work"


class Used(NamedTuple):
    """What the campaigns of this folder refer to: their names, and the paths of their files."""

    campaigns: set[str]
    paths: set[str]


class Unused(NamedTuple):
    """A result or the folder of a campaign that nothing refers to, with its logs and benchmarks."""

    name: str
    files: list[Path]

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return size_of(self.files)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--configfile",
        nargs="+",
        action="append",
        default=[],
        metavar="FILE",
        help=f"a campaign besides {CONFIG} and {EXPERIMENTS}/*.yaml, as given to snakemake; may be given several times",
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> None:
    """Print what nothing refers to, and remove it after asking; never what a saved version has.

    **Raises:** EdgememError if jobs run, or a campaign file is refused: then it is not known what is used.
    """
    require_rest()
    used = used_by(campaigns(options.configfile))
    found, held = spared(unused(used))
    names = ", ".join(sorted(used.campaigns))
    if held:
        print(f"kept, since a saved version has them: {len(held)} files, {megabytes(size_of(held))}")
    if not found:
        print(f"nothing to remove: all else belongs to the campaigns here ({names})")
        return
    files = [file for each in found for file in each.files]
    print(f"of none of the campaigns here ({names}):")
    for each in found:
        print(f"  {megabytes(each.size):>10}  {each.name}" + (f" ({len(each.files)} files)" if each.files[1:] else ""))
    said = f"{len(files)} files, {megabytes(size_of(files))}"
    print(f"in all {said}")
    if not (options.yes or agreed("remove them?")):
        print("nothing was removed; give --yes to remove them without being asked")
        return
    remove(files)
    print(f"removed {said}")


def campaigns(combinations: Iterable[Sequence[str]]) -> Iterator[Campaign]:
    """Yield the campaigns of this folder: of the configuration, each experiment laid over it, and each combination.

    **Arguments:** `combinations`: of files, each as given to Snakemake with `--configfile`.

    **Raises:** EdgememError if one is refused.
    """
    experiments = sorted(str(path) for path in EXPERIMENTS.glob("*") if path.suffix in (".yaml", ".yml"))
    overlays: list[Sequence[str]] = [[], *([path] for path in experiments), *combinations]
    for files in overlays:
        yield read_campaign(CONFIG, *files)


def used_by(found: Iterable[Campaign]) -> Used:
    """Return what some campaigns refer to."""
    used = Used(set(), set())
    for campaign in found:
        used.campaigns.add(campaign.campaign)
        used.paths.update(file.path for file in files_of(campaign))
    return used


def unused(used: Used) -> list[Unused]:
    """Return what lies in the folder of results and is not used: files that campaigns share, and campaigns' folders."""
    groups: dict[str, list[Path]] = {}
    for stage in SHARED_STAGES:
        results = layout.path_of(next(iter(layout.STAGES[stage].files)))
        below = Path(_beginning(results))
        for pattern in (results, layout.log_of(stage), layout.benchmark_of(stage)):
            for path in _files(Path(_beginning(pattern))):
                owner = _owner(below / path.relative_to(_beginning(pattern)), Path(pattern).suffix)
                if owner not in used.paths:
                    groups.setdefault(owner, []).append(path)
    for folder in sorted(RESULTS.iterdir()) if RESULTS.is_dir() else ():
        if folder.name not in used.campaigns and _is_campaign(folder):
            groups[str(folder)] = [*_files(folder), *_notes(folder.name)]
        elif files := _files(partial := RESULTS / layout.PARTIAL.format(campaign=folder.name)):
            groups[str(partial)] = files
    return [Unused(name, files) for name, files in sorted(groups.items())]


def _beginning(pattern: str) -> str:
    """Return the folder that a path with wildcards begins with."""
    return pattern.partition("/{")[0]


def _files(folder: Path) -> list[Path]:
    """Return the files below a folder, but for hidden ones, such as locks."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts))


def _owner(path: Path, suffix: str) -> str:
    """Return the path of the result that a file is, or lies beside: as checkpoint, set aside, or as log."""
    for part in (path, *path.parents):
        if part.suffix in (WORK, ASIDE):
            return str(part.with_suffix(""))
    return str(path.with_suffix(".nc") if path.suffix == suffix else path)


def _is_campaign(folder: Path) -> bool:
    """Return whether a folder is that of a campaign: it has figures or a table, and campaigns may have its name."""
    if folder.name.startswith(".") or folder.name in layout.SHARED_FOLDERS or not folder.is_dir():
        return False
    return any((folder / name).exists() for name in OF_CAMPAIGN)


def _notes(campaign: str) -> Iterator[Path]:
    """Yield the logs and benchmarks of a campaign's own jobs."""
    for notes in NOTES:
        for stage in sorted(notes.iterdir()) if notes.is_dir() else ():
            if stage.name not in SHARED_STAGES:
                yield from _files(stage / campaign)
                yield from (path for path in sorted(stage.glob(f"{campaign}.*")) if path.is_file())


def spared(found: Iterable[Unused]) -> tuple[list[Unused], list[Path]]:
    """Return what is found without the files that a saved version has just so, and these files."""
    saved: dict[str, set[str]] = {}
    for version in tags.read_all() if in_repository() else ():
        for path, file in version.files.items():
            saved.setdefault(path, set()).add(file.sha256)
    left, held = [], []
    for each in found:
        kept = [file for file in each.files if str(file) in saved and sha256(file) in saved[str(file)]]
        held += kept
        if files := [file for file in each.files if file not in kept]:
            left.append(Unused(each.name, files))
    return left, held


def size_of(files: Iterable[Path]) -> int:
    """Return the bytes of some files."""
    return sum(file.stat().st_size for file in files)


def remove(files: Iterable[Path]) -> None:
    """Remove files, what Snakemake knows of them, and the folders that are empty afterwards.

    **Raises:** EdgememError if one cannot be removed, with the reason.
    """
    files = list(files)
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise EdgememError(f"{file} cannot be removed: {error.strerror}") from None
    remove_records(map(str, files))
    folders = {parent for file in files for parent in file.parents if RESULTS in parent.parents}
    for folder in sorted(folders, reverse=True):  # the deepest first
        with contextlib.suppress(OSError):  # it holds something else
            folder.rmdir()
