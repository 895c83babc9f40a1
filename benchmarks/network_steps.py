"""Print what a training step of the network `mlp` takes beside its bare matrix products, and beside PyTorch.

`make bench` calls it, with `--torch PYTHON`, a Python that has PyTorch, where TORCH names one.
"""

import os


# One thread, as the jobs of the workflow have; libraries read it once.
for variable in ("NPROC", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Float

from benchmarks.steps import advance, row, seconds
from edgemem.denoisers.mlp import Mlp
from edgemem.numerics.diffusion import loss_weight, time_grid
from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.networks import EMBEDDING, WAVES
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem


BLOCKS = Mlp.options["blocks"]
OPTIMIZER = optimizer(steps=5000, peak_lr=1e-3, final_lr=1e-3, warmup=0.0, decay=None, clip_norm=30.0, update_ema=None)


class Size(NamedTuple):
    """What a step is of: units of a layer, dimensions, noised points."""

    width: int
    dim: int
    points: int


SIZES = [Size(64, 30, 128), Size(128, 30, 128)]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Time training steps of the network mlp.")
    parser.add_argument("--torch", type=Path, metavar="PYTHON", help="Python of an environment with PyTorch")
    python = parser.parse_args().torch
    if python and subprocess.run([python, "-c", "import torch"], capture_output=True, check=False).returncode:
        python = None
    print(
        "A training step of `mlp`. (a): its bare matrix products. (b): the same step in PyTorch, in the same minute.\n"
    )
    row("width, d, points", "step, ms", "(a), ms", "step / (a)", "(a) / step", "(b), ms", "(b) / step")
    row(*7 * ["---"])
    for size in SIZES:
        own, bare, *torch = measured(size, python).T
        share = [f"{np.median(own / bare):.2f} ×", f"{100 * np.median(bare / own):.0f} %"]
        cells = [f"{1e3 * torch[0].min():.3f}", f"{np.median(torch[0] / own):.2f} ×"] if torch else ["no PyTorch", ""]
        row(", ".join(map(str, size)), f"{1e3 * own.min():.3f}", f"{1e3 * bare.min():.3f}", *share, *cells)


def measured(size: Size, python: Path | None) -> Float[np.ndarray, "round maker"]:
    """Return the seconds of a step, of its bare products and, where there is PyTorch, of its step, in turn.

    They are CPU time, which other programs of a machine lengthen less than the time that passes.
    """
    if python is None:
        return seconds([engine_step, bare_products], size, clock=time.process_time)
    with TorchSteps(python, size) as torch:
        makers = [engine_step, bare_products, torch.step]
        return seconds(makers, size, clock=lambda: time.process_time() + torch.seconds)


def engine_step(size: Size, steps: int) -> Callable[[], object]:
    """Return a function that does some steps of the engine."""
    x = np.random.default_rng(0).normal(scale=1.4, size=(size.points, size.dim))
    times = jnp.asarray(time_grid(26, 0.001, 0.999), jnp.float32)
    problem = Problem(jnp.asarray(x, jnp.float32), times, loss_weight("eps", times), stratified=True)
    samples = xr.Dataset({"x_train": (("sample", "feature"), x)})
    return advance(problem, Mlp.start("random", samples, size.width, key=jr.key(0)), OPTIMIZER, 1, steps)


def bare_products(size: Size, repeats: int) -> Callable[[], object]:
    """Return a function that does the matrix products of a step and nothing else, several times.

    Of each layer W x that of its output, of the gradient by W and, but where x is data, of that by x.
    """
    width, dim = size.width, size.dim
    inner = [(BLOCKS * width, EMBEDDING), *2 * BLOCKS * [(width, width)], (dim, width)]
    shapes = [(width, dim), (EMBEDDING, 2 * WAVES), *inner]
    backward = [False, False, *[True] * len(inner)]
    rng = np.random.default_rng(1)
    layers = [
        [jnp.asarray(rng.normal(size=shape), jnp.float32) for shape in ((n, m), (m, size.points), (n, size.points))]
        for n, m in shapes
    ]

    @jax.jit
    def run(layers):
        def all_layers(layers, _):
            # Each product goes into the next round, so that the compiler can neither drop one nor do it only once.
            return [
                [matmul(slope, x.T), matmul(weight.T, slope) if by_x else x, matmul(weight, x)]
                for (weight, x, slope), by_x in zip(layers, backward, strict=True)
            ], None

        return jax.lax.scan(all_layers, layers, length=repeats)[0]

    return lambda: run(layers)


class TorchSteps:
    """Steps in PyTorch, in a process of its own; `seconds` is the CPU time that it has had."""

    def __init__(self, python: Path, size: Size):
        command = [python, Path(__file__).with_name("torch_steps.py"), *map(str, size)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.seconds = 0.0

    def step(self, size: Size, steps: int) -> Callable[[], None]:
        """Return a function that does some steps."""

        def program() -> None:
            self.process.stdin.write(f"{steps}\n")
            self.process.stdin.flush()
            self.seconds = float(self.process.stdout.readline())

        return program

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


if __name__ == "__main__":
    main()
