"""Convolutions of images as products of matrices, and what a network of them needs beside: norm and other resolutions.

Images are arrays channel x row x column x point: points come last, so that what moves to a neighbouring pixel moves in
whole rows of points, and the points of a training step, which are columns, are images without being copied.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.networks import normalized


def convolved(
    image: Float[Array, "channel row column point"], weight: Float[Array, "out patch"]
) -> Float[Array, "out row column point"]:
    """Return sum_{i, j, c} w_{o i j c} x_{c, row + i - 1, column + j - 1}, i and j from 0 to 2, zero outside.

    **Arguments:** `weight`: its second axis has i, then j, then the channel.
    """
    _, rows, columns, _ = image.shape
    padded = jnp.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = jnp.concatenate([padded[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3)])
    flat = matmul(weight, patches.reshape(patches.shape[0], -1))
    return flat.reshape(-1, *image.shape[1:])


def halved(
    image: Float[Array, "channel row column point"],
) -> Float[Array, "channel half_row half_column point"]:
    """Return the means of two by two pixels; a last row or column without another counts twice."""
    channels, rows, columns, points = image.shape
    even = jnp.pad(image, ((0, 0), (0, rows % 2), (0, columns % 2), (0, 0)), mode="edge")
    return jnp.mean(even.reshape(channels, (rows + 1) // 2, 2, (columns + 1) // 2, 2, points), axis=(2, 4))


def doubled(
    image: Float[Array, "channel half_row half_column point"], rows: int, columns: int
) -> Float[Array, "channel row column point"]:
    """Return each pixel two by two times, up to a number of rows and columns."""
    return jnp.repeat(jnp.repeat(image, 2, axis=1), 2, axis=2)[:, :rows, :columns]


def group_normalized(
    image: Float[Array, "channel row column point"], groups: int
) -> Float[Array, "channel row column point"]:
    """Return an image whose channels have mean zero and variance one in each of equal groups, over all pixels."""
    return normalized(image.reshape(groups, -1, image.shape[-1])).reshape(image.shape)
