"""The isotropic Gaussian mixture: its denoisers, and how they are stored."""

import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray

from edgemem.families.abstract_denoisers import AbstractDenoisers
from edgemem.numerics.denoisers import IsotropicMixture, isotropic_mixture, padded_size
from edgemem.numerics.memorization import nearest_distance


class GaussianDenoisers(AbstractDenoisers[IsotropicMixture]):
    """Mixtures with one shared variance, (14) and (15)."""

    def generalizing(self, samples: xr.Dataset) -> IsotropicMixture:
        """Return the mixture with the true means and the true variance."""
        return isotropic_mixture(samples.true_mean.values, np.sqrt(samples.true_variance.item()))

    def initial(
        self, initialization: str, samples: xr.Dataset, model_size: int, padded_size: int, *, key: PRNGKeyArray
    ) -> IsotropicMixture:
        """Return the start of training, in float32.

        `partial_memorization`: the first M training samples, which are a random subset since samples are independent
        (repeated where M > N), v = 1e-6. `true_means`: the true means in turn, v = sigma*^2; repeated means differ by
        N(0, 1e-6), without which they would have equal gradients for ever. `random`: normal draws with the training
        samples' mean square, v = 1.
        """
        n_features = samples.sizes["feature"]

        def jitter() -> np.ndarray:
            return np.asarray(jr.normal(key, (model_size, n_features)), np.float64)

        if initialization == "partial_memorization":
            mean = np.resize(samples.x_train.values, (model_size, n_features))
            standard_deviation = 1e-3
        elif initialization == "true_means":
            mean = np.resize(samples.true_mean.values, (model_size, n_features)) + 1e-3 * jitter()
            standard_deviation = float(np.sqrt(samples.true_variance))
        elif initialization == "random":
            mean = np.sqrt(np.mean(samples.x_train.values**2)) * jitter()
            standard_deviation = 1.0
        else:
            raise ValueError(f"unknown initialization {initialization!r}")
        return isotropic_mixture(mean.astype(np.float32), standard_deviation, padded_size)

    def padded(self, denoiser: IsotropicMixture, padded_size: int) -> IsotropicMixture:
        """Return the same mixture with more rows that are no components."""
        size = int(np.sum(denoiser.exists))
        return isotropic_mixture(np.asarray(denoiser.mean)[:size], denoiser.standard_deviation, padded_size)

    def to_dataset(self, denoisers: dict[int, IsotropicMixture], samples: xr.Dataset) -> xr.Dataset:
        """Return `mean(model_size, component, feature)` and `variance(model_size)`."""
        n_features = next(iter(denoisers.values())).mean.shape[1]
        # Parameters are float32 in training and stay so on disk.
        mean = np.full((len(denoisers), max(denoisers), n_features), np.nan, np.float32)
        for row, (size, denoiser) in enumerate(denoisers.items()):
            mean[row, :size] = denoiser.mean[:size]
        variance = np.array([float(denoiser.variance) for denoiser in denoisers.values()])
        return xr.Dataset(
            {
                "mean": (
                    ("model_size", "component", "feature"),
                    mean,
                    {"long_name": "learned means, NaN beyond the model's size", "units": "1"},
                ),
                "variance": ("model_size", variance, {"long_name": "learned shared variance", "units": "1"}),
            }
        )

    def from_dataset(self, models: xr.Dataset, model_size: int) -> IsotropicMixture:
        """Return the mixture of one size, in the precision of the surrounding computation."""
        model = models.sel(model_size=model_size)
        mean = model["mean"].values[:model_size].astype(np.float64)
        return isotropic_mixture(mean, np.sqrt(model["variance"].item()), padded_size(model_size))

    def learned(self, models: xr.Dataset, samples: xr.Dataset, model_size: int) -> dict[str, float]:
        """Return the learned variance and the mean distances of learned means to samples and true means."""
        model = models.sel(model_size=model_size)
        mean = model["mean"].values[:model_size].astype(np.float64)
        return {
            "learned_variance": model["variance"].item(),
            "distance_to_nearest_sample": nearest_distance(mean, samples.x_train.values).mean(),
            "distance_to_nearest_true_mean": nearest_distance(mean, samples.true_mean.values).mean(),
        }
