"""Which model sizes are trained."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


def coarse_sizes(n_samples: int, count: int) -> Int[np.ndarray, "size"]:
    """Return floor(k N / count), k = 1..count: the paper's k floor(N / count) where count divides N, and N at the end
    in any case; every integer once where N < count."""
    return np.unique(np.arange(1, count + 1) * n_samples // count)[-n_samples:]


class FineGrid(NamedTuple):
    """Sizes inside a transition, where it starts and ends, and what had to be decided."""

    sizes: Int[np.ndarray, "size"]
    start: float
    end: float
    note: str


def fine_grid(coarse: Int[np.ndarray, "size"], ratio: Float[np.ndarray, "size"], count: int, points: int) -> FineGrid:
    """Return `count` sizes, equally spaced from where the memorization ratio reaches 0.1 to where it reaches 0.9.

    The crossings are interpolated linearly on the non-decreasing curve closest to the ratios. Where it is above 0.1
    from the beginning, the fine sizes start at M = 1; where it never reaches 0.9 they end at the largest coarse size;
    where it never reaches 0.1, they fill the last coarse interval, the only place a transition could begin. Sizes of
    the coarse grid are not repeated; there are fewer than `count` where too few integers are left.

    **Arguments:** `ratio`: fraction of `points` probe points that each coarse model reproduces.
    """
    from scipy.optimize import isotonic_regression  # here: a list of sizes starts a third of a second sooner

    monotone = isotonic_regression(ratio).x
    notes = []
    # Counting alone makes a true plateau fall by a few standard errors now and then; say so only beyond that.
    if np.max(np.maximum.accumulate(ratio) - ratio) > 4 * np.sqrt(0.5 / points):
        notes.append("the probed ratio is not monotone; its closest monotone curve is used")
    if monotone[0] >= 0.1:
        start = 1.0
        notes.append(f"the ratio is already {monotone[0]:.2f} at the smallest coarse size; fine sizes start at 1")
    elif monotone[-1] < 0.1:
        start = float(coarse[-2])
        notes.append("the ratio never reaches 0.1; fine sizes fill the last coarse interval")
    else:
        start = _crossing(coarse, monotone, 0.1)
    if monotone[0] >= 0.9:
        end = float(coarse[0])
    elif monotone[-1] < 0.9:
        end = float(coarse[-1])
        notes.append("the ratio never reaches 0.9; fine sizes end at the largest coarse size")
    else:
        end = _crossing(coarse, monotone, 0.9)
    free = np.setdiff1d(np.arange(int(np.floor(start)), int(np.ceil(end)) + 1), coarse)
    free = free[free >= 1]
    if len(free) < count:
        notes.append(f"only {len(free)} sizes lie in the transition beside the coarse ones")
    chosen = np.unique(np.linspace(0, len(free) - 1, min(count, len(free))).round().astype(int))
    return FineGrid(free[chosen], start, end, "; ".join(notes))


def _crossing(sizes: np.ndarray, monotone: np.ndarray, level: float) -> float:
    """Return where a non-decreasing curve first reaches a level that it passes after its first point."""
    i = int(np.argmax(monotone >= level))
    step = (level - monotone[i - 1]) / (monotone[i] - monotone[i - 1])
    return float(sizes[i - 1] + step * (sizes[i] - sizes[i - 1]))
