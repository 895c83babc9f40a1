"""Figure 1: losses of the simple denoisers against their approximations."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.plot import LOG_INTERVALS, LOSS, Caption, CaseFigure, Subject, Time
from edgemem.figures.style import (
    COLOURS,
    case_title,
    fraction_axis,
    interval_on,
    legend_below,
    loss_axis,
    mean_with_band,
    mean_with_interval,
    new_figure,
    plain_log_axis,
)
from edgemem.numerics.theory import generalizing_excess_loss, partially_memorizing_excess_loss


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class LossesFigure(CaseFigure):
    """Figure 1 of the paper: losses of the simple denoisers against their approximations."""

    reads: ClassVar = ("evaluations", "regression")
    requires: ClassVar = ("true_denoiser",)

    figure: Literal["losses"]
    time: Time = Field(0.36, description="Time of the right panel, the nearest of the grid (0.36: psi = 6.7).")


CAPTION = Caption(
    "Losses of the simple denoisers",
    "Two line plots: the loss that memorizing saves against the signal-to-noise ratio, and the loss of partial "
    "memorization against the number of samples known, with approximations.",
    "Left: how much more the generalizing denoiser loses on the training samples than the memorizing one, against the "
    "signal-to-noise ratio. The dashed theory holds where enough signal is left (to the right); at the noise end even "
    "the memorizing denoiser cannot tell samples apart. Right: the same for the denoiser that memorizes only the first "
    "M training samples, at one time. The measured curve should follow the finite-size constant, not C = 1 or C = 2. "
    "Approximations are those of an isotropic mixture; of images only what was measured is drawn."
    + LOSS
    + LOG_INTERVALS,
)


def draw(options: LossesFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw the generalizing loss over psi, and the partially memorizing loss over M / N at one time.

    The approximations are drawn where the setting says that they hold.
    """
    evaluations, setting = inputs["evaluations"], subject.setting
    assert setting is not None
    approximated = "isotropic_theory" in setting.abilities
    figure, (left, right) = new_figure(2)
    figure.suptitle(case_title(subject, len(evaluations)))

    # Excess over the memorizing denoiser, on the same noise: what the theory speaks of.
    train = [evaluation.sel(split="train") for evaluation in evaluations]
    memorizing = [e.reference_loss.sel(reference="memorizing") for e in train]
    excess = [e.reference_loss.sel(reference="generalizing") - m for e, m in zip(train, memorizing, strict=True)]
    snr = train[0].snr.values
    left.set(xscale="log", yscale="log", xlabel="signal-to-noise ratio ψ", ylabel="excess training loss ‖x̂ − x‖²")
    mean_with_interval(left, snr, np.array(excess), color=COLOURS["generalizing"], label="generalizing, measured")
    # Where nothing of the signal is left the memorizing denoiser is no better, and the excess is noise around zero.
    lowest = np.mean(excess, axis=0)[snr.argmax()]
    if lowest > 0:
        left.set_ylim(bottom=lowest / 3)
    if approximated:
        variance, dim = evaluations[0].true_variance.item(), setting.dim
        theory = generalizing_excess_loss(dim, variance, snr)
        left.plot(snr, theory, "--", color=COLOURS["approximation"], label="d σ*² / (1 + ψ σ*²), theorem 3.1")
        left.set_ylim(bottom=theory.min() / 3)

    time = float(train[0].time.sel(time=options.time, method="nearest"))
    partial = [
        e.partially_memorizing_loss.sel(time=time) - m.sel(time=time) for e, m in zip(train, memorizing, strict=True)
    ]
    level = np.array([e.sel(time=time) for e in excess])
    if not approximated and (level > 0).all():
        # Of low-rank data the one loss is hundreds of times the other, until they cross.
        right.set_yscale("log")
    subset = evaluations[0].subset_size.values / setting.N
    colour, name = COLOURS["partially_memorizing"], "partially memorizing, measured"
    mean_with_band(right, subset, np.array(partial), color=colour, label=name)
    if approximated:
        regression = inputs["regression"][0].sel(setting=setting.name)
        fractions = regression.fraction.values
        for constant, name, style in (
            (1.0, "C = 1", ":"),
            (2.0, "C = 2", "--"),
            (regression.finite_size_constant.values, "finite-size C(M)", "-."),
        ):
            curve = partially_memorizing_excess_loss(dim, variance, fractions, constant)
            right.plot(fractions, curve, style, color=COLOURS["approximation"], label=f"C (1 − M/N) d σ*², {name}")
        theory = partially_memorizing_excess_loss(dim, variance, fractions, 2.0)
        highest = max(np.mean(partial, axis=0).max(), theory.max())
        right.set_ylim(0, 1.05 * highest)
    mean, low, high = map(float, interval_on(right, level))
    colour, name = COLOURS["generalizing"], "generalizing, measured"
    right.axhline(mean, color=colour, label=name)
    if np.isfinite(low):
        right.axhspan(low, high, color=colour, alpha=0.25, linewidth=0, label=name)
    fraction_axis(right)
    if right.get_yscale() == "log":
        right.set_ylim(mean / 10, 2 * np.max(partial))
        plain_log_axis(right)
    loss_axis(right, "excess training loss", train[0].sel(time=time))
    legend_below(figure, left, right, columns=3)
    return figure
