"""Figure 2: memorization ratio, training loss and test loss against model size."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgemem.config.plot import TransitionFigure
from edgemem.figures.style import (
    COLOURS,
    fraction_axis,
    legend_below,
    mean_with_interval,
    new_figure,
    plain_log_axis,
    setting_title,
    shared_sizes,
)
from edgemem.numerics.statistics import mean_interval, wilson_interval


def draw(options: TransitionFigure, setting: str, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw the ratio with its pooled curve and transition, and the losses of all denoisers at one time."""
    evaluations, transition = inputs["evaluations"], inputs["transition"][0].sel(setting=setting)
    n_samples = int(transition.N)
    figure, (ratio, *losses) = new_figure(3, width=2.6)
    figure.suptitle(setting_title(setting, len(evaluations)))

    for evaluation in evaluations:
        p = evaluation.memorization_ratio.values
        low, high = wilson_interval(evaluation.memorized_count.values, int(evaluation.generated_count))
        ratio.errorbar(
            evaluation.model_size.values / n_samples,
            p,
            yerr=np.maximum([p - low, high - p], 0),  # at 0 and 1 rounding may leave -1e-17
            fmt="o",
            color=COLOURS["trained"],
            alpha=0.5,
            label="one model, bars: 95 % of counting" if evaluation is evaluations[0] else None,
        )
    ratio.plot(
        transition.fraction, transition.ratio_curve, color=COLOURS["trained"], label="mean over seeds, 95 % band"
    )
    ratio.fill_between(
        transition.fraction,
        transition.ratio_curve_low,
        transition.ratio_curve_high,
        color=COLOURS["trained"],
        alpha=0.2,
        linewidth=0,
    )
    null = np.mean([evaluation.null_memorization_ratio for evaluation in evaluations])
    ratio.axhline(null, color=COLOURS["memorizing"], linestyle=":", label="fresh true samples")
    shade_transition(ratio, transition)
    ratio.set_ylim(-0.02, 1.05)
    ratio.set_ylabel("memorization ratio")
    fraction_axis(ratio)

    for axes, split in zip(losses, ("train", "test"), strict=True):
        draw_losses(axes, evaluations, split, options.time, n_samples)
        shade_transition(axes, transition)
    legend_below(figure, ratio, *losses, columns=4)
    return figure


def shade_transition(axes: Axes, transition: xr.Dataset) -> None:
    """Shade the transition, from ratio 0.1 to 0.9, and mark where the ratio is one half."""
    start, middle, end = (float(transition[f"{name}_pooled"]) for name in ("m10", "m50", "m90"))
    if np.isfinite(start) and np.isfinite(end):
        axes.axvspan(start, end, color="#f0e442", alpha=0.25, linewidth=0)
    if np.isfinite(middle):
        axes.axvline(middle, color="#b8a800", linewidth=0.8)
        axes.annotate(
            f"M₅₀ = {middle:.3f} N",
            (middle, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 1),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=6.5,
        )


def draw_losses(axes: Axes, evaluations: Sequence[xr.Dataset], split: str, time: float, n_samples: int) -> None:
    """Draw the losses of all denoisers: each model as a point, means with intervals at sizes that all seeds share."""
    at = [e.loss.sel(split=split).sel(time=time, method="nearest") for e in evaluations]
    shared = shared_sizes(evaluations)
    x = np.array(shared) / n_samples
    for loss in at:
        own = loss.sel(denoiser="trained")
        axes.plot(own.model_size / n_samples, own, ".", color=COLOURS["trained"], alpha=0.3)
    for denoiser, name in (
        ("trained", "trained"),
        ("generalizing", "generalizing"),
        ("memorizing", "memorizing"),
        ("partially_memorizing", "partially memorizing"),
    ):
        values = np.array([loss.sel(denoiser=denoiser, model_size=shared) for loss in at])
        if denoiser == "memorizing" and split == "train":
            # Zero but for rounding, which a logarithmic axis would blow up.
            continue
        mean_with_interval(axes, x, mean_interval(values), color=COLOURS[denoiser], label=name)
    # The partially memorizing loss is exactly zero at M = N on the training samples, which no logarithm shows.
    trained = np.concatenate([loss.sel(denoiser="trained").values for loss in at])
    axes.set_ylim(bottom=0.5 * trained.min())
    plain_log_axis(axes)
    fraction_axis(axes)
    axes.set_ylabel(f"{'training' if split == 'train' else split} loss, ψ = {at[0].snr.item():.3g}")
