"""The shapes of arrays in a file, read from their headers: a campaign is planned without reading its images."""

import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from edgemem.errors import EdgememError


def array_shapes(path: Path) -> list[tuple[int, ...]]:
    """Return the shape of each array of numbers in an .npy or .npz file.

    **Raises:** EdgememError if the file is no such file, or holds something other than numbers.
    """
    try:
        if not zipfile.is_zipfile(path):
            with path.open("rb") as file:
                return [_shape(file)]
        with zipfile.ZipFile(path) as archive:
            shapes = []
            for name in archive.namelist():
                with archive.open(name) as member:
                    shapes.append(_shape(member))
            return shapes
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise EdgememError(f"{path} cannot be read as an array of numbers: {error}") from None


def _shape(file: IO[bytes]) -> tuple[int, ...]:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(file)
    if not np.issubdtype(kind, np.number) and kind != np.bool_:
        raise ValueError(f"it holds {kind}")
    return tuple(shape)
