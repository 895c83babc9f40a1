"""Measured against predicted place of the transition where the theory predicts different places."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import RefutationFigure
from edgemem.config.regress import PREDICTORS
from edgemem.figures.style import COLOURS, SERIES, legend_below, new_figure


# The predictors that follow from theory alone, and the one whose weights are fitted.
SHOWN = ("c2", "finite_size", "exact_losses", "fitted")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def draw(options: RefutationFigure, setting: None, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw one panel a predictor, a colour for each variance and a marker for each separation."""
    transition, regression = inputs["transition"][0], inputs["regression"][0]
    figure, panels = new_figure(len(SHOWN), width=2.4)
    measured = transition.m50_pooled.values
    measured_bars = np.nan_to_num([measured - transition.m50_pooled_low, transition.m50_pooled_high - measured])
    variances, separations = (np.unique(regression[axis].values) for axis in ("variance", "separation"))
    for axes, predictor in zip(panels, SHOWN, strict=True):
        row = regression.sel(predictor=predictor)
        predicted = row.predicted_fraction.values
        bars = np.nan_to_num([predicted - row.predicted_fraction_low, row.predicted_fraction_high - predicted])
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
            told += f", p = {row.p_value.item():.1g}"
        axes.set_title(f"{PREDICTORS[predictor]}\n{told}", fontsize=7)
        axes.set(xlabel="predicted M₅₀ / N")
    panels[0].set_ylabel("measured M₅₀ / N")
    legend_below(figure, panels[0], columns=min(len(variances), 5))
    return figure
