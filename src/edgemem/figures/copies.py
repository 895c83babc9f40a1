"""Which training samples are copied first: copies against local density, and of samples that occur several times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from edgemem.analysis.copied_samples import (
    BOUND,
    PROTOTYPES_FIRST,
    SOURCES,
    SPARSE_FIRST,
    copied_samples,
    density_correlation,
    duplicated_over_single,
    has_duplicates,
    which_first,
)
from edgemem.config.plot import INTERVALS, Caption, CaseFigure, Subject
from edgemem.figures.style import (
    COLOURS,
    case_title,
    half_symbols,
    legend_below,
    mean_with_interval,
    new_figure,
    row_of,
)
from edgemem.numerics.statistics import mean_interval


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgemem.analysis.copied_samples import CopiedSamples
    from edgemem.figures.style import Inputs


class CopiesFigure(CaseFigure):
    """Copies of each training sample against the density of the data there, at the transition."""

    reads: ClassVar = ("evaluations", "transition")

    figure: Literal["copies"]


CAPTION = Caption(
    "Which samples are copied first",
    "A scatter plot of the copies of each training sample against the rank of the local density, and the rank "
    "correlation of each data set; with duplicates also the ratio of their copies to those of single samples.",
    "Left: how many generated points are copies of each training sample, against the rank of the density of the data "
    "there, for the model nearest to the transition of each data set; the line is the mean in fifths. Next: Spearman's "
    f"rank correlation of the two, a point a data set. Published are two opposite claims, {SPARSE_FIRST} "
    f"({SOURCES[SPARSE_FIRST]}) and {PROTOTYPES_FIRST} ({SOURCES[PROTOTYPES_FIRST]}): the one is supported where the "
    f"interval of the mean lies below -{BOUND:g}, the other where it lies above {BOUND:g}; between the dotted lines "
    "nobody can tell. Right, where samples occur several times: mean copies of these over those of single samples."
    + INTERVALS,
)
# Parts of the training samples, by density, of which the mean is drawn.
PARTS = 5


def draw(options: CopiesFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw copies against density, the rank correlation of each data set with the verdict, and of duplicates the ratio
    to single samples."""
    evaluations = [evaluation.isel(step=-1) for evaluation in inputs["evaluations"]]
    transition = row_of(inputs["transition"][0], subject)
    seeds = transition.seed.values
    found = [copied_samples(one, m50) for one, m50 in zip(evaluations, transition.m50.values, strict=True)]
    duplicates = any(map(has_duplicates, evaluations))
    figure, (samples, correlation, *rest) = new_figure(2 + duplicates, width=2.9)
    figure.suptitle(case_title(subject, len(evaluations)))
    _draw_samples(samples, [one for one in found if one is not None])
    samples.set(xlabel="rank of local density, sparsest to densest", ylabel=f"copies, near {half_symbols(subject)[0]}")
    low, high = _draw_seeds(correlation, seeds, [density_correlation(one) for one in found])
    for place in (-BOUND, BOUND):
        correlation.axvline(place, linestyle=":", color=COLOURS["memorizing"], label=f"±{BOUND:g}")
    correlation.set_xlabel("rank correlation of copies and density")
    correlation.set_title(f"{correlation.get_title()}\n{which_first(low, high)}", fontsize=7)
    for axes in rest:
        _draw_seeds(axes, seeds, [duplicated_over_single(one) for one in found])
        axes.axvline(1, linestyle=":", color=COLOURS["memorizing"], label="as single ones")
        axes.set_xlabel("copies of a repeated over a single sample")
    legend_below(figure, samples, correlation, *rest, columns=3)
    return figure


def _draw_samples(axes: Axes, found: list[CopiedSamples]) -> None:
    """Draw the copies of each sample, and their means in parts of equally many samples, over the rank of density."""
    means = []
    for one in found:
        order = np.argsort(one.log_density, kind="stable")
        rank = (np.arange(len(order)) + 0.5) / len(order)
        style: dict[str, Any] = {"color": COLOURS["trained"], "alpha": 0.3, "label": "one sample, pale"}
        axes.plot(rank, one.copies[order], ".", **style)
        means.append([part.mean() for part in np.array_split(one.copies[order], PARTS)])
    if means:
        middle = (np.arange(PARTS) + 0.5) / PARTS
        mean_with_interval(axes, middle, np.array(means), color=COLOURS["partially_memorizing"], label="mean in fifths")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)


def _draw_seeds(axes: Axes, seeds: np.ndarray, values: list[float]) -> tuple[float, float]:
    """Draw a number of each seed, and the mean with its interval, whose ends are returned."""
    axes.plot(values, np.arange(len(seeds)), "o", color=COLOURS["trained"], label="one data set")
    mean, low, high = (float(end) for end in mean_interval(np.array(values)))
    if np.isfinite(mean):
        style: dict[str, Any] = {"color": COLOURS["partially_memorizing"], "label": "mean over seeds"}
        axes.axvline(mean, linewidth=0.8, **style)
        if np.isfinite([low, high]).all():
            axes.axvspan(low, high, alpha=0.2, linewidth=0, **style)
    axes.set_title(f"mean {mean:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(low) else "mean unknown", fontsize=7)
    axes.set_yticks(np.arange(len(seeds)), seeds)
    axes.set_ylabel("seed")
    axes.invert_yaxis()
    return low, high
