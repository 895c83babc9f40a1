"""The noised points of a training step, drawn block by block."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
from jaxtyping import Array, Float, Int, PRNGKeyArray

from edgemem.numerics.noise import standard_normal, stratified_index, uniform_index


class Limit(NamedTuple):
    """How many points a block has at most, and how many numbers an array points x components."""

    points: int
    numbers: int


# On a CPU the arrays of a block stay in a core's caches (the fastest of 2^15 to 2^20 numbers, docs/growth.md); a GPU
# wants as much at once as its memory allows, here some gigabytes.
CPU, GPU = Limit(2**10, 2**19), Limit(2**20, 2**26)


class Points(NamedTuple):
    """Clean samples, the time, weight and noise of each; points are columns, so that a row is contiguous."""

    x0: Float[Array, "feature point"]
    t: Float[Array, "point"]
    weight: Float[Array, "point"]
    noise: Float[Array, "feature point"]


class Drawn(NamedTuple):
    """What a step draws of its points; `x0` is None where the clean samples are the same in every step."""

    x0: Float[Array, "feature point"] | None
    t: Float[Array, "point"]
    weight: Float[Array, "point"]
    noise: Float[Array, "feature point"]


class Problem(NamedTuple):
    """What is minimized: mean over samples, times and noise of lambda(t) ||xhat(t, x_t) - x_0||^2.

    The times of a step are independent, or, `stratified`, spread evenly over the samples: the same mean, less noise.
    """

    x_train: Float[Array, "sample feature"]
    times: Float[Array, "time"]
    weight: Float[Array, "time"]
    stratified: bool = False


class Tiling(NamedTuple):
    """How the points of a step are tiled: each block holds `draws_at_once` draws of `samples_at_once` samples.

    `n_samples` counts a sample as often as the step takes it; where it is more than there are, each is taken equally
    often, and some, drawn without replacement, once more. Draw r of sample i is point r * `n_samples` + i. The last
    blocks may reach
    beyond samples and draws; there the weight is 0.
    """

    n_samples: int
    draws: int
    samples_at_once: int
    draws_at_once: int

    @property
    def over_samples(self) -> int:
        """The number of blocks it takes to see every sample once."""
        return math.ceil(self.n_samples / self.samples_at_once)

    @property
    def per_step(self) -> int:
        """The number of blocks of a step."""
        return self.over_samples * math.ceil(self.draws / self.draws_at_once)


def tiling_of(n_samples: int, draws: int, width: int) -> Tiling:
    """Return tiles of which an array with `width` numbers for each point stays within the limits of the device.

    They are as equal as they can be, so that little is computed beyond the last sample and draw.
    """
    limit = CPU if jax.default_backend() == "cpu" else GPU
    points = max(1, min(limit.points, limit.numbers // width))
    samples_at_once = math.ceil(n_samples / math.ceil(n_samples / points))
    draws_at_once = math.ceil(draws / math.ceil(draws / max(1, points // samples_at_once)))
    return Tiling(n_samples, draws, samples_at_once, draws_at_once)


def clean_blocks(problem: Problem, tiling: Tiling) -> Float[Array, "block feature point"] | None:
    """Return the clean samples of each block, the same in every step; None where each step draws some of them."""
    n_all, dim = problem.x_train.shape
    times_each, rest = divmod(tiling.n_samples, n_all)
    if rest:
        return None
    x = jnp.repeat(problem.x_train, times_each, axis=0)
    x = jnp.pad(x, ((0, tiling.over_samples * tiling.samples_at_once - tiling.n_samples), (0, 0)))
    x = x.reshape(tiling.over_samples, tiling.samples_at_once, dim).transpose(0, 2, 1)
    return jnp.tile(x, (1, 1, tiling.draws_at_once))


def draw_block(
    problem: Problem, tiling: Tiling, key: PRNGKeyArray, step: Int[Array, ""], block: Int[Array, ""]
) -> Drawn:
    """Return one block of the points of a step: a random time for each sample, a noise for each draw of it.

    Minibatch, times and noise of a step come from independent keys, made from `key` and the step's number. They do not
    depend on how the points are tiled.
    """
    batch_key, time_key, noise_key = (jr.fold_in(use, step) for use in jr.split(key, 3))
    n_all, dim = problem.x_train.shape
    sample = block % tiling.over_samples * tiling.samples_at_once + jnp.arange(tiling.samples_at_once)
    draw = block // tiling.over_samples * tiling.draws_at_once + jnp.arange(tiling.draws_at_once)[:, None]
    x0 = None
    times_each, rest = divmod(tiling.n_samples, n_all)
    if rest:
        # What a sample is taken for stands together: of neighbours the stratified times lie far apart.
        whole = jnp.repeat(jnp.arange(n_all), times_each)
        taken = jnp.concatenate([whole, jr.choice(batch_key, n_all, (rest,), replace=False)])
        chosen = taken[jnp.minimum(sample, tiling.n_samples - 1)]
        x0 = jnp.tile(problem.x_train[chosen].T, (1, tiling.draws_at_once))
    time = (stratified_index if problem.stratified else uniform_index)(time_key, sample, problem.times.shape[0])
    weight = jnp.where((sample < tiling.n_samples) & (draw < tiling.draws), problem.weight[time], 0)
    return Drawn(
        x0,
        jnp.tile(problem.times[time], tiling.draws_at_once),
        weight.ravel(),
        standard_normal(noise_key, (draw * tiling.n_samples + sample).ravel(), dim).astype(problem.x_train.dtype),
    )
