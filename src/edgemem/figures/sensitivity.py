"""Transition point when points are generated in other ways, or it is read off by other criteria."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction as Ratio
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from edgemem.config.base import Fraction, KeyProblem
from edgemem.config.plot import INTERVALS, Caption, CaseFigure, Subject, Time
from edgemem.config.sampling import Sampling
from edgemem.figures.style import COLOURS, case_title, half_symbols, legend_below, new_figure
from edgemem.numerics.statistics import mean_interval


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.figures.style import Inputs


class SensitivityFigure(CaseFigure):
    """Transition point when points are generated in other ways, or it is read off by other criteria."""

    reads: ClassVar = ("sensitivity",)

    figure: Literal["sensitivity"]
    # No part of a figure's spec: they decide what is generated and counted, not how it is drawn.
    thresholds: list[Annotated[Fraction, Field(gt=0, lt=1)]] = Field(
        [1 / 5, 1 / 4, 1 / 2], exclude=True, description="Other thresholds of the memorization test."
    )
    times: list[Annotated[int, Field(ge=2, le=10_000)]] = Field(
        [11, 51, 101], exclude=True, description="Other numbers of times, with both samplers."
    )
    t_min: list[Time] = Field([0.01, 0.1], exclude=True, description="Other times at which generation ends.")
    points: list[Annotated[int, Field(ge=10, le=10_000_000)]] = Field(
        [50, 200], exclude=True, description="Numbers of generated points for which the scatter of a count is given."
    )

    def check(self, campaign: Campaign) -> None:
        """Check that generation ends after it begins."""
        for t_min in self.t_min:
            if t_min >= campaign.sampling.t_max:
                raise KeyProblem(f"must be below sampling.t_max, {campaign.sampling.t_max:g} (got {t_min:g})", "t_min")

    def variants(self, sampling: Sampling) -> list[Sampling]:
        """Return the ways to generate points: first the campaign's own, then those that differ from it."""
        both = [
            sampling.model_copy(update={"sampler": sampler, "times": times})
            for sampler in ("ddim", "ddpm")
            for times in sorted({sampling.times, *self.times})
        ]
        ends = [sampling.model_copy(update={"t_min": t_min}) for t_min in self.t_min]
        return list(dict.fromkeys([sampling, *both, *ends]))


CAPTION = Caption(
    "How the transition is measured",
    "Points with bars: the transition point for other thresholds, samplers, numbers of times and criteria.",
    "Where the memorization ratio reaches one half, if the memorization test has another threshold, if points are "
    "generated with another sampler, more or fewer times or another last time, and if it is read off otherwise. "
    "Circles are means over seeds. Squares are what one count of one seed scatters by: with the paper's 50 points and "
    "its criterion, the first size with a ratio of one half, it is low and wide." + INTERVALS,
)
CRITERIA = {"fitted": "fitted curve", "first": "first M with one half"}


class Row(NamedTuple):
    """One way to find M50, by seed; or mean and standard deviation of a single count, where `scatter` says so."""

    label: str
    values: np.ndarray
    scatter: bool = False


def draw(options: SensitivityFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw M50 of each way below the other, the campaign's own on top with its interval as a band."""
    measured = inputs["sensitivity"]
    rows = _rows(measured)
    figure, (axes,) = new_figure(1, width=6.8, height=0.9 + 0.22 * len(rows))
    figure.suptitle(f"{case_title(subject, len(measured))}: where the ratio reaches one half")
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
    axes.set_xlabel(" / ".join(half_symbols(subject)))
    legend_below(figure, axes, columns=2)
    return figure


def _rows(measured: Sequence[xr.Dataset]) -> list[Row]:
    """Return all ways: the campaign's own, other thresholds, samplers and times, and criteria by number of points."""
    first = measured[0]

    def m50(variant: int, threshold: int) -> np.ndarray:
        return np.array([dataset.m50.values[variant, threshold] for dataset in measured])

    sampler, times, t_min = (first[name].values for name in ("sampler", "times", "t_min"))
    threshold = [str(Ratio(float(value)).limit_denominator(100)) for value in first.threshold.values]
    own = f"{sampler[0].upper()}, {times[0]} times down to {t_min[0]:g}"
    rows = [Row(f"{own}, threshold {threshold[0]}", m50(0, 0))]
    rows += [Row(f"threshold {name}", m50(0, t)) for t, name in enumerate(threshold) if t > 0]
    for v in range(1, first.sizes["variant"]):
        changed = [sampler[v].upper(), f"{times[v]} times"] if t_min[v] == t_min[0] else [f"down to {t_min[v]:g}"]
        rows.append(Row(", ".join(changed), m50(v, 0)))
    for criterion in first.criterion.values:
        for points in first.points.values:
            cells = [dataset.sel(criterion=criterion, points=points) for dataset in measured]
            mean = np.mean([cell.binomial_mean for cell in cells])
            deviation = np.sqrt(np.mean([cell.binomial_variance for cell in cells]))
            label = f"{CRITERIA[str(criterion)]}, {points:,} points"
            rows.append(Row(label, np.array([mean, deviation]), scatter=True))
    return rows
