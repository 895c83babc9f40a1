"""Which models have been trained to their end, so that what they do says something of their size.

Figures cross out those that have not, and the configuration imports every figure: nothing slow is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float


if TYPE_CHECKING:
    import xarray as xr


# A model that is nearer to the memorizing denoiser than this part of the linear denoiser's distance is that denoiser:
# what it still learns changes no ratio.
MEMORIZING = 0.01


def usable(last: xr.Dataset) -> Bool[np.ndarray, "size"]:
    """Return which models are part of fits: those that have converged, and those that are the memorizing denoiser.

    The loss of a model that holds all training samples falls without end as its variance goes to zero, towards that of
    the memorizing denoiser: it never converges, and memorizes all the same.

    **Arguments:** `last`: what was measured at the last step.
    """
    return (last.converged.values == 1) | is_memorizing(last)


def is_memorizing(last: xr.Dataset) -> Bool[np.ndarray, "size"]:
    """Return which models have, within a hundredth, the training loss of the memorizing denoiser.

    E_t[L(model) - L(memorizing)] < 0.01 E_t[L(linear) - L(memorizing)] on the training samples.

    **Arguments:** `last`: what was measured at the last step.
    """
    train = last.sel(split="train")
    memorizing = train.reference_loss.sel(reference="memorizing")
    excess = (train.loss - memorizing).mean("time")
    scale = (train.reference_loss.sel(reference="linear") - memorizing).mean("time")
    found: np.ndarray = (excess < MEMORIZING * scale).values
    return found


def in_gap(
    fraction: Float[np.ndarray, "size"], kept: Bool[np.ndarray, "size"], at: Float[np.ndarray, "*any"]
) -> Bool[np.ndarray, "*any"]:
    """Return whether fractions lie between two usable models with several between them that are left out.

    There nobody knows what a model that had converged would do, and a line between the two is no measurement. One model
    left out is bridged.

    **Arguments:** `fraction`: of the models, ascending; `kept`: which are usable; `at`: the fractions asked for.
    """
    position = np.flatnonzero(kept)
    if not len(position):
        return np.zeros(np.shape(at), bool)
    after = np.searchsorted(fraction[position], at)
    inside = (after > 0) & (after < len(position))
    before, after = np.maximum(after - 1, 0), np.minimum(after, len(position) - 1)
    found: np.ndarray = inside & (position[after] - position[before] > 2)
    return found


def left_out(last: xr.Dataset) -> dict[str, int]:
    """Return how many models there are, how many are in no fit, and why: still falling, or too short to tell."""
    out = ~usable(last)
    falling = last.still_falling.values == 1
    return {
        "models": len(out),
        "models_left_out": int(out.sum()),
        "models_still_falling": int((out & falling).sum()),
        "models_too_short": int((out & ~falling).sum()),
    }
