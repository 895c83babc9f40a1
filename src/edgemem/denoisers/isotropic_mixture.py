"""A mixture of Gaussians with one shared isotropic variance: the paper's model, (14) and (15)."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.families.component_means import component_means
from edgemem.families.rows import rows
from edgemem.numerics.isotropic_mixture import isotropic_posterior_mean
from edgemem.numerics.memorization import nearest_distance
from edgemem.numerics.mixture_loss import mixture_loss
from edgemem.numerics.points import Points


class IsotropicMixture(AbstractDenoiser):
    """Posterior mean under M equal-weight Gaussians with one shared isotropic variance; for any data.

    The standard deviation, not the variance, is the parameter: gradient steps cannot make the variance negative,
    and near zero they shrink with it. (With v itself as the parameter Adam overshoots to v < 0 at M near N, where
    c_t vanishes at some t. With log v the 5,000 steps of the protocol `fast` do not bring it up from its start at 1e-6:
    at N = 100, M = 20 it ends at 0.15 instead of 0.68.)

    **Attributes:** `mean`: centres, one row a component; `standard_deviation`: sqrt(v), its sign does not matter;
    `exists`: whether a row of `mean` is a component, or only pads the array to a common shape.
    """

    mean: Float[Array, "component feature"]
    standard_deviation: Float[Array, ""]
    exists: Bool[Array, "component"]

    provides: ClassVar[tuple[str, ...]] = ("components",)
    starts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "partial_memorization": (),
        "true_means": ("true_mean", "true_variance"),
        "random": (),
    }

    @classmethod
    def start(
        cls, name: str, samples: xr.Dataset, size: int, *, key: PRNGKeyArray, **options: Any
    ) -> "IsotropicMixture":
        """Return the start of training, in float32.

        `partial_memorization`: the first M training samples, which are a random subset since samples are independent
        (repeated where M > N), v = 1e-6. `true_means`: the true means in turn, v = sigma*^2; repeated means differ by
        N(0, 1e-6), without which they would have equal gradients for ever. `random`: normal draws with the training
        samples' mean square, v = 1.
        """
        training = rows(samples.x_train)
        shape = size, training.shape[1]

        def normal() -> np.ndarray:
            return np.asarray(jr.normal(key, shape), np.float64)

        if name == "partial_memorization":
            mean, standard_deviation = np.resize(training, shape), 1e-3
        elif name == "true_means":
            mean = np.resize(samples.true_mean.values, shape) + 1e-3 * normal()
            standard_deviation = float(np.sqrt(samples.true_variance))
        elif name == "random":
            mean, standard_deviation = np.sqrt(np.mean(training**2)) * normal(), 1.0
        else:
            raise ValueError(f"unknown start {name!r}")
        mean = mean.astype(np.float32)
        return cls(jnp.asarray(mean), jnp.asarray(standard_deviation, mean.dtype), jnp.asarray(np.ones(size, bool)))

    @staticmethod
    def n_parameters(size: int, dim: int, **options: Any) -> int:
        """Return M d + 1."""
        return size * dim + 1

    @property
    def variance(self) -> Float[Array, ""]:
        """The shared variance v."""
        return self.standard_deviation**2

    @property
    def width(self) -> int:
        """One number a component."""
        return self.mean.shape[0]

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        return isotropic_posterior_mean(x, t, self.mean, self.standard_deviation, self.exists)

    def loss(self, points: Points) -> Float[Array, ""]:
        """Return the same loss as any denoiser's, with its gradient in closed form."""
        return mixture_loss(self.mean, self.standard_deviation, self.exists, points)

    def padded(self, size: int) -> "IsotropicMixture":
        """Return the same mixture with rows of weight zero up to `size` components."""
        rows = size - self.mean.shape[0]
        # By NumPy: JAX would compile a program for each shape.
        mean, exists = np.pad(self.mean, ((0, rows), (0, 0))), np.pad(self.exists, (0, rows))
        return type(self)(jnp.asarray(mean), self.standard_deviation, jnp.asarray(exists))

    def canonical(self) -> "IsotropicMixture":
        """Return the same mixture with the positive root of the variance."""
        return type(self)(self.mean, jnp.abs(self.standard_deviation), self.exists)

    def learned(self, samples: xr.Dataset, abilities: Collection[str]) -> dict[str, float]:
        """Return the learned variance and the mean distances of learned means to samples and true means."""
        mean = np.asarray(self.mean, np.float64)[np.asarray(self.exists)]
        found = {
            "learned_variance": float(self.variance),
            "distance_to_nearest_sample": nearest_distance(mean, rows(samples.x_train)).mean(),
        }
        true_mean = component_means(samples, abilities)
        if true_mean is not None:
            found["distance_to_nearest_true_mean"] = nearest_distance(mean, true_mean).mean()
        return found
