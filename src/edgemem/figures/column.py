"""A figure at the width of one column of text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from edgemem.figures.style import WIDTH, legend_below, names_on


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A name on the vertical axis that is longer goes on in a second line.
LETTERS = 24
# Inches for a line of such a name.
LINE = 0.13
# Inches of a page: panels become lower, down to half their height, where a figure would be longer.
TALLEST = 9.0
# Inches for what surrounds a panel, at first; then it is known.
AROUND = 1.5


def one_column(figure: Figure) -> None:
    """Put a figure's panels below each other, and its titles, names and legend into the width of a column.

    Panels stay as high as the figure's layout has made them, and images keep their shape. What is drawn stays the same.
    """
    panels = [axes for axes in figure.axes if axes.get_figure() is figure and axes.get_subplotspec()]
    # Axes that lie on each other have one place.
    places = list(dict.fromkeys(axes.get_subplotspec() for axes in panels))
    if not places:
        figure.set_figwidth(WIDTH)
        return
    first = [next(axes for axes in panels if axes.get_subplotspec() == place) for place in places]
    heights = [_inches(axes, "height") for axes in first]
    figure.set_size_inches(WIDTH, sum(heights) + AROUND * (len(places) + 1))
    for axes in panels:
        _stand_alone(axes)
    if figure.get_suptitle():
        figure.suptitle(figure.get_suptitle(), wrap=True, fontsize="medium")
    for legend in list(figure.legends):
        names = {text.get_text() for text in legend.get_texts()}
        if names <= {name for axes in panels for name in axes.get_legend_handles_labels()[1]}:
            legend.remove()
            legend_below(figure, *panels, columns=len(names), only=names)
    grid = figure.add_gridspec(len(places), 1, height_ratios=heights)
    for axes in panels:
        axes.set_subplotspec(grid[places.index(axes.get_subplotspec())])
    for _ in range(2):  # how much stands around the panels is only known once texts are wrapped
        figure.draw_without_rendering()
        wanted = [_wanted(axes, height) for axes, height in zip(first, heights, strict=True)]
        grid.set_height_ratios(wanted)
        around = figure.get_figheight() - sum(_inches(axes, "height") for axes in first)
        figure.set_figheight(min(sum(wanted), max(TALLEST - around, sum(wanted) / 2)) + around)


def _inches(axes: Axes, side: str) -> float:
    """Return how wide or high the place of a panel is; an image need not fill it."""
    of_figure: float = getattr(axes.get_position(original=True), side)
    figure = axes.get_figure(root=True)
    assert figure is not None
    return of_figure * (figure.get_figwidth() if side == "width" else figure.get_figheight())


def _wanted(axes: Axes, height: float) -> float:
    """Return how high a panel is to be: an image as its width asks for, another so that its names have their lines."""
    if axes.images:
        rows, columns = axes.images[0].get_size()
        return _inches(axes, "width") * rows / columns
    lines = [1 + name.count("\n") for name in names_on(axes.yaxis).values()]
    return max(height, LINE * len(lines) * max(lines, default=0))


def _stand_alone(axes: Axes) -> None:
    """Let a panel say itself what the panel to its left has said, and wrap what is too long."""
    if axes.axison:
        axes.tick_params(labelleft=axes.yaxis.get_ticks_position() != "right")
    axes.yaxis.label.set_visible(True)
    for text in (axes.title, axes.xaxis.label):
        text.set_wrap(True)
    if names := names_on(axes.yaxis):
        axes.set_yticks(list(names), [textwrap.fill(name, LETTERS) for name in names.values()])
