"""What a figure shows as rows of numbers, read from the figure itself, so that they are those that are drawn."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from edgemem.figures.style import names_on


if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Values = dict[str, Any]  # numbers of a point by the names of columns

# Of a point: where it is, and the ends of its bars or of its band.
PLACES = ("x", "x_low", "x_high", "y", "y_low", "y_high")
# Of a cell of a plane: what it is coloured by.
VALUE = "value"


def drawn_values(figure: Figure) -> Iterator[dict[str, Any]]:
    """Yield a row for each point of a figure's curves, bars, bands and shaded areas.

    A row has the number of its panel with the names of the axes; the number of its series in the panel, what kind it is
    and its label; the name that an axis gives to the point, where it has names; and numbers. What is not drawn is None:
    the ends of bars where there are none, and the place along an axis of what reaches over all of it. The cells of a
    plane have a value besides.
    """
    for panel, axes in enumerate(figure.axes, 1):
        ticks = [(axis, names_on(getattr(axes, f"{axis}axis"))) for axis in "yx"]
        names = {"panel": panel, "x_axis": _one_line(axes.get_xlabel()), "y_axis": _one_line(axes.get_ylabel())}
        for series, (artist, kind, points) in enumerate(_series(axes), 1):
            of = {**names, "series": series, "kind": kind, "label": _label(artist)}
            for point in points:
                numbers = {name: _number(point.get(name)) for name in PLACES}
                value = {VALUE: _number(point[VALUE])} if VALUE in point else {}
                yield {**of, "name": _name(ticks, numbers), **numbers, **value}


def _series(axes: Axes) -> Iterator[tuple[Any, str, Iterable[Values]]]:
    """Yield what is drawn in a panel, each with its kind and its points."""
    from matplotlib.collections import FillBetweenPolyCollection, PathCollection, QuadMesh
    from matplotlib.container import BarContainer, ErrorbarContainer
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    in_containers: set[Artist] = set()
    for container in axes.containers:
        in_containers.update(container.get_children())
        if isinstance(container, ErrorbarContainer):
            yield container, "points with bars", _errorbar(container)
        elif isinstance(container, BarContainer):
            yield container, "bars", _bars(container)
    for artist in axes.get_children():
        if artist in in_containers:
            continue
        if isinstance(artist, Line2D):
            kind = "points" if artist.get_linestyle() == "None" else "curve"
            yield artist, kind, _of_data(axes, artist, _points(*np.array(artist.get_data(orig=False), np.float64)))
        elif isinstance(artist, PathCollection):
            yield artist, "points", _points(*np.transpose(artist.get_offsets()))
        elif isinstance(artist, QuadMesh):
            yield artist, "cells", _cells(artist)
        elif isinstance(artist, FillBetweenPolyCollection):
            yield artist, "band", _band(artist)
        elif isinstance(artist, Rectangle) and artist in axes.patches:
            yield artist, "area", _of_data(axes, artist, [_area(artist)])


def _points(x: Iterable[float], y: Iterable[float]) -> Iterator[Values]:
    for one_x, one_y in zip(x, y, strict=True):
        yield {"x": one_x, "y": one_y}


def _errorbar(container: Any) -> Iterator[Values]:
    """Yield points with the ends of their bars, or bars alone where there are no points; without length is none."""
    line, _, bars = container.lines
    along = [axis for axis, has in (("x", container.has_xerr), ("y", container.has_yerr)) if has]
    ends = {axis: collection.get_segments() for axis, collection in zip(along, bars, strict=True)}
    count = max(map(len, ends.values()), default=0)
    points = _points(*line.get_data(orig=False)) if line else ({} for _ in range(count))
    for i, point in enumerate(points):
        for axis, segments in ends.items():
            if len(segments[i]) == 2:  # of a place that is not known there is no segment
                segment = dict(zip("xy", np.sort(segments[i], axis=0).T, strict=True))
                low, high = segment.pop(axis)
                point.update({f"{axis}_low": low, f"{axis}_high": high} if low < high else {})
                for other, value in segment.items():
                    point.setdefault(other, value[0])
        yield point


def _bars(container: Any) -> Iterator[Values]:
    for patch, value in zip(container.patches, container.datavalues, strict=True):
        if container.orientation == "vertical":
            yield {"x": patch.get_x() + patch.get_width() / 2, "y": value}
        else:
            yield {"x": value, "y": patch.get_y() + patch.get_height() / 2}


def _band(collection: Any) -> Iterator[Values]:
    """Yield the ends of a band at each place along its axis; it may be in several pieces."""
    along, across = ("x", "y") if collection.t_direction == "x" else ("y", "x")
    for path in collection.get_paths():
        corners = path.vertices[:, ::-1] if along == "y" else path.vertices
        for place in np.unique(corners[:, 0]):
            values = corners[corners[:, 0] == place, 1]
            yield {along: place, f"{across}_low": values.min(), f"{across}_high": values.max()}


def _cells(mesh: Any) -> Iterator[Values]:
    """Yield the ends of the cells of a plane with what they are coloured by, of those that are drawn."""
    corners, values = mesh.get_coordinates(), np.ma.atleast_2d(mesh.get_array())
    for row, column in np.argwhere(~np.ma.getmaskarray(values)):
        (x_low, y_low), (x_high, y_high) = corners[row, column], corners[row + 1, column + 1]
        yield {"x_low": x_low, "x_high": x_high, "y_low": y_low, "y_high": y_high, VALUE: values[row, column]}


def _area(rectangle: Any) -> Values:
    (x_low, y_low), (x_high, y_high) = np.sort(rectangle.get_corners()[[0, 2]], axis=0)
    return {"x_low": x_low, "x_high": x_high, "y_low": y_low, "y_high": y_high}


def _of_data(axes: Axes, artist: Any, points: Iterable[Values]) -> Iterable[Values]:
    """Return points without their places along axes over whose whole length they are drawn."""
    of_data = dict(zip("xy", artist.get_transform().contains_branch_seperately(axes.transData), strict=True))
    if all(of_data.values()):
        return points
    left = ({name: value for name, value in point.items() if of_data[name[0]]} for point in points)
    # The two ends of a line are the same now.
    return {tuple(point.items()): point for point in left}.values()


def _number(value: Any) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)


def _label(artist: Any) -> str:
    """Return what a series is called; in no legend are names behind an underscore, and those that Matplotlib gives."""
    label = str(artist.get_label())
    return "" if re.fullmatch(r"_(child|container)\d+|_nolegend_|None", label) else label.removeprefix("_")


def _name(ticks: Iterable[tuple[str, dict[float, str]]], numbers: Values) -> str:
    """Return the name that an axis gives to a point; empty where both have numbers."""
    for axis, names in ticks:
        place = numbers[axis]
        if names and place is not None:
            return names[min(names, key=lambda tick: abs(tick - place))]
    return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
