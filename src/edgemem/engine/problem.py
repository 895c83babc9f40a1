"""What a training job minimizes, and how, as its spec says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.config.protocol import Protocol, Weighting
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem
from edgemem.numerics.time_weights import time_weight, within


if TYPE_CHECKING:
    from edgemem.config.barrier import BarrierSpec
    from edgemem.config.train import TrainSpec


def training_problem(spec: TrainSpec | BarrierSpec, samples: xr.Dataset) -> tuple[jax.Array, Problem, Any]:
    """Return the times, what is minimized, and how.

    In float32 throughout: half the time of float64, and the noise of a step is far above its rounding.
    """
    protocol, grid = spec.protocol, spec.time_grid
    assert isinstance(protocol, Protocol)  # a flow needs no points, and no optimizer
    times = jnp.asarray(time_grid(grid.times, grid.t_min, grid.t_max), jnp.float32)
    x_train = rows(samples.x_train)
    return (
        times,
        Problem(
            jnp.asarray(x_train, jnp.float32),
            times,
            _weight(protocol.weighting, times, x_train),
            protocol.times == "stratified",
        ),
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


def _weight(weighting: str | Weighting | list[float], times: jax.Array, x_train: np.ndarray) -> jax.Array:
    """Return lambda at each time."""
    if isinstance(weighting, list):
        return jnp.asarray(weighting, jnp.float32)
    chosen = weighting if isinstance(weighting, Weighting) else Weighting(preset=weighting)
    variance = float(x_train.var(axis=0).mean())
    weight = time_weight(chosen.preset, times, data_variance=variance, gamma=chosen.gamma)
    return within(weight, times, *chosen.interval) if chosen.interval else weight
