"""How far from a training sample a point may lie and still be its copy: geometry of the training samples alone."""

import numpy as np
from jaxtyping import Float


def copy_variance(
    training: Float[np.ndarray, "sample feature"], threshold: float, noise: Float[np.ndarray, "draw sample feature"]
) -> float:
    """Return v_c: half of the points drawn from N(x_i, v_c I), i uniform over training samples, are copies of x_i.

    x_i + s z is a copy of x_i as long as ||s z|| <= threshold ||s z - (x_j - x_i)|| for every other sample x_j. These
    are balls that hold x_i, so the ray along z leaves their intersection once, at the least s_j > 0 over j that solves
    (1 - h^2) ||z||^2 s^2 + 2 h^2 z.(x_j - x_i) s - h^2 ||x_j - x_i||^2 = 0, h the threshold; v_c is the median of s^2.
    Samples that equal x_i are none of the others, as in the memorization test.

    **Arguments:** `noise`: z, draws of N(0, I) for each training sample.
    """
    different = np.unique(training, axis=0)
    leaves = np.empty(noise.shape[:2])
    square = threshold**2
    for i, sample in enumerate(training):
        offset = different - sample
        gap = np.sum(offset**2, axis=1)
        offset, gap = offset[gap > 0], gap[gap > 0]
        along, length = noise[:, i] @ offset.T, np.sum(noise[:, i] ** 2, axis=1)[:, None]
        a, b = (1 - square) * length, square * along
        leaves[:, i] = ((np.sqrt(b**2 + a * square * gap) - b) / a).min(axis=1)
    return float(np.median(leaves**2))
