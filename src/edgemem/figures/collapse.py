"""Which axis makes the courses of all runs one curve: step / N, step × size / N, or the training loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.plot import LOSS, CampaignFigure, Caption, Subject
from edgemem.figures.courses import check_courses, models_with_courses, name_of, some_of, with_courses
from edgemem.figures.style import MARKERS, SERIES, legend_below, new_figure, seeds_in_words


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
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
    "Three line plots of the memorization ratio, one line a number of samples and model size: against the noised "
    "points of each sample, against these times the model size, and against the training loss.",
    "The memorization ratio of all runs against three axes. Where it is a function of one of them, all lines are one. "
    "Above each panel is the residual: by how much, root mean square, the ratios of a setting and size differ from the "
    "monotone curve through those of all others, which is the same on any scale of the axis. Colours are settings, "
    "marks are model sizes, some of many; means over seeds." + LOSS,
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
    found = [
        dict(
            zip((LOSS, *RIVALS), curve_errors(table.sel(setting=own.settings, model=model), own.n_samples), strict=True)
        )
        for own in families(table)
    ]
    table = with_courses(table, model)
    figure, panels = new_figure(len(AXES), width=2.6)
    figure.suptitle(f"{model}; {seeds_in_words(table.sizes['seed'])}")
    for axes, (axis, label) in zip(panels, AXES.items(), strict=True):
        axes.set(xscale="log", ylim=(-0.02, 1.02), xlabel=label, ylabel="memorization ratio")
        residuals = [f"{np.sqrt(own[axis].mean()):.2g}" for own in found if len(own[axis])]
        axes.set_title(f"residual {', '.join(residuals) or 'unknown'}", fontsize=7)
        _draw_runs(axes, table, axis)
    panels[-1].invert_xaxis()
    legend_below(figure, panels[0], columns=8)
    return figure


def _draw_runs(axes: Axes, table: xr.Dataset, axis: str) -> None:
    """Draw a line for each setting, by colour, and model size, by mark; the legend has the colours, then the marks."""
    colours = {setting: SERIES[i % len(SERIES)] for i, setting in enumerate(table.setting.values)}
    marks = {size: MARKERS[i % len(MARKERS)] for i, size in enumerate(some_of(table.model_size.values))}
    for setting, colour in colours.items():
        for size, mark in marks.items():
            x, ratio = _course(table.sel(setting=setting, model_size=size), axis)
            style: dict[str, Any] = {"color": colour, "linewidth": 0.7, "markersize": 2.5}
            axes.plot(x, ratio, f"{mark}-", label=f"_{name_of(table, setting)}, size {size}", **style)
    for setting, colour in colours.items():
        axes.plot([np.nan], [np.nan], "-", color=colour, label=name_of(table, setting))
    for size, mark in marks.items():
        axes.plot([np.nan], [np.nan], mark, color="#666666", label=f"size {size}")


def _course(own: xr.Dataset, axis: str) -> tuple[np.ndarray, np.ndarray]:
    """Return places on an axis and the ratio there of one setting and size, means over seeds."""
    known = own.course_ratio.notnull().all("seed").values
    own = own.isel(step=known).transpose("seed", "step", ...)
    ratio = own.course_ratio.values.mean(axis=0)
    if axis == "train_loss":
        loss = own.course_train_loss.values
        return np.exp(np.log(np.where(loss > 0, loss, np.nan)).mean(axis=0)), ratio
    seen = own.draws_per_step.item() * own.step.values
    return seen * (own.model_size.item() if axis == "points_times_size" else 1), ratio
