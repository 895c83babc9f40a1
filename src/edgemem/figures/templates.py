"""Learned templates, across model sizes."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import TemplatesFigure
from edgemem.figures.pictures import grey, show_rows
from edgemem.figures.style import nearest_sizes, new_lines, seed_title


def draw(options: TemplatesFigure, setting: str, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw the first learned templates of each model size, below the true ones; each as bright as it can be.

    A template with its sign turned and its colours too is the same component, so signs are made positive.
    """
    samples, models = inputs["samples"][0], inputs["models"][0]
    n_samples = samples.sizes["sample"]
    sizes = nearest_sizes(models.model_size.values, np.array(options.fractions) * n_samples)
    figure, panels = new_lines(1 + len(sizes), width=0.55 * options.columns + 0.8, height=0.8)
    figure.suptitle(f"{seed_title(setting, samples)}\nlearned templates")
    lines = [("true templates", samples.template.values)]
    for size in sizes:
        learned = models.template.sel(model_size=size).values[: min(size, options.columns)]
        lines.append((f"M = {size / n_samples:.3g} N, the first {len(learned)}", learned.astype(np.float64)))
    for axes, (title, templates) in zip(panels, lines, strict=True):
        sign = np.where(templates.sum(axis=(1, 2), keepdims=True) < 0, -1, 1)
        largest = np.maximum(np.abs(templates).max(axis=(1, 2), keepdims=True), 1e-30)
        bright = np.clip(sign * templates / largest, 0, 1)
        blank = np.ones((max(options.columns - len(bright), 0), *bright.shape[1:]))
        row = np.concatenate([bright, blank])[: options.columns]
        show_rows(axes, grey(row)[None])
        axes.set_title(title)
    return figure
