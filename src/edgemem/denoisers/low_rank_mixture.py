"""A mixture of Gaussians each of which has a few directions of its own, with more variance in them than elsewhere."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.learned_means import distances_of_means
from edgemem.denoisers.starts import centres
from edgemem.numerics.low_rank_mixture import low_rank_posterior_mean, orthogonal_directions


# Standard deviation in the directions at the start, by that outside. They cannot start at zero: L and -L are the same
# model, so the gradient would be zero, and all components would keep one round shape for ever.
RELATIVE = 0.1


class LowRankMixture(AbstractDenoiser):
    """Posterior mean under M equal-weight Gaussians N(mu_i, v I + L_i^T L_i), each with r directions; for any data.

    The variance outside of the directions, v, is shared; in a direction l, one of orthogonal rows of L_i, it is
    v + ||l||^2. Rows that are rotated into each other mean the same, so no gradient step leaves what is allowed.

    **Attributes:** `mean`: centres, one row a component; `direction`: L_i; `standard_deviation`: sqrt(v), its sign does
    not matter; `exists`: whether a row is a component, or only pads the arrays to a common shape.
    """

    mean: Float[Array, "component feature"]
    direction: Float[Array, "component rank feature"]
    standard_deviation: Float[Array, ""]
    exists: Bool[Array, "component"]

    provides: ClassVar[tuple[str, ...]] = ("components", "learned_variance")
    starts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "training_samples": (),
        "fresh_samples": (),
        "true_means": ("true_mean", "true_variance"),
        "random": (),
        "kmeans": (),
    }
    options: ClassVar[Mapping[str, Any]] = {"rank": (1, 2, 3, 4, 5, 6, 7, 8)}

    @classmethod
    def start(
        cls, name: str, samples: xr.Dataset, size: int, *, key: PRNGKeyArray, rank: int = 1, **options: Any
    ) -> "LowRankMixture":
        """Return the start of training, in float32: means and v as `edgemem.denoisers.starts` has them, and directions
        drawn from N(0, v / (100 d)), which add a hundredth of v to the variance in each.
        """
        mean, variance = centres(name, samples, size, key=key)
        dim = mean.shape[1]
        # A key of its own: means are those of the isotropic mixture.
        normal = np.asarray(jr.normal(jr.fold_in(key, 1), (size, min(rank, dim), dim)), np.float64)
        return cls(
            jnp.asarray(mean.astype(np.float32)),
            jnp.asarray((RELATIVE * np.sqrt(variance / dim) * normal).astype(np.float32)),
            jnp.asarray(np.sqrt(variance), jnp.float32),
            jnp.asarray(np.ones(size, bool)),
        )

    @staticmethod
    def n_parameters(size: int, dim: int, rank: int = 1, **options: Any) -> int:
        """Return M (r + 1) d + 1; there are no more directions than dimensions."""
        return size * (min(rank, dim) + 1) * dim + 1

    @property
    def width(self) -> int:
        """One number a component and direction."""
        return self.direction.shape[0] * self.direction.shape[1]

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        return low_rank_posterior_mean(x, t, self.mean, self.direction, self.standard_deviation, self.exists)

    def with_variance(self, variance: float) -> "LowRankMixture":
        """Return the same mixture with another variance v, and that in the directions in proportion."""
        root = np.float32(np.sqrt(variance))
        scale = root / jnp.abs(self.standard_deviation)
        return type(self)(self.mean, scale * self.direction, jnp.asarray(root), self.exists)

    def padded(self, size: int) -> "LowRankMixture":
        """Return the same mixture with rows of weight zero up to `size` components."""
        rows = size - self.mean.shape[0]
        # By NumPy: JAX would compile a program for each shape.
        mean, exists = np.pad(self.mean, ((0, rows), (0, 0))), np.pad(self.exists, (0, rows))
        direction = np.pad(self.direction, ((0, rows), (0, 0), (0, 0)))
        return type(self)(jnp.asarray(mean), jnp.asarray(direction), self.standard_deviation, jnp.asarray(exists))

    def canonical(self) -> "LowRankMixture":
        """Return the same mixture with the positive root of v and directions that are orthogonal, the shortest first,
        and positive in sum."""
        direction = orthogonal_directions(self.direction)
        direction = jnp.where(jnp.sum(direction, axis=2, keepdims=True) < 0, -1, 1) * direction
        return type(self)(self.mean, direction, jnp.abs(self.standard_deviation), self.exists)

    def learned(self, samples: xr.Dataset, abilities: Collection[str]) -> dict[str, float | np.ndarray]:
        """Return the learned variance, that of a feature, v + ||L_i||^2 / d, mean over components; the mean distances
        of learned means to samples and true means, and the distance of each sample to its nearest mean.
        """
        exists = np.asarray(self.exists)
        mean, direction = (np.asarray(array, np.float64)[exists] for array in (self.mean, self.direction))
        more = np.mean(np.sum(direction**2, axis=(1, 2))) / mean.shape[1]
        variance = float(self.standard_deviation) ** 2 + float(more)
        return {"learned_variance": variance} | distances_of_means(mean, samples, abilities)
