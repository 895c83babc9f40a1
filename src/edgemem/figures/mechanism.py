"""Figure 6: learned variance, and distances of learned means to samples and true means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from edgemem.config.plot import INTERVALS, Caption, CaseFigure, Subject
from edgemem.config.settings import COMPONENT_MEANS
from edgemem.figures.left_out import cross_out
from edgemem.figures.style import (
    COLOURS,
    case_title,
    fraction_axis,
    legend_below,
    mean_with_interval,
    new_figure,
    shared_sizes,
)


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class MechanismFigure(CaseFigure):
    """Figure 6: learned variance, and distances of learned means to samples and true means."""

    reads: ClassVar = ("evaluations",)
    requires: ClassVar = ("components",)

    figure: Literal["mechanism"]


CAPTION = Caption(
    "The mechanism",
    "Two line plots against model size M/N: learned variance, and distances of learned means to samples and to true "
    "means.",
    "Left: the learned variance falls to zero as the model grows; of images it falls faster than the line. Right: "
    "learned means move from between the samples onto them, and away from the true means; true means of images are all "
    "zero, so that only the first distance tells something. A cross is on each model that has not converged; at M = N "
    "the variance still falls when training ends." + INTERVALS,
)


def draw(options: MechanismFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw the learned variance, and both distances, against model size, beside the truth as far as it is known."""
    evaluations = [evaluation.isel(step=-1) for evaluation in inputs["evaluations"]]
    figure, (variance, distance) = new_figure(2)
    figure.suptitle(case_title(subject, len(evaluations)))
    if "true_variance" in subject.provides:
        true = evaluations[0].true_variance.item()
        variance.plot([0, 1], [true, 0], "--", color=COLOURS["approximation"], label="σ*² (1 − M/N)")
    panels = [
        (variance, "learned_variance", "trained", "learned"),
        (distance, "distance_to_nearest_sample", "partially_memorizing", "to the nearest training sample"),
    ]
    if not subject.provides.isdisjoint(COMPONENT_MEANS):
        panels.append((distance, "distance_to_nearest_true_mean", "generalizing", "to the nearest true mean"))
    shared = shared_sizes(evaluations)
    fraction = evaluations[0].fraction.sel(model_size=shared).values
    for axes, quantity, colour, name in panels:
        for evaluation in evaluations:
            style: dict[str, Any] = {"color": COLOURS[colour], "alpha": 0.3, "label": "one model, pale"}
            axes.plot(evaluation.fraction, evaluation[quantity], ".", **style)
            cross_out(axes, evaluation, evaluation[quantity])
        values = np.array([evaluation[quantity].sel(model_size=shared) for evaluation in evaluations])
        mean_with_interval(axes, fraction, values, color=COLOURS[colour], label=name)
    for axes in (variance, distance):
        fraction_axis(axes, evaluations)
        axes.set_ylim(bottom=0)
    legend_below(figure, variance, distance, columns=4)
    variance.set_ylabel("variance of the model")
    distance.set_ylabel("mean distance of learned means")
    return figure
