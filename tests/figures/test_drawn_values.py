"""The table beside a figure has what is in its panels, and is read with Python's own csv."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.container import BarContainer, ErrorbarContainer

from edgemem.config.regress import PREDICTORS
from edgemem.figures.drawn_values import drawn_values
from edgemem.figures.style import new_figure

from .conftest import bars, case, data
from .test_figure_files import READS, inputs, plot  # noqa: F401


Rows = list[dict[str, str]]


def numbers(rows: Rows, *names: str) -> np.ndarray:
    """Return columns; NaN where a cell is empty."""
    return np.array([[float(row[name] or "nan") for row in rows] for name in names])


def series(rows: Rows, panel: int) -> list[Rows]:
    """Return the rows of a panel, one list a series."""
    own = [row for row in rows if row["panel"] == str(panel)]
    return [[row for row in own if row["series"] == number] for number in dict.fromkeys(row["series"] for row in own)]


@pytest.mark.parametrize("figure", READS)
def test_table_has_what_is_drawn(inputs, tmp_path: Path, figure: str):  # noqa: F811
    made, out = case("three seeds"), tmp_path / "values.csv"
    assert plot(inputs(made.name), made, figure, [out]) == 0
    comment, *lines = out.read_text().splitlines()
    assert comment.startswith("# {")
    rows = list(csv.DictReader(lines))
    for panel, axes in enumerate(made.draw(figure).axes, 1):
        found = series(rows, panel)
        assert {row["x_axis"] for part in found for row in part} == {" ".join(axes.get_xlabel().split())}
        of_bars = [part for part in found if part[0]["kind"] == "points with bars"]
        containers = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
        for container, part in zip(containers, of_bars, strict=True):
            assert part[0]["label"] == container.get_label()
            check_bars(container, part)
        lines = [line for line in axes.lines if not any(line in each.get_children() for each in axes.containers)]
        curves = [part for part in found if part[0]["kind"] in ("curve", "points")]
        for line, part in zip(lines, curves, strict=True):
            drawn, told = np.array(data(line)), numbers(part, "x", "y")
            along = np.isfinite(told).any(axis=1)  # a line over all of an axis has no place there
            assert along.all() or len(part) in (1, drawn.shape[1])
            np.testing.assert_array_equal(told[along], drawn[along][:, : len(part)])
        assert len([part for part in found if part[0]["kind"] in ("band", "cells")]) == len(axes.collections) - sum(
            len(container.lines[2]) for container in containers
        )
        columns = [patch for each in axes.containers if isinstance(each, BarContainer) for patch in each.patches]
        lengths = [numbers(part, "x")[0] for part in found if part[0]["kind"] == "bars"]
        np.testing.assert_array_equal(np.ravel(lengths), [patch.get_width() for patch in columns])


def check_bars(container: ErrorbarContainer, part: Rows) -> None:
    """Check points and the ends of their bars; a bar without length has none."""
    np.testing.assert_array_equal(numbers(part, "x", "y"), data(container))
    for direction, axis in enumerate("xy"):
        told = numbers(part, f"{axis}_low", f"{axis}_high")
        if not (container.has_xerr, container.has_yerr)[direction]:
            assert np.isnan(told).all()
        else:
            low, high = bars(container, direction)
            np.testing.assert_array_equal(told, np.where(low < high, [low, high], np.nan))


def test_table_of_the_transition_has_its_band_and_its_area():
    made = case("three seeds")
    rows = list(drawn_values(made.draw("transition")))
    table = made.row(made.transition, made.pairs[0])
    band = [row for row in rows if row["kind"] == "band" and row["panel"] == 1]
    known = np.isfinite(table.ratio_curve_low.values)
    expected = [table.fraction[known], table.ratio_curve_low[known], table.ratio_curve_high[known]]
    np.testing.assert_allclose([[row[name] for row in band] for name in ("x", "y_low", "y_high")], expected)
    areas = [row for row in rows if row["kind"] == "area"]
    assert [row["panel"] for row in areas] == [1, 2, 3]
    for row in areas:
        np.testing.assert_allclose([row["x_low"], row["x_high"]], [table.m10_pooled, table.m90_pooled])
        assert row["y_low"] is row["y_high"] is None


def test_names_of_rows_are_in_the_table():
    """Where an axis has names in the place of numbers, a point has that of its row."""
    made = case("three seeds")
    rows = [
        row for row in drawn_values(made.draw("prediction")) if row["panel"] == 2 and row["label"].startswith("set")
    ]
    said = made.regression.predicted_fraction.notnull().any(["setting", "model"])
    names = [PREDICTORS[name] for name in made.regression.predictor.values[said]]
    assert [row["name"] for row in rows] == 2 * names


def test_bars_without_points_points_without_lines_and_hidden_names():
    """What figures of others may draw: bars with errors, a scatter, a horizontal band, a name that no legend shows."""
    _, (axes,) = new_figure()
    axes.bar([1, 2], [3, 4], yerr=[0.5, 1.0], label="counts")
    axes.scatter([1, 2], [5, 6], label="_hidden")
    axes.fill_betweenx([0, 1], [2, 2], [3, 4], label="band")
    axes.plot([1, 2], [7, 8])
    figure = axes.get_figure()
    rows = list(drawn_values(figure))
    assert part(rows, "bars") == [(1, None, None, 3, None, None), (2, None, None, 4, None, None)]
    assert part(rows, "points with bars") == [(1, None, None, None, 2.5, 3.5), (2, None, None, None, 3, 5)]
    assert part(rows, "points") == [(1, None, None, 5, None, None), (2, None, None, 6, None, None)]
    assert part(rows, "band") == [(None, 2, 3, 0, None, None), (None, 2, 4, 1, None, None)]
    labels = {row["kind"]: row["label"] for row in rows}
    assert labels == {"bars": "counts", "points with bars": "", "points": "hidden", "band": "band", "curve": ""}


def part(rows: Sequence[dict], kind: str) -> list[tuple]:
    places = ("x", "x_low", "x_high", "y", "y_low", "y_high")
    return [tuple(row[place] for place in places) for row in rows if row["kind"] == kind]
