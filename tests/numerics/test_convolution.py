"""Convolutions, norms and other resolutions of images are those of their definitions, pixel by pixel."""

import jax.numpy as jnp
import numpy as np
import pytest

from edgemem.numerics.convolution import convolved, doubled, group_normalized, halved


SHAPES = [(8, 8), (7, 7), (28, 28), (3, 4), (1, 1)]


def images(rows: int, columns: int, channels: int = 4) -> np.ndarray:
    return np.random.default_rng(rows + columns).normal(size=(channels, rows, columns, 2))


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_convolution(float64, rows: int, columns: int):
    """Each number is the sum over the three by three pixels around it, of which those outside are zero."""
    x, weight = images(rows, columns, channels=2), np.random.default_rng(0).normal(size=(3, 3, 3, 2))
    expected = np.zeros((3, rows, columns, 2))
    for out, row, column, point in np.ndindex(expected.shape):
        total = 0.0
        for i, j, channel in np.ndindex(3, 3, 2):
            if 0 <= row + i - 1 < rows and 0 <= column + j - 1 < columns:
                total += weight[out, i, j, channel] * x[channel, row + i - 1, column + j - 1, point]
        expected[out, row, column, point] = total
    found = convolved(jnp.asarray(x), jnp.asarray(weight.reshape(3, -1)))
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(("rows", "columns"), SHAPES)
def test_half_the_resolution_and_back(float64, rows: int, columns: int):
    """Means of blocks of two by two, of which the edge of an odd image has copies; back, each is its own block."""
    x = images(rows, columns)
    half = np.zeros((4, -(-rows // 2), -(-columns // 2), 2))
    for channel, row, column, point in np.ndindex(half.shape):
        block = [
            x[channel, min(2 * row + i, rows - 1), min(2 * column + j, columns - 1), point] for i, j in np.ndindex(2, 2)
        ]
        half[channel, row, column, point] = np.mean(block)
    np.testing.assert_allclose(halved(jnp.asarray(x)), half, atol=1e-12)
    whole = doubled(jnp.asarray(half), rows, columns)
    assert whole.shape == x.shape
    for row, column in np.ndindex(rows, columns):
        np.testing.assert_array_equal(whole[:, row, column], half[:, row // 2, column // 2])


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_group_norm(float64, groups: int):
    x = 3 + images(5, 6)
    found = np.asarray(group_normalized(jnp.asarray(x), groups))
    for group, point in np.ndindex(groups, 2):
        own = slice(group * 4 // groups, (group + 1) * 4 // groups)
        values = x[own, :, :, point]
        expected = (values - values.mean()) / np.sqrt(values.var() + 1e-5)
        np.testing.assert_allclose(found[own, :, :, point], expected, atol=1e-12)
