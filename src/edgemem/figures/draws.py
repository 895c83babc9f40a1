"""Test loss at the end of training against the number of features, by number of noise draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from edgemem.config.plot import LOG_INTERVALS, CampaignFigure, Caption, Subject
from edgemem.figures.flows import check_flows, times_of, with_theory
from edgemem.figures.style import SERIES, legend_below, mean_with_interval, new_figure, plain_log_axis, seeds_in_words


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.figures.style import Inputs


class DrawsFigure(CampaignFigure):
    """Final test loss of models in closed form against features a sample, with the asymptotic curve."""

    reads: ClassVar = ("transition",)

    figure: Literal["draws"]

    def check(self, campaign: Campaign) -> None:
        """Check that there is a model in closed form."""
        check_flows(campaign)


CAPTION = Caption(
    "Features, samples and noise draws",
    "Line plots of the test loss at the end of training against features a sample, one line a model.",
    "Exact test loss without end of training, by number of features and model. With m draws of the noise of each "
    "sample a model can interpolate, and the loss has its peak, where there are m features a sample; with the exact "
    "mean over the noise there is none. Dashed: infinitely many features, samples and dimensions." + LOG_INTERVALS,
)


def draw(options: DrawsFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw one panel a time of diffusion, of the setting on which most models have several sizes."""
    table = inputs["transition"][0].sel(split="test")
    table = table.sel(model=with_theory(table))
    known = table.slow_tau.notnull().any("time")
    several = known.sum("model_size") > 1
    own = table.isel(setting=int(several.sum("model").argmax("setting")))
    times = times_of(own.time.values)
    figure, panels = new_figure(len(times))
    figure.suptitle(f"{own.setting.item()}; {seeds_in_words(own.sizes['seed'])}")
    for axes, time in zip(panels, times, strict=True):
        axes.set(yscale="log", xlabel="features a sample p / N", ylabel="final test loss of the noise / d")
        axes.set_title(f"t = {time:.3g}", fontsize=7)
        for i, model in enumerate(own.model.values):
            at = own.sel(model=model, time=time)
            at = at.isel(model_size=at.slow_tau.notnull().values).transpose("seed", "model_size", ...)
            if at.sizes["model_size"] < 2:
                continue
            colour, x = SERIES[i % len(SERIES)], at.model_size.values / at.N.item()
            mean_with_interval(axes, x, at.final_flow_loss.values, color=colour, label=str(model))
            axes.plot(x, at.asymptotic_loss.values, "--", color=colour, label="_asymptotic " + str(model))
        plain_log_axis(axes, "x")
        plain_log_axis(axes)
    legend_below(figure, *panels, columns=5)
    return figure
