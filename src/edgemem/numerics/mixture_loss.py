"""The training loss of the isotropic mixture and its gradient in closed form, where training spends its time."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from edgemem.numerics.diffusion import alpha
from edgemem.numerics.points import Points


# At full precision: at t = 0.001 the logits are of order 1e7, and a GPU's default (TF32) keeps 11 bits.
matmul = partial(jnp.matmul, precision="highest")


@jax.custom_vjp
def mixture_loss(
    mean: Float[Array, "component feature"],
    standard_deviation: Float[Array, ""],
    log_weight: Float[Array, "component"] | None,
    exists: Bool[Array, "component"],
    points: Points,
) -> Float[Array, ""]:
    """Return sum_p weight_p ||xhat(t_p, alpha x_0p + sigma eps_p) - x_0p||^2 for the mixture denoiser, (14) and (15).

    Its gradient by means, standard deviation and weights is computed along with it, from the same arrays
    components x points: with the logit l_i, the softmax w_i, the centre m = sum_i w_i mu_i, the error e = xhat - x_0,

    h = 2 weight (sigma^2 / c) e                        the slope by m,
    S_i = w_i (h . mu_i - sum_j w_j h . mu_j)           the slope by l_i,
    d mu_i = sum_p w_i h + S_i (alpha / c) (x - alpha mu_i),
    d v = sum_p 2 weight (alpha sigma^2 / c^2) e . (x - alpha m) - (alpha^2 / c) sum_i S_i (l_i - log pi_i),
    d log pi_i = sum_p S_i.

    That is five products of matrices. Automatic differentiation needs more passes over the arrays.

    **Arguments:** `log_weight`: log pi_i up to a constant, all equal if None; `exists`: False for rows of `mean` that
    only pad it; it and `points` have no gradient.
    """
    return _forward(mean, standard_deviation, log_weight, exists, points)[0]


def _forward(mean, standard_deviation, log_weight, exists, points):
    x0, t, weight, noise = points
    a, noise_variance, variance = alpha(t), t**2, standard_deviation**2
    total_variance = a**2 * variance + noise_variance
    x = a * x0 + t * noise

    # ||x||^2 is the same for all components and drops out of the softmax.
    scale = a / total_variance
    half_norm = 0.5 * jnp.sum(mean**2, axis=1)
    # A padded row is far below any logit, but finite: the slope by it is zero, and zero times -inf would be NaN.
    offset = jnp.where(exists, 0 if log_weight is None else log_weight, -1e30)
    logit = scale * (matmul(mean, x) - a * half_norm[:, None]) + offset[:, None]
    logit = logit - jnp.max(logit, axis=0)
    unnormalized = jnp.exp(logit)
    norm = 1 / jnp.sum(unnormalized, axis=0)
    unnormalized_centre = matmul(mean.T, unnormalized)

    shrinkage = noise_variance / total_variance
    error = a * variance / total_variance * x + shrinkage * norm * unnormalized_centre - x0
    loss = jnp.sum(weight * jnp.sum(error**2, axis=0))

    slope_by_error = 2 * weight
    pull = slope_by_error * shrinkage * error
    projection = matmul(mean, pull)
    # The mean of the projection is summed from the very numbers it is subtracted from: where one weight is 1 the slope
    # is exactly 0. h . m is the same but for a rounding, which 1 / c blows up.
    slope = unnormalized * (projection - norm * jnp.sum(unnormalized * projection, axis=0))
    d_mean = (
        matmul(unnormalized, (norm * pull).T)
        + matmul(slope, (norm * scale * x).T)
        - matmul(slope, norm * scale * a)[:, None] * mean
    )
    # What the variance scales is the logit without the weight; a padded row has no slope.
    scaled = logit if log_weight is None else logit - jnp.where(exists, log_weight, 0)[:, None]
    d_variance = jnp.sum(
        slope_by_error * shrinkage * scale * jnp.sum(error * (x - a * norm * unnormalized_centre), axis=0)
        - a**2 / total_variance * norm * jnp.sum(slope * scaled, axis=0)
    )
    d_log_weight = None if log_weight is None else matmul(slope, norm)
    return loss, (d_mean, 2 * standard_deviation * d_variance, d_log_weight)


def _backward(gradient, cotangent):
    d_mean, d_standard_deviation, d_log_weight = gradient
    scaled = None if d_log_weight is None else cotangent * d_log_weight
    return cotangent * d_mean, cotangent * d_standard_deviation, scaled, None, None


mixture_loss.defvjp(_forward, _backward)
