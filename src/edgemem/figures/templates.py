"""Learned means, templates times their colours, moving onto the training samples as the model grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from edgemem.config.plot import Caption, CaseFigure, Fractions, Subject
from edgemem.figures.image_rows import show_rows, visible
from edgemem.figures.style import nearest_sizes, new_lines, seed_title
from edgemem.numerics.memorization import Nearest, two_nearest


if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class TemplatesFigure(CaseFigure):
    """Learned means, templates times their colours, above the nearest training samples, across model sizes."""

    reads: ClassVar = ("samples", "models")
    requires: ClassVar = ("images", "templates", "learned_templates")

    figure: Literal["templates"]
    fractions: Fractions = Field(
        [0.1, 0.5, 0.7, 0.8, 0.9, 1.0], description="Model sizes M/N shown, the nearest that were trained."
    )
    columns: int = Field(10, ge=1, le=100, description="Number of means shown of each model.")


CAPTION = Caption(
    "Learned templates in their colours",
    "Rows of learned means by model size, each above the training sample nearest to it.",
    "What the first components of a model have learned, each its template times its mean colour, above the training "
    "sample nearest to it, for the first seed. A template is soon that of the data; what changes with the size is the "
    "colour. A component that stands for many samples is pale, since true colours have mean zero, which is grey; with "
    "as many components as there are samples each is a sample. The distance is the mean over all components.",
)


class Row(NamedTuple):
    """Learned means of one model as images, and the training samples nearest to them."""

    size: int
    fraction: float
    means: np.ndarray
    nearest: Nearest


def draw(options: TemplatesFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw the first learned means of each model size, above their nearest training samples."""
    samples, rows = inputs["samples"][0], _rows(options, inputs)
    images = samples.x_train.values
    largest = float(np.abs(images).max())
    figure, panels = new_lines(len(rows), width=0.55 * options.columns + 0.8, height=1.15)
    figure.suptitle(f"{seed_title(subject, samples)}\nthe first learned means, above their nearest training sample")
    for axes, row in zip(panels, rows, strict=True):
        shown = row.means[: options.columns], images[row.nearest.sample[: options.columns]]
        show_rows(axes, np.array([_padded(visible(line, largest), options.columns) for line in shown]))
        distance = row.nearest.nearest.mean()
        axes.set_title(f"M = {row.fraction:.3g} N: on average {distance:.2g} from the nearest sample")
    return figure


def drawn_values(options: TemplatesFigure, subject: Subject, inputs: Inputs) -> Iterator[dict[str, float]]:
    """Yield for each mean its model, the training sample below it, and its distance from that."""
    for row in _rows(options, inputs):
        for component in range(min(row.size, options.columns)):
            yield {
                "model_size": row.size,
                "fraction": row.fraction,
                "component": component,
                "nearest_sample": int(row.nearest.sample[component]),
                "nearest_distance": float(row.nearest.nearest[component]),
            }


def _rows(options: TemplatesFigure, inputs: Inputs) -> list[Row]:
    """Return what is shown of each model size."""
    samples, models = inputs["samples"][0], inputs["models"][0].isel(step=-1)
    images = samples.x_train.values
    fraction = models.model_size / samples.sizes["sample"]
    rows = []
    for size in nearest_sizes(models.model_size.values, fraction.values, options.fractions):
        model = models.sel(model_size=size).isel(component=slice(size))
        template, colour_mean = (model[name].values.astype(np.float64) for name in ("template", "colour_mean"))
        # u_i (x) a_i, with a point's channels one after the other.
        means = np.einsum("mc,mp->mcp", colour_mean, template).reshape(size, -1)
        nearest = two_nearest(means, images.reshape(len(images), -1))
        rows.append(Row(size, fraction.sel(model_size=size).item(), means.reshape(-1, *images.shape[1:]), nearest))
    return rows


def _padded(images: np.ndarray, count: int) -> np.ndarray:
    """Return images with white ones behind them."""
    return np.concatenate([images, np.ones((count - len(images), *images.shape[1:]))])
