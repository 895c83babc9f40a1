"""Figure 6: learned variance, and distances of learned means to samples and true means."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import MechanismFigure
from edgemem.figures.style import (
    COLOURS,
    fraction_axis,
    legend_below,
    mean_with_interval,
    new_figure,
    setting_title,
    shared_sizes,
)
from edgemem.numerics.statistics import mean_interval


def draw(options: MechanismFigure, setting: str, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw the learned variance, and both distances, against model size."""
    evaluations = inputs["evaluations"]
    n_samples = evaluations[0].sizes["subset_size"]
    figure, (variance, distance) = new_figure(2)
    figure.suptitle(setting_title(setting, len(evaluations)))
    true = evaluations[0].true_variance.item()
    variance.plot([0, 1], [true, 0], "--", color=COLOURS["approximation"], label="σ*² (1 − M/N)")
    panels = (
        (variance, "learned_variance", "trained", "learned"),
        (distance, "distance_to_nearest_sample", "partially_memorizing", "to the nearest training sample"),
        (distance, "distance_to_nearest_true_mean", "generalizing", "to the nearest true mean"),
    )
    shared = shared_sizes(evaluations)
    for axes, quantity, colour, name in panels:
        for evaluation in evaluations:
            axes.plot(evaluation.model_size / n_samples, evaluation[quantity], ".", color=COLOURS[colour], alpha=0.3)
        values = np.array([evaluation[quantity].sel(model_size=shared) for evaluation in evaluations])
        mean_with_interval(axes, np.array(shared) / n_samples, mean_interval(values), color=COLOURS[colour], label=name)
    for axes in (variance, distance):
        fraction_axis(axes)
        axes.set_ylim(bottom=0)
    legend_below(figure, variance, distance, columns=4)
    variance.set_ylabel("variance of the model")
    distance.set_ylabel("mean distance of learned means")
    return figure
