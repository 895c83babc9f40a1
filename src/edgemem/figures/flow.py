"""Exact losses of a model in closed form against training time, with what theory says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveInt

from edgemem.config.plot import LOG_INTERVALS, Caption, CaseFigure, Subject
from edgemem.figures.flows import THEORY, times_of
from edgemem.figures.style import COLOURS, case_title, legend_below, mean_with_band, new_figure, plain_log_axis


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class FlowFigure(CaseFigure):
    """Exact training and test loss against training time, of models that are trained in closed form."""

    reads: ClassVar = ("evaluations",)
    requires: ClassVar = ("closed_form",)

    figure: Literal["flow"]
    size: PositiveInt | None = Field(None, description="Size of which the nearest is drawn; the largest if null.")


CAPTION = Caption(
    "Losses along a gradient flow",
    "Line plots of training and test loss against training time, one panel a time of diffusion, with dashed theory.",
    "Exact losses of the noise, divided by d, against training time, mean over seeds; nothing was sampled or stepped. "
    "Where data are N(0, I) and features have no bias, dashed lines are those of two channels, which fit nothing, and "
    "vertical lines are the time of the slow channel and the published time of memorization." + LOG_INTERVALS,
)
SPLITS = {"train": "trained", "test": "partially_memorizing"}


def draw(options: FlowFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw both losses of one size, one panel a time of diffusion."""
    from edgemem.analysis.flows import flow_of

    assert subject.setting is not None
    evaluations, setting = inputs["evaluations"], subject.setting
    sizes = evaluations[0].model_size.values
    size = int(sizes[np.abs(sizes - (options.size or sizes[-1])).argmin()])
    times = times_of(evaluations[0].time.values)
    figure, panels = new_figure(len(times))
    figure.suptitle(f"{case_title(subject, len(evaluations))}; size {size}")
    for axes, time in zip(panels, times, strict=True):
        flows = [flow_of(evaluation, setting.N, setting.dim, size, time) for evaluation in evaluations]
        tau = flows[0].tau[:-1]
        axes.set(xscale="log", yscale="log", xlabel="training time τ", ylabel="loss of the noise / d")
        axes.set_title(f"t = {flows[0].t:.3g}", fontsize=7)
        for split, colour in SPLITS.items():
            values = np.stack([getattr(own.losses, split)[:-1] for own in flows])
            if np.isfinite(values).all():
                mean_with_band(axes, tau, values, color=COLOURS[colour], label=f"{split} loss")
            if (theory := flows[0].theory) is not None:
                style, name = THEORY["two_channels"]
                axes.plot(tau, getattr(theory, split)[:-1], style, color=COLOURS["approximation"], label=name)
        for name in ("slow", "published"):
            if np.isfinite(place := getattr(flows[0], name)):
                style, label = THEORY[name]
                axes.axvline(place, linestyle=style, color=COLOURS["memorizing"], label=f"{label} time")
        plain_log_axis(axes)
    legend_below(figure, *panels, columns=5)
    return figure
