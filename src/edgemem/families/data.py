"""All laws of data by the name of their family, one line each."""

from edgemem.families.abstract_data import AbstractData
from edgemem.families.gaussian_data import GaussianData
from edgemem.families.image_data import ImageData


DATA: dict[str, AbstractData] = {"gaussian": GaussianData(), "image": ImageData()}
