"""Spectrum of the second moment of random features, with the edges that theory gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveInt

from edgemem.config.plot import LOG_INTERVALS, Caption, CaseFigure, Subject
from edgemem.figures.flows import times_of
from edgemem.figures.style import COLOURS, case_title, legend_below, mean_with_band, new_figure


if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class SpectrumFigure(CaseFigure):
    """Eigenvalues by rank, with the bulks of theory, of models that are trained in closed form."""

    reads: ClassVar = ("evaluations",)
    requires: ClassVar = ("closed_form",)

    figure: Literal["spectrum"]
    size: PositiveInt | None = Field(None, description="Size of which the nearest is drawn; the largest if null.")


CAPTION = Caption(
    "Spectrum of random features",
    "Line plots of eigenvalues against their rank, one panel a time of diffusion, with bands of theory.",
    "Eigenvalues of the second moment of the features by rank, mean over seeds. They are the rates of training. Where "
    "data are N(0, I), features have no bias and are more than samples and dimensions together, bands are the "
    "published bulks by which the data distribution and the samples are learned; the dashed line is the slow channel, "
    "which carries what moves the losses last, and the dotted line the rest." + LOG_INTERVALS,
)


def draw(options: SpectrumFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw the eigenvalues of one size, one panel a time of diffusion."""
    from edgemem.analysis.flows import has_theory

    assert subject.setting is not None
    evaluations, setting = inputs["evaluations"], subject.setting
    sizes = evaluations[0].model_size.values
    size = int(sizes[np.abs(sizes - (options.size or sizes[-1])).argmin()])
    times = times_of(evaluations[0].time.values)
    figure, panels = new_figure(len(times))
    figure.suptitle(f"{case_title(subject, len(evaluations))}; size {size}")
    for axes, time in zip(panels, times, strict=True):
        own = [one.eigenvalue.sel(model_size=size).sel(time=time, method="nearest") for one in evaluations]
        values = np.stack([one.values[:size] for one in own])
        axes.set(xscale="log", yscale="log", xlabel="rank", ylabel="eigenvalue")
        axes.set_title(f"t = {float(own[0].time):.3g}", fontsize=7)
        mean_with_band(axes, np.arange(1, size + 1), values, color=COLOURS["trained"], label="eigenvalues")
        if has_theory(evaluations[0]) and size > setting.N + setting.dim < 2 * setting.N:
            gain = float(evaluations[0].flow_loss.attrs["gain"])
            _draw_theory(axes, float(own[0].time), gain, setting.N, setting.dim, size)
    legend_below(figure, *panels, columns=5)
    return figure


def _draw_theory(axes: Axes, t: float, gain: float, n_samples: int, dim: int, size: int) -> None:
    """Draw bulks at their ranks, the slow channel below them, and what is left."""
    from edgemem.numerics.random_features_theory import (
        constants,
        covariance_quantiles,
        generalizing_bulk,
        memorizing_bulk,
        slow_eigenvalue,
    )

    of, psi_n, psi_p = constants(t, gain), n_samples / dim, size / dim
    style: dict[str, Any] = {"alpha": 0.25, "linewidth": 0}
    for bulk, ranks, colour, label in (
        (generalizing_bulk(of, psi_p), (1, dim), "generalizing", "data distribution"),
        (memorizing_bulk(of, psi_n, psi_p), (dim + 1, n_samples), "partially_memorizing", "samples, published"),
    ):
        axes.fill_between(ranks, bulk.low, bulk.high, color=COLOURS[colour], label=label, **style)
    x = covariance_quantiles(psi_n, dim)
    slow = np.sort(slow_eigenvalue(of, psi_n, psi_p, x))[::-1]
    colour = COLOURS["approximation"]
    axes.plot(n_samples + np.arange(1, dim + 1), slow, "--", color=colour, label="slow channel")
    axes.plot([n_samples + dim + 1, size], [of.noise, of.noise], ":", color=colour, label="the rest")
