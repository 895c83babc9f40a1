"""What networks that denoise have in common: the scaling around them, the time as they see it, norms, their start."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from edgemem.numerics.diffusion import alpha, signal_to_noise
from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.randomness import named_part


Network = Callable[[Float[Array, "feature point"], Float[Array, "point"]], Float[Array, "feature point"]]
# Waves in which a network sees the time, so many cosines and as many sines, and the units that they are embedded in.
WAVES, EMBEDDING = 8, 32
# Range of log psi over the paper's times, which the waves divide.
LOWEST, LENGTH = -6.5, 20.5


def scaled_network(
    network: Network, x: Float[Array, "point feature"], t: Float[Array, "point"], mean_square: Float[Array, ""]
) -> Float[Array, "point feature"]:
    """Return c_skip x + c_out F(c_in x, t), by which F has inputs and targets of mean square one at all times.

    With v_d the mean square of clean data and c_t = alpha^2 v_d + sigma^2,

    c_skip = alpha v_d / c_t,  c_out = sigma sqrt(v_d / c_t),  c_in = 1 / sqrt(c_t).

    Karras et al. 2022 (arXiv 2206.00364), table 1, for noised points alpha x_0 + sigma eps.

    **Arguments:** `network`: F, whose points are columns, so that a row is contiguous; `mean_square`: v_d.
    """
    total = alpha(t) ** 2 * mean_square + t**2
    skip, out = alpha(t) * mean_square / total, t * jnp.sqrt(mean_square / total)
    return (skip * x.T + out * network(x.T / jnp.sqrt(total), t)).T


def time_waves(t: Float[Array, "point"]) -> Float[Array, "wave point"]:
    """Return cos(pi k u) and sin(pi k u), k = 1..8, u = (log psi + 6.5) / 20.5, which is between 0 and 1."""
    u = (jnp.log(signal_to_noise(t)) - LOWEST) / LENGTH
    angle = jnp.pi * jnp.arange(1, WAVES + 1, dtype=t.dtype)[:, None] * u
    return jnp.concatenate([jnp.cos(angle), jnp.sin(angle)])


def embedded_time(
    t: Float[Array, "point"], weight: Float[Array, "embedding wave"], bias: Float[Array, "embedding"]
) -> Float[Array, "embedding point"]:
    """Return silu(E f + b), f the waves of a time."""
    return jax.nn.silu(matmul(weight, time_waves(t)) + bias[:, None])


def normalized(h: Float[Array, "group unit point"]) -> Float[Array, "group unit point"]:
    """Return (h - mean) / sqrt(variance + 1e-5) over the units of each group and point: a norm without parameters."""
    centred = h - jnp.mean(h, axis=1, keepdims=True)
    return centred / jnp.sqrt(jnp.mean(centred**2, axis=1, keepdims=True) + 1e-5)


def unstacked(stack: Float[Array, "block ..."]) -> list[Float[Array, "..."]]:
    """Return the entries of an array by its first axis.

    By a split, whose gradient is written once: that of each index would be a whole stack, zero but for one entry.
    """
    return [entry[0] for entry in jax.lax.split(stack, [1] * stack.shape[0])]


def random_weight(key: PRNGKeyArray, name: str, *shape: int, scale: float = 1.0) -> Float[Array, "..."]:
    """Return weights of a name from N(0, scale^2 / fan-in), in float32; what comes in is the last axis."""
    return jr.normal(named_part(key, name), shape, jnp.float32) * np.float32(scale / np.sqrt(shape[-1]))
