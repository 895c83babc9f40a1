"""Measured against predicted transition point, over all cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from edgemem.config.plot import INTERVALS, CampaignFigure, Caption, Subject
from edgemem.config.regress import PREDICTORS
from edgemem.figures.style import COLOURS, legend_below, new_figure, row_of_each_case


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class PredictionFigure(CampaignFigure):
    """Measured against predicted transition point, over all settings and models."""

    reads: ClassVar = ("transition", "regression")

    figure: Literal["prediction"]


CAPTION = Caption(
    "Measured and predicted transition point",
    "Two plots: measured against predicted transition point, one point a setting and model, and mean squared errors of "
    "the predictors.",
    "Left: the measured transition point against what each predictor says, one point a setting and model. Points on "
    "the line are right. Right: mean squared error of each predictor, on settings it was fitted to and on settings "
    "held out. A predictor earns its name only where it beats the constant." + INTERVALS,
)
MARKERS = {
    "constant": "_",
    "c1": "v",
    "c2": "^",
    "snr_weight": "x",
    "finite_size": "s",
    "exact_losses": "o",
    "fitted": "D",
}


def draw(options: PredictionFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw measured M50 / N against every prediction with both intervals, and each predictor's error."""
    transition, regression = (row_of_each_case(inputs[kind][0]) for kind in ("transition", "regression"))
    figure, (scatter, errors) = new_figure(2)
    measured = transition.m50_pooled.values
    measured_bars = np.nan_to_num([measured - transition.m50_pooled_low, transition.m50_pooled_high - measured])
    for predictor in regression.predictor.values:
        row = regression.sel(predictor=predictor)
        predicted = row.predicted_fraction.values
        bars = np.nan_to_num([predicted - row.predicted_fraction_low, row.predicted_fraction_high - predicted])
        scatter.errorbar(
            predicted,
            measured,
            xerr=bars,
            yerr=measured_bars,
            fmt=MARKERS[str(predictor)],
            color=COLOURS[str(predictor)],
            label=PREDICTORS[str(predictor)],
        )
    both = np.concatenate([measured, regression.predicted_fraction.values.ravel()])
    ends = np.array([np.nanmin(both), np.nanmax(both)]) if np.isfinite(both).any() else np.array([0.0, 1.0])
    scatter.plot(ends, ends, color=COLOURS["approximation"], linewidth=0.8)
    scatter.annotate(
        "equal",
        (ends[0], ends[0]),
        color=COLOURS["approximation"],
        xytext=(6, 1),
        textcoords="offset points",
    )
    scatter.set(xlabel="predicted M₅₀ / N", ylabel="measured M₅₀ / N")
    legend_below(figure, scatter, columns=3)

    place = np.arange(regression.sizes["predictor"])
    colours = [COLOURS[str(predictor)] for predictor in regression.predictor.values]
    for fold, name, offset, alpha in (("train", "fitted", -0.2, 1.0), ("holdout", "held out", 0.2, 0.45)):
        error = regression.squared_error.sel(fold=fold).values
        bars = errors.barh(place + offset, error, 0.38, color=colours, alpha=alpha)
        errors.bar_label(bars, [f" {name}: {e:.1e}" if np.isfinite(e) else f" {name}: none" for e in error], fontsize=6)
    errors.set_yticks(place, [str(predictor).replace("_", " ") for predictor in regression.predictor.values])
    errors.invert_yaxis()
    errors.set_xlabel("mean squared error of predicted M₅₀ / N")
    # The best and the worst differ by hundreds; a transition in no setting leaves no errors at all.
    known = regression.squared_error.sel(fold=["train", "holdout"]).values
    known = known[known > 0]
    errors.set_xscale("log")
    errors.set_xlim(*((known.min() / 3, 30 * known.max()) if len(known) else (1e-4, 1)))
    errors.grid(axis="y", visible=False)
    return figure
