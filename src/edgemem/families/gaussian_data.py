"""The isotropic Gaussian mixture: drawing its parameters and its samples."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray

from edgemem.config.settings import GaussianSetting
from edgemem.families.base import AbstractData


class GaussianData(AbstractData):
    """K means uniform on the sphere of radius separation * sqrt(d), equal weights, covariance sigma*^2 I."""

    def draw_truth(self, setting: GaussianSetting, *, key: PRNGKeyArray) -> xr.Dataset:
        """Return `true_mean(component, feature)` and `true_variance`."""
        normal = np.asarray(jr.normal(key, (setting.K, setting.d), jnp.float64))
        direction = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        return xr.Dataset(
            {
                "true_mean": (
                    ("component", "feature"),
                    setting.separation * np.sqrt(setting.d) * direction,
                    {"long_name": "mean of each true component", "units": "1"},
                ),
                "true_variance": ((), setting.variance, {"long_name": "variance of each true component", "units": "1"}),
            }
        )

    def draw_samples(self, truth: xr.Dataset, count: int, *, key: PRNGKeyArray) -> tuple[np.ndarray, np.ndarray]:
        """Return x = mu_k + sigma* z, (sample, feature), and k, (sample,)."""
        component_key, noise_key = jr.split(key)
        mean, variance = truth.true_mean.values, float(truth.true_variance)
        component = np.asarray(jr.randint(component_key, (count,), 0, mean.shape[0]))
        noise = np.asarray(jr.normal(noise_key, (count, mean.shape[1]), jnp.float64))
        return mean[component] + np.sqrt(variance) * noise, component
