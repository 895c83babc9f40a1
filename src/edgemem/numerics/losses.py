"""Denoising losses on the x_0 scale."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from edgemem.numerics.denoiser import Denoiser
from edgemem.numerics.diffusion import alpha, noised


# Points handled at once, so that the arrays points x components stay in a core's cache.
BLOCK = 512


def squared_error(
    denoiser: Denoiser,
    x0: Float[Array, "sample feature"],
    t: Float[Array, "sample"],
    noise: Float[Array, "draw sample feature"],
) -> Float[Array, "draw sample"]:
    """Return ||xhat(t, alpha x_0 + sigma eps) - x_0||^2 for each noise draw of each sample, summed over features."""
    draws, n_samples, dim = noise.shape
    points = noised(x0, t, noise).reshape(draws * n_samples, dim)
    estimate = denoiser(points, jnp.tile(t, draws)).reshape(noise.shape)
    return jnp.sum((estimate - x0) ** 2, axis=-1)


def nested_memorizing_error(
    x0: Float[Array, "sample feature"],
    t: Float[Array, ""],
    noise: Float[Array, "draw sample feature"],
    memory: Float[Array, "subset_size feature"],
) -> Float[Array, "subset_size draw sample"]:
    """Return the squared error of every partially memorizing denoiser, M = 1..N, in one pass over the samples.

    The denoiser of size M averages the first M rows of `memory` with weights
    softmax_i(-||x_t - alpha mu_i||^2 / (2 sigma^2)), (13). Its error ||sum_i w_i (mu_i - x_0)||^2 is carried from M
    to M + 1 as a running log-sum-exp, so that all N sizes cost one evaluation of the largest.

    **Arguments:** `t`: one time for all points; `memory`: training samples in the order of the nested subsets.
    """
    draws, n_samples, dim = noise.shape
    points = noised(x0, jnp.broadcast_to(t, (n_samples,)), noise).reshape(-1, dim)
    # A few rows of padding make whole blocks; they are cut off at the end.
    n_points = points.shape[0]
    padding = -n_points % BLOCK
    points = jnp.pad(points, ((0, padding), (0, 0))).reshape(-1, BLOCK, dim)
    clean = jnp.pad(jnp.tile(x0, (draws, 1)), ((0, padding), (0, 0))).reshape(-1, BLOCK, dim)
    a, noise_variance = alpha(t), t**2

    def block_error(block):
        point, target = block
        projection = jnp.matmul(memory, point.T, precision="highest")
        logits = (a * projection - 0.5 * a**2 * jnp.sum(memory**2, axis=1, keepdims=True)) / noise_variance

        def extend(carry, member):
            largest, total, offset = carry
            logit, mu = member
            new_largest = jnp.maximum(largest, logit)
            old, new = jnp.exp(largest - new_largest), jnp.exp(logit - new_largest)
            total = total * old + new
            offset = offset * old[:, None] + new[:, None] * (mu - target)
            return (new_largest, total, offset), jnp.sum(offset**2, axis=1) / total**2

        start = (jnp.full(BLOCK, -jnp.inf, points.dtype), jnp.zeros(BLOCK, points.dtype), jnp.zeros_like(point))
        return jax.lax.scan(extend, start, (logits, memory))[1]

    errors = jax.lax.map(block_error, (points, clean))  # block, subset_size, point
    errors = jnp.moveaxis(errors, 1, 0).reshape(memory.shape[0], -1)[:, :n_points]
    return errors.reshape(memory.shape[0], draws, n_samples)


def mean_and_standard_error(
    error: Float[Array, "*batch draw sample"],
) -> tuple[Float[Array, "*batch"], Float[Array, "*batch"]]:
    """Return the loss and its Monte-Carlo standard error.

    The loss is a mean over fixed samples of an expectation over noise, so only the spread between the draws of one
    sample counts: stderr^2 = (1/N^2) sum_i var_i / draws. With one draw it is unknown (NaN).
    """
    draws, n_samples = error.shape[-2:]
    variance = jnp.var(error, axis=-2, ddof=1) if draws > 1 else jnp.full((*error.shape[:-2], n_samples), jnp.nan)
    return jnp.mean(error, axis=(-2, -1)), jnp.sqrt(jnp.sum(variance, axis=-1) / draws) / n_samples


@eqx.filter_jit
def sample_errors(
    denoiser: Denoiser,
    x0: Float[Array, "sample feature"],
    t: Float[Array, ""],
    noise: Float[Array, "draw sample feature"],
) -> Float[Array, "draw sample"]:
    """Return a denoiser's squared error at one time for each noise draw of each sample."""
    constant = jnp.broadcast_to(t, x0.shape[:1])
    # One draw of all samples after the other: the arrays points x components stay in a core's cache.
    return jax.lax.map(lambda draw: squared_error(denoiser, x0, constant, draw[None])[0], noise)


@eqx.filter_jit
def denoising_loss(
    denoiser: Denoiser,
    x0: Float[Array, "sample feature"],
    t: Float[Array, ""],
    noise: Float[Array, "draw sample feature"],
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return a denoiser's loss at one time and its Monte-Carlo standard error."""
    return mean_and_standard_error(sample_errors(denoiser, x0, t, noise))


@jax.jit
def nested_memorizing_loss(
    x0: Float[Array, "sample feature"],
    t: Float[Array, ""],
    noise: Float[Array, "draw sample feature"],
    memory: Float[Array, "subset_size feature"],
) -> tuple[Float[Array, "subset_size"], Float[Array, "subset_size"]]:
    """Return the loss of every partially memorizing denoiser at one time, and its Monte-Carlo standard error."""
    return mean_and_standard_error(nested_memorizing_error(x0, t, noise, memory))
