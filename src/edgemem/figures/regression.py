"""Figure 3: fitted weights of the times, and the places of the transition that they predict."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import RegressionFigure
from edgemem.figures.style import COLOURS, legend_below, new_figure
from edgemem.published import WEIGHTS


def draw(options: RegressionFigure, setting: None, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw lambda~ beside the paper's and beside others that are as good, and measured against predicted fractions."""
    transition, regression = inputs["transition"][0], inputs["regression"][0]
    figure, (weights, fractions) = new_figure(2)

    # Their scale hardly matters to the crossing, and nothing to its place: all are drawn with mean one.
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
    constant = regression.predicted_fraction.sel(predictor="constant").values
    fractions.axhline(
        constant[0], color=COLOURS["constant"], linestyle=":", label="constant: mean of the fitted settings"
    )
    both = np.concatenate([measured, row.predicted_fraction.values])
    if np.isfinite(both).any():
        ends = np.array([np.nanmin(both), np.nanmax(both)])
        fractions.plot(ends, ends, color=COLOURS["approximation"], linewidth=0.8, label="equal")
    fractions.set(xlabel="predicted M̄ / N", ylabel="measured M₅₀ / N")
    fractions.locator_params(axis="x", nbins=5)
    legend_below(figure, weights, fractions, columns=4)
    return figure
