"""Figures at the width of one column: exactly as wide, all of them within it, large enough to be read in print."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from edgemem import pieces
from edgemem.figures.column import one_column
from edgemem.figures.drawn_values import drawn_values
from edgemem.figures.style import new_figure

from . import flows
from . import test_image_figures as image_figures
from .conftest import case, drawn
from .test_figure_files import READS, inputs, plot  # noqa: F401


COLUMN = 3.4  # inches
SMALLEST = 6  # points


def fresh(figure: str) -> Figure:
    """Return a figure that no other test looks at, one with many long names."""
    if figure in image_figures.IMAGES:
        return image_figures.drawn(figure)
    if figure in flows.READS:
        return flows.drawn(figure)
    made = case("three seeds")
    return drawn.__wrapped__(made.name, figure, made.pairs[-1] if pieces.figure_options(figure).subject else None)


def texts(figure: Figure) -> list[Text]:
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


@pytest.mark.parametrize("figure", [*READS, *image_figures.IMAGES, *flows.READS])
def test_all_is_within_the_column(figure: str):
    narrow = fresh(figure)
    before = list(drawn_values(narrow))
    narrow.draw_without_rendering()
    one_column(narrow)
    narrow.draw_without_rendering()
    assert narrow.get_figwidth() == COLUMN
    box = narrow.get_tightbbox()
    assert box.x0 > -0.02 and box.x1 < COLUMN + 0.02
    assert box.y0 > -0.02 and box.y1 < narrow.get_figheight() + 0.02
    assert narrow.get_figheight() < 9.1
    assert min(text.get_fontsize() for text in texts(narrow)) >= SMALLEST
    # Panels stand below each other, and none into another's texts.
    tight = [axes.get_tightbbox() for axes in narrow.axes]
    assert all(lower.y1 <= upper.y0 + 1 for upper, lower in itertools.pairwise(tight))
    legends = [legend.get_window_extent() for legend in narrow.legends]
    assert all(legend.y1 <= tight[-1].y0 + 1 for legend in legends)
    # Each is wide enough to be read, names the axis that its neighbour named, and shows the same.
    for axes in narrow.axes:
        assert axes.get_window_extent().width > 0.4 * narrow.bbox.width
        assert not axes.axison or axes.yaxis.label.get_visible()
        names = [label for label in axes.get_yticklabels() if label.get_text()]
        assert not axes.axison or names
    assert [without_names(row) for row in drawn_values(narrow)] == [without_names(row) for row in before]


def without_names(row: dict) -> dict:
    """Return a row without the names that are wrapped."""
    return {name: value for name, value in row.items() if name != "name"}


def test_files_are_as_wide_as_a_column(inputs, tmp_path: Path):  # noqa: F811
    made, wide, narrow = case("three seeds"), tmp_path / "1.png", tmp_path / "column/1.png"
    assert plot(inputs(made.name), made, "mechanism", [wide, "--column", narrow, narrow.with_suffix(".pdf")]) == 0
    with Image.open(wide) as image, Image.open(narrow) as column:
        dpi = column.info["dpi"][0]
        assert column.width == math.floor(COLUMN * round(dpi))
        assert image.width > 1.9 * column.width and column.height > 1.2 * image.height
        assert column.info["spec"] == image.info["spec"]
    assert b"/MediaBox [ 0 0 244.8 " in narrow.with_suffix(".pdf").read_bytes()


def test_figures_of_others_are_narrow_too():
    """One with axes on each other, a legend of its own, long names; and one without panels."""
    figure, (left, right) = new_figure(2)
    twin = left.twinx()
    left.plot([0, 1], [0, 1], label="a curve")
    twin.plot([0, 1], [5, 6])
    right.barh(range(3), [1, 2, 3])
    right.set_yticks(range(3), ["a name that is much longer than the width of a panel allows for"] * 3)
    figure.legend([left.lines[0]], ["a name of its own"], loc="outside lower center")
    figure.draw_without_rendering()
    one_column(figure)
    figure.draw_without_rendering()
    np.testing.assert_allclose(left.get_position().bounds, twin.get_position().bounds)
    assert right.get_position().y1 < left.get_position().y0
    assert right.get_window_extent().width > 0.4 * figure.bbox.width
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a name of its own"]
    empty = Figure()
    one_column(empty)
    assert empty.get_figwidth() == COLUMN
