"""Denoisers: the posterior mean E[x_0 | x_t] under a model of the data."""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from edgemem.numerics.diffusion import alpha


class AbstractDenoiser(eqx.Module):
    """A posterior mean of the clean data given noised data; its array leaves are what training moves."""

    @abc.abstractmethod
    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return E[x_0 | x_t = x] for each point at its own time."""


class IsotropicMixture(AbstractDenoiser):
    """Posterior mean under an equal-weight mixture of Gaussians with one shared isotropic variance.

    c_t = alpha^2 v + sigma^2,  w = softmax_i(-||x - alpha mu_i||^2 / (2 c_t)),
    E[x_0 | x] = (alpha v / c_t) x + (sigma^2 / c_t) sum_i w_i mu_i.  Paper, (14) and (15).

    The standard deviation, not the variance, is the parameter: gradient steps cannot make the variance negative,
    and near zero they shrink with it. (With v itself as the parameter Adam overshoots to v < 0 at M near N, where
    c_t vanishes at some t. With log v the 5,000 steps of the protocol `fast` do not bring it up from its start at 1e-6:
    at N = 100, M = 20 it ends at 0.15 instead of 0.68.)

    **Attributes:** `mean`: centres, one row a component; `standard_deviation`: sqrt(v), its sign does not matter;
    `log_weight`: 0 for a component, -inf for a row that only pads the array to a common shape.
    """

    mean: Float[Array, "component feature"]
    standard_deviation: Float[Array, ""]
    log_weight: Float[Array, "component"]

    @property
    def variance(self) -> Float[Array, ""]:
        """The shared variance v."""
        return self.standard_deviation**2

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        a, noise_variance = alpha(t), t**2
        total_variance = a**2 * self.variance + noise_variance
        log_weight = jax.lax.stop_gradient(self.log_weight)
        centre = _posterior_centre(self.mean, log_weight, x, a, total_variance)
        return (a * self.variance / total_variance)[:, None] * x + (noise_variance / total_variance)[:, None] * centre


@jax.custom_vjp
def _posterior_centre(
    mean: Float[Array, "component feature"],
    log_weight: Float[Array, "component"],
    x: Float[Array, "point feature"],
    signal: Float[Array, "point"],
    variance: Float[Array, "point"],
) -> Float[Array, "point feature"]:
    """Return sum_i w_i mu_i with w = softmax_i(log_weight_i - ||x - signal mu_i||^2 / (2 variance)).

    Its derivative is written out, because training spends its time here: with W = w, h the cotangent of the centre,
    S = W * (h mu^T - sum_i W_i h . mu_i) and logit_i the exponent,
    d mu = W^T h + (S signal / variance)^T x - (sum_p S signal^2 / variance) mu,
    d variance = -sum_i S_i logit_i / variance.
    Five matrix products make the value and the gradient; automatic differentiation needs more passes over the arrays
    points x components.
    """
    return _posterior_centre_forward(mean, log_weight, x, signal, variance)[0]


def _posterior_centre_forward(mean, log_weight, x, signal, variance):
    # ||x||^2 is the same for all components and drops out of the softmax. What remains are matrix products, at full
    # precision: at t = 0.001 the logits are of order 1e7, and a GPU's default (TF32) keeps 11 bits.
    projection = jnp.matmul(x, mean.T, precision="highest")
    half_norm = 0.5 * jnp.sum(mean**2, axis=1)
    logit = (signal / variance)[:, None] * (projection - signal[:, None] * half_norm) + log_weight
    logit = logit - jnp.max(logit, axis=1, keepdims=True)
    weight = jnp.exp(logit)
    weight = weight / jnp.sum(weight, axis=1, keepdims=True)
    centre = jnp.matmul(weight, mean, precision="highest")
    return centre, (mean, x, signal, variance, logit, weight)


def _posterior_centre_backward(residuals, cotangent):
    mean, x, signal, variance, logit, weight = residuals
    pull = jnp.matmul(cotangent, mean.T, precision="highest")
    # Derivative by the logits. The mean of `pull` is summed from the very numbers it is subtracted from: where one
    # weight is 1 the slope is exactly 0. h . centre is the same, but for a rounding that 1 / variance blows up.
    slope = weight * (pull - jnp.sum(weight * pull, axis=1, keepdims=True))
    scale = signal / variance
    d_mean = (
        jnp.matmul(weight.T, cotangent, precision="highest")
        + jnp.matmul(slope.T, scale[:, None] * x, precision="highest")
        - jnp.matmul(scale * signal, slope, precision="highest")[:, None] * mean
    )
    # Weight zero times logit -inf is a padded row: it has no part in any sum.
    d_variance = -jnp.sum(jnp.where(weight > 0, slope * logit, 0), axis=1) / variance
    d_x = scale[:, None] * jnp.matmul(slope, mean, precision="highest")
    d_signal = jnp.sum(d_x * x, axis=1) / signal - scale * jnp.matmul(
        slope, jnp.sum(mean**2, axis=1), precision="highest"
    )
    return d_mean, jnp.sum(slope, axis=0), d_x, d_signal, d_variance


_posterior_centre.defvjp(_posterior_centre_forward, _posterior_centre_backward)


def isotropic_mixture(
    mean: Float[ArrayLike, "component feature"],
    standard_deviation: float | Float[Array, ""],
    padded_size: int | None = None,
) -> IsotropicMixture:
    """Return the mixture with these centres, padded with rows of weight zero up to `padded_size` components."""
    mean = jnp.asarray(mean)
    size = mean.shape[0]
    padding = (padded_size or size) - size
    return IsotropicMixture(
        mean=jnp.pad(mean, ((0, padding), (0, 0))),
        standard_deviation=jnp.asarray(standard_deviation, mean.dtype),
        log_weight=jnp.pad(jnp.zeros(size, mean.dtype), (0, padding), constant_values=-jnp.inf),
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
