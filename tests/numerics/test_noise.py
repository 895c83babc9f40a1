"""The random numbers of training follow their distributions, are independent, and belong to points, not to an order."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from edgemem.numerics.noise import standard_normal, uniform_index


POINTS, DIM = 8_000, 50
COUNT = POINTS * DIM


def normal(key: int, points=POINTS, dim: int = DIM) -> np.ndarray:
    return np.asarray(standard_normal(jr.key(key), jnp.arange(points), dim))


@pytest.fixture(scope="module")
def draws() -> np.ndarray:
    return normal(5).astype(np.float64)


def test_distribution(draws):
    """The draws follow N(0, 1), in the middle and in the tails."""
    draws = draws.ravel()
    assert stats.kstest(draws, "norm").pvalue > 0.001
    # Four standard errors of the first four moments.
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(draws**power) - moment) < 4 * np.sqrt(variance / COUNT)
    beyond = np.sum(np.abs(draws) > 4)
    expected = COUNT * 2 * stats.norm.sf(4)
    assert abs(beyond - expected) < 4 * np.sqrt(expected)


def test_independence(draws):
    """Neighbouring points, neighbouring features and the two words of one block of bits are uncorrelated."""
    pairs = [(draws[:, :-1], draws[:, 1:]), (draws[:-1], draws[1:]), (draws[: DIM // 2], draws[DIM // 2 :])]
    for first, second in pairs:
        assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 4 / np.sqrt(first.size)
        assert abs(np.corrcoef(first.ravel() ** 2, second.ravel() ** 2)[0, 1]) < 4 / np.sqrt(first.size)


def test_no_draw_is_infinite(draws):
    """The ends of the uniform grid lie inside of (-1, 1): the largest draw possible is about 5.2."""
    assert np.abs(draws).max() < 5.3


def test_keys(draws):
    """A key gives the same draws again, another key other ones."""
    np.testing.assert_array_equal(normal(5), draws)
    assert abs(np.corrcoef(draws.ravel(), normal(6).ravel())[0, 1]) < 4 / np.sqrt(COUNT)


@pytest.mark.parametrize("dim", [1, 2, 7, 50])
def test_numbers_belong_to_a_point(dim):
    """A point's noise does not depend on which others are asked for, nor on their order."""
    everyone = normal(1, 20, dim)
    some = np.asarray(standard_normal(jr.key(1), jnp.array([13, 2, 7]), dim))
    assert everyone.shape == (dim, 20)
    np.testing.assert_array_equal(some, everyone[:, [13, 2, 7]])
    assert len(np.unique(everyone)) == everyone.size
    indices = uniform_index(jr.key(1), jnp.arange(20), 26)
    np.testing.assert_array_equal(uniform_index(jr.key(1), jnp.array([13, 2, 7]), 26), indices[jnp.array([13, 2, 7])])


def test_precision_of_the_surroundings_does_not_matter():
    """The same float32 numbers whether or not float64 is on."""
    single = normal(1, 5, 3)
    with jax.enable_x64(True):
        double = normal(1, 5, 3)
    assert single.dtype == double.dtype == np.float32
    np.testing.assert_array_equal(single, double)


@pytest.mark.parametrize("count", [1, 2, 26])
def test_uniform_index(count):
    """Every index below the count is equally likely, and another key gives others."""
    index = np.asarray(uniform_index(jr.key(3), jnp.arange(26_000), count))
    observed = np.bincount(index, minlength=count)
    assert len(observed) == count
    if count > 1:
        assert stats.chisquare(observed).pvalue > 0.001
        assert np.mean(index == np.asarray(uniform_index(jr.key(4), jnp.arange(26_000), count))) < 1.2 / count
