"""What a training job minimizes, and how, as its spec says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import xarray as xr

from edgemem.families.rows import rows
from edgemem.numerics.diffusion import loss_weight, time_grid
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem


if TYPE_CHECKING:
    from edgemem.config.barrier import BarrierSpec
    from edgemem.config.train import TrainSpec


def training_problem(spec: TrainSpec | BarrierSpec, samples: xr.Dataset) -> tuple[jax.Array, Problem, Any]:
    """Return the times, what is minimized, and how.

    In float32 throughout: half the time of float64, and the noise of a step is far above its rounding.
    """
    protocol, grid = spec.protocol, spec.time_grid
    times = jnp.asarray(time_grid(grid.times, grid.t_min, grid.t_max), jnp.float32)
    weighting = protocol.weighting
    weight = jnp.asarray(weighting, jnp.float32) if isinstance(weighting, list) else loss_weight(weighting, times)
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
