"""All laws of data by the name of their family, one line each."""

from edgemem.families.abstract_data import AbstractData
from edgemem.families.gaussian_data import GaussianData


DATA: dict[str, AbstractData] = {"gaussian": GaussianData()}
