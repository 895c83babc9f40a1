"""What the stages ask of the denoisers of a data family."""

import abc
from typing import Generic, TypeVar

import xarray as xr
from jaxtyping import PRNGKeyArray

from edgemem.families.rows import rows
from edgemem.numerics.denoisers import AbstractDenoiser, IsotropicMixture, isotropic_mixture


Denoiser = TypeVar("Denoiser", bound=AbstractDenoiser)


class AbstractDenoisers(abc.ABC, Generic[Denoiser]):
    """The denoisers that belong to a law; all they need to know of it stands in the samples file."""

    @abc.abstractmethod
    def generalizing(self, samples: xr.Dataset) -> Denoiser:
        """Return the denoiser of the true law."""

    def memorizing(self, samples: xr.Dataset) -> IsotropicMixture:
        """Return the denoiser of the training samples' empirical law, the same for all families: no variance."""
        return isotropic_mixture(rows(samples.x_train), 0.0)

    @abc.abstractmethod
    def initial(
        self, initialization: str, samples: xr.Dataset, model_size: int, padded_size: int, *, key: PRNGKeyArray
    ) -> Denoiser:
        """Return a denoiser to start training from, its arrays padded to `padded_size` components."""

    @abc.abstractmethod
    def padded(self, denoiser: Denoiser, padded_size: int) -> Denoiser:
        """Return the same denoiser, its arrays padded to `padded_size` components."""

    @abc.abstractmethod
    def to_dataset(self, denoisers: dict[int, Denoiser], samples: xr.Dataset) -> xr.Dataset:
        """Return the parameters of denoisers of several sizes, NaN-padded along `component`."""

    @abc.abstractmethod
    def from_dataset(self, models: xr.Dataset, model_size: int) -> Denoiser:
        """Return one of the denoisers that `to_dataset` stored, padded to its common shape."""

    @abc.abstractmethod
    def learned(self, models: xr.Dataset, samples: xr.Dataset, model_size: int) -> dict[str, float]:
        """Return what a trained denoiser learned: `learned_variance`, `distance_to_nearest_sample` and
        `distance_to_nearest_true_mean`."""
