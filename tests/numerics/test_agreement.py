"""How far two sets of points agree: by the formula, and with an interval that holds the truth."""

import numpy as np
import pytest

from edgemem.numerics.agreement import agreement


def points(count: int, shared: float, *, seed: int = 0, dim: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return normal points in pairs whose features have this correlation; distances are 2 d (1 - rho) and 2 d."""
    common, first, second = np.random.default_rng(seed).standard_normal((3, count, dim))
    return tuple(np.sqrt(shared) * common + np.sqrt(1 - shared) * own for own in (first, second))


def directly(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return the mean squared distances of pairs, and of all points that are no pair."""
    squares = ((x[:, None] - y[None]) ** 2).sum(axis=-1)
    own = np.eye(len(x), dtype=bool)
    return squares[own].mean(), squares[~own].mean()


@pytest.mark.parametrize("shared", [0.0, 0.6])
@pytest.mark.parametrize("middle", [0.0, 1e6])
def test_distances_are_those_of_all_pairs(shared: float, middle: float):
    """Also far from zero, where squares of points have lost the digits of their distances."""
    x, y = (part + middle for part in points(40, shared))
    found = agreement(x, y)
    pairs, others = directly(x - middle, y - middle)
    tolerance = 1e-12 if middle == 0 else 1e-8
    assert found.distance == pytest.approx(pairs, rel=tolerance)
    assert found.random_distance == pytest.approx(others, rel=tolerance)
    assert found.agreement == pytest.approx(1 - pairs / others, abs=tolerance)
    each = ((x - y) ** 2).sum(axis=1)
    assert found.distance_stderr == pytest.approx(each.std(ddof=1) / np.sqrt(40), rel=tolerance)


def test_interval_is_the_jackknifes():
    """All is computed again without each pair in turn."""
    x, y = points(30, 0.5)
    without = []
    for k in range(30):
        pairs, others = directly(np.delete(x, k, axis=0), np.delete(y, k, axis=0))
        without.append(1 - pairs / others)
    stderr = np.sqrt(29 / 30 * np.sum((np.array(without) - np.mean(without)) ** 2))
    found = agreement(x, y)
    half = 1.959964 * stderr
    np.testing.assert_allclose([found.low, found.high], [found.agreement - half, found.agreement + half], rtol=1e-6)


def test_equal_points_agree_and_unrelated_ones_do_not():
    x, y = points(500, 0.0)
    assert agreement(x, x)[3:] == pytest.approx((1, 1, 1), abs=1e-12)
    assert agreement(x, y).agreement == pytest.approx(0, abs=0.1)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of 400 intervals about 380; fewer than 360 by chance once in a million."""
    found = [agreement(*points(100, 0.7, seed=seed)) for seed in range(400)]
    assert 360 <= sum(one.low <= 0.7 <= one.high for one in found) <= 396
