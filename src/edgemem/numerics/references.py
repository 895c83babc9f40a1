"""The denoisers that trained ones are compared with: they follow from data alone and are not trained."""

import equinox as eqx
import jax
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


class GaussianMixturePosterior(eqx.Module):
    """The posterior mean under a known mixture of Gaussians with weights and covariances of their own.

    With component k N(mu_k, sum_j s_kj v_kj v_kj^T) of weight w_k, c_kj = alpha^2 s_kj + sigma^2 and
    y_kj = v_kj . (x - alpha mu_k),
    l_k = log w_k - sum_j (y_kj^2 / c_kj + log c_kj) / 2,
    E[x_0 | x] = sum_k softmax(l)_k (mu_k + sum_j (alpha s_kj / c_kj) y_kj v_kj).

    **Attributes:** `log_weight`: log w_k; `mean`: mu_k; `variance`: s_kj; `direction`: v_kj, orthonormal rows of each
    component, the axes if None.
    """

    log_weight: Float[Array, "component"]
    mean: Float[Array, "component feature"]
    variance: Float[Array, "component direction"]
    direction: Float[Array, "component direction feature"] | None

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        a, noise_variance = alpha(t)[:, None], t[:, None] ** 2

        def add(carry, component):  # a running softmax: no array is components x points x features
            largest, total, weighted = carry
            log_weight, mean, variance, direction = component
            along = x - a * mean
            along = along if direction is None else matmul(along, direction.T)
            spread = a**2 * variance + noise_variance
            shift = a * variance / spread * along
            posterior = mean + (shift if direction is None else matmul(shift, direction))
            logit = log_weight - 0.5 * jnp.sum(along**2 / spread + jnp.log(spread), axis=1)
            new_largest = jnp.maximum(largest, logit)
            old, new = jnp.exp(largest - new_largest), jnp.exp(logit - new_largest)
            return (new_largest, total * old + new, weighted * old[:, None] + new[:, None] * posterior), None

        start = (jnp.full(x.shape[0], -jnp.inf, x.dtype), jnp.zeros(x.shape[0], x.dtype), jnp.zeros_like(x))
        components = (self.log_weight, self.mean, self.variance, self.direction)
        (_, total, weighted), _ = jax.lax.scan(add, start, components)
        return weighted / total[:, None]


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
