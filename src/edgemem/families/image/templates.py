"""Grey images from files, and made into templates."""

import gzip
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Real, UInt8
from PIL import Image, ImageOps

from edgemem.errors import EdgememError
from edgemem.families.image.setting import ARRAYS, DIGITS, FASHION_MNIST


def read_images(templates: str, sources: Sequence[Path]) -> Sequence[Real[np.ndarray, "row column"]]:
    """Return all grey images that templates may be drawn from, in the order of the files.

    **Arguments:** `templates`: what the setting says; `sources`: the files that it named.

    **Raises:** EdgememError that names the file that cannot be read as images, and what it should hold.
    """
    if templates == DIGITS:
        from sklearn.datasets import load_digits  # here: it takes a second, and no other setting needs it

        return list(load_digits().images)
    if not sources:
        raise EdgememError(f"templates '{templates}' are read from files; name them with --sources")
    if templates == FASHION_MNIST:
        return list(_read_idx(sources[0]))
    if sources[0].suffix.lower() in ARRAYS:
        return list(_read_array(sources[0]))
    return _Images(sources)


def _read_idx(path: Path) -> UInt8[np.ndarray, "image row column"]:
    """Return the images of an IDX file: a header with type, lengths of dimensions, then the bytes."""
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise EdgememError(f"{path} cannot be read: {error}") from None
    kind, *shape = np.frombuffer(content[:16], ">i4").tolist() if len(content) >= 16 else [0]
    # 0x08 says unsigned bytes, 3 says three dimensions.
    if kind != 0x0803 or len(content) != 16 + np.prod(shape):
        raise EdgememError(f"{path} is not an IDX file of images, or is truncated")
    return np.frombuffer(content, np.uint8, offset=16).reshape(shape)


def _read_array(path: Path) -> Float[np.ndarray, "image row column"]:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            arrays = [loaded] if isinstance(loaded, np.ndarray) else list(loaded.values())
        images = [np.asarray(array, np.float64) for array in arrays]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise EdgememError(f"{path} cannot be read as an array of numbers: {error}") from None
    if len(images) != 1 or images[0].ndim != 3 or not images[0].size or not np.isfinite(images[0]).all():
        found = ", ".join(str(array.shape) for array in images)
        raise EdgememError(
            f"{path} must hold one array of finite numbers with dimensions image, row and column (got shape {found})"
        )
    return images[0]


class _Images(Sequence[Real[np.ndarray, "row column"]]):
    """Images that are read when they are asked for: of a large folder only K are."""

    def __init__(self, paths: Sequence[Path]):
        self._paths = paths

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, place: Any) -> Any:
        path = self._paths[place]
        try:
            with Image.open(path) as image:
                upright = ImageOps.exif_transpose(image)
                # Files of 8 and of 16 bits have the same white; one of real numbers has its own.
                if upright.mode == "F":
                    grey = np.asarray(upright, np.float64)
                elif upright.mode.startswith("I"):
                    grey = np.asarray(upright, np.float64) / 65535
                else:
                    grey = np.asarray(upright.convert("L"), np.float64) / 255
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise EdgememError(f"{path} cannot be read as an image: {error}") from None
        if not np.isfinite(grey).all():
            raise EdgememError(f"{path} has pixels that are no numbers")
        return grey


def make_templates(
    images: Sequence[Real[np.ndarray, "row column"]], size: int
) -> Float[np.ndarray, "template size size"]:
    """Return images resized by bicubic interpolation, with values scaled to [0, 1] over the set.

    Interpolation overshoots at edges; what lies outside an image's own values is cut off, so that black stays black.

    **Raises:** ValueError if a template is zero everywhere, or two are equal, and so are one component.
    """
    resized = np.array([_resized(image, size) for image in images])
    resized -= resized.min()
    if not resized.max() > 0:
        raise ValueError("all templates are of one and the same grey")
    templates = resized / resized.max()
    for i, template in enumerate(templates):
        if not template.any():
            raise ValueError(f"template {i} is zero everywhere")
        for j in range(i):
            if np.array_equal(template, templates[j]):
                raise ValueError(f"templates {j} and {i} are equal")
    return templates


def _resized(grey: Real[np.ndarray, "row column"], size: int) -> Float[np.ndarray, "size size"]:
    image = Image.fromarray(grey.astype(np.float32)).resize((size, size), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, np.float64), grey.min(), grey.max())
