"""Training steps of many models in one program, and a GPU beside a CPU: `python -m benchmarks.gpu_steps` prints JSON.

Without a GPU the CPU takes its place, which tests the program and measures the CPU.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from benchmarks.jobs import protocol
from benchmarks.steps import Size, start
from edgemem.denoisers.isotropic_mixture import IsotropicMixture
from edgemem.numerics.arrays import trained_and_rest
from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem, tiling_of
from edgemem.numerics.training import (
    Trained,
    _advance_many,
    _advance_one,
    _Constant,
    _first_block_of_many,
    _Model,
    _start,
    train,
)


# The largest coarse size of N = 200, d = 50, with one draw a sample: what one of ten models costs in their one program.
SIZE = Size(n_samples=200, dim=50, model_size=200, draws=1)
# A smaller one whose training is compared between devices.
COMPARED = Size(n_samples=100, dim=30, model_size=50, draws=1)
KEPT = (1, 10, 100, 1000)


def fast_optimizer(steps: int) -> Any:
    """Return the optimizer of the protocol `fast`, for another number of steps."""
    names = ("peak_lr", "final_lr", "warmup", "decay", "clip_norm", "update_ema")
    return optimizer(steps=steps, **{name: protocol("fast")[name] for name in names})


def beginning(size: Size) -> tuple[Problem, IsotropicMixture]:
    """Return samples and a mixture in the middle of its training; times are spread evenly, as in `fast`."""
    problem, denoiser = start(size)
    return problem._replace(stratified=True), denoiser


def program(size: Size, models: int, length: int) -> Callable[[int], float]:
    """Return a function that takes up to `length` steps of some models in one program, and returns the seconds."""
    problem, denoiser = beginning(size)
    tiling = tiling_of(size.n_samples, size.draws, models * denoiser.width)
    constant = _Constant(problem, tiling, fast_optimizer(4000), length)
    if models == 1:
        advance, key = _advance_one, jr.key(1)
        model = _start(constant, key, denoiser)
    else:
        advance, key = _advance_many, jr.split(jr.key(1), models)
        many = jax.tree.map(lambda leaf: jnp.stack([leaf] * models), denoiser)
        state = eqx.filter_vmap(constant.optimizer.init)(trained_and_rest(many)[0])
        model = _Model(many, state, _first_block_of_many(problem, tiling, key))

    def run(steps: int) -> float:
        fixed = constant, key, jnp.asarray(0), jnp.asarray(steps)
        # A copy, since the engine overwrites its arrays.
        copied = jax.block_until_ready(jax.tree.map(jnp.copy, model))
        began = time.perf_counter()
        jax.block_until_ready(advance(fixed, copied))
        return time.perf_counter() - began

    return run


def step_times(models: int, *, length: int, repeats: int, budget: float) -> dict[str, Any]:
    """Return what a step of some models in one program takes, and its compilation.

    **Arguments:** `length`: steps at once at most; `budget`: seconds for each of the `repeats`.
    """
    first, warm = program(SIZE, models, length)(2), program(SIZE, models, length)
    short = min(warm(2) for _ in range(2))
    # Programs that an earlier process has compiled are read from a file.
    jax.clear_caches()
    again = program(SIZE, models, length)
    read = again(2)
    rough = again(20) / 20
    steps = max(20, min(length, int(budget / rough)))
    taken = [again(steps) / steps for _ in range(repeats)]
    step = float(np.median(taken))
    products = 10 * SIZE.points * SIZE.model_size * SIZE.dim * models
    return {
        "models": models,
        "steps_at_once": steps,
        "step_us": 1e6 * step,
        "step_us_lowest": 1e6 * min(taken),
        "step_us_highest": 1e6 * max(taken),
        "step_us_a_model": 1e6 * step / models,
        "products_flop_a_step": products,
        "products_tflop_a_second": 1e-12 * products / step,
        "compile_seconds": first - short,
        "read_compiled_seconds": read - short,
    }


def trained_on(device: Any, steps: int, *, moved: float = 0) -> Trained:
    """Return a mixture after training on a device; its start is moved by a relative difference."""
    with jax.default_device(device):
        problem, denoiser = beginning(COMPARED)
        denoiser = eqx.tree_at(lambda tree: tree.mean, denoiser, denoiser.mean * np.float32(1 + moved))
        options = {"steps": steps, "draws": 1, "minibatch": None, "key": jr.key(1)}
        return train(denoiser, problem, fast_optimizer(steps), keep=[k for k in KEPT if k < steps], **options)


def difference(one: Trained, other: Trained) -> dict[str, Any]:
    """Return the relative differences of two trainings: of all means after some steps, and of the last loss."""

    def relative(denoiser: Any, reference: Any) -> float:
        found, wanted = (np.asarray(model.mean, np.float64) for model in (denoiser, reference))
        return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))

    snapshots = zip(one.snapshots, other.snapshots, strict=True)
    return {
        "means_after": {str(step): relative(*pair) for step, pair in zip(KEPT, snapshots, strict=False)},
        "means_at_end": relative(one.denoiser, other.denoiser),
        "loss_at_end": float(abs(one.loss[-1] / other.loss[-1] - 1)),
        "variance_at_end": float(abs(one.denoiser.variance / other.denoiser.variance - 1)),
    }


def agreement(steps: int) -> dict[str, Any]:
    """Return how training on JAX's first device differs from that on the CPU.

    Training amplifies roundings. How much is seen beside it: on the CPU alone, from means that differ by one rounding.
    """
    cpu = jax.devices("cpu")[0]
    reference = trained_on(cpu, steps)
    return {
        "size": in_words(COMPARED),
        "steps": steps,
        "device and CPU": difference(trained_on(jax.devices()[0], steps), reference),
        "CPU and CPU, start moved by 1.2e-7": difference(trained_on(cpu, steps, moved=2**-23), reference),
    }


def product_errors() -> dict[str, float]:
    """Return the relative errors of a float32 product of matrices: that of the engine, and JAX's default.

    Some 1e-7 is float32 throughout, some 3e-4 is TF32.
    """
    rng = np.random.default_rng(0)
    left, right = (rng.standard_normal((500, 500)).astype(np.float32) for _ in range(2))
    exact = left.astype(np.float64) @ right.astype(np.float64)

    def error(product: Any) -> float:
        return float(np.linalg.norm(np.asarray(product, np.float64) - exact) / np.linalg.norm(exact))

    return {"engine": error(matmul(left, right)), "default": error(jnp.matmul(left, right))}


def in_words(size: Size) -> str:
    """Return a size as the tables name it."""
    return f"N = {size.n_samples}, d = {size.dim}, M = {size.model_size}, {size.draws} draw a sample"


def main() -> None:
    """Print one line of JSON for each part, when it is done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="*", default=[10, 1, 500])
    parser.add_argument("--length", type=int, default=400, help="steps at once, at most")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--budget", type=float, default=0.3, help="seconds for each of the repeats")
    parser.add_argument("--compared-steps", type=int, default=4000, help="steps of the training that is compared")
    options = parser.parse_args()
    device = jax.devices()[0]
    say("device", {"kind": device.device_kind, "platform": device.platform, "jax": jax.__version__})
    say("products", product_errors())
    with tempfile.TemporaryDirectory() as cache:
        jax.config.update("jax_compilation_cache_dir", cache)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
        for models in options.models:
            found = step_times(models, length=options.length, repeats=options.repeats, budget=options.budget)
            say(f"{models} in one program", {"size": in_words(SIZE), **found})
        say("agreement", agreement(options.compared_steps))


def say(part: str, found: dict[str, Any]) -> None:
    """Print a part."""
    print(json.dumps({part: found}), flush=True)


if __name__ == "__main__":
    main()
