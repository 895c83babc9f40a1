"""Settings: which data the models are trained on, one class a data family."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from edgemem.config.base import Model, nearest
from edgemem.errors import EdgememError


class AbstractSetting(Model):
    """What the workflow asks of any setting."""

    # Names of what training moves, as protocols call it.
    parameters: ClassVar[tuple[str, ...]]
    # Whether a sample is a picture.
    pictures: ClassVar[bool] = False
    # Name of the protocol that is the paper's own for this family.
    published_protocol: ClassVar[str]

    if TYPE_CHECKING:  # keys of all families, which each declares at its place among its own
        family: str
        N: int
        K: int

    @model_validator(mode="after")
    def _at_most_one_component_a_sample(self) -> Self:
        if self.K > self.N:
            raise ValueError(f"K must be at most N (got K={self.K}, N={self.N})")
        return self

    @property
    def name(self) -> str:
        """The setting's name in paths; an axis that came later appears only where it differs from its default."""
        raise NotImplementedError

    @property
    def dim(self) -> int:
        """The number of features of a sample."""
        raise NotImplementedError

    def sources(self, datasets: "Datasets") -> list[Path]:
        """Return the files that the true law is made of; most laws are made of numbers alone.

        **Raises:** EdgememError if they are not there, with what to do.
        """
        return []


class GaussianSetting(AbstractSetting):
    """An isotropic Gaussian mixture: K means uniform on a sphere, one covariance sigma*^2 I."""

    parameters: ClassVar = ("mean", "standard_deviation")
    published_protocol: ClassVar = "paper"

    family: Literal["gaussian"] = Field(description="Data family: isotropic Gaussian mixture.")
    N: int = Field(ge=10, le=1_000_000, description="Number of training samples.")
    d: int = Field(ge=1, le=20_000, description="Dimension of a sample.")
    K: int = Field(ge=1, description="Number of components of the true mixture, at most N.")
    variance: float = Field(1.0, ge=0.01, le=100, description="Variance sigma*^2 of each true component.")
    separation: float = Field(1.0, ge=0, le=10, description="Multiplies the radius sqrt(d) of the true means.")

    @field_validator("separation")
    @classmethod
    def _no_negative_zero(cls, separation: float) -> float:
        return separation + 0.0

    @property
    def name(self) -> str:
        """The name, for example `gaussian_N200_d50_K12_var2`."""
        parts = [f"gaussian_N{self.N}_d{self.d}_K{self.K}"]
        if self.variance != 1:
            parts.append(f"var{self.variance:.12g}")
        if self.separation != 1:
            parts.append(f"sep{self.separation:.12g}")
        return "_".join(parts)

    @property
    def dim(self) -> int:
        """The dimension d."""
        return self.d


# What `templates` may say beside a path.
FASHION_MNIST, DIGITS = "fashion-mnist", "digits"
FASHION_MNIST_FILES = ("train-images-idx3-ubyte.gz", "train-images-idx3-ubyte")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
ARRAYS = (".npy", ".npz")


class Datasets(Model):
    """Where data sets lie that do not come with this project."""

    fashion_mnist: str = Field(
        "/usr/share/datasets/fashion-mnist",
        min_length=1,
        description="Folder with FashionMNIST's train-images-idx3-ubyte, as it is or as .gz.",
    )


class ImageSetting(AbstractSetting):
    """Coloured templates: one of K grey pictures, all equally likely, times a random colour c ~ N(0, sigma*^2 I)."""

    parameters: ClassVar = ("template", "colour_mean", "standard_deviation")
    pictures: ClassVar = True
    published_protocol: ClassVar = "image_paper"

    family: Literal["image"] = Field(description="Data family: coloured templates.")
    templates: str = Field(
        DIGITS,
        min_length=1,
        description="Pictures of which each seed draws K: `digits`, `fashion-mnist`, a folder of images, "
        "or an .npy or .npz file with an array (picture, row, column).",
    )
    N: int = Field(ge=10, le=1_000_000, description="Number of training samples.")
    K: int = Field(ge=1, description="Number of templates, at most N.")
    size: int = Field(15, ge=2, le=128, description="Rows and columns to which pictures are resized.")
    variance: float = Field(1.0, ge=0.01, le=100, description="Variance sigma*^2 of each channel of the colour.")

    @property
    def name(self) -> str:
        """The name, for example `image_digits_N50_K4_size8`; of a path its last part without the ending."""
        path = Path(self.templates)
        last = path.stem if path.suffix.lower() in ARRAYS else path.name
        templates = re.sub(r"[\W_]+", "-", last).strip("-")
        parts = [f"image_{templates}_N{self.N}_K{self.K}"]
        if self.size != 15:
            parts.append(f"size{self.size}")
        if self.variance != 1:
            parts.append(f"var{self.variance:.12g}")
        return "_".join(parts)

    @property
    def dim(self) -> int:
        """The pixels of all channels."""
        return CHANNELS * self.size**2

    def sources(self, datasets: Datasets) -> list[Path]:
        """Return the files with the pictures; none for `digits`, which come with scikit-learn."""
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
            files = sorted(file for file in visible if file.suffix.lower() in PICTURES)
            if not files:
                raise EdgememError(f"the folder {path} of templates has no image ({', '.join(PICTURES)})")
            return files
        if path.suffix.lower() not in ARRAYS:
            raise EdgememError(
                f"templates: '{self.templates}' is neither a folder nor an array ({', '.join(ARRAYS)})"
                + nearest(self.templates, (DIGITS, FASHION_MNIST))
            )
        if not path.is_file():
            raise EdgememError(f"templates: {path} does not exist")
        return [path]


# The channels of a picture: red, green, blue.
CHANNELS = 3

# A new family is a class like those above, one more entry here and in the union that follows from it, and one line each
# in `DATA` and `DENOISERS` of edgemem.families and in `FAMILIES` of edgemem.figures.style, for titles.
SETTINGS: dict[str, type[AbstractSetting]] = {"gaussian": GaussianSetting, "image": ImageSetting}

Setting = Annotated[GaussianSetting | ImageSetting, Field(discriminator="family", description="One data set's law.")]
