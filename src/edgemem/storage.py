"""NetCDF files with their lineage, refused where they are not what they should be."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from edgemem.config.base import Spec
from edgemem.errors import EdgememError
from edgemem.lineage import SCHEMA_VERSION, lineage_attributes
from edgemem.writing import write_whole


def write_dataset(
    dataset: xr.Dataset, path: str | Path, *, kind: str, spec: Spec, inputs: Iterable[str | Path] = (), title: str
) -> None:
    """Write a dataset with its lineage; large arrays are compressed.

    **Arguments:** `kind`: `samples`, `models`, `evaluations`, `transition` or `regression`; `inputs`: files read.
    """
    dataset = dataset.assign_attrs(title=title, **lineage_attributes(kind, spec.canonical(), inputs))
    encoding: dict[Any, dict[str, Any]] = {}
    for name, variable in dataset.variables.items():
        if np.issubdtype(variable.dtype, np.number):
            encoding[name] = {"_FillValue": None}  # NaN is itself; a fill value would promise something else
            if variable.size > 1000:
                encoding[name] |= {"zlib": True, "complevel": 4}
    write_whole(path, lambda temporary: dataset.to_netcdf(temporary, engine="netcdf4", encoding=encoding))


def read_dataset(path: str | Path, *kinds: str) -> xr.Dataset:
    """Return a dataset written by `write_dataset`, loaded into memory.

    **Arguments:** `kinds`: the kinds of file that are welcome, one or several.

    **Raises:** EdgememError if the file is missing, damaged, of another kind or of another schema version.
    """
    path = Path(path)
    if not path.exists():
        raise EdgememError(f"{path} does not exist; run the stage that makes {kinds[0]} files, or snakemake {path}")
    try:
        dataset = xr.load_dataset(path, engine="netcdf4")
    except (OSError, RuntimeError, ValueError) as error:
        raise EdgememError(
            f"{path} is not a readable NetCDF file, perhaps truncated ({error}); delete it and run again"
        ) from None
    found = dataset.attrs.get("schema_version")
    if found != SCHEMA_VERSION:
        raise EdgememError(
            f"{path} has schema version {found}, this is version {SCHEMA_VERSION} of edgemem's files; "
            "delete it and run again, or use the edgemem that wrote it"
        )
    if (kind := dataset.attrs.get("edgemem_file")) not in kinds:
        needed = " or ".join(f"'{name}'" for name in kinds)
        raise EdgememError(f"{path} is a '{kind}' file where a {needed} file is needed")
    return dataset


def require_same(path: str | Path, dataset: xr.Dataset, spec: Spec) -> None:
    """Check that a file was made for the same setting and seed as the job that reads it.

    **Raises:** EdgememError naming the file, the key and both values.
    """
    wanted = spec.model_dump(mode="json")
    found = json.loads(dataset.attrs["spec"])
    for key in ("setting", "seed"):
        if found.get(key) != wanted[key]:
            raise EdgememError(
                f"{path} was made for {key} {found.get(key)}, but --spec says {wanted[key]}; "
                "give the file that belongs to the spec"
            )
