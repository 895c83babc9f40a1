"""The Gaussian mixture: drawing its parameters and its samples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from edgemem.families.abstract import AbstractData
from edgemem.families.gaussian.setting import GaussianSetting
from edgemem.families.gaussian.truth import directions
from edgemem.numerics.density import mixture_log_density


class GaussianData(AbstractData):
    """K means uniform on the sphere of radius separation * sqrt(d), covariances sigma*^2 I or of another spectrum.

    The eigenvectors of an anisotropic covariance are a random rotation of each component's own: one that all shared
    would be none to isotropic denoisers, since means and noise have no preferred direction, and would make the large
    variances of all components one subspace.
    """

    def draw_truth(self, setting: GaussianSetting, sources: Sequence[Path], *, rng: np.random.Generator) -> xr.Dataset:
        """Return `true_mean`, `true_variance`, `true_weight`, `true_eigenvalue` and, of anisotropic components,
        `true_eigenvector`.

        What came later is drawn after the means: they are those that a setting without it had.
        """
        normal = rng.standard_normal((setting.K, setting.d))
        direction = normal / np.linalg.norm(normal, axis=1, keepdims=True)
        weight = np.arange(1.0, setting.K + 1) ** -setting.weight_exponent
        eigenvalue = setting.variance * np.outer(_variances(setting, weight), _spectrum(setting))
        variables: dict[str, tuple[Any, Any, str]] = {
            "true_mean": (
                ("component", "feature"),
                setting.separation * np.sqrt(setting.d) * direction,
                "mean of each true component",
            ),
            "true_variance": (
                (),
                setting.variance,
                "variance of the true components, mean over samples and directions",
            ),
            "true_weight": ("component", weight / weight.sum(), "weight of each true component"),
            "true_eigenvalue": (
                ("component", "direction"),
                eigenvalue,
                "variance of each true component along each of its directions",
            ),
        }
        if np.ptp(eigenvalue, axis=1).any():
            variables["true_eigenvector"] = (
                ("component", "direction", "feature"),
                _rotations(setting.K, setting.d, rng),
                "directions of each true component, orthonormal rows",
            )
        return xr.Dataset(
            {
                name: (dims, values, {"long_name": text, "units": "1"})
                for name, (dims, values, text) in variables.items()
            }
        )

    def shape(self, truth: xr.Dataset) -> dict[str, int]:
        """Return `feature`."""
        return {"feature": truth.sizes["feature"]}

    def draw_samples(self, truth: xr.Dataset, count: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return x = mu_k + sum_j sqrt(s_kj) z_j v_kj, (sample, feature), and k, (sample,)."""
        mean, weight = truth.true_mean.values, truth.true_weight.values
        if np.ptp(weight):
            component = rng.choice(len(mean), size=count, p=weight)
        else:  # the same numbers as before there were weights
            component = rng.integers(len(mean), size=count)
        along = np.sqrt(truth.true_eigenvalue.values)[component] * rng.standard_normal((count, mean.shape[1]))
        if (rotation := directions(truth)) is not None:
            for k, vectors in enumerate(rotation):
                along[component == k] = along[component == k] @ vectors
        return mean[component] + along, component

    def copies_of(self, setting: GaussianSetting, *, rng: np.random.Generator) -> Int[np.ndarray, "sample"]:
        """Return which row each training sample repeats: the first that equals it, in random order.

        `duplicated` samples occur `occurrences` times each, at random rows, so that the first M rows still are a random
        subset of all.
        """
        found = np.arange(setting.N)
        rows = rng.permutation(setting.N)[: setting.duplicated * setting.occurrences]
        groups = rows.reshape(setting.duplicated, setting.occurrences)
        found[groups] = groups.min(axis=1, keepdims=True)
        return found

    def log_density(self, truth: xr.Dataset, x: Float[np.ndarray, "sample feature"]) -> Float[np.ndarray, "sample"]:
        """Return the log density of the mixture."""
        mean, weight, eigenvalue = (truth[f"true_{name}"].values for name in ("mean", "weight", "eigenvalue"))
        return mixture_log_density(x, weight, mean, eigenvalue, directions(truth))


def _variances(setting: GaussianSetting, weight: np.ndarray) -> np.ndarray:
    """Return the variance of each component over sigma*^2, geometric, with a weighted mean of one."""
    factor = setting.variance_ratio ** (np.arange(setting.K) / max(setting.K - 1, 1))
    return factor / np.average(factor, weights=weight)


def _spectrum(setting: GaussianSetting) -> np.ndarray:
    """Return the eigenvalues of a covariance, with a mean of one; of an odd number the middle one is small."""
    values = np.arange(1.0, setting.d + 1) ** -setting.spectrum_exponent
    values[: setting.d // 2] *= setting.spectrum_ratio
    return values / values.mean()


def _rotations(count: int, dim: int, rng: np.random.Generator) -> np.ndarray:
    """Return orthonormal bases uniform among all, (component, direction, feature)."""
    basis, triangle = np.linalg.qr(rng.standard_normal((count, dim, dim)))
    # With the signs as they come out of the decomposition they would not be uniform.
    return np.swapaxes(basis * np.sign(np.diagonal(triangle, axis1=1, axis2=2))[:, None, :], 1, 2)
