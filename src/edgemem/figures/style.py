"""The style that all figures share."""

import json
import re
from collections.abc import Sequence
from typing import Any

import matplotlib


matplotlib.use("Agg")  # figures are files; no screen is needed

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter


# Okabe and Ito's palette, told apart by all kinds of colour vision; a denoiser has one colour in every figure, and so
# has a predictor.
COLOURS = {
    "trained": "#0072B2",
    "generalizing": "#009E73",
    "memorizing": "#999999",
    "partially_memorizing": "#D55E00",
    "approximation": "#000000",
    "exact_losses": "#0072B2",
    "finite_size": "#D55E00",
    "c1": "#56B4E9",
    "c2": "#CC79A7",
    "constant": "#666666",
    "snr_weight": "#E69F00",
    "fitted": "#009E73",
}
# What titles call the data of a family.
FAMILIES = {"gaussian": "gaussian mixture", "image": "coloured templates"}
# Readable at the width of a text column.
STYLE: dict[str, Any] = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "figure.titlesize": 9,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.5,
    "axes.axisbelow": True,
    "lines.linewidth": 1.2,
    "lines.markersize": 3,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "figure.constrained_layout.h_pad": 0.05,
    "figure.constrained_layout.w_pad": 0.06,
    "savefig.dpi": 220,
    "pdf.fonttype": 42,  # text stays text in the PDF
}
# For things without a colour of their own: one each, in this order.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
WIDTH = 3.4  # inches of one text column
HEIGHT = 2.9


def new_figure(columns: int = 1, *, width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels side by side, in the common style."""
    plt.style.use(STYLE)
    figure, axes = plt.subplots(1, columns, figsize=(width * columns, height), layout="constrained", squeeze=False)
    return figure, list(axes[0])


def new_lines(count: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels below each other, each `height` inches high, in the common style."""
    plt.style.use(STYLE)
    figure, axes = plt.subplots(count, 1, figsize=(width, height * count + 0.3), layout="constrained", squeeze=False)
    return figure, list(axes[:, 0])


def nearest_sizes(sizes: np.ndarray, wanted: np.ndarray) -> list[int]:
    """Return the model sizes nearest to those wanted, each once."""
    return list(dict.fromkeys(int(sizes[np.argmin(np.abs(sizes - size))]) for size in wanted))


def fraction_axis(axes: Axes) -> None:
    """Let the horizontal axis be the model size as a fraction of the training samples."""
    axes.set_xlim(0, 1.02)
    axes.set_xlabel("model size M / N")


def mean_with_interval(
    axes: Axes, x: np.ndarray, interval: tuple[np.ndarray, np.ndarray, np.ndarray], **style: Any
) -> ErrorbarContainer:
    """Draw means with the bars of their 95 % intervals; a mean without an interval has no bar."""
    mean, low, high = interval
    bars = np.nan_to_num(np.array([mean - low, high - mean]))
    return axes.errorbar(x, mean, yerr=bars, fmt="o-", **style)


def shared_sizes(evaluations: Sequence[xr.Dataset]) -> list[int]:
    """Return the model sizes that all seeds have, ascending; fine grids differ between seeds."""
    return sorted(set.intersection(*(set(evaluation.model_size.values.tolist()) for evaluation in evaluations)))


def plain_log_axis(axes: Axes) -> None:
    """Let the vertical axis be logarithmic with plain numbers at 1, 2, 5, 10, ...; powers of ten where it is long."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high / low < 1e3:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def legend_below(figure: Figure, *panels: Axes, columns: int) -> None:
    """Put one legend for some panels below the figure, each name once, away from the data."""
    handles: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=columns)


def setting_title(setting: str, n_seeds: int) -> str:
    """Return the title of a figure over all seeds of a setting."""
    return f"{_in_words(setting)}; {'1 seed' if n_seeds == 1 else f'{n_seeds} seeds'}"


def seed_title(setting: str, samples: xr.Dataset) -> str:
    """Return the title of a figure that shows one data set."""
    return f"{_in_words(setting)}; seed {json.loads(samples.attrs['spec'])['seed']}"


def _in_words(setting: str) -> str:
    family, *axes = setting.split("_")
    return f"{FAMILIES[family]}, {', '.join(_axis(axis) for axis in axes)}"


def _axis(axis: str) -> str:
    # A number may have a sign and an exponent, as in var1e-05.
    found = re.fullmatch(r"(.*?)([0-9][0-9.e+-]*)", axis)
    name, value = found.groups() if found else (axis, "")
    words = {"var": "σ*² =", "sep": "separation", "size": "size", "N": "N =", "d": "d =", "K": "K ="}
    return f"{words[name]} {value}" if name in words else axis
