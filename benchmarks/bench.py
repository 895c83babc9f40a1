"""Print what the training engine takes on this machine, and how that compares: `make bench`."""

import os


# One thread, as the jobs of the workflow have; XLA reads it once.
os.environ.setdefault("NPROC", "1")

import json
import platform
import subprocess
import sys
import tempfile

import jax
import numpy as np
import psutil

from benchmarks.steps import (
    REFERENCE,
    Size,
    bare_products,
    engine_step,
    noise_alone,
    published_bytes,
    published_step,
    row,
    seconds,
)


COMPARED = ("(a), ms", "(a) / step", "(b), ms", "(b) / step")
SIZES = [Size(100, 30, 50, 4), Size(200, 50, 100, 4), Size(200, 50, 100, 100), Size(2000, 100, 1000, 4)]


def main() -> None:
    """Print the table."""
    device = jax.devices()[0]
    print(f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}")
    threads = os.environ["NPROC"]
    print(f"Python {platform.python_version()}, jax {jax.__version__}, {device.device_kind}, NPROC={threads}\n")
    print("A training step. (a): the same step with broadcast differences and automatic differentiation,")
    print(f"{REFERENCE}. (b): its five bare matrix products and its noise.\n")
    row("N, d, M, draws", "step, ms", "points/s", *COMPARED, "compile, s", "again, s")
    row(*9 * ["---"])
    for size in SIZES:
        row(*step_row(size))
    print()
    run = subprocess.run([sys.executable, "-m", "benchmarks.jobs"], capture_output=True, text=True, check=True)
    measured = json.loads(run.stdout)
    row("a whole command, on one core", "seconds", "CPU seconds", "peak MiB")
    row(*4 * ["---"])
    for name, (elapsed, computed, peak) in measured["commands"].items():
        row(name, f"{elapsed:.1f}", f"{computed:.1f}", f"{peak / 2**20:.0f}")
    print()
    row("jobs × threads", "models a minute, N = 200, d = 50, 4 draws")
    row("---", "---")
    for name, rate in measured["models a minute"].items():
        row(name, f"{rate:.1f}")


def step_row(size: Size) -> list[str]:
    """Return the cells of one size."""
    taken = seconds([engine_step, bare_products, noise_alone], size)
    own, bare = taken[:, 0], taken[:, 1:].sum(axis=1)
    if published_bytes(size) < 0.5 * psutil.virtual_memory().available:
        published = seconds([published_step], size, rounds=5).min()
        multiple = [f"{1e3 * published:.2f}", f"{published / own.min():.0f} ×"]
    else:
        multiple = [f"needs {published_bytes(size) / 2**30:.0f} GiB", ""]
    with tempfile.TemporaryDirectory() as cache:
        cold, warm = compile_seconds(size, cache), compile_seconds(size, cache)
    name = ", ".join(f"{value:,}" for value in size)
    share = [f"{1e3 * bare.min():.3f}", f"{100 * np.median(bare / own):.0f} %"]
    speed = [f"{1e3 * own.min():.3f}", f"{size.points / own.min():,.0f}"]
    return [name, *speed, *multiple, *share, f"{cold:.1f}", f"{warm:.1f}"]


def compile_seconds(size: Size, cache: str) -> float:
    """Return how long the first call of a step takes in a new process, with compiled programs kept in a folder."""
    code = (
        "import time, jax; from benchmarks.steps import *\n"
        f"program = engine_step(Size(*{tuple(size)}), 1)\n"
        "began = time.perf_counter(); jax.block_until_ready(program()); first = time.perf_counter() - began\n"
        "began = time.perf_counter(); jax.block_until_ready(program()); print(first - (time.perf_counter() - began))"
    )
    settings = {"JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    run = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **settings}, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


if __name__ == "__main__":
    main()
