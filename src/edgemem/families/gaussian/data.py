"""The isotropic Gaussian mixture: drawing its parameters and its samples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem.families.abstract import AbstractData
from edgemem.families.gaussian.setting import GaussianSetting


class GaussianData(AbstractData):
    """K means uniform on the sphere of radius separation * sqrt(d), equal weights, covariance sigma*^2 I."""

    def draw_truth(self, setting: GaussianSetting, sources: Sequence[Path], *, rng: np.random.Generator) -> xr.Dataset:
        """Return `true_mean(component, feature)` and `true_variance`."""
        normal = rng.standard_normal((setting.K, setting.d))
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

    def shape(self, truth: xr.Dataset) -> dict[str, int]:
        """Return `feature`."""
        return {"feature": truth.sizes["feature"]}

    def draw_samples(self, truth: xr.Dataset, count: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return x = mu_k + sigma* z, (sample, feature), and k, (sample,)."""
        mean, variance = truth.true_mean.values, float(truth.true_variance)
        component = rng.integers(mean.shape[0], size=count)
        noise = rng.standard_normal((count, mean.shape[1]))
        return mean[component] + np.sqrt(variance) * noise, component
