"""Whether models trained on different samples make the same points of the same noise, beside what they copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from edgemem.config.agreement import in_both_parts
from edgemem.config.base import KeyProblem
from edgemem.config.plot import INTERVALS, Caption, CaseFigure, Subject
from edgemem.figures.style import (
    COLOURS,
    SERIES,
    case_title,
    fraction_axis,
    legend_below,
    mean_with_interval,
    new_figure,
    shared_sizes,
    size_in_words,
)


if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.config.study import Case, Study
    from edgemem.figures.style import Inputs


class AgreementFigure(CaseFigure):
    """Agreement of models trained on two parts of the samples of one distribution, and what they copy."""

    reads: ClassVar = ("agreements",)

    figure: Literal["agreement"]

    def check(self, campaign: Campaign) -> None:
        """Check that noise decides what is generated, and that there are two parts with a model in common."""
        if (sampler := campaign.sampling.sampler) != "ddim":
            raise KeyProblem(
                "two models are compared at points from the same noise, which only a deterministic sampler maps to one "
                f"point each; set sampling.sampler to ddim, or take this figure out (got {sampler})"
            )
        if not any(in_both_parts(case, campaign.study) for case in campaign.cases):
            raise KeyProblem(
                "no model is trained on two parts of the samples of one distribution; give a setting both, as in "
                "{family: gaussian, N: 50, d: 30, K: 3, part: [1, 2]}"
            )

    def is_drawn_of(self, case: Case, study: Study) -> bool:
        """Return whether a case is of part 1, and its model is trained on part 2 as well."""
        return in_both_parts(case, study)


CAPTION = Caption(
    "Models of different samples",
    "Two line plots: the agreement of two models that were trained on different samples, and their memorization ratio.",
    "Two models of the same size and training, whose samples are of one distribution but have none in common, generate "
    "points from the same noise. Left: their agreement, one minus the mean squared distance of the two points of one "
    "noise over that of points of different noises. It is one where both are the same map: before training, since all "
    "networks start as one map that has learned nothing; later where both have learned the same, which can come from "
    "nowhere but the distribution (the test of generalization of arXiv 2310.02557). The dotted line is the agreement "
    "of two denoisers that memorize: it is above zero where noise decides at least the component. Right: the fraction "
    "of generated points that are copies of their own model's samples, mean of both." + INTERVALS,
)


def draw(options: AgreementFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw agreement and memorization ratio against the step, a curve a size; of one step against the size."""
    measured = inputs["agreements"]
    figure, (left, right) = new_figure(2)
    figure.suptitle(case_title(subject, len(measured)))
    steps = sorted(set.intersection(*(set(one.step.values.tolist()) for one in measured)))
    for axes, values in ((left, [one.agreement for one in measured]), (right, list(map(_ratio, measured)))):
        if len(steps) > 1:
            _draw_steps(axes, subject, measured, values, steps)
        else:
            sizes = shared_sizes(measured)
            curves = np.array([value.sel(step=steps[0], model_size=sizes) for value in values])
            fraction = measured[0].fraction.sel(model_size=sizes).values
            mean_with_interval(axes, fraction, curves, color=COLOURS["trained"], label="trained")
            fraction_axis(axes, measured)
    floor = float(np.mean([one.memorizing_agreement for one in measured]))
    left.axhline(floor, color=COLOURS["memorizing"], linestyle=":", label="two memorizing denoisers")
    left.axhline(1, color=COLOURS["generalizing"], linestyle=":", label="the same map")
    left.set_ylabel("agreement of two models")
    right.set(ylabel="memorization ratio", ylim=(-0.02, 1.02))
    legend_below(figure, left, right, columns=4)
    return figure


def _ratio(one: xr.Dataset) -> xr.DataArray:
    """Return the memorization ratio, mean of both models."""
    return one.memorized_count.mean("part") / one.generated_count


def _draw_steps(
    axes: Axes, subject: Subject, measured: Sequence[xr.Dataset], values: list[xr.DataArray], steps: list[int]
) -> None:
    """Draw a curve for each size that all seeds have, of many for as many as there are colours."""
    sizes = shared_sizes(measured)
    chosen = np.unique(np.linspace(0, len(sizes) - 1, min(len(sizes), len(SERIES))).round().astype(int))
    for colour, size in zip(SERIES, [sizes[i] for i in chosen], strict=False):
        curves = np.array([value.sel(model_size=size, step=steps) for value in values])
        name = size_in_words(subject, measured[0].sel(model_size=size))
        mean_with_interval(axes, np.array(steps), curves, color=colour, label=name)
    axes.set(xscale="log", xlabel="optimizer step")
