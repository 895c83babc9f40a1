"""What a training job minimizes, and how, as its spec says."""

from typing import Any

import jax
import jax.numpy as jnp
import xarray as xr

from edgemem.config.train import TrainSpec
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import loss_weight, time_grid
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem


def training_weight(spec: TrainSpec) -> jax.Array:
    """Return lambda on the x_0 scale at each time of training, t_max first, in float32 as it is used."""
    weighting, grid = spec.protocol.weighting, spec.time_grid
    if isinstance(weighting, list):
        return jnp.asarray(weighting, jnp.float32)
    return loss_weight(weighting, jnp.asarray(time_grid(grid.times, grid.t_min, grid.t_max), jnp.float32))


def training_problem(spec: TrainSpec, samples: xr.Dataset) -> tuple[jax.Array, Problem, Any]:
    """Return the times, what is minimized, and how.

    In float32 throughout: half the time of float64, and the noise of a step is far above its rounding.
    """
    protocol, grid = spec.protocol, spec.time_grid
    times = jnp.asarray(time_grid(grid.times, grid.t_min, grid.t_max), jnp.float32)
    weight = training_weight(spec)
    x_train = jnp.asarray(rows(samples.x_train), jnp.float32)
    return (
        times,
        Problem(x_train, times, weight, protocol.times == "stratified"),
        optimizer(
            steps=protocol.steps,
            peak_lr=protocol.peak_lr,
            final_lr=protocol.final_lr,
            warmup=protocol.warmup,
            decay=protocol.decay,
            clip_norm=protocol.clip_norm,
            update_ema=protocol.update_ema,
            lr_multipliers=protocol.lr_multipliers,
        ),
    )
