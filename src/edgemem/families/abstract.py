"""What the stages ask of a law of data."""

import abc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr


class AbstractData(abc.ABC):
    """A law of data."""

    @abc.abstractmethod
    def draw_truth(self, setting: Any, sources: Sequence[Path], *, rng: np.random.Generator) -> xr.Dataset:
        """Return the parameters of the true law; what starts with `true_` goes along into evaluations.

        **Arguments:** `sources`: files that the law is made of, as the setting names them.
        """

    @abc.abstractmethod
    def shape(self, truth: xr.Dataset) -> dict[str, int]:
        """Return the dimensions of a sample in files, with their lengths; its features in this order are a row."""

    @abc.abstractmethod
    def draw_samples(self, truth: xr.Dataset, count: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return samples of the true law, one a row, and the component each comes from."""
