"""Where data sets lie that do not come with this project."""

from pydantic import Field

from edgemem.config.base import Model


class Datasets(Model):
    """Where data sets lie that do not come with this project."""

    fashion_mnist: str = Field(
        "/usr/share/datasets/fashion-mnist",
        min_length=1,
        description="Folder with FashionMNIST's train-images-idx3-ubyte, as it is or as .gz.",
    )
