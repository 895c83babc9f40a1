"""Memorization ratios in a plane of two axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np


if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Ends of the classes of ratios, with a colour for each class, light to dark.
LEVELS = (0.0, 0.1, 0.5, 0.9, 1.0)
SHADES = ("#eff3ff", "#bdd7e7", "#6baed6", "#2171b5")
CONTOUR = "#000000"


def draw_ratios(axes: Axes, x: np.ndarray, y: np.ndarray, ratio: np.ndarray) -> None:
    """Draw ratios as cells around places on two axes, coloured by their class; a cell that is unknown is left out.

    Their ends are in the middle between two places, on a logarithmic axis in that of the logarithms.

    **Arguments:** `x`, `y`: ascending; `ratio`: (y, x).
    """
    from matplotlib.colors import BoundaryNorm, ListedColormap

    edges = (_edges(x, axes.get_xscale() == "log"), _edges(y, axes.get_yscale() == "log"))
    colours = ListedColormap(list(SHADES))
    norm = BoundaryNorm(LEVELS, len(SHADES))
    axes.pcolormesh(*edges, np.ma.masked_invalid(ratio), cmap=colours, norm=norm, label="_memorization ratio")
    for low, high, shade in zip(LEVELS[:-1], LEVELS[1:], SHADES, strict=True):
        label = f"ratio {low:g} to {high:g}"
        axes.plot([np.nan], [np.nan], "s", color=shade, markeredgecolor="#999999", markersize=6, label=label)
    axes.grid(visible=False)
    axes.set(xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]])


def _edges(places: np.ndarray, logarithmic: bool) -> np.ndarray:
    """Return the ends of cells around places; a single one has a factor of two, or a half, on either side."""
    at = np.log(places) if logarithmic else np.asarray(places, np.float64)
    if len(at) == 1:
        ends = at + np.array([-1, 1]) * (np.log(2) if logarithmic else 0.5)
    else:
        middles = (at[1:] + at[:-1]) / 2
        ends = np.concatenate([[2 * at[0] - middles[0]], middles, [2 * at[-1] - middles[-1]]])
    return np.exp(ends) if logarithmic else ends
