"""The training loop: a denoiser, its optimizer, and noise drawn anew at every step."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from edgemem.numerics.arrays import arrays_of, trained_and_rest, with_arrays
from edgemem.numerics.denoiser import TrainableDenoiser
from edgemem.numerics.loss_trace import log_steps
from edgemem.numerics.points import Drawn, Points, Problem, Tiling, clean_blocks, draw_block, tiling_of


class Diverged(Exception):
    """The loss of a step is not finite; `model` is the place of the denoiser among those trained together."""

    def __init__(self, step: int, model: int = 0):
        super().__init__(f"the loss is not finite at step {step}")
        self.step, self.model = step, model


class Trained(NamedTuple):
    """A denoiser at the end of training, as it was after some steps, and the mean training loss of blocks of steps."""

    denoiser: TrainableDenoiser
    snapshots: Sequence[TrainableDenoiser]
    loss: Float[np.ndarray, "log_step"]


class State(NamedTuple):
    """Where training stands after a block of steps: all that the rest depends on, besides what it was called with.

    The arrays are overwritten by the next block; whoever wants to keep them has to copy them.

    **Attributes:** `arrays`: leaves of denoisers, optimizer and points drawn ahead; `loss`: mean loss of each block so
    far; `snapshots`: leaves of the denoisers after each of the steps so far at which they are kept.
    """

    step: int
    arrays: list[Array | np.ndarray]
    loss: list[Float[np.ndarray, "model"]]
    snapshots: list[list[np.ndarray]]


class _Constant(NamedTuple):
    """What no step changes; `length` is the largest number of steps that are taken at once."""

    problem: Problem
    tiling: Tiling
    optimizer: optax.GradientTransformation
    length: int


class _Model(NamedTuple):
    """What belongs to one model; where several are trained at once, each array has a leading axis of models."""

    denoiser: TrainableDenoiser
    state: optax.OptState
    drawn: Drawn  # the first block of the next step


def _advance(
    fixed: tuple[_Constant, PRNGKeyArray, Int[Array, ""], Int[Array, ""]], model: _Model
) -> tuple[_Model, Float[Array, "length"]]:
    """Return a model after the steps from a first one up to a last one, with its key, and their losses.

    The number of steps is no part of the program: however they are cut into blocks, one program computes them, and a
    step has the same bits whatever is kept or logged around it.
    """
    (problem, tiling, optimizer, length), key, first, last = fixed
    # What a network has beside arrays, for example its activation function, is no part of what a loop carries.
    arrays, rest = eqx.partition(model.denoiser, eqx.is_array)
    clean = clean_blocks(problem, tiling)
    n_points = tiling.n_samples * tiling.draws

    def draw(number):
        return draw_block(problem, tiling, key, number // tiling.per_step, number % tiling.per_step)

    def add_block(denoiser, total, drawn, number):
        points = Points(drawn.x0 if clean is None else clean[number % tiling.over_samples], *drawn[1:])
        trained, kept = trained_and_rest(denoiser)
        value = jax.value_and_grad(lambda trained: eqx.combine(trained, kept, rest).loss(points))(trained)
        # Points are drawn one block ahead and carried, so that they are arrays in memory: drawn where they are used,
        # XLA would draw them again for each of their uses.
        return jax.tree.map(jnp.add, total, value), draw(number + 1)

    def step(index, carry):
        (denoiser, state, drawn), losses = carry
        nothing = jnp.zeros((), problem.x_train.dtype), jax.tree.map(jnp.zeros_like, trained_and_rest(denoiser)[0])
        start = index * tiling.per_step
        if tiling.per_step == 1:
            total, drawn = add_block(denoiser, nothing, drawn, start)
        else:
            (total, drawn), _ = jax.lax.scan(
                lambda carry, number: (add_block(denoiser, *carry, number), None),
                (nothing, drawn),
                start + jnp.arange(tiling.per_step),
            )
        loss, gradient = jax.tree.map(lambda total: total / n_points, total)
        update, state = optimizer.update(gradient, state)
        moved = eqx.apply_updates(denoiser, update), state, drawn
        return moved, losses.at[index - first].set(loss)

    begin = (arrays, model.state, model.drawn), jnp.zeros(length, problem.x_train.dtype)
    (arrays, state, drawn), losses = jax.lax.fori_loop(first, last, step, begin)
    return _Model(eqx.combine(arrays, rest), state, drawn), losses


def _first_block(problem: Problem, tiling: Tiling, key: PRNGKeyArray) -> Drawn:
    return draw_block(problem, tiling, key, jnp.zeros((), int), jnp.zeros((), int))


# Programs of their own, which serve models of all shapes.
_first_block_of_one = eqx.filter_jit(_first_block)
_first_block_of_many = eqx.filter_jit(eqx.filter_vmap(_first_block, in_axes=(None, None, 0)))
# The arrays of the models are overwritten.
_advance_one = eqx.filter_jit(_advance, donate="all-except-first")
_advance_many = eqx.filter_jit(
    eqx.filter_vmap(_advance, in_axes=((None, 0, None, None), eqx.if_array(0))), donate="all-except-first"
)


def _owned(values: Any) -> Array:
    """Return a copy of values that JAX owns and may overwrite; it is made without compiling a program."""
    return jax.device_put(np.asarray(values), may_alias=False)


def _start(constant: _Constant, key: PRNGKeyArray, denoiser: TrainableDenoiser) -> _Model:
    """Return one model before its first step."""
    state = constant.optimizer.init(trained_and_rest(denoiser)[0])
    return _Model(denoiser, state, _first_block_of_one(constant.problem, constant.tiling, key))


def train(
    denoiser: TrainableDenoiser,
    problem: Problem,
    optimizer: optax.GradientTransformation,
    *,
    steps: int,
    draws: int,
    minibatch: int | None,
    key: PRNGKeyArray,
    keep: Sequence[int] = (),
    progress: Callable[[State], None] = lambda state: None,
) -> Trained:
    """Return a denoiser after `steps` steps; each has one random time and `draws` noises for each sample.

    Times, noise and minibatch of a step come from independent keys, made from `key` and the step's number.

    **Arguments:** `minibatch`: samples of a step, without replacement, all if None; where it is more than there are,
    each is taken as often as it goes, and the rest is drawn without replacement; `keep`: steps, ascending, after which
    the denoiser is kept; `progress`: called after each block of log steps.

    **Raises:** Diverged, with the first step whose loss is not finite.
    """
    (trained,) = train_together(
        [denoiser],
        problem,
        optimizer,
        steps=steps,
        draws=draws,
        minibatch=minibatch,
        keys=[key],
        keep=keep,
        progress=progress,
    )
    return trained


def train_together(
    denoisers: Sequence[TrainableDenoiser],
    problem: Problem,
    optimizer: optax.GradientTransformation,
    *,
    steps: int,
    draws: int,
    minibatch: int | None,
    keys: Sequence[PRNGKeyArray],
    keep: Sequence[int] = (),
    resume: State | None = None,
    progress: Callable[[State], None] = lambda state: None,
) -> list[Trained]:
    """Return several denoisers of one shape, each trained as `train` does, all in one program.

    Their numbers are those of `train` up to rounding. On a GPU, which is idle most of the time with one small model,
    this is as fast as one of them; on a CPU core it takes longer than one after the other.

    **Arguments:** `resume`: a state of the same training, which goes on from there and ends with the same bits.
    """
    n_samples = problem.x_train.shape[0]
    together, logged = len(denoisers) > 1, log_steps(steps)
    tiling = tiling_of(minibatch or n_samples, draws, len(denoisers) * denoisers[0].width)
    constant = _Constant(problem, tiling, optimizer, int(np.diff(logged, prepend=0).max()))
    # The first call overwrites its arrays, so the caller's are copied.
    if together:
        stacked = [_owned(np.stack(leaves)) for leaves in zip(*map(arrays_of, denoisers), strict=True)]
        denoiser = with_arrays(denoisers[0], stacked)
        key, state = jnp.stack(list(keys)), eqx.filter_vmap(optimizer.init)(trained_and_rest(denoiser)[0])
        model = _Model(denoiser, state, _first_block_of_many(problem, tiling, key))
    else:
        key = keys[0]
        copied = [_owned(leaf) for leaf in arrays_of(denoisers[0])]
        model = _start(constant, key, with_arrays(denoisers[0], copied))
    finite = list(map(np.isfinite, arrays_of(model.denoiser)))
    trace, kept, done = [], [], 0
    if resume:
        model = with_arrays(model, [_owned(array) for array in resume.arrays])
        trace, kept, done = list(resume.loss), list(resume.snapshots), resume.step
    block: list[np.ndarray] = []
    for end in sorted({*logged.tolist(), *keep}):
        if end <= done:
            continue
        fixed = constant, key, _owned(done), _owned(end)
        model, loss = (_advance_many if together else _advance_one)(fixed, model)
        loss_by_step = np.atleast_2d(np.asarray(loss, np.float64))[:, : end - done]
        if not np.all(np.isfinite(loss_by_step)):
            at, step = np.argwhere(~np.isfinite(loss_by_step))[0]
            raise Diverged(done + int(step), int(at))
        block.append(loss_by_step)
        done = end
        if end in keep:
            kept.append([np.array(leaf) for leaf in arrays_of(model.denoiser)])
        if end in logged:
            trace.append(np.concatenate(block, axis=1).mean(axis=1))
            block = []
            progress(State(done, arrays_of(model), list(trace), list(kept)))
    # The last update is followed by no loss: what was finite before training has to be so after it.
    for before, after in zip(finite, arrays_of(model.denoiser), strict=True):
        changed = np.argwhere(before != np.isfinite(after))
        if len(changed):
            raise Diverged(steps - 1, int(changed[0][0]) if together else 0)
    found = []
    for at, loss in enumerate(np.transpose(trace)):
        every: list[list[Any]] = [arrays_of(model.denoiser), *kept]
        last, *snapshots = (
            with_arrays(denoisers[at], [leaf[at, ...] if together else leaf for leaf in leaves]) for leaves in every
        )
        found.append(Trained(last, snapshots, loss))
    return found
