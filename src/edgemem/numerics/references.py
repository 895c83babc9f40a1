"""The denoisers that trained ones are compared with: they follow from data alone and are not trained."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from edgemem.numerics.coloured_templates import coloured_posterior_mean
from edgemem.numerics.diffusion import alpha
from edgemem.numerics.isotropic_mixture import isotropic_posterior_mean
from edgemem.numerics.mixture_loss import matmul


class MixturePosterior(eqx.Module):
    """The posterior mean under a known isotropic mixture, (14) and (15).

    With the true means and variance it is the generalizing denoiser; with all training samples as means and no variance
    the memorizing one.

    **Attributes:** `exists`: False for rows of `mean` that only pad it to a common shape; all exist if None.
    """

    mean: Float[Array, "component feature"]
    standard_deviation: Float[Array, ""]
    exists: Bool[Array, "component"] | None = None

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        exists = jnp.ones(self.mean.shape[0], bool) if self.exists is None else self.exists
        return isotropic_posterior_mean(x, t, self.mean, self.standard_deviation, exists)


class TemplatePosterior(eqx.Module):
    """The posterior mean under known coloured templates, (11)."""

    template: Float[Array, "component pixel"]
    colour_mean: Float[Array, "component channel"]
    standard_deviation: Float[Array, ""]

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        exists = jnp.ones(self.template.shape[0], bool)
        return coloured_posterior_mean(x, t, self.template, self.colour_mean, self.standard_deviation, exists)


class LinearPosterior(eqx.Module):
    """The posterior mean under one Gaussian N(m, S), the best denoiser that is linear in x.

    E[x_0 | x] = m + sum_k alpha s_k / (alpha^2 s_k + sigma^2) v_k v_k . (x - alpha m), with S = sum_k s_k v_k v_k^T.

    **Attributes:** `mean`: m; `direction`: v_k, orthonormal rows; `variance`: s_k.
    """

    mean: Float[Array, "feature"]
    direction: Float[Array, "rank feature"]
    variance: Float[Array, "rank"]

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        a = alpha(t)[:, None]
        gain = a * self.variance / (a**2 * self.variance + t[:, None] ** 2)  # point, rank
        along = matmul(x - a * self.mean, self.direction.T)
        return self.mean + matmul(gain * along, self.direction)


def memorizing(training: Float[np.ndarray, "sample feature"]) -> MixturePosterior:
    """Return the denoiser of the training samples' empirical distribution: each sample a component without variance."""
    return MixturePosterior(jnp.asarray(training), jnp.zeros((), training.dtype))


def linear(training: Float[np.ndarray, "sample feature"]) -> LinearPosterior:
    """Return the denoiser of the Gaussian with the mean and the covariance (1/N) sum_i (x_i - m)(x_i - m)^T of samples.

    The directions come from a singular value decomposition of the centred samples, so that no matrix of
    features x features is made where there are fewer samples than features.
    """
    mean = training.mean(axis=0)
    _, singular, direction = np.linalg.svd(training - mean, full_matrices=False)
    return LinearPosterior(jnp.asarray(mean), jnp.asarray(direction), jnp.asarray(singular**2 / len(training)))
