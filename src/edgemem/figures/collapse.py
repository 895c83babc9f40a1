"""Which axis makes the courses of all runs one curve: step / N, step × size / N, or the training loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.plot import LOSS, CampaignFigure, Caption, Subject
from edgemem.figures.course import check_courses, name_of, with_courses
from edgemem.figures.planes import models_with_courses
from edgemem.figures.style import MARKERS, SERIES, interval_on, legend_below, new_figure


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.figures.style import Inputs


class CollapseFigure(CampaignFigure):
    """Memorization ratio against step / N, against step × size / N, and against the training loss."""

    reads: ClassVar = ("transition",)

    figure: Literal["collapse"]
    model: str | None = Field(
        None, description="Name of the model that is drawn; the first that is kept at several steps if null."
    )

    def check(self, campaign: Campaign) -> None:
        """Check that there are courses of the model."""
        check_courses(campaign, self.model)


CAPTION = Caption(
    "One curve for all runs",
    "Three line plots of the memorization ratio, one line a number of samples and model size: against the noised points "
    "of each sample, against these times the model size, and against the training loss.",
    "The memorization ratio of all runs against three axes. Where it is a function of one of them, all lines are one. "
    "Above each panel is the residual: by how much, root mean square, the ratios of a setting and size differ from the "
    "monotone curve through those of all others, which is the same on any scale of the axis. Colours are settings, "
    "marks are model sizes; means over seeds." + LOSS,
)
AXES = {
    "points": "noised points of each sample",
    "points_times_size": "noised points of each sample × size",
    "train_loss": "training loss",
}


def draw(options: CollapseFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw the ratio of each setting and size against each axis, with the residual off one curve."""
    from edgemem.analysis.time_scaling import LOSS, RIVALS, curve_errors, families

    table = inputs["transition"][0]
    model = options.model or models_with_courses(table)[0]
    table = with_courses(table, model)
    figure, panels = new_figure(len(AXES), width=2.6)
    figure.suptitle(f"{model}; {table.sizes['seed']} seeds")
    found = [
        dict(zip((LOSS, *RIVALS), curve_errors(table.sel(setting=own.settings), own.n_samples), strict=True))
        for own in families(table)
    ]
    for axes, (axis, label) in zip(panels, AXES.items(), strict=True):
        axes.set(xscale="log", ylim=(-0.02, 1.02), xlabel=label, ylabel="memorization ratio")
        residuals = [f"{np.sqrt(own[axis].mean()):.3f}" for own in found if len(own[axis])]
        axes.set_title(f"residual {', '.join(residuals) or 'unknown'}", fontsize=7)
        names: dict[str, dict[str, Any]] = {}
        for i, setting in enumerate(table.setting.values):
            for j, size in enumerate(table.model_size.values):
                style = {"color": SERIES[i % len(SERIES)]}, {"marker": MARKERS[j % len(MARKERS)]}
                of_setting, of_size = name_of(table, setting), f"size {size}"
                x, ratio = _course(table.sel(setting=setting, model_size=size), axis)
                line = {**style[0], **style[1], "linewidth": 0.7, "markersize": 2.5}
                axes.plot(x, ratio, "-", label=f"_{of_setting}, {of_size}", **line)
                names |= {of_setting: style[0] | {"linestyle": "-"}, of_size: style[1] | {"color": "#666666", "linestyle": ""}}
        for name, style in names.items():
            axes.plot([np.nan], [np.nan], label=name, **style)
    panels[-1].invert_xaxis()
    legend_below(figure, panels[0], columns=8)
    return figure


def _course(own: xr.Dataset, axis: str) -> tuple[np.ndarray, np.ndarray]:
    """Return places on an axis and the ratio there of one setting and size, means over seeds."""
    known = own.course_ratio.notnull().all("seed").values
    ratio = own.course_ratio.transpose("seed", "step").values[:, known].mean(axis=0)
    if axis == "train_loss":
        loss = np.log(own.course_train_loss.transpose("seed", "step").values[:, known])
        return np.exp(loss.mean(axis=0)), ratio
    seen = own.draws_per_step.item() * own.step.values[known]
    return seen * (own.model_size.item() if axis == "points_times_size" else 1), ratio
