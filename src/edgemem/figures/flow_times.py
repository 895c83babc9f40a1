"""When the exact losses part, against the number of samples: measured, published, and by two channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.base import KeyProblem
from edgemem.config.plot import LOG_INTERVALS, CampaignFigure, Caption, Subject
from edgemem.figures.flows import THEORY, check_flows, times_of
from edgemem.figures.style import COLOURS, SERIES, legend_below, mean_with_interval, new_grid, seeds_in_words


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.figures.style import Inputs


class FlowTimesFigure(CampaignFigure):
    """Training times of models in closed form against N, and their local exponents."""

    reads: ClassVar = ("transition",)

    figure: Literal["flow_times"]
    model: str | None = Field(None, description="Model that is drawn; the first of which theory speaks if null.")

    def check(self, campaign: Campaign) -> None:
        """Check that there is such a model, on several settings.

        **Raises:** KeyProblem that says what is missing.
        """
        check_flows(campaign, self.model)
        trained = campaign.study.models
        able = [name for name, own in trained.items() if "closed_form" in own.provides and len(own.settings) > 1]
        if not able or self.model not in (None, *able):
            raise KeyProblem(
                "N is on an axis, and no model in closed form has several settings; list them, as in N: [30, 60, 120]",
                "model" if self.model else "figure",
            )


CAPTION = Caption(
    "When the losses part",
    "Line plots of training times against the number of samples, and of their local exponents, one row a time of "
    "diffusion.",
    "Left: the training time at which the exact losses are half as far apart as in the end, by number of samples, at "
    "the largest model size; beside it what theory says without a fit. Right: the exponents of the number of samples "
    "in the times, from each number to the next; a time that is proportional to it has one everywhere." + LOG_INTERVALS,
)
EVENTS = {"half": "half apart", "train": "training loss halfway", "generalizing": "test loss falls"}


def draw(options: FlowTimesFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw times on the left and local exponents on the right, one row a time of diffusion."""
    from edgemem.analysis.time_scaling import families

    table = inputs["transition"][0]
    known = table.slow_tau.notnull().any(["model_size", "time"])
    table = table.sel(model=options.model or str(known.sum("setting").idxmax("model").item()))
    known = known.sel(model=table.model)
    family = max(families(table.isel(setting=known.values)), key=lambda one: len(one.settings))
    own = table.sel(setting=family.settings)
    own = own.isel(model_size=own.slow_tau.notnull().any(["setting", "time"]).values).isel(model_size=-1)
    times = times_of(own.time.values)
    figure, panels = new_grid(len(times), 2, width=3.2, height=2.2)
    figure.suptitle(f"{own.model.item()}, size {own.model_size.item()}; {seeds_in_words(own.sizes['seed'])}")
    for (left, right), time in zip(panels, times, strict=True):
        _draw_times(left, own.sel(time=time), family.n_samples)
        _draw_exponents(right, own.sel(time=time), family.n_samples)
        for axes in (left, right):
            axes.set(xscale="log", xlabel="number of samples N")
            axes.set_xticks(family.n_samples, [f"{n}" for n in family.n_samples])
            axes.minorticks_off()
            axes.set_title(f"t = {time:.3g}", fontsize=7)
    legend_below(figure, *(axes for row in panels for axes in row), columns=4)
    return figure


def _draw_times(axes: Axes, own: xr.Dataset, n_samples: np.ndarray) -> None:
    """Draw the time at which the losses are half apart, and what theory has for it."""
    axes.set(yscale="log", ylabel="training time τ")
    half = own.flow_tau.sel(flow_event="half").transpose("seed", "setting").values
    mean_with_interval(
        axes, n_samples, np.where(np.isfinite(half), half, np.nan), color=SERIES[0], label=EVENTS["half"]
    )
    predicted = {
        "two_channels": own.two_channel_tau.sel(flow_event="half"),
        "slow": own.slow_tau,
        "published": own.published_tau,
    }
    for name, values in predicted.items():
        style, label = THEORY[name]
        axes.plot(n_samples, values, style, color=COLOURS["approximation"], label=label)


def _draw_exponents(axes: Axes, own: xr.Dataset, n_samples: np.ndarray) -> None:
    """Draw the exponents from each number of samples to the next."""
    axes.set_ylabel("local exponent of N")
    middle, step = np.sqrt(n_samples[1:] * n_samples[:-1]), np.diff(np.log(n_samples))
    for (event, label), colour in zip(EVENTS.items(), SERIES, strict=False):
        tau = own.flow_tau.sel(flow_event=event).transpose("seed", "setting").values
        known = np.where(np.isfinite(tau), tau, np.nan)
        mean_with_interval(axes, middle, np.diff(np.log(known), axis=1) / step, color=colour, label=label)
    axes.axhline(1, color=COLOURS["memorizing"], linestyle=":", label="proportional to N")
