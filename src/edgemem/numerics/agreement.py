"""How far two models make the same points of the same noise. All in float64."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from edgemem.numerics.statistics import Z


class Agreement(NamedTuple):
    """How far two models agree, with a 95 % interval.

    **Arguments:** `distance`: mean squared distance of the two points of one noise, with its standard error;
    `random_distance`: that of two points of different noises; `agreement`: 1 - distance / random_distance.
    """

    distance: float
    distance_stderr: float
    random_distance: float
    agreement: float
    low: float
    high: float


def agreement(first: Float[np.ndarray, "point feature"], second: Float[np.ndarray, "point feature"]) -> Agreement:
    """Return how far the points of two models agree.

    A = 1 - D / R,  D = 1/n sum_i ||x_i - y_i||^2,  R = 1/(n (n - 1)) sum_{i != j} ||x_i - y_j||^2:
    1 of two equal maps of the noise, 0 of points that have nothing but their distributions in common. That models which
    generalize agree, whatever samples they were trained on, is the finding of arXiv 2310.02557. The interval is normal,
    with the jackknife's standard error over noises, s^2 = (n - 1)/n sum_k (A_k - mean A)^2, A_k without noise k.

    **Arguments:** `first`, `second`: points of the two models, row i of both from the same noise; at least three.
    """
    count = len(first)
    middle = (first.mean(axis=0) + second.mean(axis=0)) / 2  # or the digits of points far from zero would be lost
    x, y = first - middle, second - middle
    pairs = np.sum((x - y) ** 2, axis=1)
    x_norm, y_norm = np.sum(x**2, axis=1), np.sum(y**2, axis=1)
    # Of each point of one model the squared distances to all points of the other but its own.
    to_second = count * x_norm + y_norm.sum() - 2 * x @ y.sum(axis=0) - pairs
    to_first = count * y_norm + x_norm.sum() - 2 * y @ x.sum(axis=0) - pairs
    same, others = pairs.sum(), to_second.sum()
    without = 1 - (count - 2) * (same - pairs) / (others - to_second - to_first)
    found = 1 - (count - 1) * same / others
    half = Z * np.sqrt((count - 1) * np.var(without))
    return Agreement(
        distance=float(same / count),
        distance_stderr=float(pairs.std(ddof=1) / np.sqrt(count)),
        random_distance=float(others / (count * (count - 1))),
        agreement=float(found),
        low=float(found - half),
        high=float(found + half),
    )
