"""The training loop: a denoiser, its optimizer, and noise drawn anew at every step."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from edgemem.numerics.denoisers import AbstractDenoiser
from edgemem.numerics.points import Blocks, Drawn, Points, Problem, blocks, clean_blocks, draw_block


class Diverged(Exception):
    """The loss of a step is not finite; `model` is the place of the denoiser among those trained together."""

    def __init__(self, step: int, model: int = 0):
        super().__init__(f"the loss is not finite at step {step}")
        self.step, self.model = step, model


def optimizer(
    *,
    steps: int,
    peak_rate: float,
    final_rate: float,
    warmup: float,
    decay: float | None,
    clip_norm: float | None,
    update_ema: float | None,
    relative_rates: Mapping[str, float] | None = None,
) -> optax.GradientTransformation:
    """Return Adam (0.9, 0.999, 1e-8) with a rate that rises from 0, stays, and falls, linearly both times.

    **Arguments:** `warmup`: fraction of the steps in which it rises; `decay`: fraction in which it falls, None for all
    that follow the warm-up; `clip_norm`: largest norm of a gradient, None for no bound. Rare gradients
    at the smallest time are thousands of times the usual ones, and unclipped they fill Adam's second moment;
    `update_ema`: decay of an exponential average over the updates, None for none (the published code uses 0.99);
    `relative_rates`: factors on the rates of some parameters, by name.
    """
    rising = min(round(warmup * steps), max(steps - 2, 0))  # the last step has the final rate in any case
    falling = steps - rising if decay is None else min(max(round(decay * steps), 1), steps - rising)
    rate = optax.join_schedules(
        [
            optax.linear_schedule(0.0, peak_rate, max(rising, 1)),
            optax.constant_schedule(peak_rate),
            optax.linear_schedule(peak_rate, final_rate, max(falling - 1, 1)),
        ],
        [rising, steps - falling],
    )
    parts = [optax.adam(rate)]
    if clip_norm is not None:
        parts.insert(0, optax.clip_by_global_norm(clip_norm))
    if update_ema is not None:
        parts.append(optax.ema(update_ema))
    if relative_rates:
        parts.append(_scale_by_name(relative_rates))
    return optax.chain(*parts)


def _scale_by_name(factors: Mapping[str, float]) -> optax.GradientTransformation:
    """Return a transformation that multiplies the updates of a denoiser's attributes, those named, by their factors."""

    def scale(updates: optax.Updates, _: optax.Params | None = None) -> optax.Updates:
        return jax.tree_util.tree_map_with_path(lambda path, update: update * factors.get(path[0].name, 1.0), updates)

    return optax.stateless(scale)


class Trained(NamedTuple):
    """A trained denoiser and the mean training loss of each block of steps."""

    denoiser: AbstractDenoiser
    loss: Float[np.ndarray, "log_step"]


class Snapshot(NamedTuple):
    """Where training stands after a block of steps: all that the rest depends on, besides what it was called with.

    The arrays are overwritten by the next block; who wants to keep them has to copy them.
    """

    step: int
    arrays: list[Array]
    loss: list[Float[np.ndarray, "model"]]


def log_steps(steps: int, count: int = 100) -> Int[np.ndarray, "log_step"]:
    """Return the steps that end the (at most 100) blocks over which the training loss is averaged."""
    return np.unique(np.linspace(0, steps, min(steps, count) + 1).round().astype(int))[1:]


class _Constant(NamedTuple):
    """What no step changes."""

    problem: Problem
    cut: Blocks
    rule: optax.GradientTransformation
    steps: Int[Array, "step"]


class _Model(NamedTuple):
    """What belongs to one model; where several are trained at once, each array has a leading axis of models."""

    denoiser: AbstractDenoiser
    state: optax.OptState
    drawn: Drawn  # the first block of the next step


