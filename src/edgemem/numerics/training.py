"""The training loop: a denoiser, its optimizer, and noise drawn anew at every step."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from edgemem.numerics.denoisers import AbstractDenoiser
from edgemem.numerics.losses import training_loss
from edgemem.numerics.noise import standard_normal


class Diverged(Exception):
    """The loss of a step is not finite."""

    def __init__(self, step: int):
        super().__init__(f"the loss is not finite at step {step}")
        self.step = step


class Problem(NamedTuple):
    """What is minimized: mean over samples, times and noise of lambda(t) ||xhat(t, x_t) - x_0||^2."""

    x_train: Float[Array, "sample feature"]
    times: Float[Array, "time"]
    weight: Float[Array, "time"]


def optimizer(
    *, steps: int, peak_rate: float, final_rate: float, warmup: float, clip_norm: float | None, update_ema: float | None
) -> optax.GradientTransformation:
    """Return Adam (0.9, 0.999, 1e-8) with a rate that rises from 0 for a fraction of the steps, then falls linearly.

    **Arguments:** `warmup`: that fraction; `clip_norm`: largest norm of a gradient, None for no bound. Rare gradients
    at the smallest time are thousands of times the usual ones, and unclipped they fill Adam's second moment;
    `update_ema`: decay of an exponential average over the updates, None for none (the published code uses 0.99).
    """
    rising = min(round(warmup * steps), max(steps - 2, 0))  # the last step has the final rate in any case
    rate = optax.join_schedules(
        [
            optax.linear_schedule(0.0, peak_rate, max(rising, 1)),
            optax.linear_schedule(peak_rate, final_rate, max(steps - rising - 1, 1)),
        ],
        [rising],
    )
    parts = [optax.adam(rate)]
    if clip_norm is not None:
        parts.insert(0, optax.clip_by_global_norm(clip_norm))
    if update_ema is not None:
        parts.append(optax.ema(update_ema))
    return optax.chain(*parts)


class Trained(NamedTuple):
    """A trained denoiser and the mean training loss of each block of steps."""

    denoiser: AbstractDenoiser
    loss: Float[np.ndarray, "log_step"]


def log_steps(steps: int, count: int = 100) -> Int[np.ndarray, "log_step"]:
    """Return the steps that end the (at most 100) blocks over which the training loss is averaged."""
    return np.unique(np.linspace(0, steps, min(steps, count) + 1).round().astype(int))[1:]


@eqx.filter_jit(donate="all-except-first")
def _advance(
    constant: tuple[Problem, int, int, PRNGKeyArray, optax.GradientTransformation],
    denoiser: AbstractDenoiser,
    state: optax.OptState,
    steps: Int[Array, "step"],
) -> tuple[AbstractDenoiser, optax.OptState, Float[Array, "step"]]:
    problem, draws, batch, key, rule = constant
    n_samples, dim = problem.x_train.shape

    def step(carry, index):
        denoiser, state = carry
        batch_key, time_key, noise_key = jr.split(jr.fold_in(key, index), 3)
        x0 = problem.x_train
        if batch < n_samples:
            x0 = x0[jr.choice(batch_key, n_samples, (batch,), replace=False)]
        chosen = jr.randint(time_key, (batch,), 0, problem.times.shape[0])
        noise = standard_normal(noise_key, (draws, batch, dim))
        loss, gradient = jax.value_and_grad(training_loss)(
            denoiser, x0, problem.times[chosen], noise, problem.weight[chosen]
        )
        update, state = rule.update(gradient, state, denoiser)
        return (optax.apply_updates(denoiser, update), state), loss

    (denoiser, state), loss = jax.lax.scan(step, (denoiser, state), steps)
    return denoiser, state, loss


def train(
    denoiser: AbstractDenoiser,
    problem: Problem,
    rule: optax.GradientTransformation,
    *,
    steps: int,
    draws: int,
    minibatch: int | None,
    key: PRNGKeyArray,
    progress: Callable[[int], None] = lambda step: None,
) -> Trained:
    """Return a denoiser after `steps` steps; each has one random time and `draws` noises for each sample.

    Times, noise and minibatch of a step come from independent keys, made from `key` and the step's number.

    **Arguments:** `minibatch`: samples of a step, without replacement, all if None; `progress`: called with the number
    of steps done, after each block of log steps.

    **Raises:** Diverged, with the first step whose loss is not finite.
    """
    n_samples = problem.x_train.shape[0]
    batch = min(minibatch or n_samples, n_samples)
    constant = (problem, draws, batch, key, rule)
    state = rule.init(denoiser)
    finite = jax.tree.leaves(jax.tree.map(jnp.isfinite, denoiser))
    # The first call would otherwise consume the caller's arrays (they are donated).
    denoiser = jax.tree.map(jnp.copy, denoiser)
    trace, done = [], 0
    for end in log_steps(steps):
        # Blocks differ in length by one step at most, so that no more than two programs are compiled.
        denoiser, state, loss = _advance(constant, denoiser, state, jnp.arange(done, end))
        loss_by_step = np.asarray(loss, np.float64)
        if not np.all(np.isfinite(loss_by_step)):
            raise Diverged(done + int(np.flatnonzero(~np.isfinite(loss_by_step))[0]))
        trace.append(loss_by_step.mean())
        done = int(end)
        progress(done)
    # The last update is followed by no loss: what was finite before training has to be so after it.
    if not all(map(np.array_equal, jax.tree.leaves(jax.tree.map(jnp.isfinite, denoiser)), finite)):
        raise Diverged(steps - 1)
    return Trained(denoiser, np.array(trace))


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
