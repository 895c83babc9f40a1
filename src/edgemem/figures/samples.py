"""Figure 4: training samples above their templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.plot import Caption, SettingFigure, Subject
from edgemem.figures.image_rows import grey, show_rows, visible
from edgemem.figures.style import new_lines, seed_title


if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from edgemem.figures.style import Inputs


class SamplesFigure(SettingFigure):
    """Figure 4: training samples above their templates."""

    reads: ClassVar = ("samples",)
    requires: ClassVar = ("images", "templates")

    figure: Literal["samples"]
    columns: int = Field(10, ge=1, le=100, description="Number of samples shown.")


CAPTION = Caption(
    "Training samples",
    "Two rows of images: training samples, and below each its template.",
    "Training samples of the first seed, and below each the template that it is a colour times. Colours are drawn "
    "around zero: zero is grey, and a negative value is darker. A pale sample has a colour near zero.",
)


def draw(options: SamplesFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw the first training samples of the first seed, and below each the template that it was made from."""
    samples = inputs["samples"][0]
    count = min(options.columns, samples.sizes["sample"])
    x = samples.x_train.values[:count]
    template = samples.template.values[samples.component_train.values[:count]]
    figure, (axes,) = new_lines(1, width=0.55 * count + 0.8, height=1.3)
    figure.suptitle(seed_title(subject, samples))
    show_rows(axes, np.array([visible(x, float(np.abs(x).max())), grey(template)]))
    axes.set_title("training samples, above the templates that they are times a colour (zero is grey)")
    return figure


def drawn_values(options: SamplesFigure, subject: Subject, inputs: Inputs) -> Iterator[dict[str, int]]:
    """Yield which sample and which template stand at each place."""
    for place, template in enumerate(inputs["samples"][0].component_train.values[: options.columns]):
        yield {"place": place + 1, "sample": place, "template": int(template)}