def _advance(fixed: tuple[_Constant, PRNGKeyArray], model: _Model) -> tuple[_Model, Float[Array, "step"]]:
    """Return a model after some steps with its key, and their losses."""
    (problem, cut, rule, steps), key = fixed
    clean = clean_blocks(problem, cut)
    n_points = cut.n_samples * cut.draws

    def draw(number):
        return draw_block(problem, cut, key, number // cut.per_step, number % cut.per_step)

    def add_block(denoiser, total, drawn, number):
        points = Points(drawn.x0 if clean is None else clean[number % cut.over_samples], *drawn[1:])
        value = eqx.filter_value_and_grad(lambda denoiser: denoiser.loss(points))(denoiser)
        # Points are drawn one block ahead and carried, so that they are arrays in memory: drawn where they are used,
        # XLA would draw them again for each of their uses.
        return jax.tree.map(jnp.add, total, value), draw(number + 1)

    def step(carry, index):
        denoiser, state, drawn = carry
        nothing = jnp.zeros((), problem.x_train.dtype), jax.tree.map(jnp.zeros_like, _trainable(denoiser))
        first = index * cut.per_step
        if cut.per_step == 1:
            total, drawn = add_block(denoiser, nothing, drawn, first)
        else:
            (total, drawn), _ = jax.lax.scan(
                lambda carry, number: (add_block(denoiser, *carry, number), None),
                (nothing, drawn),
                first + jnp.arange(cut.per_step),
            )
        loss, gradient = jax.tree.map(lambda total: total / n_points, total)
        update, state = rule.update(gradient, state)
        return (eqx.apply_updates(denoiser, update), state, drawn), loss

    end, loss = jax.lax.scan(step, tuple(model), steps)
    return _Model(*end), loss


def _first_block(problem: Problem, cut: Blocks, key: PRNGKeyArray) -> Drawn:
    return draw_block(problem, cut, key, jnp.zeros((), int), jnp.zeros((), int))


# Programs of their own, which serve models of all shapes.
_first_block_of_one = eqx.filter_jit(_first_block)
_first_block_of_many = eqx.filter_jit(eqx.filter_vmap(_first_block, in_axes=(None, None, 0)))
# The arrays of the models are overwritten.
_advance_one = eqx.filter_jit(_advance, donate="all-except-first")
_advance_many = eqx.filter_jit(eqx.filter_vmap(_advance, in_axes=((None, 0), 0)), donate="all-except-first")


def _start(constant: _Constant, key: PRNGKeyArray, denoiser: AbstractDenoiser) -> _Model:
    """Return one model before its first step."""
    state = constant.rule.init(_trainable(denoiser))
    return _Model(denoiser, state, _first_block_of_one(constant.problem, constant.cut, key))


def _trainable(denoiser: AbstractDenoiser) -> AbstractDenoiser:
    return eqx.filter(denoiser, eqx.is_inexact_array)


def train(
    denoiser: AbstractDenoiser,
    problem: Problem,
    rule: optax.GradientTransformation,
    *,
    steps: int,
    draws: int,
    minibatch: int | None,
    key: PRNGKeyArray,
    progress: Callable[[Snapshot], None] = lambda snapshot: None,
) -> Trained:
    """Return a denoiser after `steps` steps; each has one random time and `draws` noises for each sample.

    Times, noise and minibatch of a step come from independent keys, made from `key` and the step's number.

    **Arguments:** `minibatch`: samples of a step, without replacement, all if None; `progress`: called after each block
    of log steps.

    **Raises:** Diverged, with the first step whose loss is not finite.
    """
    return train_together(
        [denoiser], problem, rule, steps=steps, draws=draws, minibatch=minibatch, keys=[key], progress=progress
    )[0]


def train_together(
    denoisers: Sequence[AbstractDenoiser],
    problem: Problem,
    rule: optax.GradientTransformation,
    *,
    steps: int,
    draws: int,
    minibatch: int | None,
    keys: Sequence[PRNGKeyArray],
    resume: Snapshot | None = None,
    progress: Callable[[Snapshot], None] = lambda snapshot: None,
) -> list[Trained]:
    """Return several denoisers of one shape, each trained as `train` does, all in one program.

    Their numbers are those of `train` up to rounding. On a GPU, which is idle most of the time with one small model,
    this is as fast as one of them; on a CPU core it takes longer than one after the other.

    **Arguments:** `resume`: a snapshot of the same training, which goes on from there and ends with the same bits.
    """
    n_samples = problem.x_train.shape[0]
    batch = min(minibatch or n_samples, n_samples)
    together = len(denoisers) > 1
    constant = _Constant(problem, blocks(batch, draws, len(denoisers) * denoisers[0].width), rule, jnp.arange(0))
    # New arrays, since the first call overwrites them; by NumPy, since JAX would compile a program for each shape.
    if together:
        denoiser = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *denoisers)
        key, state = jnp.stack(list(keys)), eqx.filter_vmap(rule.init)(_trainable(denoiser))
        model = _Model(denoiser, state, _first_block_of_many(problem, constant.cut, key))
    else:
        key = keys[0]
        model = _start(constant, key, jax.tree.map(lambda leaf: jnp.asarray(np.array(leaf)), denoisers[0]))
    finite = jax.tree.map(np.isfinite, model.denoiser)
    trace, done = [], 0
    if resume:
        # Arrays that JAX owns, since the first call overwrites them.
        model = jax.tree.unflatten(jax.tree.structure(model), [jnp.array(array) for array in resume.arrays])
        trace, done = list(resume.loss), resume.step
    for end in log_steps(steps)[len(trace) :]:
        # Blocks differ in length by one step at most, so that no more than two programs are compiled.
        constant = constant._replace(steps=jnp.arange(done, end))
        model, loss = (_advance_many if together else _advance_one)((constant, key), model)
        loss_by_step = np.atleast_2d(np.asarray(loss, np.float64))
        if not np.all(np.isfinite(loss_by_step)):
            at, step = np.argwhere(~np.isfinite(loss_by_step))[0]
            raise Diverged(done + int(step), int(at))
        trace.append(loss_by_step.mean(axis=1))
        done = int(end)
        progress(Snapshot(done, jax.tree.leaves(model), list(trace)))
    # The last update is followed by no loss: what was finite before training has to be so after it.
    for before, after in zip(*map(jax.tree.leaves, (finite, model.denoiser)), strict=True):
        changed = np.argwhere(before != np.isfinite(after))
        if len(changed):
            raise Diverged(steps - 1, int(changed[0][0]) if together else 0)
    trained = [model.denoiser]
    if together:
        trained = [jax.tree.map(lambda leaf, at=at: leaf[at], model.denoiser) for at in range(len(denoisers))]
    return [Trained(denoiser, loss) for denoiser, loss in zip(trained, np.transpose(trace), strict=True)]


def still_falling(loss: Float[np.ndarray, "log_step"]) -> bool:
    """Return whether the last tenth of a loss trace lies clearly below the tenth before it.

    Clearly is by more than 1 % and by more than three standard errors of the difference.
    """
    tenth = len(loss) // 10
    if tenth < 2:
        return False
    before, last = loss[-2 * tenth : -tenth], loss[-tenth:]
    drop = before.mean() - last.mean()
    stderr = np.sqrt((before.var(ddof=1) + last.var(ddof=1)) / tenth)
    return bool(drop > max(0.01 * before.mean(), 3 * stderr))
