"""Which generated points are copies of training samples, and how far generated points are from data."""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int


# Thresholds of the memorization test for which places of the transition are given, beside that of a campaign.
THRESHOLDS = (1 / 5, 1 / 4, 1 / 3, 1 / 2, 2 / 3)


class Nearest(NamedTuple):
    """Distances of points to the nearest and the second nearest training sample, and which one is the nearest."""

    nearest: Float[np.ndarray, "point"]
    second: Float[np.ndarray, "point"]
    sample: Int[np.ndarray, "point"]


def two_nearest(
    generated: Float[np.ndarray, "point feature"], training: Float[np.ndarray, "sample feature"]
) -> Nearest:
    """Return ||x - x_(1)||, ||x - x_(2)|| and the index of x_(1), of the two nearest training samples.

    Distances are float64 differences: the expanded square loses the digits of a small distance.

    Two equal training samples are one sample here, the first of them: otherwise a copy of a duplicate would never count
    as memorized.

    **Raises:** ValueError if there are no two different training samples.
    """
    different, first = np.unique(training, axis=0, return_index=True)
    if len(different) < 2:
        raise ValueError("the memorization test needs two different training samples")
    distance = _distances(generated, different)
    nearest, second = np.partition(distance, 1, axis=1)[:, :2].T
    return Nearest(nearest, second, first[distance.argmin(axis=1)])


def copies(
    nearest: Float[np.ndarray, "*point"], second: Float[np.ndarray, "*point"], threshold: float
) -> Bool[np.ndarray, "*point"]:
    """Return which points are copies by their distances: ||x - x_(1)|| <= threshold ||x - x_(2)||."""
    return np.asarray(nearest, np.float64) <= threshold * np.asarray(second, np.float64)


def memorized(
    generated: Float[np.ndarray, "point feature"],
    training: Float[np.ndarray, "sample feature"],
    threshold: float,
) -> Bool[np.ndarray, "point"]:
    """Return which points are far closer to their nearest training sample than to the second nearest.

    ||x - x_(1)|| <= threshold ||x - x_(2)||, with threshold 1/3 in the paper (section 7).
    """
    nearest, second, _ = two_nearest(generated, training)
    return copies(nearest, second, threshold)


def nearest_index(
    points: Float[np.ndarray, "point feature"], targets: Float[np.ndarray, "target feature"]
) -> Int[np.ndarray, "point"]:
    """Return which target is nearest to each point."""
    return _distances(points, targets).argmin(axis=1)


def nearest_distance(
    points: Float[np.ndarray, "point feature"], targets: Float[np.ndarray, "target feature"]
) -> Float[np.ndarray, "point"]:
    """Return the Euclidean distance of each point to its nearest target."""
    return _distances(points, targets).min(axis=1)


def wasserstein2(generated: Float[np.ndarray, "point feature"], samples: Float[np.ndarray, "sample feature"]) -> float:
    """Return the 2-Wasserstein distance of generated points to samples, by exact assignment.

    W2^2 = min over matchings of the mean squared distance, for equally many points on both sides. With n samples the
    generated points are cut into blocks of n and W2^2 is averaged over the blocks; points after the last whole block
    are left out. With fewer points than samples the first samples are used. So it is the distance between samples of
    size n, which is not zero between samples of one distribution.
    """
    from scipy.optimize import linear_sum_assignment  # here: who only counts copies starts a third of a second sooner

    size = min(len(generated), len(samples))
    samples = samples[:size]
    squares = []
    for start in range(0, len(generated) - size + 1, size):
        cost = _distances(generated[start : start + size], samples, "sqeuclidean")
        squares.append(cost[linear_sum_assignment(cost)].mean())
    return float(np.sqrt(np.mean(squares)))


def _distances(
    left: np.ndarray, right: np.ndarray, metric: Literal["euclidean", "sqeuclidean"] = "euclidean"
) -> np.ndarray:
    from scipy.spatial.distance import cdist  # here: training starts a quarter of a second sooner

    return cdist(left, right, metric)
