"""Denoisers: the posterior mean E[x_0 | x_t] under a model of the data."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from edgemem.numerics.diffusion import alpha, noised
from edgemem.numerics.mixture_loss import matmul, mixture_loss
from edgemem.numerics.points import Points


class AbstractDenoiser(eqx.Module):
    """A posterior mean of the clean data given noised data; its array leaves are what training moves."""

    @abc.abstractmethod
    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return E[x_0 | x_t = x] for each point at its own time."""

    @property
    def width(self) -> int:
        """How many numbers the largest array of a loss holds for each point."""
        return 1

    def loss(self, points: Points) -> Float[Array, ""]:
        """Return sum_p weight_p ||xhat(t_p, alpha x_0p + sigma eps_p) - x_0p||^2, which training minimizes."""
        x0 = points.x0.T
        error = self(noised(x0, points.t, points.noise.T), points.t) - x0
        return jnp.sum(points.weight * jnp.sum(error**2, axis=1))


class IsotropicMixture(AbstractDenoiser):
    """Posterior mean under an equal-weight mixture of Gaussians with one shared isotropic variance.

    c_t = alpha^2 v + sigma^2,  w = softmax_i(-||x - alpha mu_i||^2 / (2 c_t)),
    E[x_0 | x] = (alpha v / c_t) x + (sigma^2 / c_t) sum_i w_i mu_i.  Paper, (14) and (15).

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

    @property
    def variance(self) -> Float[Array, ""]:
        """The shared variance v."""
        return self.standard_deviation**2

    @property
    def width(self) -> int:
        """One number a component."""
        return self.mean.shape[0]

    def loss(self, points: Points) -> Float[Array, ""]:
        """Return the same loss as any denoiser's, with its gradient in closed form."""
        return mixture_loss(self.mean, self.standard_deviation, self.exists, points)

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        a, noise_variance = alpha(t), t**2
        total_variance = a**2 * self.variance + noise_variance
        # ||x||^2 is the same for all components and drops out of the softmax. What remains are matrix products.
        half_norm = 0.5 * jnp.sum(self.mean**2, axis=1)
        logit = (a / total_variance)[:, None] * (matmul(x, self.mean.T) - a[:, None] * half_norm)
        centre = matmul(jax.nn.softmax(logit, axis=1, where=self.exists), self.mean)
        return (a * self.variance / total_variance)[:, None] * x + (noise_variance / total_variance)[:, None] * centre


def isotropic_mixture(
    mean: Float[ArrayLike, "component feature"],
    standard_deviation: float | Float[Array, ""],
    padded_size: int | None = None,
) -> IsotropicMixture:
    """Return the mixture with these centres, padded with rows of weight zero up to `padded_size` components."""
    size = jnp.shape(mean)[0]
    padding = (padded_size or size) - size
    # What is an array of NumPy is padded by NumPy: JAX would compile a program for each shape.
    xp: Any = np if isinstance(mean, np.ndarray) else jnp
    mean = jnp.asarray(xp.pad(mean, ((0, padding), (0, 0))))
    return IsotropicMixture(
        mean=mean,
        standard_deviation=jnp.asarray(standard_deviation, mean.dtype),
        exists=jnp.asarray(xp.arange(size + padding) < size),
    )


def padded_size(model_size: int) -> int:
    """Return the number of components to which a model is padded, so that few shapes are compiled.

    It is the next multiple of a step that grows with the size, 8 up to 64, 16 up to 128, 32 up to 256, ...: at most a
    fifth of a large program's rows are padding. It depends on the model alone, so that a model's numbers do not depend
    on which others are trained beside it.
    """
    model_size = int(model_size)  # a NumPy integer has no bit_length
    step = max(8, 2 ** ((model_size - 1).bit_length() - 3))
    return -(-model_size // step) * step
