"""One mixture of isotropic Gaussians for each time of diffusion: no time learns anything from another."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.learned_means import distances_of_means
from edgemem.denoisers.starts import centres
from edgemem.numerics.diffusion import nearest_time
from edgemem.numerics.per_time_mixture import per_time_loss, per_time_posterior_mean
from edgemem.numerics.points import Points


# The time whose mixture stands for all in what is said of the model: that of the losses that are shown, psi = 6.7.
SHOWN = 0.36


class PerTimeMixture(AbstractDenoiser):
    """Posterior mean under M equal-weight Gaussians with one isotropic variance, M others at each time; for any data.

    It is the mixture of the time of the grid that is nearest to a point's own. The times are those of training, which
    `options` take from the campaign.

    **Attributes:** `mean`: centres of each time, `t_max` first; `standard_deviation`: sqrt(v) of each time, its sign
    does not matter; `exists`: whether a component is one, or only pads the arrays to a common shape; `t_min`, `t_max`:
    ends of the times.
    """

    mean: Float[Array, "time component feature"]
    standard_deviation: Float[Array, "time"]
    exists: Bool[Array, "component"]
    t_min: float = eqx.field(static=True)
    t_max: float = eqx.field(static=True)

    provides: ClassVar[tuple[str, ...]] = ("components", "learned_variance")
    starts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "training_samples": (),
        "fresh_samples": (),
        "true_means": ("true_mean", "true_variance"),
        "random": (),
        "kmeans": (),
    }
    options: ClassVar[Mapping[str, Any]] = {"times": 26, "t_min": 0.001, "t_max": 0.999}

    @classmethod
    def start(
        cls,
        name: str,
        samples: xr.Dataset,
        size: int,
        *,
        key: PRNGKeyArray,
        times: int = 26,
        t_min: float = 0.001,
        t_max: float = 0.999,
        **options: Any,
    ) -> "PerTimeMixture":
        """Return the start of training, in float32, as `edgemem.denoisers.starts` has it, the same at all times."""
        mean, variance = centres(name, samples, size, key=key)
        return cls(
            jnp.asarray(np.tile(mean.astype(np.float32), (times, 1, 1))),
            jnp.asarray(np.full(times, np.sqrt(variance), np.float32)),
            jnp.asarray(np.ones(size, bool)),
            t_min,
            t_max,
        )

    @staticmethod
    def n_parameters(size: int, dim: int, times: int = 26, **options: Any) -> int:
        """Return (M d + 1) T."""
        return (size * dim + 1) * times

    @property
    def variance(self) -> Float[Array, "time"]:
        """The variance v of each time."""
        return self.standard_deviation**2

    @property
    def width(self) -> int:
        """One number a component, of rows that are half empty."""
        return 2 * self.mean.shape[1]

    def _time(self, t: Float[Array, "point"]) -> Int[Array, "point"]:
        """Return the number of the mixture of each time."""
        return nearest_time(t, self.mean.shape[0], self.t_min, self.t_max)

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        return per_time_posterior_mean(x, t, self._time(t), self.mean, self.standard_deviation, self.exists)

    def loss(self, points: Points) -> Float[Array, ""]:
        """Return the same loss as any denoiser's, with its gradient in closed form."""
        return per_time_loss(self.mean, self.standard_deviation, self.exists, self._time(points.t), points)

    def with_variance(self, variance: float) -> "PerTimeMixture":
        """Return the same mixtures, all with another variance v."""
        value = jnp.full(self.standard_deviation.shape, np.sqrt(variance), jnp.float32)
        return eqx.tree_at(lambda mixture: mixture.standard_deviation, self, value)

    def padded(self, size: int) -> "PerTimeMixture":
        """Return the same mixtures with components of weight zero up to `size` of them."""
        rows = size - self.mean.shape[1]
        # By NumPy: JAX would compile a program for each shape.
        mean, exists = np.pad(self.mean, ((0, 0), (0, rows), (0, 0))), np.pad(self.exists, (0, rows))
        return type(self)(jnp.asarray(mean), self.standard_deviation, jnp.asarray(exists), self.t_min, self.t_max)

    def canonical(self) -> "PerTimeMixture":
        """Return the same mixtures with the positive roots of the variances."""
        return eqx.tree_at(lambda mixture: mixture.standard_deviation, self, jnp.abs(self.standard_deviation))

    def learned(self, samples: xr.Dataset, abilities: Collection[str]) -> dict[str, float | np.ndarray]:
        """Return the learned variance, the mean distances of learned means to samples and true means, and the distance
        of each sample to its nearest mean, all of the mixture at the time nearest to 0.36.
        """
        shown = int(self._time(jnp.asarray([SHOWN]))[0])
        mean = np.asarray(self.mean[shown], np.float64)[np.asarray(self.exists)]
        return {"learned_variance": float(self.variance[shown])} | distances_of_means(mean, samples, abilities)
