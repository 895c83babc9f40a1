"""Memorization ratio in the plane of model size and number of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.base import KeyProblem, nearest
from edgemem.config.plot import INTERVALS, CampaignFigure, Caption, Subject
from edgemem.figures.planes import CONTOUR, draw_ratios
from edgemem.figures.style import MODEL_SIZE, legend_below, new_figure, seeds_in_words


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.figures.style import Inputs


class PhaseFigure(CampaignFigure):
    """Memorization ratio in the plane of model size M/N and number of samples N, at the end of training."""

    reads: ClassVar = ("transition",)

    figure: Literal["phase"]
    model: str | None = Field(None, description="Name of the model that is drawn; the first if null.")

    def check(self, campaign: Campaign) -> None:
        """Check that the model is there, and that its settings differ in N.

        **Raises:** KeyProblem that says what is missing.
        """
        trained = campaign.study.models
        if self.model is not None and self.model not in trained:
            raise KeyProblem(f"the campaign has no model '{self.model}'{nearest(self.model, trained)}", "model")
        name = self.model or next(iter(trained))
        axes = [campaign.by_name[setting].axes for setting in trained[name].settings]
        others = {str({axis: value for axis, value in own.items() if axis != "N"}) for own in axes}
        if len(others) == len(axes):
            raise KeyProblem(
                f"the figure 'phase' has N on an axis, and no settings of {name} differ in N alone; list several, as "
                "in N: [50, 100, 200]",
                "figure",
            )


CAPTION = Caption(
    "Phase diagram",
    "A plane of model size M/N and number of samples N, shaded by the memorization ratio, with the line at which it is "
    "one half.",
    "Memorization ratio by model size M/N and number of samples N at the end of training: curves fitted to the models "
    "of each N, mean over seeds. The line is where the ratio is one half: on its left models generalize." + INTERVALS,
)


def draw(options: PhaseFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw cells of the ratio, one row a number of samples, and one panel a family of settings that differ in it alone,
    of those with the most."""
    from edgemem.analysis.time_scaling import families

    table = inputs["transition"][0]
    table = table.sel(model=options.model or table.model.values[0])
    table = table.isel(setting=table.trained.values == 1)
    groups = families(table)
    most = max(len(family.settings) for family in groups)
    groups = [family for family in groups if len(family.settings) == most]
    figure, panels = new_figure(len(groups), width=2.9)
    figure.suptitle(f"{table.model.item()}; {seeds_in_words(table.sizes['seed'])}")
    for axes, family in zip(panels, groups, strict=True):
        axes.set(yscale="log", xlabel=MODEL_SIZE, ylabel="number of samples N")
        own = table.sel(setting=family.settings)
        draw_ratios(
            axes, own.fraction.values, family.n_samples, own.ratio_curve.transpose("setting", "fraction").values
        )
        middle, low, high = (own[f"m50_pooled{end}"].values for end in ("", "_low", "_high"))
        bars = np.nan_to_num([middle - low, high - middle])
        axes.errorbar(middle, family.n_samples, xerr=bars, fmt="o-", color=CONTOUR, label="reaches 0.5")
        axes.set_yticks(family.n_samples, [f"{n}" for n in family.n_samples])
        axes.minorticks_off()
        axes.set_title(family.name, fontsize=7)
    legend_below(figure, *panels, columns=5)
    return figure
