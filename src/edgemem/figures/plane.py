"""Memorization ratio in the plane of model size and training time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from edgemem.config.plot import LOG_INTERVALS, Caption, CaseFigure, Subject
from edgemem.figures.courses import has_courses, some_of, with_courses
from edgemem.figures.planes import CONTOUR, draw_ratios
from edgemem.figures.style import case_title, legend_below, mean_with_interval, new_figure, plain_log_axis


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgemem.config.study import Case, Study
    from edgemem.figures.style import Inputs


class PlaneFigure(CaseFigure):
    """Memorization ratio in the plane of model size and training time, of models that are kept at several steps."""

    reads: ClassVar = ("transition",)

    figure: Literal["plane"]

    def is_drawn_of(self, case: Case, study: Study) -> bool:
        """Return whether the model is kept at several steps."""
        return has_courses(study.models[case.model])


CAPTION = Caption(
    "Size and training time",
    "A plane of model size and training time, shaded by the memorization ratio, with the line at which it first "
    "reaches one half.",
    "Memorization ratio by model size and training time, mean over seeds. The axes are those on which denoisers can be "
    "compared: trained parameters over the N d numbers of the training samples, and noised points that training has "
    "seen of each sample, or where it is a gradient flow its time over N; the denoiser’s own size stands above. Lines: "
    "where the ratio first reaches one tenth, one half and nine tenths, at sizes that reach it in every data set."
    + LOG_INTERVALS,
)
LINES = {"tau10": ("reaches 0.1", "^:"), "tau50": ("reaches 0.5", "o-"), "tau90": ("reaches 0.9", "v--")}


def draw(options: PlaneFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw cells of the ratio and the lines at which it is reached, on axes that all denoisers have in common."""
    assert subject.setting is not None
    assert subject.model is not None
    table = with_courses(inputs["transition"][0].sel(setting=[subject.setting.name]), subject.model).isel(setting=0)
    size = table.parameters.values / (subject.setting.N * subject.setting.dim)
    draws = table.draws_per_step.item()
    figure, (axes,) = new_figure()
    figure.suptitle(case_title(subject, table.sizes["seed"]))
    clock = "training time τ / N" if "closed_form" in subject.provides else "noised points of each sample"
    axes.set(xscale="log", yscale="log", xlabel="parameters / (N d)", ylabel=clock)
    ratio = table.course_ratio.mean("seed", skipna=False).transpose("step", "model_size")
    draw_ratios(axes, size, draws * table.step.values, ratio.values)
    for event, (label, fmt) in LINES.items():
        tau = table.tau.sel(event=event).transpose("seed", "model_size").values
        reached = (np.isfinite(tau) & (tau > 0)).all(axis=0)
        if reached.any():
            mean_with_interval(axes, size[reached], draws * tau[:, reached], fmt=fmt, color=CONTOUR, label=label)
    plain_log_axis(axes, "x")
    _own_sizes(axes, size, table.model_size.values)
    legend_below(figure, axes, columns=4)
    return figure


def _own_sizes(axes: Axes, at: np.ndarray, sizes: np.ndarray) -> None:
    """Name the denoiser's own sizes above the panel, as many as there is room for."""
    from matplotlib.ticker import NullLocator

    above = axes.secondary_xaxis("top")
    above.set_xticks(some_of(at), [f"{size}" for size in some_of(sizes)])
    above.xaxis.set_minor_locator(NullLocator())
    above.set_xlabel("model size M")
