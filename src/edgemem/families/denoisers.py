"""The denoisers of all families by name, one line each."""

from typing import Any

from edgemem.families.abstract_denoisers import AbstractDenoisers
from edgemem.families.gaussian_denoisers import GaussianDenoisers
from edgemem.families.image_denoisers import ImageDenoisers


DENOISERS: dict[str, AbstractDenoisers[Any]] = {"gaussian": GaussianDenoisers(), "image": ImageDenoisers()}
