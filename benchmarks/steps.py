"""Times of a training step, and of what it is compared with."""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from jaxtyping import Float

from edgemem.denoisers.isotropic_mixture import IsotropicMixture
from edgemem.numerics.diffusion import loss_weight, noised, time_grid
from edgemem.numerics.noise import standard_normal
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem, tiling_of
from edgemem.numerics.training import _advance_one, _Constant, _start


try:  # the library that the published code is built on; it needs Python 3.12
    from diffusionlab.distributions.gmm.iso_hom_gmm import iso_hom_gmm_x0
    from diffusionlab.dynamics import VariancePreservingProcess

    REFERENCE = "diffusionlab 3.0.4"
except ImportError:
    REFERENCE = "own broadcast version (diffusionlab is not installed)"


class Size(NamedTuple):
    """What a step is of: N samples in d dimensions, M components, noise draws for each sample."""

    n_samples: int
    dim: int
    model_size: int
    draws: int

    @property
    def points(self) -> int:
        """Noised points of a step."""
        return self.n_samples * self.draws


OPTIMIZER = optimizer(steps=5000, peak_lr=6e-3, final_lr=6e-6, warmup=0.1, decay=None, clip_norm=100.0, update_ema=0.99)


def start(size: Size) -> tuple[Problem, Any]:
    """Return samples with their times and weights, and a mixture in the middle of its training."""
    x = jnp.asarray(np.random.default_rng(0).normal(scale=1.4, size=(size.n_samples, size.dim)), jnp.float32)
    times = jnp.asarray(time_grid(26, 0.001, 0.999), jnp.float32)
    mean = 0.9 * jnp.resize(x, (size.model_size, size.dim))
    exists = jnp.ones(size.model_size, bool)
    return Problem(x, times, loss_weight("eps", times)), IsotropicMixture(mean, jnp.sqrt(0.5), exists)


def engine_step(size: Size, steps: int) -> Callable[[], object]:
    """Return a function that does some steps of the engine."""
    return advance(*start(size), OPTIMIZER, size.draws, steps)


def advance(problem: Problem, denoiser: Any, optimizer: Any, draws: int, steps: int) -> Callable[[], object]:
    """Return a function that does some steps of the engine with any denoiser, on all samples of a problem."""
    fixed, model = engine_arguments(problem, denoiser, optimizer, draws, steps)
    # A copy, since the engine overwrites its arrays.
    return lambda: _advance_one(fixed, jax.tree.map(jnp.copy, model))


def engine_arguments(problem: Problem, denoiser: Any, optimizer: Any, draws: int, steps: int) -> tuple[Any, Any]:
    """Return what the engine's program for some steps is called with: what it leaves alone, and what it overwrites."""
    tiling = tiling_of(problem.x_train.shape[0], draws, denoiser.width)
    constant = _Constant(problem, tiling, optimizer, steps)
    fixed = constant, jr.key(1), jnp.asarray(0), jnp.asarray(steps)
    return fixed, _start(constant, jr.key(1), denoiser)


def published_step(size: Size, steps: int) -> Callable[[], object]:
    """Return a function that does some steps as published code does them.

    Differences are broadcast over points, components and dimensions, and the gradient is automatic.
    """
    problem, denoiser = start(size)

    if REFERENCE.startswith("diffusionlab"):
        process, priors = VariancePreservingProcess(), jnp.full(size.model_size, 1 / size.model_size)

        def denoise(mean, variance, x, t):
            return jax.vmap(lambda x, t: iso_hom_gmm_x0(x, t, process, mean, variance, priors))(x, t)
    else:

        def denoise(mean, variance, x, t):
            a, noise_variance = jnp.sqrt(1 - t**2), t**2
            total = (a**2 * variance + noise_variance)[:, None]
            difference = x[:, None] - a[:, None, None] * mean
            weight = jax.nn.softmax(-jnp.sum(difference**2, axis=2) / (2 * total), axis=1)
            centre = jnp.sum(weight[:, :, None] * mean, axis=1)
            return (a * variance)[:, None] / total * x + noise_variance[:, None] / total * centre

    def loss(parameters, x0, t, noise, weight):
        mean, deviation = parameters
        error = denoise(mean, deviation**2, noised(x0, t, noise), t) - x0
        return jnp.mean(weight * jnp.sum(error**2, axis=1))

    @jax.jit
    def run(parameters, state):
        def step(carry, index):
            parameters, state = carry
            time_key, noise_key = jr.split(jr.fold_in(jr.key(1), index))
            chosen = jnp.tile(jr.randint(time_key, (size.n_samples,), 0, 26), size.draws)
            noise = jr.normal(noise_key, (size.points, size.dim))
            value, gradient = jax.value_and_grad(loss)(
                parameters,
                jnp.tile(problem.x_train, (size.draws, 1)),
                problem.times[chosen],
                noise,
                problem.weight[chosen],
            )
            update, state = OPTIMIZER.update(gradient, state)
            return (optax.apply_updates(parameters, update), state), value

        return jax.lax.scan(step, (parameters, state), jnp.arange(steps))

    parameters = denoiser.mean, denoiser.standard_deviation
    return lambda: run(parameters, OPTIMIZER.init(parameters))


