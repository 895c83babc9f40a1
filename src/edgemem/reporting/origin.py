"""Where results come from: the files they were made of, and theirs, with what each says of its own making."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from edgemem.errors import EdgememError
from edgemem.files.attributes import read_attributes
from edgemem.files.lineage import sha256
from edgemem.reporting.pages import Table


# In the order in which they are made.
KINDS = (
    *("samples", "models", "geometry", "evaluations", "sensitivity", "barriers", "agreements"),
    *("comparison", "transition", "regression"),
)


class File(NamedTuple):
    """A file as it is now; files of others have no attributes."""

    path: str
    size: int
    sha256: str
    attributes: dict[str, str]

    @property
    def kind(self) -> str:
        """The file's name in the contract, for example `models`."""
        return self.attributes.get("edgemem_file", "source")

    @property
    def label(self) -> str:
        """What the file is, in words: `models of mixture on gaussian_N100_d30_K3, seed 1`; of others its path."""
        names = self.attributes
        if not names:
            return self.path
        if "campaign" in names:
            return f"{self.kind} of campaign {names['campaign']}"
        model = f"{names['model']} on " if "model" in names else ""
        return f"{self.kind} of {model}{names['setting']}, seed {names['seed']}"

    @property
    def inputs(self) -> dict[str, str]:
        """The checksums that the files it was made of had then, by path."""
        found: dict[str, str] = json.loads(self.attributes.get("inputs", "{}"))
        return found


def trace(paths: Iterable[str]) -> dict[str, File]:
    """Return files and all that they were made of, as far as it is still there, by path.

    **Raises:** EdgememError if one of the paths is not there, or a file cannot be read.
    """
    given = list(paths)
    for path in given:
        if not Path(path).is_file():
            raise EdgememError(f"{path} does not exist; type: snakemake {path}")
    found: dict[str, File] = {}
    while given:
        path = given.pop()
        if path not in found and Path(path).is_file():
            found[path] = File(path, Path(path).stat().st_size, sha256(path), _attributes(path))
            given += found[path].inputs
    return found


def _attributes(path: str) -> dict[str, str]:
    try:
        attributes = read_attributes(path)
    except OSError as error:
        raise EdgememError(f"{path} cannot be read, perhaps truncated ({error}); delete it and run again") from None
    if path.endswith(".nc") and not attributes:
        raise EdgememError(f"{path} is no file of edgemem; delete it and run again")
    return attributes


def origin_table(files: Iterable[File]) -> Table:
    """Return when, where and by which code the files of each kind were made."""
    by_kind: dict[str, list[File]] = {}
    for file in files:
        by_kind.setdefault(file.kind, []).append(file)
    rows = []
    for kind in (kind for kind in KINDS if kind in by_kind):
        made = [file.attributes for file in by_kind[kind]]
        times = sorted(attributes["created"] for attributes in made)
        first, last = (time[:16].replace("T", " ") for time in (times[0], times[-1]))
        rows.append(
            [
                kind,
                f"{len(made):,}",
                first if first == last else f"{first} to {last}",
                ", ".join(sorted({_commit(attributes) for attributes in made})),
                *(_all(made, name) for name in ("device_kind", "jax_version", "python_version", "edgemem_version")),
                _all(made, "host_platform"),
            ]
        )
    return Table(["files", "number", "written, UTC", "commit", "device", "JAX", "Python", "edgemem", "system"], rows)


def _commit(attributes: dict[str, str]) -> str:
    commit = f"`{attributes['git_commit'][:12]}`"
    return commit + (" with changes that were not committed" if attributes["git_dirty"] == "true" else "")


def _all(made: Iterable[dict[str, str]], name: str) -> str:
    return ", ".join(sorted({attributes[name] for attributes in made}))


def changed(files: dict[str, File]) -> Iterator[tuple[File, File]]:
    """Yield each file that is no longer what another was made of, with that other."""
    for made in files.values():
        for path, checksum in made.inputs.items():
            if path in files and files[path].sha256 != checksum:
                yield files[path], made
