"""Figure 4: training samples above their templates."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from edgemem.config.plot import SamplesFigure
from edgemem.figures.pictures import grey, show_rows, visible
from edgemem.figures.style import new_figure, seed_title


def draw(options: SamplesFigure, setting: str, inputs: Mapping[str, Sequence[xr.Dataset]]) -> Figure:
    """Draw the first training samples of the first seed, and below each the template that it was made from."""
    samples = inputs["samples"][0]
    count = min(options.columns, samples.sizes["sample"])
    x = samples.x_train.values[:count]
    template = samples.template.values[samples.component_train.values[:count]]
    figure, (axes,) = new_figure(1, width=0.55 * count + 0.8, height=1.6)
    figure.suptitle(seed_title(setting, samples))
    show_rows(axes, np.array([visible(x, float(np.abs(x).max())), grey(template)]))
    axes.set_title("training samples, above the templates that they are times a colour (zero is grey)")
    return figure
