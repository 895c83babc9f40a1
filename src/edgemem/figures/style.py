"""The style that all figures share.

Matplotlib, and all else that takes its time to import, is imported when something is drawn: the configuration imports
every figure for its options.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from edgemem.config.plot import Subject
from edgemem.numerics.statistics import mean_interval


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.container import ErrorbarContainer
    from matplotlib.figure import Figure

    Inputs: TypeAlias = Mapping[str, Sequence[xr.Dataset]]  # the files that a figure reads, by kind


# Okabe and Ito's palette, told apart by all kinds of colour vision; a denoiser has one colour in every figure, and so
# has a predictor.
COLOURS = {
    "trained": "#0072B2",
    "generalizing": "#009E73",
    "memorizing": "#999999",
    "partially_memorizing": "#D55E00",
    "approximation": "#000000",
    "left_out": "#CC0000",
    "exact_losses": "#0072B2",
    "finite_size": "#D55E00",
    "c1": "#56B4E9",
    "c2": "#CC79A7",
    "constant": "#666666",
    "snr_weight": "#E69F00",
    "fitted": "#009E73",
    "simplex": "#F0E442",
    "exact_fitted": "#8C564B",
    "line": "#B0B0B0",
    "parabola": "#333333",
    "own_c2": "#E377C2",
    "own_exact": "#1F4E79",
    "danger": "#B22222",
    "collapse": "#FF9896",
    "decided": "#7B4173",
    "copy_variance_line": "#BCBD22",
    "fixed_centres": "#637939",
    "ward": "#17BECF",
    "ward_sampled": "#0E6E78",
    "likelihood": "#98DF8A",
    "likelihood_sampled": "#2E7D32",
}
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
    "figure.dpi": 220,  # a layout is for the text as it is saved
    "pdf.fonttype": 42,  # text stays text in the PDF
}
# For things without a colour of their own: one each, in this order.
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# Marks of those for which the colours begin again, or that have another meaning than colours.
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
WIDTH = 3.4  # inches of one text column
HEIGHT = 2.9
# What the axis of a figure without models is called.
MODEL_SIZE = "model size M / N"


def new_figure(columns: int = 1, *, width: float = WIDTH, height: float = HEIGHT) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels side by side, in the common style."""
    figure, axes = _subplots(1, columns, width * columns, height)
    return figure, list(axes[0])


