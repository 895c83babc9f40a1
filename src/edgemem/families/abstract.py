"""What the stages ask of a data family: how its data are drawn."""

import abc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr


class AbstractData(abc.ABC):
    """A data distribution, which depends on a setting."""

    @abc.abstractmethod
    def draw_truth(self, setting: Any, sources: Sequence[Path], *, rng: np.random.Generator) -> xr.Dataset:
        """Return the parameters of the true data distribution, among them those that the setting provides.

        **Arguments:** `sources`: files that the distribution is made of, as the setting names them.
        """

    @abc.abstractmethod
    def shape(self, truth: xr.Dataset) -> dict[str, int]:
        """Return the dimensions of a sample in files, with their lengths; its features in this order are a row."""

    @abc.abstractmethod
    def draw_samples(self, truth: xr.Dataset, count: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return independent samples, one a row, and the component each comes from, 0 where there are none."""
