"""Figure 7: memorization ratio, training loss and transition point of each data set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.plot import INTERVALS, LOSS, Caption, CaseFigure, Subject, Time
from edgemem.figures.left_out import cross_out
from edgemem.figures.style import (
    COLOURS,
    MARKERS,
    SERIES,
    case_title,
    fraction_axis,
    half_symbols,
    legend_below,
    loss_axis,
    new_figure,
    row_of,
)


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class SeedsFigure(CaseFigure):
    """Figure 7: memorization ratio, training loss and transition point of each data set."""

    reads: ClassVar = ("evaluations", "transition")

    figure: Literal["seeds"]
    time: Time = Field(0.36, description="Time of the losses, the nearest of the grid (0.36: psi = 6.7).")


CAPTION = Caption(
    "One line a data set",
    "Three plots: memorization ratio and training loss against model size M/N, one line a seed, and the transition "
    "point of each seed.",
    "Left and middle: memorization ratio and training loss of each data set, one line a seed. Right: where the ratio "
    "reaches one half, with the binomial error; the band is the interval of the mean. What the seeds differ by beyond "
    "their bars is the data's doing. A cross is on each model that has not converged: it is in no fit."
    + LOSS
    + INTERVALS,
)


def draw(options: SeedsFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw one line a seed, and beside them M50 of each with its binomial error and the mean with its interval."""
    evaluations = [evaluation.isel(step=-1) for evaluation in inputs["evaluations"]]
    transition = row_of(inputs["transition"][0], subject)
    seeds = transition.seed.values
    figure, (ratio, loss, point) = new_figure(3, width=2.6)
    figure.suptitle(case_title(subject, len(evaluations)))
    for i, (seed, evaluation) in enumerate(zip(seeds, evaluations, strict=True)):
        style: dict[str, Any] = {"color": SERIES[i % len(SERIES)], "linewidth": 0.7, "markersize": 2}
        trained = evaluation.loss.sel(split="train").sel(time=options.time, method="nearest")
        marker = MARKERS[i // len(SERIES) % len(MARKERS)]  # when the colours begin again
        ratio.plot(evaluation.fraction, evaluation.memorization_ratio, f"{marker}-", label=f"seed {seed}", **style)
        loss.plot(evaluation.fraction, trained, f"{marker}-", label=f"seed {seed}", **style)
        cross_out(ratio, evaluation, evaluation.memorization_ratio)
        cross_out(loss, evaluation, trained)
        value, low, high = (transition[f"m50{end}"].sel(seed=seed).item() for end in ("", "_low", "_high"))
        bars = np.nan_to_num([[value - low], [high - value]])
        point.errorbar(value, i, xerr=bars, fmt=marker, color=style["color"], label=f"seed {seed}")
    mean, low, high = (transition[f"m50_pooled{end}"].item() for end in ("", "_low", "_high"))
    if np.isfinite([mean, low, high]).all():
        style = {"color": COLOURS["trained"], "label": "mean over seeds"}
        point.axvspan(low, high, alpha=0.2, linewidth=0, **style)
        point.axvline(mean, linewidth=0.8, **style)
        spread = transition.m50_seed_stddev.item()
        point.set_title(f"mean {mean:.4f} [{low:.4f}, {high:.4f}]\nspread between seeds {spread:.4f}", fontsize=7)
    for axes in (ratio, loss):
        fraction_axis(axes, evaluations)
    loss.set_ylim(bottom=0)
    ratio.set_ylabel("memorization ratio")
    loss_axis(loss, "training loss", evaluations[0].sel(time=options.time, method="nearest"))
    point.set(xlabel=f"{' / '.join(half_symbols(subject))}, bars: 95 % binomial", ylabel="seed")
    point.set_yticks(np.arange(len(seeds)), seeds)
    point.invert_yaxis()
    legend_below(figure, ratio, columns=8)
    return figure
