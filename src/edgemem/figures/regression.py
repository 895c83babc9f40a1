"""Figure 3: fitted weights of the times, and the transition points that they predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from edgemem.analysis.published import WEIGHTS
from edgemem.config.plot import INTERVALS, CampaignFigure, Caption, Subject
from edgemem.figures.style import COLOURS, legend_below, new_figure, row_of_each_case


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class RegressionFigure(CampaignFigure):
    """Figure 3: fitted weights of the times, and the transition points that they predict."""

    reads: ClassVar = ("transition", "regression")

    figure: Literal["regression"]


CAPTION = Caption(
    "The paper's regression",
    "Two plots: fitted weights of the times, and predicted against measured transition points.",
    "Left: the weights of the times that the paper's regression finds, beside the paper's; grey lines are weights from "
    "other starts that predict as well. Right: what the weights predict against what was measured. With one variance "
    "the prediction is one fraction for all settings, but for the rounding of M to a whole number: compare it with the "
    "dotted constant." + INTERVALS,
)


def draw(options: RegressionFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw lambda~ beside the paper's and beside others that are as good, and measured against predicted fractions."""
    transition, regression = (row_of_each_case(inputs[kind][0]) for kind in ("transition", "regression"))
    figure, (weights, fractions) = new_figure(2)

    # Their scale hardly matters to the crossing, and nothing to where it is: all are drawn with mean one.
    as_good = regression.lambda_tilde_by_start.where(regression.objective <= 1.01 * regression.objective[0], drop=True)
    for i, weight in enumerate(as_good.values):
        label = f"{len(as_good)} starts that end as well" if i == 0 else None
        weights.plot(as_good.time, weight / weight.mean(), color="#bbbbbb", linewidth=0.6, label=label)
    best = regression.lambda_tilde
    weights.plot(best.time, best / best.mean(), color=COLOURS["fitted"], label="λ̃ fitted here")
    if regression.sizes["time"] == len(WEIGHTS):
        published = np.array(WEIGHTS) / np.mean(WEIGHTS)
        weights.plot(best.time, published, "--", color=COLOURS["approximation"], label="λ̃ of the paper, its figure 3")
    weights.set(xlabel="time t", ylabel="weight of the time, mean 1", xlim=(0, 1))
    weights.set_ylim(bottom=0)

    row = regression.sel(predictor="fitted")
    held_out = regression.holdout.values.astype(bool)
    measured = transition.m50_pooled.values
    bars = np.nan_to_num([measured - transition.m50_pooled_low, transition.m50_pooled_high - measured])
    for chosen, name, marker in ((~held_out, "fitted", "o"), (held_out, "held out", "s")):
        fractions.errorbar(
            row.predicted_fraction.values[chosen],
            measured[chosen],
            yerr=bars[:, chosen],
            fmt=marker,
            color=COLOURS["fitted"],
            markerfacecolor=COLOURS["fitted"] if name == "fitted" else "white",
            label=f"settings {name}",
        )
    constants = regression.predicted_fraction.sel(predictor="constant").values
    constant = next(iter(constants[np.isfinite(constants)]), np.nan)  # of the first model of which predictors speak
    fractions.axhline(constant, color=COLOURS["constant"], linestyle=":", label="constant: mean of the fitted settings")
    both = np.concatenate([measured, row.predicted_fraction.values])
    if np.isfinite(both).any():
        ends = np.array([np.nanmin(both), np.nanmax(both)])
        fractions.plot(ends, ends, color=COLOURS["approximation"], linewidth=0.8, label="equal")
    fractions.set(xlabel="predicted M̄ / N", ylabel="measured M₅₀ / N")
    fractions.locator_params(axis="x", nbins=5)
    legend_below(figure, weights, fractions, columns=4)
    return figure
