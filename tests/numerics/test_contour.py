"""Sizes of a contour: each halves what is least known, and in the end the contour is found at every step."""

import numpy as np
import pytest

from edgemem.numerics.contour import next_size


STEPS = np.array([10.0, 100.0, 1000.0, 10000.0])


def ratio(size: float) -> np.ndarray:
    """Return ratios that pass one half at sizes 200 / log10(step)."""
    return 1 / (1 + np.exp(-(size - 200 / np.log10(STEPS)) / 3))


def test_it_closes_in_on_every_step():
    """As few sizes as bisection takes for the places at several steps, and none twice."""
    sizes = [4, 300]
    while (found := next_size(np.array(sizes), np.array([ratio(size) for size in sizes]))) is not None:
        assert found not in sizes
        sizes = sorted([*sizes, found])
    for place in 200 / np.log10(STEPS):
        i = np.searchsorted(sizes, place)
        assert sizes[i] - sizes[i - 1] == 1 or sizes[i - 1] == place
    assert len(sizes) < 2 + 4 * 9


def test_the_middle_is_that_of_the_logarithm():
    assert next_size(np.array([4, 100]), np.array([[0.0], [1.0]])) == 20


def test_widths_count_for_each_step_that_crosses_there():
    """The wider bracket holds one contour, the narrower two."""
    sizes = np.array([10, 20, 50])
    assert next_size(sizes, np.array([[0.0, 0.0, 0.0], [0.9, 0.9, 0.2], [1.0, 1.0, 0.9]])) == 14
    assert next_size(sizes, np.array([[0.0, 0.9, 0.0], [0.9, 0.9, 0.2], [1.0, 1.0, 0.9]])) == 32


def test_a_ratio_that_falls_with_size_has_a_contour_too():
    assert next_size(np.array([10, 40]), np.array([[0.8], [0.1]])) == 20


@pytest.mark.parametrize("ratios", [[[0.1], [0.4]], [[0.6], [0.5]]])
def test_nothing_to_find_where_no_step_crosses(ratios: list[list[float]]):
    """A ratio of one half is not below it."""
    assert next_size(np.array([10, 40]), np.array(ratios)) is None


def test_neighbours_have_nothing_between_them():
    assert next_size(np.array([10, 11, 40]), np.array([[0.1], [0.6], [0.9]])) is None
    assert next_size(np.array([10, 12]), np.array([[0.1], [0.6]])) == 11
