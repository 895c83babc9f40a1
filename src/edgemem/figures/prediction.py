"""Measured against predicted transition point, over all cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from edgemem.config.plot import INTERVALS, CampaignFigure, Caption, Subject
from edgemem.config.regress import PREDICTORS
from edgemem.figures.style import COLOURS, HEIGHT, legend_below, new_figure, row_of_each_case


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class PredictionFigure(CampaignFigure):
    """Measured against predicted transition point, over all settings and models."""

    reads: ClassVar = ("transition", "regression")

    figure: Literal["prediction"]


CAPTION = Caption(
    "How wrong the predictions are",
    "Two plots, one row a predictor: measured minus predicted transition point of each setting and model, and mean "
    "squared errors.",
    "Left: measured minus predicted transition point, one point a setting and model; fits have not seen settings of "
    "the same variance. Right: mean squared error of each predictor, on the settings that fits have seen and on those "
    "held out; the legend says how many there are. A predictor earns its name only where it beats the constant; those "
    "that say nothing of these settings are left out." + INTERVALS,
)
# A mean squared error below this is that of a curve through every point, and is not on the axis.
ROUNDING = 1e-8
# Inches of a row, and of what stands above and below the rows.
ROW, AROUND = 0.19, 0.9
FOLDS = (("train", "fitted", "o", -0.12), ("holdout", "held out", "D", 0.12))


def draw(options: PredictionFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw measured minus predicted M50 / N with intervals, and the mean squared errors, one row a predictor."""
    transition, regression = (row_of_each_case(inputs[kind][0]) for kind in ("transition", "regression"))
    counts = regression["count"].max("predictor")
    said = regression.predicted_fraction.notnull().any("case")
    regression = regression.sel(predictor=said)
    names = [PREDICTORS[str(predictor)] for predictor in regression.predictor.values]
    place = np.arange(len(names))
    figure, (differences, errors) = new_figure(2, height=max(HEIGHT, ROW * len(names) + AROUND))
    measured = transition.m50_pooled.values
    measured_half = np.nan_to_num(transition.m50_pooled_high - transition.m50_pooled_low).clip(0) / 2
    spread = np.linspace(-0.3, 0.3, len(measured)) if len(measured) > 1 else np.zeros(1)
    for i, predictor in enumerate(regression.predictor.values):
        row, colour = regression.sel(predictor=predictor), COLOURS[str(predictor)]
        # Intervals of the two are put together as of independent numbers; fits have none of their own.
        half = np.hypot(
            measured_half, np.nan_to_num(row.predicted_fraction_high - row.predicted_fraction_low).clip(0) / 2
        )
        difference = measured - row.predicted_unseen.values
        differences.errorbar(
            difference,
            i + spread,
            xerr=half,
            fmt="o",
            markersize=2.2,
            elinewidth=0.7,
            color=colour,
            ecolor=(colour, 0.5),
            label=names[i],
        )
    differences.axvline(0, color=COLOURS["approximation"], linewidth=0.8)
    differences.set_xlabel("measured − predicted M₅₀ / N")

    squared = regression.squared_error
    for fold, what, marker, offset in FOLDS:
        errors.plot(
            squared.sel(fold=fold).values,
            place + offset,
            marker,
            color=COLOURS["trained"],
            markerfacecolor=COLOURS["trained"] if fold == "train" else "white",
            label=f"settings {what}: {int(counts.sel(fold=fold))}",
        )
        exact = (squared.sel(fold=fold) <= ROUNDING).values
        if exact.any():
            errors.plot(
                np.zeros(exact.sum()),
                place[exact] + offset,
                "<",
                color=COLOURS["trained"],
                transform=errors.get_yaxis_transform(),
                clip_on=False,
                label="zero: through every setting fitted",
            )
    errors.set_xlabel("mean squared error of predicted M₅₀ / N")
    known = squared.sel(fold=["train", "holdout"]).values
    known = known[known > ROUNDING]
    # The best and the worst differ by hundreds; a transition in no setting leaves no errors at all.
    errors.set_xscale("log")
    errors.set_xlim(*((known.min() / 3, 3 * known.max()) if len(known) else (1e-4, 1)))
    for axes in (differences, errors):
        axes.set_yticks(place, names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
    errors.tick_params(labelleft=False)
    legend_below(figure, errors, columns=3)
    return figure
