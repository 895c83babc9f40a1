"""The optimizer: Adam with a schedule, and what may be done to gradients and updates."""

from collections.abc import Mapping

import jax
import optax


def optimizer(
    *,
    steps: int,
    peak_lr: float,
    final_lr: float,
    warmup: float,
    decay: float | None,
    clip_norm: float | None,
    update_ema: float | None,
    lr_multipliers: Mapping[str, float] | None = None,
) -> optax.GradientTransformation:
    """Return Adam (0.9, 0.999, 1e-8) with a rate that rises from 0, stays, and falls, linearly both times.

    **Arguments:** `warmup`: fraction of the steps in which it rises; `decay`: fraction in which it falls, None for all
    that follow the warm-up; `clip_norm`: largest norm of a gradient, None for no bound. Rare gradients
    at the smallest time are thousands of times the usual ones, and unclipped they fill Adam's second moment;
    `update_ema`: decay of an exponential average over the updates, None for none (the published code uses 0.99);
    `lr_multipliers`: factors on the rates of some parameters, by name.
    """
    rising = min(round(warmup * steps), max(steps - 2, 0))  # the last step has the final rate in any case
    falling = steps - rising if decay is None else min(max(round(decay * steps), 1), steps - rising)
    rate = optax.join_schedules(
        [
            optax.linear_schedule(0.0, peak_lr, max(rising, 1)),
            optax.constant_schedule(peak_lr),
            optax.linear_schedule(peak_lr, final_lr, max(falling - 1, 1)),
        ],
        [rising, steps - falling],
    )
    parts = [optax.adam(rate)]
    if clip_norm is not None:
        parts.insert(0, optax.clip_by_global_norm(clip_norm))
    if update_ema is not None:
        parts.append(optax.ema(update_ema))
    if lr_multipliers:
        parts.append(_scale_by_name(lr_multipliers))
    return optax.chain(*parts)


def _scale_by_name(factors: Mapping[str, float]) -> optax.GradientTransformation:
    """Return a transformation that multiplies the updates of a denoiser's attributes, those named, by their factors."""

    def scale(updates: optax.Updates, _: optax.Params | None = None) -> optax.Updates:
        return jax.tree_util.tree_map_with_path(lambda path, update: update * factors.get(path[0].name, 1.0), updates)

    return optax.stateless(scale)
