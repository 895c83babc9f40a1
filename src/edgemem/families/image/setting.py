"""Settings of images."""

import hashlib
import re
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from edgemem.config.base import nearest
from edgemem.config.datasets import Datasets
from edgemem.config.settings import AbstractSetting
from edgemem.errors import EdgememError
from edgemem.families.image.array_shapes import array_shapes


# What `templates` may say beside a path.
FASHION_MNIST, DIGITS = "fashion-mnist", "digits"
FASHION_MNIST_FILES = ("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte")
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
ARRAYS = (".npy", ".npz")
# The channels of an image: red, green, blue.
CHANNELS = 3


class ImageSetting(AbstractSetting):
    """Coloured templates: one of K grey images, all equally likely, times a random colour c ~ N(0, sigma*^2 I)."""

    provides: ClassVar = ("true_variance", "templates", "images", "true_denoiser")

    family: Literal["image"] = Field(description="Data family: coloured templates.")
    templates: str = Field(
        DIGITS,
        min_length=1,
        description="Images of which each seed draws K: `digits`, `fashion-mnist`, a folder of images, "
        "or an .npy or .npz file with an array (image, row, column).",
    )
    N: int = Field(ge=10, le=1_000_000, description="Number of training samples.")
    K: int = Field(ge=1, description="Number of templates, at most N.")
    size: int = Field(15, ge=2, le=128, description="Rows and columns to which images are resized.")
    variance: float = Field(1.0, ge=0.01, le=100, description="Variance sigma*^2 of each channel of the colour.")
    part: int = Field(1, ge=1, le=100, description="Which of several sets of N training samples of one distribution.")

    @model_validator(mode="after")
    def _at_most_one_component_a_sample(self) -> Self:
        if self.K > self.N:
            raise ValueError(f"K must be at most N (got K={self.K}, N={self.N})")
        return self

    @property
    def name(self) -> str:
        """The name, for example `image_digits_N50_K4_size8`.

        Of a path it has the last part without the ending and six digits of a hash of the whole: two folders of images
        are two settings, also where both are called `images`.
        """
        parts = [f"image_{self._templates}_N{self.N}_K{self.K}"]
        if self.size != 15:
            parts.append(f"size{self.size}")
        if self.variance != 1:
            parts.append(f"var{self.variance:.12g}")
        if self.part != 1:
            parts.append(f"part{self.part}")
        return "_".join(parts)

    @property
    def title(self) -> str:
        """The title, for example `coloured templates, digits, N = 50, K = 4, size 8`."""
        parts = [f"coloured templates, {self._templates}, N = {self.N}, K = {self.K}"]
        if self.size != 15:
            parts.append(f"size {self.size}")
        if self.variance != 1:
            parts.append(f"σ*² = {self.variance:.12g}")
        if self.part != 1:
            parts.append(f"part {self.part}")
        return ", ".join(parts)

    @property
    def _templates(self) -> str:
        """The templates as they are named in paths and titles."""
        if self.templates in (DIGITS, FASHION_MNIST):
            return self.templates
        path = Path(self.templates)
        last = path.stem if path.suffix.lower() in ARRAYS else path.name
        digits = hashlib.sha256(self.templates.encode()).hexdigest()[:6]
        return re.sub(r"[\W_]+", "-", last).strip("-") + f"-{digits}"

    @property
    def dim(self) -> int:
        """The pixels of all channels."""
        return CHANNELS * self.size**2

    def sources(self, datasets: Datasets) -> list[Path]:
        """Return the files with the images; none for `digits`, which come with scikit-learn.

        **Raises:** EdgememError if they are not there, or hold no images or fewer than K.
        """
        if self.templates == DIGITS:
            return []
        if self.templates == FASHION_MNIST:
            folder = Path(datasets.fashion_mnist)
            for name in FASHION_MNIST_FILES:
                if (folder / name).is_file():
                    return [folder / name]
            raise EdgememError(
                f"FashionMNIST is not in {folder}: there is no {' or '.join(FASHION_MNIST_FILES)}. On Debian and "
                "Ubuntu type: sudo apt-get install dataset-fashion-mnist. Or set datasets.fashion_mnist to the folder "
                "that has it"
            )
        path = Path(self.templates).expanduser()
        if path.is_dir():
            visible = (file for file in path.iterdir() if not file.name.startswith("."))
            files = sorted(file for file in visible if file.suffix.lower() in IMAGE_SUFFIXES)
            if not files:
                raise EdgememError(f"the folder {path} of templates has no image ({', '.join(IMAGE_SUFFIXES)})")
            self._require_enough(len(files))
            return files
        if path.suffix.lower() not in ARRAYS:
            raise EdgememError(
                f"templates: '{self.templates}' is neither a folder nor an array ({', '.join(ARRAYS)})"
                + nearest(self.templates, (DIGITS, FASHION_MNIST))
            )
        if not path.is_file():
            raise EdgememError(f"templates: {path} does not exist")
        shapes = array_shapes(path)
        if len(shapes) != 1 or len(shapes[0]) != 3 or 0 in shapes[0]:
            raise EdgememError(
                f"templates: {path} must hold one array with dimensions image, row and column "
                f"(got shape {', '.join(map(str, shapes)) or 'none'})"
            )
        self._require_enough(shapes[0][0])
        return [path]

    def _require_enough(self, images: int) -> None:
        """Check that there are as many images as templates are drawn.

        **Raises:** EdgememError with both numbers.
        """
        if images < self.K:
            raise EdgememError(
                f"templates '{self.templates}' are {images} images, but K is {self.K}; lower K or add images"
            )
