"""Figure 2: memorization ratio, training loss and test loss against model size."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.plot import LOG_INTERVALS, LOSS, Caption, CaseFigure, Subject, Time
from edgemem.figures.left_out import cross_out
from edgemem.figures.style import (
    COLOURS,
    case_title,
    fraction_axis,
    half_symbols,
    legend_below,
    loss_axis,
    mark_below,
    mean_with_band,
    mean_with_interval,
    new_figure,
    plain_log_axis,
    row_of,
    shared_sizes,
)
from edgemem.numerics.statistics import wilson_interval


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class TransitionFigure(CaseFigure):
    """Figure 2: memorization ratio, training loss and test loss against model size."""

    reads: ClassVar = ("evaluations", "transition")

    figure: Literal["transition"]
    time: Time = Field(0.36, description="Time of the losses, the nearest of the grid (0.36: psi = 6.7).")


CAPTION = Caption(
    "The transition",
    "Three line plots against model size M/N: memorization ratio, training loss and test loss, with the transition "
    "shaded.",
    "Left: the fraction of generated points that are copies of training samples rises from 0 to 1 as the model grows "
    "to the number of samples; the shaded band is the transition (ratio 0.1 to 0.9). Middle and right: at the "
    "transition the training loss of the trained model leaves the generalizing loss for the partially memorizing one, "
    "and the test loss rises. With all samples the partially memorizing denoiser has no training loss, which no "
    "logarithmic axis shows: a triangle stands for it. A cross is on each model that has not converged, in no fit. "
    "At M = N the test loss has no converged value: it grows for as long as the variance falls." + LOSS + LOG_INTERVALS,
)


def draw(options: TransitionFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw the ratio with its pooled curve and transition, and the losses of all denoisers at one time."""
    evaluations = [evaluation.isel(step=-1) for evaluation in inputs["evaluations"]]
    transition = row_of(inputs["transition"][0], subject)
    figure, (ratio, *losses) = new_figure(3, width=2.6)
    assert subject.setting is not None
    figure.suptitle(case_title(subject, len(evaluations)))

    for evaluation in evaluations:
        p = evaluation.memorization_ratio.values
        low, high = wilson_interval(evaluation.memorized_count.values, int(evaluation.generated_count))
        ratio.errorbar(
            evaluation.fraction.values,
            p,
            yerr=np.maximum([p - low, high - p], 0),  # at 0 and 1 rounding may leave -1e-17
            fmt="o",
            color=COLOURS["trained"],
            alpha=0.5,
            label="one model, 95 % binomial",
        )
        cross_out(ratio, evaluation, p)
    ratio.plot(transition.fraction, transition.ratio_curve, color=COLOURS["trained"], label="mean over seeds, 95 %")
    ratio.fill_between(
        transition.fraction,
        transition.ratio_curve_low,
        transition.ratio_curve_high,
        color=COLOURS["trained"],
        alpha=0.2,
        linewidth=0,
        label="mean over seeds, 95 %",
    )
    null = np.mean([evaluation.null_memorization_ratio for evaluation in evaluations])
    ratio.axhline(null, color=COLOURS["memorizing"], linestyle=":", label="fresh true samples")
    half = half_symbols(subject)
    shade_transition(ratio, transition, *half)
    ratio.set_ylim(-0.02, 1.05)
    ratio.set_ylabel("memorization ratio")
    fraction_axis(ratio, evaluations)

    for axes, split in zip(losses, ("train", "test"), strict=True):
        draw_losses(axes, evaluations, split, options.time, subject.provides)
        shade_transition(axes, transition, *half)
    legend_below(figure, ratio, *losses, columns=4)
    return figure


def shade_transition(axes: Axes, transition: xr.Dataset, half: str, unit: str) -> None:
    """Shade the transition, from ratio 0.1 to 0.9, and mark where the ratio is one half."""
    start, middle, end = (float(transition[f"{name}_pooled"]) for name in ("m10", "m50", "m90"))
    if np.isfinite(start) and np.isfinite(end):
        axes.axvspan(start, end, color="#f0e442", alpha=0.25, linewidth=0, label="transition, 0.1 to 0.9")
    if np.isfinite(middle):
        axes.axvline(middle, color="#b8a800", linewidth=0.8, label=f"_{half}")
        axes.annotate(
            f"{half} = {middle:.3f} {unit}",
            (middle, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 1),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=6.5,
        )


def draw_losses(
    axes: Axes, evaluations: Sequence[xr.Dataset], split: str, time: float, provided: Collection[str]
) -> None:
    """Draw the losses of all denoisers: each model as a point, means with intervals at sizes that all seeds share.

    The partially memorizing denoiser, of as many samples as a model has components, is there at every size up to N.

    **Arguments:** `provided`: abilities of the data and of the denoiser.
    """
    at = [e.sel(split=split).sel(time=time, method="nearest") for e in evaluations]
    shared = shared_sizes(evaluations)
    fraction = at[0].fraction.sel(model_size=shared).values
    axes.set_yscale("log")
    for evaluation, e in zip(evaluations, at, strict=True):
        axes.plot(e.fraction, e.loss, ".", color=COLOURS["trained"], alpha=0.3, label="one model")
        cross_out(axes, evaluation, e.loss)
    curves = {"trained": np.array([e.loss.sel(model_size=shared) for e in at])}
    # On the training samples the memorizing loss is zero but for rounding, which a logarithmic axis would blow up.
    references = ["generalizing"] * ("true_denoiser" in provided) + ["memorizing"] * (split == "test")
    for reference in references:
        losses = [e.reference_loss.sel(reference=reference).item() for e in at]
        curves[reference] = np.outer(losses, np.ones(len(shared)))
    for denoiser, values in curves.items():
        mean_with_interval(axes, fraction, values, color=COLOURS[denoiser], label=denoiser)
    if "components" in provided:
        style = {"color": COLOURS["partially_memorizing"], "label": "partially memorizing"}
        values = np.array([e.partially_memorizing_loss for e in at])
        subset = at[0].subset_size.values / values.shape[1]
        # Of all samples it is the memorizing one.
        shown = slice(-1 if split == "train" else None)
        mean_with_band(axes, subset[shown], values[:, shown], **style)
    # Intervals of few seeds may be wide, and do not decide how far the axis reaches.
    drawn = np.concatenate([line.get_ydata(orig=False) for line in axes.lines])
    drawn = drawn[drawn > 0]
    axes.set_ylim(0.5 * drawn.min(), 2 * drawn.max())
    if "components" in provided and split == "train":
        mark_below(axes, 1, color=COLOURS["partially_memorizing"], label="zero at M = N")
    plain_log_axis(axes)
    fraction_axis(axes, evaluations)
    loss_axis(axes, "training loss" if split == "train" else "test loss", at[0])
