"""Generated images beside their nearest training sample, across model sizes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.plot import Caption, CaseFigure, Fractions, Subject
from edgemem.figures.image_rows import frame, show_rows, visible
from edgemem.figures.style import COLOURS, nearest_sizes, new_lines, seed_title, size_in_words
from edgemem.numerics.memorization import memorized, nearest_index


if TYPE_CHECKING:
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
    "Framed are those that pass the memorization test, as a few true new images do by chance. A small model shows the "
    "templates in colours of its own; the model with as many components as there are samples shows the samples.",
)


def draw(options: GalleryFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw, for each model size, generated images above their nearest training samples; copies are framed."""
    samples, evaluation = inputs["samples"][0], inputs["evaluations"][0].isel(step=-1)
    images = samples.x_train.values
    training = images.reshape(len(images), -1)
    threshold = json.loads(evaluation.attrs["spec"])["evaluation"]["threshold"]
    sizes = nearest_sizes(evaluation.model_size.values, evaluation.fraction.values, options.fractions)
    largest = float(np.abs(images).max())
    figure, panels = new_lines(len(sizes), width=6.2, height=1.15)
    figure.suptitle(f"{seed_title(subject, samples)}\ngenerated images, above their nearest training sample")
    for axes, size in zip(panels, sizes, strict=True):
        model = evaluation.sel(model_size=size)
        generated = model.generated.values
        points = generated.reshape(len(generated), -1).astype(np.float64)
        nearest = images[nearest_index(points, training)]
        show_rows(axes, np.array([visible(generated, largest), visible(nearest, largest)]))
        copies = np.flatnonzero(memorized(points, training, threshold)).tolist()
        frame(axes, copies, generated.shape[-2:], 2, COLOURS["partially_memorizing"])
        percent = 100 * model.memorization_ratio.item()
        axes.set_title(f"{size_in_words(subject, model)}: {percent:.1f} % of all generated images are copies (framed)")
    return figure