def bare_products(size: Size, repeats: int) -> Callable[[], object]:
    """Return a function that does the five matrix products of a step, whole, and nothing else, several times."""
    mean_key, *keys = jr.split(jr.key(2), 5)
    mean = jr.normal(mean_key, (size.model_size, size.dim))
    # Five different arrays: of equal products only one would be computed.
    x, pull = (jr.normal(key, (size.dim, size.points)) for key in keys[:2])
    weight, slope = (jr.normal(key, (size.model_size, size.points)) for key in keys[2:])

    def product(left, right):
        return jnp.matmul(left, right, precision="highest")

    @jax.jit
    def run(*arrays):
        def five(arrays, _):
            # Each product goes into the next round, so that the compiler can neither drop one nor do it only once.
            mean, x, pull, weight, slope = arrays
            gradient = product(weight, pull.T) + product(slope, x.T)
            return (gradient, product(mean.T, weight), x, product(mean, x), product(mean, pull)), None

        return jax.lax.scan(five, arrays, length=repeats)[0]

    return lambda: run(mean, x, pull, weight, slope)


def noise_alone(size: Size, repeats: int) -> Callable[[], object]:
    """Return a function that draws the noise of several steps, and nothing else."""

    @jax.jit
    def run(key):
        def draw(carry, index):
            return standard_normal(jr.fold_in(key, index), jnp.arange(size.points), size.dim), None

        return jax.lax.scan(draw, jnp.zeros((size.dim, size.points)), jnp.arange(repeats))[0]

    return lambda: run(jr.key(3))


def seconds(
    makers: Sequence[Callable[[Any, int], Callable[[], object]]],
    size: Any,
    *,
    rounds: int = 15,
    budget: float = 0.1,
    clock: Callable[[], float] = time.perf_counter,
) -> Float[np.ndarray, "round maker"]:
    """Return the time a step of several programs takes, in rounds in which each has its turn.

    The machine's speed varies from second to second; times of one round are comparable, those of different rounds less.

    **Arguments:** `budget`: seconds for each turn; `clock`: what they are seconds of.
    """
    programs = []
    for maker in makers:
        repeats, elapsed = 1, 0.0
        # The first guesses are mostly the overhead of a call, which belongs to no step.
        while elapsed < 0.5 * budget:
            program = maker(size, repeats)
            jax.block_until_ready(program())
            began = clock()
            jax.block_until_ready(program())
            elapsed = clock() - began
            done, repeats = repeats, max(repeats + 1, min(20 * repeats, int(repeats * budget / elapsed)))
        programs.append((program, done))
    taken = np.empty((rounds, len(programs)))
    for this in taken:
        for i, (program, repeats) in enumerate(programs):
            began = clock()
            jax.block_until_ready(program())
            this[i] = (clock() - began) / repeats
    return taken


def row(*cells: str) -> None:
    """Print a row of a table in Markdown."""
    print("| " + " | ".join(cells) + " |", flush=True)


def published_bytes(size: Size) -> int:
    """Return about how much memory a published step needs: four arrays points x components x dimensions."""
    return 4 * 4 * size.points * size.model_size * size.dim


def engine_bytes(size: Size) -> int:
    """Return the temporary memory of an engine's step, as its compiler says."""
    return (
        _advance_one.lower(*engine_arguments(*start(size), OPTIMIZER, size.draws, 2))
        .compile()
        .compiled.memory_analysis()
        .temp_size_in_bytes
    )
