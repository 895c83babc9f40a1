"""What training reaches from different starts: copies, variance, loss and samples held against model size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from edgemem.config.base import KeyProblem
from edgemem.config.plot import LOG_INTERVALS, Caption, SettingFigure, Subject
from edgemem.figures.style import MARKERS, SERIES, case_title, legend_below, mean_with_interval, new_figure


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.figures.style import Inputs


class StartsFigure(SettingFigure):
    """What training reaches from different starts, the models of `regression.best_of`."""

    reads: ClassVar = ("transition",)

    figure: Literal["starts"]

    def check(self, campaign: Campaign) -> None:
        """Check that there are models to compare.

        **Raises:** KeyProblem if there are none.
        """
        if not campaign.regression.best_of:
            raise KeyProblem("the figure 'starts' compares the models of regression.best_of, and it has none", "figure")


CAPTION = Caption(
    "Where training starts",
    "Four line plots against model size M/N, one line a start: memorization ratio, learned variance, training loss and "
    "the fraction of training samples that a component holds; black rings are on the start with the least loss.",
    "What the same model reaches from different starts, trained on the same data. Rings: the start with the least "
    "training loss of all, which is the best known minimum; at a size where data sets differ, that of most of them. A "
    "sample is held where a learned mean is nearer than σ*. Models that have not converged are left out."
    + LOG_INTERVALS,
)
# Lines of the first starts, and of those for which the colours begin again, with other marks.
LINES = ("-", "--", ":", "-.")
PANELS = {
    "start_ratio": "memorization ratio",
    "start_variance": "learned variance",
    "start_objective": "training loss, weighted",
    "start_held": "training samples held",
}


def draw(options: StartsFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw one line a start, mean over seeds, with rings on the best known minimum of each size."""
    assert subject.setting is not None
    table = inputs["transition"][0].sel(setting=subject.setting.name)
    figure, panels = new_figure(len(PANELS), width=2.6)
    figure.suptitle(case_title(subject, table.sizes["seed"]))
    fraction = table.start_fraction.values
    least = [_most(column) for column in table.least_loss.transpose("place", "seed").values]
    for axes, (name, label) in zip(panels, PANELS.items(), strict=True):
        if name == "start_objective":
            axes.set_yscale("log")
        for i, start in enumerate(table.start.values):
            values = table[name].sel(start=start).transpose("seed", "place").values
            if np.isfinite(values).any():
                begun = i // len(SERIES)
                fmt = MARKERS[begun % len(MARKERS)] + LINES[begun % len(LINES)]
                color = SERIES[i % len(SERIES)]
                style: dict[str, Any] = {"color": color, "fmt": fmt, "label": str(start), "linewidth": 0.8}
                line = mean_with_interval(axes, fraction, values, **style)[0]
                at = np.array([which == i for which in least]) & np.isfinite(line.get_ydata())
                rings: dict[str, Any] = {"markersize": 6, "markerfacecolor": "none", "color": "black"}
                axes.plot(fraction[at], line.get_ydata()[at], "o", label="least training loss", **rings)
        axes.set(xlabel="model size M / N", ylabel=label)
        axes.axvline(1, linestyle=":", color="#999999", label="M = N")
    legend_below(figure, *panels, columns=5)
    return figure


def _most(places: np.ndarray) -> int:
    """Return the start that has the least loss in most data sets, -1 where none is known."""
    known = places[places >= 0]
    return int(np.bincount(known.astype(int)).argmax()) if len(known) else -1
