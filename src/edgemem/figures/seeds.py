"""Figure 7: memorization ratio, training loss and place of the transition of each data set."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import SeedsFigure
from edgemem.figures.style import (
    COLOURS,
    SERIES,
    fraction_axis,
    legend_below,
    new_figure,
    setting_title,
)


MARKERS = ("o", "s", "^", "D")


def draw(options: SeedsFigure, setting: str, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw one line a seed, and beside them M50 of each with its counting error and the mean with its interval."""
    evaluations, transition = inputs["evaluations"], inputs["transition"][0].sel(setting=setting)
    n_samples = int(transition.N)
    seeds = transition.seed.values
    figure, (ratio, loss, place) = new_figure(3, width=2.6)
    figure.suptitle(setting_title(setting, len(evaluations)))
    for i, (seed, evaluation) in enumerate(zip(seeds, evaluations, strict=True)):
        style: dict[str, Any] = {"color": SERIES[i % len(SERIES)], "linewidth": 0.7, "markersize": 2}
        x = evaluation.model_size.values / n_samples
        trained = evaluation.loss.sel(split="train", denoiser="trained").sel(time=options.time, method="nearest")
        marker = MARKERS[i // len(SERIES) % len(MARKERS)]  # when the colours begin again
        ratio.plot(x, evaluation.memorization_ratio, f"{marker}-", label=f"seed {seed}", **style)
        loss.plot(x, trained, f"{marker}-", **style)
        value, low, high = (transition[f"m50{end}"].sel(seed=seed).item() for end in ("", "_low", "_high"))
        place.errorbar(value, i, xerr=np.nan_to_num([[value - low], [high - value]]), fmt=marker, color=style["color"])
    mean, low, high = (transition[f"m50_pooled{end}"].item() for end in ("", "_low", "_high"))
    if np.isfinite([mean, low, high]).all():
        place.axvspan(low, high, color=COLOURS["trained"], alpha=0.2, linewidth=0)
        place.axvline(mean, color=COLOURS["trained"], linewidth=0.8)
        spread = transition.m50_seed_stddev.item()
        place.set_title(f"mean {mean:.4f} [{low:.4f}, {high:.4f}]\nspread between seeds {spread:.4f}", fontsize=7)
    for axes in (ratio, loss):
        fraction_axis(axes)
    loss.set_ylim(bottom=0)
    ratio.set_ylabel("memorization ratio")
    loss.set_ylabel(f"training loss, ψ = {trained.snr.item():.3g}")
    place.set(xlabel="M₅₀ / N, bars: 95 % of counting", ylabel="seed")
    place.set_yticks(np.arange(len(seeds)), seeds)
    place.invert_yaxis()
    legend_below(figure, ratio, columns=8)
    return figure
