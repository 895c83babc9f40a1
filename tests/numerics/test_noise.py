"""The noise of training is standard normal and independent, although it uses every random word there is."""

import jax
import jax.random as jr
import numpy as np
import pytest
from scipy import stats

from edgemem.numerics.noise import standard_normal


COUNT = 400_000


@pytest.fixture(scope="module")
def draws() -> np.ndarray:
    return np.asarray(standard_normal(jr.key(5), (COUNT,)), np.float64)


def test_law(draws):
    """The draws follow N(0, 1), in the middle and in the tails."""
    assert stats.kstest(draws, "norm").pvalue > 0.001
    # Four standard errors of the first four moments.
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(draws**power) - moment) < 4 * np.sqrt(variance / COUNT)
    beyond = np.sum(np.abs(draws) > 4)
    expected = COUNT * 2 * stats.norm.sf(4)
    assert abs(beyond - expected) < 4 * np.sqrt(expected)


def test_independence(draws):
    """Neighbours and the two words of one block, half the array apart, are uncorrelated, and so are their squares."""
    for lag in (1, 2, 3, COUNT // 2):
        first, second = draws[:-lag], draws[lag:]
        assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(len(first))
        assert abs(np.corrcoef(first**2, second**2)[0, 1]) < 4 / np.sqrt(len(first))


def test_no_draw_is_infinite(draws):
    """The ends of the uniform grid lie inside of (-1, 1): the largest draw possible is about 5.2."""
    assert np.abs(draws).max() < 5.3


def test_keys(draws):
    """A key gives the same draws again, another key other ones."""
    np.testing.assert_array_equal(standard_normal(jr.key(5), (COUNT,)), draws)
    other = np.asarray(standard_normal(jr.key(6), (COUNT,)))
    assert abs(np.corrcoef(draws, other)[0, 1]) < 4 / np.sqrt(COUNT)


@pytest.mark.parametrize("shape", [(1,), (3, 5, 7), (2, 3)])
def test_shapes(shape):
    """Any shape, of an odd number of draws too, in float32 whatever the precision of the surroundings."""
    draw = jax.jit(standard_normal, static_argnums=1)
    single = draw(jr.key(1), shape)
    with jax.enable_x64(True):
        double = draw(jr.key(1), shape)
    assert single.shape == double.shape == shape
    assert single.dtype == double.dtype == np.float32
    np.testing.assert_array_equal(single, double)
    assert len(np.unique(single)) == np.prod(shape)
