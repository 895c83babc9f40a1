"""Centres that nobody trains, and the variance of copies, against formulas and simulated truth."""

import numpy as np
import pytest
from scipy import optimize, stats

from edgemem.numerics.bisection import bisected_size
from edgemem.numerics.centres import Centres, drawn, fixed, likelihood, ward
from edgemem.numerics.copy_geometry import copy_variance
from edgemem.numerics.theory import crossing_size

from . import oracle


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def log_likelihood(training: np.ndarray, mean: np.ndarray, variance: float) -> float:
    """Return the log-likelihood of an equally weighted mixture."""
    each = stats.norm.logpdf(training[:, None], mean, np.sqrt(variance)).sum(axis=2)
    return float(np.logaddexp.reduce(each - np.log(len(mean)), axis=1).sum())


@pytest.mark.parametrize("threshold", [0.2, 1 / 3, 0.6])
def test_half_of_the_points_around_samples_are_copies(rng, threshold: float):
    """By the memorization test itself, on fresh points."""
    training = rng.normal(size=(30, 8))
    variance = copy_variance(training, threshold, rng.normal(size=(500, 30, 8)))
    points = np.repeat(training, 400, axis=0)
    points = points + np.sqrt(variance) * rng.normal(size=points.shape)
    nearest = np.linalg.norm(points[:, None] - training, axis=2).argmin(axis=1)
    copies = oracle.memorized(points, training, threshold) & (nearest == np.repeat(np.arange(30), 400))
    assert copies.mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 12000 + 0.25 / 15000))


def test_of_two_samples_a_copy_lies_in_a_ball(rng):
    """On a line: x_j - x_i = 4, threshold 1/3: a copy of x_i reaches 1 towards x_j, and 2 away from it."""
    noise = rng.normal(size=(40_001, 2, 1))
    expected = optimize.brentq(lambda s: stats.norm.cdf(1 / s) + stats.norm.cdf(2 / s) - 1.5, 0.1, 10)
    found = copy_variance(np.array([[0.0], [4.0]]), 1 / 3, noise)
    assert np.sqrt(found) == pytest.approx(expected, rel=0.02)
    repeated = copy_variance(np.array([[0.0], [4.0], [4.0]]), 1 / 3, noise[:, [0, 1, 1]])
    assert repeated == pytest.approx(found, rel=0.03)


@pytest.mark.parametrize("size", [1, 6, 15])
def test_variance_of_fixed_centres_has_the_greatest_likelihood(rng, size: int):
    training = rng.normal(size=(20, 3))
    found = fixed(training, size)
    np.testing.assert_array_equal(found.mean, training[:size])
    best = optimize.minimize_scalar(
        lambda log_v: -log_likelihood(training, training[:size], np.exp(log_v)), bounds=(-6, 2), options={"xatol": 1e-9}
    )
    assert found.variance == pytest.approx(np.exp(best.x), rel=1e-4)


@pytest.mark.parametrize("size", [1, 5, 12])
def test_likelihood_is_greatest_where_expectation_maximization_ends(rng, size: int):
    """No step in any centre or in the variance makes it greater; and it is not less than with fixed centres."""
    training = rng.normal(size=(20, 3))
    found = likelihood(training, size)

    def value(numbers: np.ndarray) -> float:
        return log_likelihood(training, numbers[:-1].reshape(size, 3), np.exp(numbers[-1]))

    here = np.append(found.mean.ravel(), np.log(found.variance))
    gradient = optimize.approx_fprime(here, value, 1e-6)
    assert np.abs(gradient).max() < 0.02 * len(training)
    held = fixed(training, size)
    assert value(here) >= log_likelihood(training, held.mean, held.variance)


@pytest.mark.parametrize("find", [fixed, likelihood, ward])
def test_as_many_centres_as_samples_are_the_samples(rng, find):
    """Also where samples are repeated: then there is no variance left before."""
    training = rng.normal(size=(9, 2))
    found = find(training, 9)
    assert found.variance == pytest.approx(0, abs=1e-20)
    np.testing.assert_allclose(found.mean[np.lexsort(found.mean.T)], training[np.lexsort(training.T)])
    assert find(np.concatenate([training, training[:3]]), 9).variance == pytest.approx(0, abs=1e-20)


def test_wards_clusters_are_merged_where_it_costs_least(rng):
    """Each merge is the one that adds least to the squared distances from the means, found by trying all pairs."""
    training = rng.normal(size=(14, 3))
    clusters = [[i] for i in range(14)]

    def spread(members: list[int]) -> float:
        return float(np.sum((training[members] - training[members].mean(axis=0)) ** 2))

    for size in range(13, 0, -1):
        pairs = [(i, j) for i in range(len(clusters)) for j in range(i)]
        i, j = min(pairs, key=lambda p: spread(clusters[p[0]] + clusters[p[1]]) - sum(spread(clusters[k]) for k in p))
        clusters[j] += clusters.pop(i)
        found = ward(training, size)
        assert found.variance == pytest.approx(sum(map(spread, clusters)) / training.size)
        means = np.array([training[members].mean(axis=0) for members in clusters])
        np.testing.assert_allclose(found.mean[np.lexsort(found.mean.T)], means[np.lexsort(means.T)])


def test_points_are_those_of_the_mixture(rng):
    """Of each centre as many, with the variance around it."""
    points = drawn(Centres(np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]]), 4.0), 6000, rng)
    around = points - np.round(points / 100) * 100
    assert (np.round(points / 100).sum(axis=1) == 0).mean() == pytest.approx(1 / 3)
    assert around.std() == pytest.approx(2, rel=0.05)
    assert np.abs(around.mean(axis=0)).max() < 0.15


@pytest.mark.parametrize("power", [0.5, 1, 3])
def test_bisection_finds_the_crossing_of_the_whole_curve(power: float):
    sizes = np.arange(1, 41)
    curve = 0.37 - (sizes / 40) ** power
    asked = []

    def difference(size: int) -> float:
        asked.append(size)
        return float(curve[size - 1])

    assert bisected_size(difference, 40) == pytest.approx(crossing_size(sizes, curve))
    assert len(asked) <= 8
    for shift in (-1, 1):
        assert np.isnan(bisected_size(lambda size, shift=shift: float(curve[size - 1]) + shift, 40))
