"""Measured against predicted transition point where the theory predicts different ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from edgemem.config.plot import INTERVALS, CampaignFigure, Caption, Subject
from edgemem.config.regress import PREDICTORS
from edgemem.figures.style import COLOURS, MARKERS, SERIES, legend_below, new_figure, row_of_each_case


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class RefutationFigure(CampaignFigure):
    """Measured against predicted transition point where the theory predicts different ones."""

    reads: ClassVar = ("transition", "regression")

    figure: Literal["refutation"]


CAPTION = Caption(
    "Can the theory be refuted?",
    "Scatter plots of measured against predicted transition point, one panel a predictor.",
    "Measured against predicted transition point, one panel a predictor, one point a setting and model. On the line "
    "the theory is right; fits have not seen settings of the same variance. The title has the slope of measured on "
    "predicted (1 if the theory is right, 0 if it says nothing) and the p-value of the hypothesis that it is right in "
    "every setting." + INTERVALS,
)
# The predictors that follow from theory alone, and the one whose weights are fitted.
DRAWN = ("c2", "finite_size", "exact_losses", "fitted")


def draw(options: RefutationFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw one panel a predictor, a colour for each variance and a marker for each separation."""
    transition, regression = (row_of_each_case(inputs[kind][0]) for kind in ("transition", "regression"))
    figure, panels = new_figure(len(DRAWN), width=2.4)
    measured = transition.m50_pooled.values
    measured_bars = np.nan_to_num([measured - transition.m50_pooled_low, transition.m50_pooled_high - measured])
    variances, separations = (np.unique(regression[axis].values) for axis in ("variance", "separation"))
    for axes, predictor in zip(panels, DRAWN, strict=True):
        row = regression.sel(predictor=predictor)
        predicted = row.predicted_unseen.values
        own = row.predicted_fraction  # theory alone has bars, over seeds; it sees nothing, and predicts the same
        bars = np.nan_to_num([own - row.predicted_fraction_low, row.predicted_fraction_high - own])
        for i, variance in enumerate(variances):
            for j, separation in enumerate(separations):
                chosen = (regression.variance.values == variance) & (regression.separation.values == separation)
                if not chosen.any():
                    continue
                axes.errorbar(
                    predicted[chosen],
                    measured[chosen],
                    xerr=bars[:, chosen],
                    yerr=measured_bars[:, chosen],
                    fmt=MARKERS[j % len(MARKERS)],
                    color=SERIES[i % len(SERIES)],
                    elinewidth=0.6,
                    label=f"σ*² = {variance:g}, separation {separation:g}",
                )
        both = np.concatenate([measured, predicted])
        if np.isfinite(both).any():
            ends = np.array([np.nanmin(both), np.nanmax(both)])
            axes.plot(ends, ends, color=COLOURS["approximation"], linewidth=0.8)
        slope, low, high = (row[name].item() for name in ("slope", "slope_low", "slope_high"))
        told = f"slope {slope:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(slope) else "one prediction for all"
        if np.isfinite(row.p_value):
            # Below a millionth the tails of no test mean anything.
            told += f", p = {row.p_value.item():.1g}" if row.p_value > 1e-6 else ", p < 1e-6"
        axes.set_title(f"{PREDICTORS[predictor]}\n{told}", fontsize=7)
        axes.set(xlabel="predicted M₅₀ / N", ylabel="measured M₅₀ / N")
        axes.yaxis.label.set_visible(axes is panels[0])
    legend_below(figure, panels[0], columns=min(len(variances), 5))
    return figure
