"""What the stages ask of the denoisers of a data family."""

import abc

import xarray as xr
from jaxtyping import PRNGKeyArray

from edgemem.numerics.denoisers import AbstractDenoiser


class AbstractDenoisers(abc.ABC):
    """The denoisers that belong to a law; all they need to know of it stands in the samples file."""

    @abc.abstractmethod
    def generalizing(self, samples: xr.Dataset) -> AbstractDenoiser:
        """Return the denoiser of the true law."""

    @abc.abstractmethod
    def memorizing(self, samples: xr.Dataset) -> AbstractDenoiser:
        """Return the denoiser of the training samples' empirical law."""

    @abc.abstractmethod
    def initial(self, initialization: str, samples: xr.Dataset, model_size: int, *, key: PRNGKeyArray) -> AbstractDenoiser:
        """Return a denoiser to start training from, padded to its common shape."""

    @abc.abstractmethod
    def to_dataset(self, denoisers: dict[int, AbstractDenoiser]) -> xr.Dataset:
        """Return the parameters of denoisers of several sizes, NaN-padded along `component`."""

    @abc.abstractmethod
    def from_dataset(self, models: xr.Dataset, model_size: int) -> AbstractDenoiser:
        """Return one of the denoisers that `to_dataset` stored, padded to its common shape."""

    @abc.abstractmethod
    def learned(self, models: xr.Dataset, samples: xr.Dataset, model_size: int) -> dict[str, float]:
        """Return what a trained denoiser learned: `learned_variance`, `distance_to_nearest_sample` and
        `distance_to_nearest_true_mean`."""
