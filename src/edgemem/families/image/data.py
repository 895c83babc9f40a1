"""Coloured templates: drawing the templates and their coloured samples."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem.errors import EdgememError
from edgemem.families.abstract import AbstractData
from edgemem.families.image.setting import CHANNELS, ImageSetting
from edgemem.families.image.templates import make_templates, read_images


class ImageData(AbstractData):
    """K grey images a_k with equal weights, each times a colour: x = c (x) a_k, c ~ N(u_k, sigma*^2 I), u_k = 0."""

    def draw_truth(self, setting: ImageSetting, sources: Sequence[Path], *, rng: np.random.Generator) -> xr.Dataset:
        """Return `template(component, row, column)`, `colour_mean(component, channel)` and `true_variance`.

        **Raises:** EdgememError if there are fewer images than templates, or they cannot be templates.
        """
        images = read_images(setting.templates, sources)
        if len(images) < setting.K:
            raise EdgememError(
                f"templates '{setting.templates}' are {len(images)} images, but K is {setting.K}; lower K or add images"
            )
        chosen = rng.choice(len(images), setting.K, replace=False)
        try:
            template = make_templates([images[i] for i in chosen], setting.size)
        except ValueError as error:
            numbers = ", ".join(map(str, chosen))
            raise EdgememError(
                f"images {numbers} (counted from 0) of templates '{setting.templates}', resized to {setting.size}, "
                f"cannot be templates: {error}; take another seed, a larger size or other images"
            ) from None
        return xr.Dataset(
            {
                "template": (
                    ("component", "row", "column"),
                    template,
                    {"long_name": "grey image of each true component", "units": "1"},
                ),
                "colour_mean": (
                    ("component", "channel"),
                    np.zeros((setting.K, CHANNELS)),
                    {"long_name": "mean colour of each true component", "units": "1"},
                ),
                "image": (
                    "component",
                    chosen.astype(np.int32),
                    {"long_name": "place of each template among the images it was drawn from", "units": "1"},
                ),
                "true_variance": (
                    (),
                    setting.variance,
                    {"long_name": "variance of each channel of the colour", "units": "1"},
                ),
            }
        )

    def shape(self, truth: xr.Dataset) -> dict[str, int]:
        """Return `channel`, `row` and `column`."""
        return {name: truth.sizes[name] for name in ("channel", "row", "column")}

    def draw_samples(self, truth: xr.Dataset, count: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return x = c (x) a_k, (sample, feature), and k, (sample,)."""
        mean, variance = truth.colour_mean.values, float(truth.true_variance)
        component = rng.integers(mean.shape[0], size=count)
        colour = mean[component] + np.sqrt(variance) * rng.standard_normal((count, mean.shape[1]))
        image = truth.template.values.reshape(mean.shape[0], 1, -1)[component]
        return (colour[:, :, None] * image).reshape(count, -1), component
