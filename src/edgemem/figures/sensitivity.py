"""Place of the transition when points are generated in other ways, or it is read off by other rules."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import SensitivityFigure
from edgemem.figures.style import COLOURS, legend_below, new_figure, setting_title
from edgemem.numerics.statistics import mean_interval


class Row(NamedTuple):
    """One way to find M50, by seed; or mean and standard deviation of a single count, where `scatter` says so."""

    label: str
    values: np.ndarray
    scatter: bool = False


def draw(options: SensitivityFigure, setting: str, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw M50 of each way below the other, the campaign's own on top with its interval as a band."""
    measured = inputs["sensitivity"]
    rows = _rows(measured)
    figure, (axes,) = new_figure(1, width=6.8, height=0.9 + 0.22 * len(rows))
    figure.suptitle(f"{setting_title(setting, len(measured))}: where the ratio reaches one half")
    own, low, high = (float(x) for x in mean_interval(rows[0].values))
    axes.axvline(own, color=COLOURS["trained"], linewidth=0.8)
    if np.isfinite([low, high]).all():
        axes.axvspan(low, high, color=COLOURS["trained"], alpha=0.15, linewidth=0)
    for i, row in enumerate(rows):
        if row.scatter:
            mean, half = row.values
            bars = np.nan_to_num([[1.96 * half], [1.96 * half]])
        else:
            mean, low, high = (float(x) for x in mean_interval(row.values))
            bars = np.nan_to_num([[mean - low], [high - mean]])
        colour = COLOURS["partially_memorizing" if row.scatter else "trained"]
        label = "one count of one seed, 95 %" if row.scatter else "mean over seeds, 95 % interval"
        axes.errorbar(mean, i, xerr=bars, fmt="s" if row.scatter else "o", color=colour, label=label)
    axes.set_yticks(np.arange(len(rows)), [row.label for row in rows])
    axes.invert_yaxis()
    axes.grid(axis="y", visible=False)
    axes.set_xlabel("M₅₀ / N")
    legend_below(figure, axes, columns=2)
    return figure


def _rows(measured: Sequence[xr.Dataset]) -> list[Row]:
    """Return all ways: the campaign's own, other thresholds, samplers and times, and the rules by number of points."""
    first = measured[0]

    def m50(variant: int, threshold: int) -> np.ndarray:
        return np.array([dataset.m50.values[variant, threshold] for dataset in measured])

    sampler, times, t_min = (first[name].values for name in ("sampler", "times", "t_min"))
    threshold = [str(Fraction(float(value)).limit_denominator(100)) for value in first.threshold.values]
    own = f"{sampler[0].upper()}, {times[0]} times down to {t_min[0]:g}"
    rows = [Row(f"{own}, threshold {threshold[0]}", m50(0, 0))]
    rows += [Row(f"threshold {name}", m50(0, t)) for t, name in enumerate(threshold) if t > 0]
    for v in range(1, first.sizes["variant"]):
        changed = [sampler[v].upper(), f"{times[v]} times"] if t_min[v] == t_min[0] else [f"down to {t_min[v]:g}"]
        rows.append(Row(", ".join(changed), m50(v, 0)))
    names = {"fitted": "fitted curve", "first": "first M with one half"}
    for rule in first.rule.values:
        for points in first.points.values:
            cells = [dataset.sel(rule=rule, points=points) for dataset in measured]
            mean = np.mean([cell.counting_mean for cell in cells])
            deviation = np.sqrt(np.mean([cell.counting_variance for cell in cells]))
            rows.append(Row(f"{names[str(rule)]}, {points:,} points", np.array([mean, deviation]), scatter=True))
    return rows
