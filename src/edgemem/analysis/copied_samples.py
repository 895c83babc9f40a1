"""Which training samples are copied first: those in sparse or in dense regions, and those that occur several times.

Figures draw it, and the configuration imports every figure: nothing slow is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from edgemem.analysis.convergence import usable
from edgemem.numerics.statistics import rank_correlation


if TYPE_CHECKING:
    import xarray as xr


# The published claims, which are opposite, with where they are made.
SPARSE_FIRST, PROTOTYPES_FIRST = "sparse regions first", "prototypes first"
SOURCES = {SPARSE_FIRST: "arXiv 2606.14390", PROTOTYPES_FIRST: "arXiv 2605.30642"}
# A rank correlation must be shown to be beyond this to speak for one of them: a hundredth of the variance of ranks.
BOUND = 0.1


class CopiedSamples(NamedTuple):
    """The different training samples of one data set, and what a model at the transition makes of them.

    **Attributes:** `size`: that of the model; `copies`: generated points that are copies of each sample; `log_density`:
    of the data at each; `occurrences`: how many rows of the training data each is.
    """

    size: int
    copies: Int[np.ndarray, "sample"]
    log_density: Float[np.ndarray, "sample"]
    occurrences: Int[np.ndarray, "sample"]


def copied_samples(last: xr.Dataset, m50: float) -> CopiedSamples | None:
    """Return what the model nearest to the transition copies, of those in fits; None where there is no transition.

    **Arguments:** `last`: what was measured at the last step; `m50`: M50 / N of the same data set.
    """
    kept = np.flatnonzero(usable(last))
    if not np.isfinite(m50):
        return None
    model = last.isel(model_size=kept[np.abs(last.fraction.values[kept] - m50).argmin()])
    copies_of = last.copies_of.values
    different = np.flatnonzero(copies_of == np.arange(len(copies_of)))
    return CopiedSamples(
        model.model_size.item(),
        model.copied.values[different],
        last.log_density.values[different],
        np.bincount(copies_of, minlength=len(copies_of))[different],
    )


def density_correlation(found: CopiedSamples | None) -> float:
    """Return Spearman's rank correlation of copies with local density over training samples, NaN if unknown."""
    return rank_correlation(found.copies, found.log_density) if found else float("nan")


def duplicated_over_single(found: CopiedSamples | None) -> float:
    """Return the mean number of copies of a sample that occurs several times over that of one that occurs once.

    NaN where there are no such samples, or nothing is copied.
    """
    if found is None:
        return float("nan")
    several = found.occurrences > 1
    if several.all() or not several.any() or not found.copies[~several].any():
        return float("nan")
    return float(found.copies[several].mean() / found.copies[~several].mean())


def has_duplicates(evaluation: xr.Dataset) -> bool:
    """Return whether some training samples of an evaluation occur several times."""
    copies_of = evaluation.copies_of.values
    return bool((copies_of != np.arange(len(copies_of))).any())


def which_first(low: float, high: float) -> str:
    """Return the verdict on the two claims by the 95 % interval of the mean rank correlation over data sets.

    Sparse regions first is supported where the whole interval is below -`BOUND`, prototypes first where it is above
    `BOUND`; else nobody can tell.
    """
    if high < -BOUND:
        return f"{SPARSE_FIRST}: supported"
    if low > BOUND:
        return f"{PROTOTYPES_FIRST}: supported"
    return "which first: cannot tell"
