"""Generated pictures beside their nearest training sample, across model sizes."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import GalleryFigure
from edgemem.families.rows import rows
from edgemem.figures.pictures import frame, show_rows, visible
from edgemem.figures.style import COLOURS, nearest_sizes, new_lines, seed_title
from edgemem.numerics.memorization import memorized, nearest_index


def draw(options: GalleryFigure, setting: str, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw, for each model size, generated pictures above their nearest training samples; copies are framed."""
    samples, evaluation = inputs["samples"][0], inputs["evaluations"][0]
    training, pictures = rows(samples.x_train), samples.x_train.values
    threshold = json.loads(evaluation.attrs["spec"])["evaluation"]["threshold"]
    n_samples = samples.sizes["sample"]
    sizes = nearest_sizes(evaluation.model_size.values, np.array(options.fractions) * n_samples)
    largest = float(np.abs(pictures).max())
    figure, panels = new_lines(len(sizes), width=6.2, height=1.15)
    figure.suptitle(f"{seed_title(setting, samples)}\ngenerated pictures, above their nearest training sample")
    for axes, size in zip(panels, sizes, strict=True):
        model = evaluation.sel(model_size=size)
        generated = model.generated.values
        points = generated.reshape(len(generated), -1).astype(np.float64)
        nearest = pictures[nearest_index(points, training)]
        show_rows(axes, np.array([visible(generated, largest), visible(nearest, largest)]))
        copies = np.flatnonzero(memorized(points, training, threshold)).tolist()
        frame(axes, copies, generated.shape[-2:], 2, COLOURS["partially_memorizing"])
        percent = 100 * model.memorization_ratio.item()
        axes.set_title(f"M = {size / n_samples:.3g} N: {percent:.1f} % of all generated pictures are copies (framed)")
    return figure
