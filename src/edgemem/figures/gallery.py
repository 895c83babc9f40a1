"""Generated images beside their nearest training sample, across model sizes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from edgemem.config.plot import Caption, CaseFigure, Fractions, Subject
from edgemem.figures.image_rows import frame, show_rows, visible
from edgemem.figures.style import COLOURS, nearest_sizes, new_lines, seed_title, size_in_words
from edgemem.numerics.memorization import Nearest, copies, two_nearest


if TYPE_CHECKING:
    from collections.abc import Iterator

    import xarray as xr
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class GalleryFigure(CaseFigure):
    """Generated images beside their nearest training sample, across model sizes, with the copies marked."""

    reads: ClassVar = ("samples", "evaluations")
    requires: ClassVar = ("images",)

    figure: Literal["gallery"]
    fractions: Fractions = Field(
        [0.1, 0.5, 0.7, 0.8, 0.9, 1.0], description="Model sizes M/N shown, the nearest that were trained."
    )


CAPTION = Caption(
    "Generated images",
    "Rows of generated images by model size, each above the training sample nearest to it; copies are framed.",
    "Images that models of several sizes generate, each above the training sample nearest to it, for the first seed. "
    "Framed are those that pass the memorization test, the copies. By chance a few true new images pass it, too: their "
    "fraction stands beside that of the generated ones. A small model shows the templates in colours of its own; the "
    "model with as many components as there are samples shows the samples.",
)


class Row(NamedTuple):
    """Images of one model, the training samples nearest to them, and which are copies."""

    model: xr.Dataset
    generated: np.ndarray
    nearest: Nearest
    copies: np.ndarray


def draw(options: GalleryFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw, for each model size, generated images above their nearest training samples; copies are framed."""
    samples, rows = inputs["samples"][0], _rows(options, inputs)
    images = samples.x_train.values
    largest = float(np.abs(images).max())
    figure, panels = new_lines(len(rows), width=6.2, height=1.15)
    chance = 100 * rows[0].model.null_memorization_ratio.item()
    figure.suptitle(
        f"{seed_title(subject, samples)}\ngenerated images, above their nearest training sample; copies are framed\n"
        f"by chance, {chance:.1f} % of true new images pass for copies"
    )
    for axes, row in zip(panels, rows, strict=True):
        show_rows(axes, np.array([visible(row.generated, largest), visible(images[row.nearest.sample], largest)]))
        frame(axes, np.flatnonzero(row.copies), row.generated.shape[-2:], 2, COLOURS["partially_memorizing"])
        percent = 100 * row.model.memorization_ratio.item()
        axes.set_title(f"{size_in_words(subject, row.model)}: {percent:.1f} % are copies, {chance:.1f} % by chance")
    return figure


def drawn_values(options: GalleryFigure, subject: Subject, inputs: Inputs) -> Iterator[dict[str, float]]:
    """Yield for each image its model, the training sample below it, its distances, and whether it is a copy."""
    for row in _rows(options, inputs):
        for place, (distance, second, sample) in enumerate(zip(*row.nearest, strict=True)):
            yield {
                "model_size": row.model.model_size.item(),
                "fraction": row.model.fraction.item(),
                "memorization_ratio": row.model.memorization_ratio.item(),
                "null_memorization_ratio": row.model.null_memorization_ratio.item(),
                "place": place + 1,
                "nearest_sample": int(sample),
                "nearest_distance": float(distance),
                "second_distance": float(second),
                "copy": int(row.copies[place]),
            }


def _rows(options: GalleryFigure, inputs: Inputs) -> list[Row]:
    """Return what is shown of each model size."""
    evaluation = inputs["evaluations"][0].isel(step=-1)
    images = inputs["samples"][0].x_train.values
    training = images.reshape(len(images), -1)
    threshold = json.loads(evaluation.attrs["spec"])["evaluation"]["threshold"]
    rows = []
    for size in nearest_sizes(evaluation.model_size.values, evaluation.fraction.values, options.fractions):
        model = evaluation.sel(model_size=size)
        generated = model.generated.values
        nearest = two_nearest(generated.reshape(len(generated), -1).astype(np.float64), training)
        rows.append(Row(model, generated, nearest, copies(nearest.nearest, nearest.second, threshold)))
    return rows
