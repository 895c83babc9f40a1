"""The posterior mean under a mixture of isotropic Gaussians."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from edgemem.numerics.diffusion import alpha
from edgemem.numerics.mixture_loss import matmul


def isotropic_posterior_mean(
    x: Float[Array, "point feature"],
    t: Float[Array, "point"],
    mean: Float[Array, "component feature"],
    standard_deviation: Float[Array, ""],
    exists: Bool[Array, "component"],
    log_weight: Float[Array, "component"] | None = None,
) -> Float[Array, "point feature"]:
    """Return E[x_0 | x_t = x] under a mixture of Gaussians with weights pi_i and one shared isotropic variance v.

    c_t = alpha^2 v + sigma^2,  w = softmax_i(log pi_i - ||x - alpha mu_i||^2 / (2 c_t)),
    E[x_0 | x] = (alpha v / c_t) x + (sigma^2 / c_t) sum_i w_i mu_i.  Paper, (14) and (15), where all
    pi_i are equal.

    **Arguments:** `x`: noised points; `t`: the time of each, in (0, 1); `mean`: centres, one row a component;
    `standard_deviation`: sqrt(v), its sign does not matter; `exists`: False for rows of `mean` that only pad it;
    `log_weight`: log pi_i up to a constant, all equal if None.
    """
    a, noise_variance, variance = alpha(t), t**2, standard_deviation**2
    total_variance = a**2 * variance + noise_variance
    # ||x||^2 is the same for all components and drops out of the softmax. What remains are matrix products.
    half_norm = 0.5 * jnp.sum(mean**2, axis=1)
    logit = (a / total_variance)[:, None] * (matmul(x, mean.T) - a[:, None] * half_norm)
    if log_weight is not None:
        logit = logit + log_weight
    centre = matmul(jax.nn.softmax(logit, axis=1, where=exists), mean)
    return (a * variance / total_variance)[:, None] * x + (noise_variance / total_variance)[:, None] * centre
