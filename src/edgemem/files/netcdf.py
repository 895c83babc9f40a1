"""NetCDF files with their lineage, refused where they are not what they should be."""

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from edgemem.config.base import Spec
from edgemem.errors import EdgememError
from edgemem.files.atomic_write import atomic_write
from edgemem.files.lineage import SCHEMA_VERSION, lineage_attributes


PAPER = "https://arxiv.org/abs/2508.17689"


def write_dataset(
    dataset: xr.Dataset, path: str | Path, *, kind: str, spec: Spec, inputs: Iterable[str | Path] = (), title: str
) -> None:
    """Write a dataset with its lineage, by the CF conventions; large arrays are compressed.

    **Arguments:** `kind`: `samples`, `models`, `evaluations`, `transition` or `regression`; `inputs`: files read.
    """
    lineage = lineage_attributes(kind, spec.canonical(), inputs, spec.names)
    made_by = f"edgemem {lineage['edgemem_version']}"
    conventions = {
        "Conventions": "CF-1.11",
        "title": title,
        "source": made_by,
        "history": f"{lineage['created']} {made_by}: {kind}",
        "references": PAPER,
    }
    dataset = dataset.assign_attrs(**conventions, **lineage)
    encoding: dict[Any, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        if variable.dtype == np.int8:  # the type of all that is true or false
            variable.attrs |= {"flag_values": np.array([0, 1], np.int8), "flag_meanings": "no yes"}
        if np.issubdtype(variable.dtype, np.number):
            encoding[name] = {"_FillValue": None}  # NaN is itself; a fill value would promise something else
            if variable.size > 1000:
                encoding[name] |= {"zlib": True, "complevel": 4}
    atomic_write(path, lambda temporary: dataset.to_netcdf(temporary, engine="netcdf4", encoding=encoding))


def read_dataset(path: str | Path, *kinds: str) -> xr.Dataset:
    """Return a dataset written by `write_dataset`, loaded into memory.

    **Arguments:** `kinds`: the kinds of file that are welcome, one or several.

    **Raises:** EdgememError if the file is missing, damaged, of another kind or of another schema version.
    """
    with open_dataset(path, *kinds) as dataset, _readable(path):
        return dataset.load()


def open_dataset(path: str | Path, *kinds: str) -> xr.Dataset:
    """Return a dataset written by `write_dataset`, whose arrays are read when they are used.

    **Arguments:** `kinds`: the kinds of file that are welcome, one or several.

    **Raises:** EdgememError if the file is missing, damaged, of another kind or of another schema version.
    """
    path = Path(path)
    if not path.exists():
        raise EdgememError(f"{path} does not exist; run the stage that makes {kinds[0]} files, or snakemake {path}")
    with _readable(path):
        dataset = xr.open_dataset(path, engine="netcdf4")
    try:
        _require(path, dataset, kinds)
    except EdgememError:
        dataset.close()
        raise
    return dataset


@contextlib.contextmanager
def _readable(path: str | Path) -> Iterator[None]:
    """Turn what goes wrong in reading a file into a message for the user."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise EdgememError(
            f"{path} is not a readable NetCDF file, perhaps truncated ({error}); delete it and run again"
        ) from None


def _require(path: Path, dataset: xr.Dataset, kinds: Sequence[str]) -> None:
    """Check the kind and the schema version of a file.

    **Raises:** EdgememError with what was found and what is needed.
    """
    found = dataset.attrs.get("schema_version")
    if found != SCHEMA_VERSION:
        raise EdgememError(
            f"{path} has schema version {found}, this is version {SCHEMA_VERSION} of edgemem's files; "
            "delete it and run again, or use the edgemem that wrote it"
        )
    if (kind := dataset.attrs.get("edgemem_file")) not in kinds:
        needed = " or ".join(f"'{name}'" for name in kinds)
        raise EdgememError(f"{path} is a '{kind}' file where a {needed} file is needed")


def require_same(path: str | Path, dataset: xr.Dataset, spec: Spec) -> None:
    """Check that a file was made for the same setting, seed, model, denoiser and measurement as the job that reads it.

    **Raises:** EdgememError naming the file, the key and both values.
    """
    wanted = spec.model_dump(mode="json")
    found = json.loads(dataset.attrs["spec"])
    for key in ("setting", "seed", "model", "denoiser", "options", "sampling", "draws", "threshold"):
        if key in found and found[key] != wanted[key]:
            raise EdgememError(
                f"{path} was made for {key} {found.get(key)}, but --spec says {wanted[key]}; "
                "give the file that belongs to the spec"
            )
