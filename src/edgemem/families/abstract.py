"""What the stages ask of a data family: how its data are drawn."""

import abc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float, Int


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

    def copies_of(self, setting: Any, *, rng: np.random.Generator) -> Int[np.ndarray, "sample"]:
        """Return for each training sample the first row that it repeats, its own where it repeats none: the default."""
        return np.arange(setting.N)

    def log_density(self, truth: xr.Dataset, x: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample"]:
        """Return the log density of the distribution at samples, if the family provides `log_density`."""
        raise NotImplementedError