def new_lines(count: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels below each other, each `height` inches high, in the common style."""
    figure, axes = _subplots(count, 1, width, height * count + 0.3)
    return figure, list(axes[:, 0])


def new_grid(rows: int, columns: int, *, width: float, height: float) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure with rows of panels, each `width` by `height` inches, in the common style."""
    figure, axes = _subplots(rows, columns, width * columns, height * rows + 0.5)
    return figure, [list(row) for row in axes]


def _subplots(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    from matplotlib import style
    from matplotlib.figure import Figure  # without pyplot, which keeps figures and looks for a screen

    style.use(STYLE)
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


@contextmanager
def fixed_layout(figure: Figure) -> Iterator[None]:
    """Lay a figure out once, and let all files that are written meanwhile have that layout."""
    figure.draw_without_rendering()
    engine = figure.get_layout_engine()
    figure.set_layout_engine("none")
    yield
    figure.set_layout_engine(engine)


def nearest_sizes(sizes: np.ndarray, fractions: np.ndarray, wanted: Sequence[float]) -> list[int]:
    """Return the model sizes whose fractions are nearest to those wanted, each once."""
    # Rounded, so that of two equally near ones the smaller is chosen.
    return list(dict.fromkeys(int(sizes[np.argmin(np.abs(fractions - fraction).round(9))]) for fraction in wanted))


def size_in_words(subject: Subject, evaluation: xr.Dataset) -> str:
    """Return how large one model is."""
    fraction = f"{evaluation.fraction.item():.3g}"
    return f"M = {fraction} N" if "components" in subject.provides else f"{fraction} N d parameters"


def half_symbols(subject: Subject) -> tuple[str, str]:
    """Return what the size at a ratio of one half is called, and its unit: components, or parameters P."""
    return ("M₅₀", "N") if "components" in subject.provides else ("P₅₀", "(N d)")


def fraction_axis(axes: Axes, evaluations: Sequence[xr.Dataset] = ()) -> None:
    """Let the horizontal axis be the model size as a fraction, of the training samples if none of models is given."""
    largest = max((float(evaluation.fraction.max()) for evaluation in evaluations), default=1.0)
    axes.set_xlim(0, 1.02 * max(largest, 1.0))
    axes.set_xlabel(evaluations[0].fraction.long_name if evaluations else MODEL_SIZE)


def mean_with_interval(
    axes: Axes, x: np.ndarray, values: np.ndarray, *, fmt: str = "o-", **style: Any
) -> ErrorbarContainer:
    """Draw means over the first axis with the bars of their 95 % intervals; of a single value there is no bar."""
    mean, low, high = interval_on(axes, values)
    bars = np.nan_to_num(np.array([mean - low, high - mean]))
    return axes.errorbar(x, mean, yerr=bars, fmt=fmt, **style)


def mean_with_band(axes: Axes, x: np.ndarray, values: np.ndarray, *, color: str, label: str) -> None:
    """Draw means over the first axis as a curve, with their 95 % intervals as a band."""
    mean, low, high = interval_on(axes, values)
    axes.plot(x, mean, color=color, label=label)
    axes.fill_between(x, low, high, color=color, alpha=0.25, linewidth=0, label=label)


def interval_on(axes: Axes, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means over the first axis and their 95 % intervals: on a logarithmic axis, of the logarithms.

    There no interval reaches below zero, and the mean is NaN where one of the values is not positive.
    """
    if axes.get_yscale() != "log":
        return mean_interval(values)
    values = np.asarray(values, np.float64)
    mean, low, high = mean_interval(np.log(np.where(values > 0, values, np.nan)))
    return np.exp(mean), np.exp(low), np.exp(high)


def mark_below(axes: Axes, x: float, **style: Any) -> None:
    """Mark on the lower edge of a logarithmic axis that a curve is zero there."""
    axes.plot([x], [0], "v", markersize=5, transform=axes.get_xaxis_transform(), clip_on=False, zorder=3, **style)


def loss_axis(axes: Axes, what: str, at: xr.Dataset) -> None:
    """Let the vertical axis be a loss at the time of an evaluation, the squared error of the denoised sample."""
    axes.set_ylabel(f"{what} ‖x̂ − x‖²\nat t = {at.time.item():.3g} (ψ = {at.snr.item():.3g})")


def shared_sizes(evaluations: Sequence[xr.Dataset]) -> list[int]:
    """Return the model sizes that all seeds have, ascending; fine grids differ between seeds."""
    return sorted(set.intersection(*(set(evaluation.model_size.values.tolist()) for evaluation in evaluations)))


def names_on(axis: Axis) -> dict[float, str]:
    """Return the names that an axis has in the place of numbers, by their places."""
    from matplotlib.ticker import FixedLocator, ScalarFormatter

    formatter = axis.get_major_formatter()
    if not isinstance(axis.get_major_locator(), FixedLocator) or isinstance(formatter, ScalarFormatter):
        return {}
    places = [float(place) for place in axis.get_majorticklocs()]
    return dict(zip(places, map(str, formatter.format_ticks(places)), strict=True))


def plain_log_axis(axes: Axes, which: str = "y") -> None:
    """Let an axis, x or y, be logarithmic with plain numbers at 1, 2, 5, 10, ...; powers of ten where it is long."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set(**{f"{which}scale": "log"})
    axis: Axis = getattr(axes, f"{which}axis")
    low, high = axis.get_view_interval()
    if high / low < 1e3:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())


def legend_below(figure: Figure, *panels: Axes, columns: int, only: Container[str] | None = None) -> None:
    """Put one legend for some panels below the figure, each name once, in as many columns as its width has room for.

    **Arguments:** `columns`: at most; `only`: names that are in the legend, all of the panels if None.
    """
    handles: dict[str, Any] = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            if only is None or label in only:
                handles.setdefault(label, handle)
    for count in range(columns, 0, -1):
        legend = figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=count)
        if count == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def case_title(subject: Subject, n_seeds: int) -> str:
    """Return the title of a figure over all seeds of a setting."""
    return f"{_title(subject)}; {seeds_in_words(n_seeds)}"


def seeds_in_words(count: int) -> str:
    """Return how many seeds there are."""
    return "1 seed" if count == 1 else f"{count} seeds"


def seed_title(subject: Subject, samples: xr.Dataset) -> str:
    """Return the title of a figure that shows one data set."""
    return f"{_title(subject)}; seed {samples.attrs['seed']}"


def _title(subject: Subject) -> str:
    assert subject.setting is not None
    return "; ".join(filter(None, (subject.setting.title, subject.model)))


def row_of(table: xr.Dataset, subject: Subject) -> xr.Dataset:
    """Return what a campaign's table says of one case."""
    assert subject.setting is not None
    return table.sel(setting=subject.setting.name, model=subject.model)


def row_of_each_case(table: xr.Dataset) -> xr.Dataset:
    """Return a campaign's table with one dimension `case`, the pairs of setting and model that exist, for the two."""
    import xarray as xr

    settings, models = np.nonzero(table.trained.transpose("setting", "model").values)
    return table.isel(setting=xr.DataArray(settings, dims="case"), model=xr.DataArray(models, dims="case"))
