"""Rows of small images, as several figures show them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np


if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.axes import Axes


# Pixels between two images, as wide a white line.
GAP = 1


def visible(
    images: Float[np.ndarray, "*many channel row column"], largest: float
) -> Float[np.ndarray, "*many row column channel"]:
    """Return colours to look at: zero is a middle grey, plus and minus `largest` are full and no colour.

    Colours are drawn around zero, so half of their values are negative. What is larger is cut off.
    """
    return np.clip(0.5 + np.moveaxis(images, -3, -1) / (2 * largest), 0, 1)


def grey(images: Float[np.ndarray, "*many row column"]) -> Float[np.ndarray, "*many row column 3"]:
    """Return grey images, 0 black and 1 white, as colours."""
    return np.repeat(images[..., None], 3, axis=-1)


def show_rows(axes: Axes, rows: Float[np.ndarray, "line place row column channel"]) -> None:
    """Draw lines of images as one image, white between them."""
    lines, places, height, width, channels = rows.shape
    canvas = np.ones((lines * (height + GAP) - GAP, places * (width + GAP) - GAP, channels))
    for i in range(lines):
        for j in range(places):
            top, left = i * (height + GAP), j * (width + GAP)
            canvas[top : top + height, left : left + width] = rows[i, j]
    axes.imshow(canvas, interpolation="nearest")
    axes.set_axis_off()


def frame(axes: Axes, places: Iterable[int], size: tuple[int, int], lines: int, colour: str) -> None:
    """Draw a frame around the images at some places, over all lines."""
    from matplotlib.patches import Rectangle

    height, width = size
    for place in places:
        corner = (place * (width + GAP) - 0.5 - GAP / 2, -0.5 - GAP / 2)
        whole = lines * (height + GAP)
        axes.add_patch(
            Rectangle(corner, width + GAP, whole, fill=False, edgecolor=colour, linewidth=1.2, clip_on=False)
        )
