"""What the stages ask of the denoisers of a data family."""

import abc
from typing import Generic, TypeVar

import xarray as xr
from jaxtyping import PRNGKeyArray

from edgemem.numerics.denoisers import AbstractDenoiser


Denoiser = TypeVar("Denoiser", bound=AbstractDenoiser)


class AbstractDenoisers(abc.ABC, Generic[Denoiser]):
    """The denoisers that belong to a law; all they need to know of it stands in the samples file."""

    @abc.abstractmethod
    def generalizing(self, samples: xr.Dataset) -> Denoiser:
        """Return the denoiser of the true law."""

    @abc.abstractmethod
    def memorizing(self, samples: xr.Dataset) -> Denoiser:
        """Return the denoiser of the training samples' empirical law."""

    @abc.abstractmethod
    def initial(
        self, initialization: str, samples: xr.Dataset, model_size: int, padded_size: int, *, key: PRNGKeyArray
    ) -> Denoiser:
        """Return a denoiser to start training from, its arrays padded to `padded_size` components."""

    @abc.abstractmethod
    def padded(self, denoiser: Denoiser, padded_size: int) -> Denoiser:
        """Return the same denoiser, its arrays padded to `padded_size` components."""

    @abc.abstractmethod
    def to_dataset(self, denoisers: dict[int, Denoiser]) -> xr.Dataset:
        """Return the parameters of denoisers of several sizes, NaN-padded along `component`."""

    @abc.abstractmethod
    def from_dataset(self, models: xr.Dataset, model_size: int) -> Denoiser:
        """Return one of the denoisers that `to_dataset` stored, padded to its common shape."""

    @abc.abstractmethod
    def learned(self, models: xr.Dataset, samples: xr.Dataset, model_size: int) -> dict[str, float]:
        """Return what a trained denoiser learned: `learned_variance`, `distance_to_nearest_sample` and
        `distance_to_nearest_true_mean`."""
