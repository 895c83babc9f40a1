"""Courses of training: memorization ratio and losses against the step, by number of samples and by model size."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PositiveInt

from edgemem.config.base import KeyProblem, nearest
from edgemem.config.plot import LOG_INTERVALS, LOSS, CampaignFigure, Caption, Subject
from edgemem.figures.planes import has_courses, models_with_courses
from edgemem.figures.style import SERIES, interval_on, legend_below, mean_with_band, new_grid


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.figures.style import Inputs


class CourseFigure(CampaignFigure):
    """Memorization ratio and losses against the step, by number of samples and by model size."""

    reads: ClassVar = ("transition",)

    figure: Literal["course"]
    model: str | None = Field(
        None, description="Name of the model that is drawn; the first that is kept at several steps if null."
    )
    size: PositiveInt | None = Field(
        None, description="Model size of the panels by number of samples, the largest if null."
    )
    setting: str | None = Field(
        None, description="Name of the setting of the panels by model size, the middle one by number of samples if null."
    )

    def check(self, campaign: Campaign) -> None:
        """Check that there are courses of the model, and what the options name."""
        check_courses(campaign, self.model)
        if self.setting is not None and self.setting not in campaign.by_name:
            raise KeyProblem(
                f"the campaign has no setting '{self.setting}'{nearest(self.setting, campaign.by_name)}", "setting"
            )


def check_courses(campaign: Campaign, model: str | None) -> None:
    """Check that a model, or any if none is named, is kept at several steps.

    **Raises:** KeyProblem that says what to write.
    """
    able = [name for name, trained in campaign.study.models.items() if has_courses(trained)]
    if not able:
        raise KeyProblem("no model is kept at several steps; write snapshots: 25 under one of models", "figure")
    if model is not None and model not in able:
        raise KeyProblem(f"{model} is not kept at several steps (allowed: {', '.join(able)})", "model")


CAPTION = Caption(
    "Courses of training",
    "Four line plots against the optimizer step: memorization ratio above, training and test loss below, by number of "
    "samples on the left and by model size on the right.",
    "What training does, step by step: above the fraction of generated points that are copies of training samples, "
    "below the training loss, as lines, and the test loss, dashed. Left: one colour a setting, at one model size; "
    "right: one colour a model size, at one setting. Means over seeds." + LOSS + LOG_INTERVALS,
)

COURSES = ("course_ratio", "course_train_loss", "course_test_loss")


def draw(options: CourseFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw ratios above losses, one line a setting on the left and one a model size on the right."""
    from edgemem.analysis.time_scaling import families

    table = inputs["transition"][0]
    model = options.model or models_with_courses(table)[0]
    table = with_courses(table, model)
    settings = [setting for family in families(table) for setting in family.settings]
    size = options.size or int(table.model_size.values[-1])
    setting = options.setting or settings[(len(settings) - 1) // 2]
    figure, (ratios, losses) = new_grid(2, 2, width=3.2, height=2.2)
    figure.suptitle(f"{model}; {table.sizes['seed']} seeds")
    of_size = {name_of(table, own): table.sel(setting=own, model_size=size) for own in settings}
    of_setting = {f"size {own}": table.sel(setting=setting, model_size=own) for own in table.model_size.values}
    titles = f"size {size}", setting
    for ratio, loss, lines, title in zip(ratios, losses, (of_size, of_setting), titles, strict=True):
        _draw_lines(ratio, loss, lines)
        ratio.set_title(title, fontsize=7)
    legend_below(figure, *ratios, columns=5)
    return figure


def with_courses(table: xr.Dataset, model: str) -> xr.Dataset:
    """Return what a table has of a model, of the settings, sizes and steps of which it has courses."""
    own = table.sel(model=model)
    for dim in ("setting", "model_size", "step"):
        others = [other for other in own.course_ratio.dims if other != dim]
        own = own.isel({dim: own.course_ratio.notnull().any(others).values})
    return own


def name_of(table: xr.Dataset, setting: str) -> str:
    """Return what a setting is called: by its number of samples where all others have another one."""
    n_samples = table.N.values.astype(int)
    different = len(set(n_samples)) == len(n_samples)
    return f"N = {int(table.N.sel(setting=setting))}" if different else setting


def _draw_lines(ratio: Axes, loss: Axes, lines: dict[str, xr.Dataset]) -> None:
    """Draw the ratio of each line in one panel, and both of its losses in the other."""
    for axes in (ratio, loss):
        axes.set(xscale="log", xlabel="optimizer step")
    loss.set_yscale("log")
    for i, (label, own) in enumerate(lines.items()):
        colour, step = SERIES[i % len(SERIES)], own.step.values
        known = own.course_ratio.notnull().all("seed").values
        if not known.any():
            continue
        values = {name: own[name].transpose("seed", "step").values[:, known] for name in COURSES}
        mean_with_band(ratio, step[known], values["course_ratio"], color=colour, label=label)
        mean_with_band(loss, step[known], values["course_train_loss"], color=colour, label=label)
        mean = interval_on(loss, values["course_test_loss"])[0]
        loss.plot(step[known], mean, "--", color=colour, label=f"{label}, test")
    ratio.set(ylim=(-0.02, 1.02), ylabel="memorization ratio")
    loss.set_ylabel("training loss, test loss dashed")
