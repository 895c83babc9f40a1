"""Which model sizes show where the memorization ratio is one half, at all steps at once."""

import math

import numpy as np
from jaxtyping import Float, Int


def next_size(sizes: Int[np.ndarray, "size"], ratio: Float[np.ndarray, "size step"]) -> int | None:
    """Return the size that halves the contour's widest bracket, the rounded geometric mean of its ends.

    At a step the contour lies between neighbouring sizes where one has a ratio below one half and the other has not.
    Widths are those of log M, and that of a bracket counts once for each step whose contour it holds: so one size is
    trained where it tells most. A training gives all steps of its size, which is why steps are not chosen.

    **Arguments:** `sizes`: those that are trained, ascending; `ratio`: theirs at each step that is kept.

    **Returns:** None where no bracket holds another size.
    """
    crossed = np.diff((ratio >= 0.5).astype(int), axis=0) != 0
    score = crossed.sum(axis=1) * np.diff(np.log(sizes)) * (np.diff(sizes) > 1)
    if not score.any():
        return None
    at = int(score.argmax())
    low, high = int(sizes[at]), int(sizes[at + 1])
    return min(max(round(math.sqrt(low * high)), low + 1), high - 1)
