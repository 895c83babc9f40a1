"""Courses of training: memorization ratio and losses against the step, by number of samples and by model size."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, PositiveInt

from edgemem.config.base import KeyProblem, nearest
from edgemem.config.models import listed_sizes
from edgemem.config.plot import LOG_INTERVALS, LOSS, CampaignFigure, Caption, Subject
from edgemem.figures.courses import check_courses, models_with_courses, name_of, some_of, with_courses
from edgemem.figures.style import MARKERS, SERIES, interval_on, legend_below, new_grid, seeds_in_words


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
        None,
        description="Name of the setting of the panels by model size, the middle one by number of samples if null.",
    )

    def check(self, campaign: Campaign) -> None:
        """Check that there are courses of the model, and that it has the setting and the size, if it lists its sizes.

        **Raises:** KeyProblem with what was found and what is allowed.
        """
        name = check_courses(campaign, self.model)
        trained = campaign.study.models[name]
        if self.setting is not None and self.setting not in trained.settings:
            raise KeyProblem(
                f"{name} is not trained on '{self.setting}'{nearest(self.setting, trained.settings)}", "setting"
            )
        if self.size is not None and isinstance(trained.sizes, list):
            n_samples = {campaign.by_name[setting].N for setting in trained.settings}
            sizes = sorted({size for n in n_samples for size in listed_sizes(trained.sizes, n)})
            if self.size not in sizes:
                raise KeyProblem(f"{name} has no size {self.size} (allowed: {', '.join(map(str, sizes))})", "size")


CAPTION = Caption(
    "Courses of training",
    "Four line plots against the optimizer step: memorization ratio above, training and test loss below, by number of "
    "samples on the left and by model size on the right.",
    "What training does, step by step: above the fraction of generated points that are copies of training samples, "
    "below the training loss, as lines, and the test loss, dashed. Left: one colour a setting, at one model size; "
    "right: one colour a model size, some of many, at one setting. Means over seeds." + LOSS + LOG_INTERVALS,
)


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
    figure.suptitle(f"{model}; {seeds_in_words(table.sizes['seed'])}")
    of_size = {name_of(table, own): table.sel(setting=own, model_size=size) for own in settings}
    of_setting = {f"size {own}": table.sel(setting=setting, model_size=own) for own in some_of(table.model_size.values)}
    # As in the figure `collapse`, settings have colours and model sizes have marks.
    _draw_lines(ratios[0], losses[0], of_size, itertools.product(["", *MARKERS], SERIES))
    _draw_lines(ratios[1], losses[1], of_setting, itertools.cycle(zip(MARKERS, SERIES[::-1], strict=False)))
    for axes, title in zip(ratios, (f"size {size}", setting), strict=True):
        axes.set_title(title, fontsize=7)
    legend_below(figure, *ratios, columns=8)
    return figure


def _draw_lines(ratio: Axes, loss: Axes, lines: dict[str, xr.Dataset], styles: Iterable[tuple[str, str]]) -> None:
    """Draw the ratio of each line in one panel, and both losses in the other; a style is a mark and a colour."""
    for axes in (ratio, loss):
        axes.set(xscale="log", xlabel="optimizer step")
    loss.set_yscale("log")
    for (label, own), (mark, colour) in zip(lines.items(), styles, strict=False):
        known = own.course_ratio.notnull().all("seed").values
        values = own.isel(step=known).transpose("seed", "step", ...)
        for axes, course in ((ratio, values.course_ratio), (loss, values.course_train_loss)):
            mean, low, high = interval_on(axes, course.values)
            axes.plot(values.step, mean, f"{mark}-", color=colour, label=label)
            axes.fill_between(values.step, low, high, color=colour, alpha=0.25, linewidth=0, label=label)
        test = interval_on(loss, values.course_test_loss.values)[0]
        loss.plot(values.step, test, "--", color=colour, label=f"{label}, test")
    ratio.set(ylim=(-0.02, 1.02), ylabel="memorization ratio")
    loss.set_ylabel("training loss, test loss dashed")
