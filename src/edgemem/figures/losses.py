"""Figure 1: losses of the simple denoisers against their approximations."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import LossesFigure
from edgemem.figures.style import (
    COLOURS,
    fraction_axis,
    legend_below,
    mean_with_interval,
    new_figure,
    plain_log_axis,
    setting_title,
)
from edgemem.numerics.statistics import mean_interval
from edgemem.numerics.theory import generalizing_excess_loss, partially_memorizing_excess_loss


def draw(options: LossesFigure, setting: str, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw the generalizing loss over psi, and the partially memorizing loss over M / N at one time.

    The approximations are those of an isotropic mixture, and are drawn where the regression has them.
    """
    evaluations, regression = inputs["evaluations"], inputs["regression"][0].sel(setting=setting)
    approximated = bool(regression.finite_size_constant.notnull().any())
    n_samples = int(regression.N)
    figure, (left, right) = new_figure(2)
    figure.suptitle(setting_title(setting, len(evaluations)))

    # Excess over the memorizing denoiser, on the same noise: what the theory speaks of.
    train = [evaluation.sel(split="train").isel(model_size=0) for evaluation in evaluations]
    excess = [e.loss.sel(denoiser="generalizing") - e.loss.sel(denoiser="memorizing") for e in train]
    snr = train[0].snr.values
    mean_with_interval(
        left, snr, mean_interval(np.array(excess)), color=COLOURS["generalizing"], label="generalizing, measured"
    )
    left.set(xscale="log", yscale="log", xlabel="signal-to-noise ratio ψ", ylabel="excess training loss")
    # Where nothing of the signal is left the memorizing denoiser is no better, and the excess is noise around zero.
    lowest = np.mean(excess, axis=0)[snr.argmax()]
    if lowest > 0:
        left.set_ylim(bottom=lowest / 3)
    if approximated:
        variance, dim = float(regression.variance), int(regression.d)
        theory = generalizing_excess_loss(dim, variance, snr)
        left.plot(snr, theory, "--", color=COLOURS["approximation"], label="d σ*² / (1 + ψ σ*²), theorem 3.1")
        left.set_ylim(bottom=theory.min() / 3)

    time = float(train[0].time.sel(time=options.time, method="nearest"))
    fractions = regression.fraction.values
    partial = [
        e.partially_memorizing_loss.sel(split="train", time=time).values
        - e.loss.sel(split="train", denoiser="memorizing", time=time).isel(model_size=0).item()
        for e in evaluations
    ]
    mean, low, high = mean_interval(np.array(partial))
    subset = evaluations[0].subset_size.values / n_samples
    right.plot(subset, mean, color=COLOURS["partially_memorizing"], label="partially memorizing, measured")
    right.fill_between(subset, low, high, color=COLOURS["partially_memorizing"], alpha=0.25, linewidth=0)
    if approximated:
        for constant, name, style in (
            (1.0, "C = 1", ":"),
            (2.0, "C = 2", "--"),
            (regression.finite_size_constant.values, "finite-size C(M)", "-."),
        ):
            curve = partially_memorizing_excess_loss(dim, variance, fractions, constant)
            right.plot(fractions, curve, style, color=COLOURS["approximation"], label=f"C (1 − M/N) d σ*², {name}")
        right.set_ylim(0, 1.05 * max(np.nanmax(mean), *partially_memorizing_excess_loss(dim, variance, fractions, 2.0)))
    level, level_low, level_high = map(float, mean_interval(np.array([e.sel(time=time) for e in excess])))
    right.axhline(level, color=COLOURS["generalizing"], label="generalizing, measured")
    if np.isfinite(level_low):
        right.axhspan(level_low, level_high, color=COLOURS["generalizing"], alpha=0.25, linewidth=0)
    fraction_axis(right)
    if not approximated and level > 0:
        # Of low-rank data the one loss is hundreds of times the other, until they cross.
        right.set_ylim(level / 10, 2 * np.nanmax(mean))
        plain_log_axis(right)
    right.set_ylabel(f"excess training loss, ψ = {train[0].snr.sel(time=time).item():.3g}")
    legend_below(figure, left, right, columns=3)
    return figure
