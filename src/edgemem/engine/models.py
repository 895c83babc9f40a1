"""The trained models of a file, as denoisers."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.padding import padded_size
from edgemem.denoisers.storage import from_dataset


class TrainedModels(NamedTuple):
    """The models of one file: their class, its options, and what they are made of."""

    kind: type[AbstractDenoiser]
    options: dict[str, Any]
    models: xr.Dataset
    samples: xr.Dataset

    @property
    def sizes(self) -> list[int]:
        """The model sizes, ascending."""
        sizes: list[int] = self.models.model_size.values.tolist()
        return sizes

    @property
    def steps(self) -> list[int]:
        """The steps at which they were kept, ascending."""
        steps: list[int] = self.models.step.values.tolist()
        return steps

    def of_size(self, size: int) -> Iterator[AbstractDenoiser]:
        """Yield the models of a size, one a step, in float64 and padded to a common shape."""
        for denoiser in self.unpadded(size):
            yield denoiser.padded(padded_size(size))

    def unpadded(self, size: int) -> Iterator[AbstractDenoiser]:
        """Yield the models of a size, one a step, in float64 and of their own shape."""
        # Only its shapes are used, and what training does not move.
        like = self.kind.start(next(iter(self.kind.starts)), self.samples, size, key=jax.random.key(0), **self.options)
        for step in self.steps:
            yield from_dataset(self.models, size, step, like)


def read_models(denoiser: str, options: Mapping[str, Any], models: xr.Dataset, samples: xr.Dataset) -> TrainedModels:
    """Return the models of a file.

    **Arguments:** `denoiser`: name of their denoiser; `options`: those that are not at their defaults.
    """
    return TrainedModels(
        pieces.denoiser_class(denoiser), pieces.declared(denoiser).defaults() | dict(options), models, samples
    )


def parameter_coordinates(
    denoiser: str, options: Mapping[str, Any], sizes: np.ndarray, *, n_samples: int, dim: int
) -> dict[str, Any]:
    """Return the coordinates `parameters` and `fraction` of model sizes, on which denoisers can be compared.

    The fraction is M / N where a size counts components, else the parameters over N d, as many as a component a sample
    would have.
    """
    declared = pieces.declared(denoiser)
    given = declared.defaults() | dict(options)
    parameters = np.array([declared.n_parameters(int(size), dim, **given) for size in sizes])
    components = "components" in declared.provides
    fraction = sizes / n_samples if components else parameters / (n_samples * dim)
    name = "model size M / N" if components else "parameters / (N d)"
    return {
        "parameters": ("model_size", parameters, {"long_name": "number of trained parameters", "units": "1"}),
        "fraction": ("model_size", fraction, {"long_name": name, "units": "1"}),
    }
