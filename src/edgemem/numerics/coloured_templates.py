"""The posterior mean under coloured templates: a mixture of Gaussians of low rank that look like images."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from edgemem.numerics.diffusion import alpha
from edgemem.numerics.mixture_loss import matmul


def coloured_posterior_mean(
    x: Float[Array, "point feature"],
    t: Float[Array, "point"],
    template: Float[Array, "component pixel"],
    colour_mean: Float[Array, "component channel"],
    standard_deviation: Float[Array, ""],
    exists: Bool[Array, "component"],
) -> Float[Array, "point feature"]:
    """Return E[x_0 | x_t = x] under equal-weight templates a_i, each coloured by c ~ N(u_i, v I): x_0 = c (x) a_i.

    With s_i = ||a_i||^2, the projections p_i = x . a_i of each channel and D_i = sigma^2 + alpha^2 v s_i,

    log-density: -(1/2) log det + (p_i^2 / sigma^2 - (p_i - alpha s_i u_i)^2 / D_i) / (2 s_i), summed over channels,
    log det = C log(D_i / sigma^2) for C channels,
    E[c | x, i] = (sigma^2 u_i + alpha v p_i) / D_i,  E[x_0 | x] = sum_i w_i E[c | x, i] (x) a_i.

    What all components share is left out. Paper, (11) and (317)-(325), the determinant with its factor C on both terms.

    p_i^2 / (s_i sigma^2) is of order 1e7 at t = 0.001, and what tells colours apart is small beside it: so the largest
    is taken off before anything is added, and the other square is not expanded. Components of one template then have
    the weights of their colours to the last digits. Between templates that differ in the last digits of float32 weights
    are noise there, which moves the posterior mean by no more than the templates differ.

    **Arguments:** `x`: noised points, each its channels one after the other with all their pixels; `t`: the time of
    each, in (0, 1); `template`: one image a component, its pixels in a row; `colour_mean`: u_i;
    `standard_deviation`: sqrt(v), its sign does not matter; `exists`: False for rows that only pad the arrays.
    """
    # The square is written out where it is used: its gradient is then summed in an order that never changed.
    channels, pixels = colour_mean.shape[1], template.shape[1]
    a, noise_variance = alpha(t)[:, None], t[:, None] ** 2
    scale = jnp.where(exists, jnp.sum(template**2, axis=1), 1)
    total_variance = noise_variance + a**2 * standard_deviation**2 * scale  # point, component
    # point, channel, component: the only arrays of that size; pixels appear in products of matrices alone.
    projection = matmul(x.reshape(-1, pixels), template.T).reshape(x.shape[0], channels, -1)
    offset = projection - (a * scale)[:, None] * colour_mean.T
    along = jnp.sum(projection**2, axis=1) / noise_variance
    across = jnp.sum(offset**2, axis=1) / total_variance
    log_determinant = channels * jnp.log1p(a**2 * standard_deviation**2 * scale / noise_variance)
    along = along / scale
    along = along - jnp.max(along, axis=1, where=exists, initial=-jnp.inf, keepdims=True)
    logit = 0.5 * (along - across / scale - log_determinant)
    weight = jax.nn.softmax(logit, axis=1, where=exists)
    colour = noise_variance[:, None] * colour_mean.T + (a * standard_deviation**2)[:, None] * projection
    share = (weight / total_variance)[:, None] * colour
    return matmul(share.reshape(-1, share.shape[-1]), template).reshape(x.shape)
