"""Learned templates, across model sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.plot import Caption, CaseFigure, Fractions, Subject
from edgemem.figures.image_rows import grey, show_rows
from edgemem.figures.style import nearest_sizes, new_lines, seed_title


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class TemplatesFigure(CaseFigure):
    """Learned templates, across model sizes."""

    reads: ClassVar = ("samples", "models")
    requires: ClassVar = ("images", "templates", "learned_templates")

    figure: Literal["templates"]
    fractions: Fractions = Field(
        [0.1, 0.5, 0.7, 0.8, 0.9, 1.0], description="Model sizes M/N shown, the nearest that were trained."
    )
    columns: int = Field(10, ge=1, le=100, description="Number of templates shown of each model.")


CAPTION = Caption(
    "Learned templates",
    "Rows of learned templates by model size, below the true ones.",
    "Learned templates of the first seed, below the true ones. Each is as bright as it can be, since a larger template "
    "with a paler colour is the same component.",
)


def draw(options: TemplatesFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw the first learned templates of each model size, below the true ones; each as bright as it can be.

    A template with its sign turned and its colours too is the same component, so signs are made positive.
    """
    samples, models = inputs["samples"][0], inputs["models"][0].isel(step=-1)
    shape = samples.sizes["row"], samples.sizes["column"]
    fraction = models.model_size / samples.sizes["sample"]
    sizes = nearest_sizes(models.model_size.values, fraction.values, options.fractions)
    figure, panels = new_lines(1 + len(sizes), width=0.55 * options.columns + 0.8, height=0.8)
    figure.suptitle(f"{seed_title(subject, samples)}\nlearned templates")
    lines = [("true templates", samples.template.values)]
    for size in sizes:
        learned = models.template.sel(model_size=size).values[: min(size, options.columns)]
        title = f"M = {fraction.sel(model_size=size).item():.3g} N, the first {len(learned)}"
        lines.append((title, learned.reshape(-1, *shape).astype(np.float64)))
    for axes, (title, templates) in zip(panels, lines, strict=True):
        sign = np.where(templates.sum(axis=(1, 2), keepdims=True) < 0, -1, 1)
        largest = np.maximum(np.abs(templates).max(axis=(1, 2), keepdims=True), 1e-30)
        bright = np.clip(sign * templates / largest, 0, 1)
        blank = np.ones((max(options.columns - len(bright), 0), *bright.shape[1:]))
        row = np.concatenate([bright, blank])[: options.columns]
        show_rows(axes, grey(row)[None])
        axes.set_title(title)
    return figure
