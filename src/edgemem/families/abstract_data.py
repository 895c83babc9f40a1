"""What the stages ask of a law of data."""

import abc
from typing import Any

import numpy as np
import xarray as xr


class AbstractData(abc.ABC):
    """A law of data."""

    @abc.abstractmethod
    def draw_truth(self, setting: Any, *, rng: np.random.Generator) -> xr.Dataset:
        """Return the parameters of the true law, in variables whose names start with `true_`."""

    @abc.abstractmethod
    def draw_samples(self, truth: xr.Dataset, count: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return samples of the true law, one a row, and the component each comes from."""
