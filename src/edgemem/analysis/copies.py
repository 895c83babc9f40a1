"""Memorization ratios from the distances that evaluations keep: another threshold costs no generation."""

import json

import numpy as np
import xarray as xr
from jaxtyping import Int

from edgemem.errors import EdgememError
from edgemem.numerics.memorization import copies


def memorization_ratio(
    evaluation: xr.Dataset, threshold: float | None = None, points: int | None = None
) -> xr.DataArray:
    """Return the fraction of generated points that are copies, by model size and step.

    ||x - x_(1)|| <= threshold ||x - x_(2)||, of the first `points` points.  Paper, section 7.

    **Arguments:** `evaluation`: an evaluations file; `threshold`: in (0, 1), that of the evaluation if None; `points`:
    at most as many as were generated, all if None.

    **Raises:** EdgememError if fewer points were generated than are asked for, or the threshold is not in (0, 1).
    """
    if threshold is None:
        threshold = float(json.loads(evaluation.attrs["spec"])["evaluation"]["threshold"])
    if not 0 < threshold < 1:
        raise EdgememError(f"threshold must be between 0 and 1 (got {threshold:g})")
    generated = evaluation.sizes["generated_point"]
    if points is not None and not 0 < points <= generated:
        raise EdgememError(f"points must be 1 to {generated}, the points generated from each model (got {points})")
    chosen = evaluation[["nearest_distance", "second_distance"]].isel(generated_point=slice(points))
    ratio = xr.apply_ufunc(copies, chosen.nearest_distance, chosen.second_distance, threshold).mean("generated_point")
    return ratio.assign_attrs(
        long_name=f"fraction of generated points that are copies, threshold {threshold:.6g}", units="1"
    )


def copied_counts(last: xr.Dataset, threshold: float) -> Int[np.ndarray, "size"]:
    """Return how many generated points of each model size are copies by a threshold.

    **Arguments:** `last`: what was measured at the last step.
    """
    found: np.ndarray = copies(last.nearest_distance.values, last.second_distance.values, threshold).sum(axis=-1)
    return found
