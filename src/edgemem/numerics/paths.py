"""Paths between two denoisers of the same shapes: a straight line, a trained curve, and the barrier along them."""

import functools
import operator
from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from edgemem.numerics.arrays import trained_and_rest
from edgemem.numerics.denoiser import TrainableDenoiser
from edgemem.numerics.losses import mean_and_standard_error
from edgemem.numerics.noise import stratified_index
from edgemem.numerics.points import Points, Problem, clean_blocks, draw_block, tiling_of
from edgemem.numerics.training import Diverged


D = TypeVar("D", bound=TrainableDenoiser)
# Cells of the curve's parameter, of which each step sees the middle of one.
PLACES = 2**16


class Curve(NamedTuple):
    """A quadratic Bezier curve between two denoisers: (1 - s)^2 first + 2 s (1 - s) bend + s^2 last, s from 0 to 1."""

    first: TrainableDenoiser
    bend: TrainableDenoiser
    last: TrainableDenoiser

    def at(self, place: float | Float[Array, ""]) -> TrainableDenoiser:
        """Return the denoiser at s = `place`; at 0 and 1 its numbers are those of the ends, to the last bit."""
        return _combined(self, ((1 - place) ** 2, 2 * place * (1 - place), place**2))


def straight_line(first: TrainableDenoiser, last: TrainableDenoiser) -> Curve:
    """Return (1 - s) first + s last, the curve whose bend lies in the middle of its ends."""
    return Curve(first, _combined((first, last), (0.5, 0.5)), last)


def _combined(denoisers: tuple[D, ...], weights: tuple[float | Float[Array, ""], ...]) -> D:
    """Return the sum of denoisers with weights, by what training moves; the rest is that of the first."""
    trained, rest = zip(*map(trained_and_rest, denoisers), strict=True)

    def add(*arrays: Array) -> Array:
        return functools.reduce(operator.add, map(operator.mul, weights, arrays))

    combined: D = eqx.combine(jax.tree.map(add, *trained), rest[0])
    return combined


def trained_curve(
    line: Curve,
    problem: Problem,
    optimizer: optax.GradientTransformation,
    *,
    steps: int,
    draws: int,
    minibatch: int | None,
    key: PRNGKeyArray,
) -> Curve:
    """Return the curve between the ends of a line whose bend was moved to where the mean training loss is least.

    min over bend of the mean over s ~ U(0, 1) of L(curve(s)), L being what training minimizes. The bend starts where
    that of the line is. Each step has one s for all its points, which are those of a training step;
    the s of successive steps are spread evenly.

    **Arguments:** `minibatch`: samples of a step as in training, all if None; `key`: of places and noise.

    **Raises:** Diverged, with the first step whose loss is not finite.
    """
    n_samples = problem.x_train.shape[0]
    trainable, rest = trained_and_rest(line.bend)
    tiling = tiling_of(minibatch or n_samples, draws, line.bend.width)
    place_key, point_key = jr.split(key)

    @eqx.filter_jit
    def descend(
        problem: Problem, ends: tuple[TrainableDenoiser, TrainableDenoiser], trainable: TrainableDenoiser
    ) -> tuple[TrainableDenoiser, Float[Array, "step"]]:
        clean = clean_blocks(problem, tiling)

        def draw(step, block):
            drawn = draw_block(problem, tiling, point_key, step, block)
            return drawn if clean is None else drawn._replace(x0=clean[block % tiling.over_samples])

        def loss(trainable, step):
            curve = Curve(ends[0], eqx.combine(trainable, rest), ends[1])
            place = (stratified_index(place_key, step[None], PLACES)[0] + 0.5) / PLACES
            denoiser = curve.at(place.astype(problem.x_train.dtype))

            def add_block(total, block):
                return total + denoiser.loss(Points(*draw(step, block))), None

            # What a block needs for its gradient is computed again, so that one block at a time is in memory.
            start = jnp.zeros((), problem.x_train.dtype)
            total, _ = jax.lax.scan(jax.checkpoint(add_block), start, jnp.arange(tiling.per_step))
            return total / (tiling.n_samples * tiling.draws)

        def move(carry, step):
            trainable, state = carry
            value, gradient = jax.value_and_grad(loss)(trainable, step)
            update, state = optimizer.update(gradient, state)
            return (eqx.apply_updates(trainable, update), state), value

        begin = trainable, optimizer.init(trainable)
        (moved, _), losses = jax.lax.scan(move, begin, jnp.arange(steps))
        return moved, losses

    moved, losses = descend(problem, (line.first, line.last), trainable)
    if len(bad := np.flatnonzero(~np.isfinite(np.asarray(losses)))):
        raise Diverged(int(bad[0]))
    return Curve(line.first, eqx.combine(moved, rest), line.last)


class Barrier(NamedTuple):
    """Losses along a path, and how far the largest of them is above the higher end.

    **Attributes:** `loss`: at each place; `stderr`: Monte-Carlo standard error of its difference from the loss of the
    higher end; `height`: the largest such difference, zero where no place is above both ends, with `height_stderr`;
    `higher`, `lower`: losses of the two ends.
    """

    loss: Float[np.ndarray, "place"]
    stderr: Float[np.ndarray, "place"]
    height: float
    height_stderr: float
    higher: float
    lower: float


def barrier_along(error: Float[np.ndarray, "place draw sample"]) -> Barrier:
    """Return the barrier along a path, of whose places the first and the last are its ends.

    max_s L(s) - max(L(0), L(1)). All places see the same noise, so that a difference is known better than a loss.

    **Arguments:** `error`: weighted squared error of each noise draw of each sample, whose mean is the loss.
    """
    loss = error.mean(axis=(1, 2))
    higher, lower = (-1, 0) if loss[-1] > loss[0] else (0, -1)
    difference, stderr = map(np.asarray, mean_and_standard_error(jnp.asarray(error - error[higher])))
    top = int(difference.argmax())
    return Barrier(loss, stderr, float(difference[top]), float(stderr[top]), float(loss[higher]), float(loss[lower]))


def matching(
    rows: Float[np.ndarray, "component number"], targets: Float[np.ndarray, "component number"]
) -> Int[np.ndarray, "component"]:
    """Return the order in which rows lie nearest to targets: the p with the least sum_i ||row_p(i) - target_i||^2."""
    from scipy.optimize import linear_sum_assignment  # here: who only trains starts a third of a second sooner
    from scipy.spatial.distance import cdist

    order: Int[np.ndarray, "component"] = linear_sum_assignment(cdist(targets, rows, "sqeuclidean"))[1]
    return order
