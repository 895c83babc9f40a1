"""A mixture of Gaussians with one shared isotropic variance: the paper's model, (14) and (15)."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Array, Bool, Float, PRNGKeyArray
from scipy import special

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.learned_means import distances_of_means
from edgemem.denoisers.starts import JITTER, centres
from edgemem.numerics.isotropic_mixture import isotropic_posterior_mean
from edgemem.numerics.mixture_loss import mixture_loss
from edgemem.numerics.points import Points


class IsotropicMixture(AbstractDenoiser):
    """Posterior mean under M Gaussians with one shared isotropic variance, with equal or learned weights; for any data.

    The standard deviation, not the variance, is the parameter: gradient steps cannot make the variance negative,
    and near zero they shrink with it. (With v itself as the parameter Adam overshoots to v < 0 at M near N, where
    c_t vanishes at some t. With log v the 5,000 steps of the protocol `fast` do not bring it up from its start at 1e-6:
    at N = 100, M = 20 it ends at 0.15 instead of 0.68.)

    **Attributes:** `mean`: centres, one row a component; `standard_deviation`: sqrt(v), its sign does not matter;
    `exists`: whether a row of `mean` is a component, or only pads the array to a common shape; `log_weight`: logarithms
    of the components' weights, up to a constant, None where all weights are 1/M.
    """

    mean: Float[Array, "component feature"]
    standard_deviation: Float[Array, ""]
    exists: Bool[Array, "component"]
    log_weight: Float[Array, "component"] | None = None

    provides: ClassVar[tuple[str, ...]] = ("components", "learned_variance")
    starts: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "training_samples": (),
        "fresh_samples": (),
        "true_means": ("true_mean", "true_variance"),
        "random": (),
        "kmeans": (),
        "continued_up": (),
        "continued_down": (),
    }
    options: ClassVar[Mapping[str, Any]] = {"weights": ("equal", "learned")}

    @classmethod
    def start(
        cls, name: str, samples: xr.Dataset, size: int, *, key: PRNGKeyArray, weights: str = "equal", **options: Any
    ) -> "IsotropicMixture":
        """Return the start of training, in float32, as `edgemem.denoisers.starts` has it; weights start equal."""
        mean, variance = centres(name, samples, size, key=key)
        return cls(
            jax.device_put(mean.astype(np.float32)),
            jnp.asarray(np.sqrt(variance), jnp.float32),
            jax.device_put(np.ones(size, bool)),
            jax.device_put(np.zeros(size, np.float32)) if weights == "learned" else None,
        )

    @staticmethod
    def n_parameters(size: int, dim: int, weights: str = "equal", **options: Any) -> int:
        """Return M d + 1, and M - 1 more where weights, whose sum is one, are learned."""
        return size * dim + 1 + (size - 1 if weights == "learned" else 0)

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
        return isotropic_posterior_mean(x, t, self.mean, self.standard_deviation, self.exists, self.log_weight)

    def loss(self, points: Points) -> Float[Array, ""]:
        """Return the same loss as any denoiser's, with its gradient in closed form."""
        return mixture_loss(self.mean, self.standard_deviation, self.log_weight, self.exists, points)

    def with_variance(self, variance: float) -> "IsotropicMixture":
        """Return the same mixture with another variance v."""
        return eqx.tree_at(
            lambda mixture: mixture.standard_deviation, self, jnp.asarray(np.sqrt(variance), jnp.float32)
        )

    def padded(self, size: int) -> "IsotropicMixture":
        """Return the same mixture with rows of weight zero up to `size` components."""
        rows = size - self.mean.shape[0]
        # By NumPy, and put where JAX has it: else it would compile a program for each shape.
        mean, exists = np.pad(self.mean, ((0, rows), (0, 0))), np.pad(self.exists, (0, rows))
        log_weight = None if self.log_weight is None else jax.device_put(np.pad(self.log_weight, (0, rows)))
        return type(self)(jax.device_put(mean), self.standard_deviation, jax.device_put(exists), log_weight)

    def resized(self, size: int, *, key: PRNGKeyArray) -> "IsotropicMixture":
        """Return a mixture of another size to go on from: the first M components, or all of them and copies of some.

        Which are split is drawn without replacement as long as there are enough; copies are moved by N(0, 1e-6), and
        share the weight of what they are copies of.
        """
        exists = np.asarray(self.exists)
        mean, count = np.asarray(self.mean, np.float64)[exists], int(exists.sum())
        order_key, jitter_key = jr.split(key)
        order = np.asarray(jr.permutation(order_key, count))
        source = np.concatenate([np.arange(count), np.resize(order, max(size - count, 0))])[:size]
        moved = mean[source]
        moved[count:] += JITTER * np.asarray(jr.normal(jitter_key, moved.shape), np.float64)[count:]
        log_weight = None
        if self.log_weight is not None:
            copies = np.maximum(np.bincount(source, minlength=count), 1)
            shared = np.asarray(self.log_weight, np.float64)[exists] - np.log(copies)
            log_weight = jax.device_put(shared[source].astype(np.float32))
        return type(self)(
            jax.device_put(moved.astype(np.float32)),
            self.standard_deviation,
            jax.device_put(np.ones(size, bool)),
            log_weight,
        )

    def canonical(self) -> "IsotropicMixture":
        """Return the same mixture with the positive root of the variance, and weights whose sum is one."""
        log_weight = self.log_weight
        if log_weight is not None:
            log_weight = log_weight - jax.nn.logsumexp(log_weight, where=self.exists)
        return type(self)(self.mean, jnp.abs(self.standard_deviation), self.exists, log_weight)

    def learned(self, samples: xr.Dataset, abilities: Collection[str]) -> dict[str, float | np.ndarray]:
        """Return the learned variance, the mean distances of learned means to samples and true means, and the distance
        of each sample to its nearest mean; of learned weights w also exp(-sum_i w_i log w_i), how many components they
        are spread over.
        """
        mean = np.asarray(self.mean, np.float64)[np.asarray(self.exists)]
        found = {"learned_variance": float(self.variance)} | distances_of_means(mean, samples, abilities)
        if self.log_weight is not None:
            weight = special.softmax(np.asarray(self.log_weight, np.float64)[np.asarray(self.exists)])
            found["effective_components"] = float(np.exp(special.entr(weight).sum()))
        return found
