"""Coloured templates: their denoisers, and how they are stored."""

import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import PRNGKeyArray

from edgemem.families.abstract_denoisers import AbstractDenoisers
from edgemem.families.rows import rows
from edgemem.numerics.coloured_templates import ColouredTemplates, coloured_templates
from edgemem.numerics.denoisers import padded_size
from edgemem.numerics.memorization import nearest_distance


class ImageDenoisers(AbstractDenoisers[ColouredTemplates]):
    """Coloured templates with one shared variance of the colour, (11)."""

    def generalizing(self, samples: xr.Dataset) -> ColouredTemplates:
        """Return the denoiser with the true templates, colour means and variance."""
        return coloured_templates(
            rows(samples.template), samples.colour_mean.values, np.sqrt(samples.true_variance.item())
        )

    def initial(
        self, initialization: str, samples: xr.Dataset, model_size: int, padded_size: int, *, key: PRNGKeyArray
    ) -> ColouredTemplates:
        """Return the start of training, in float32.

        `partial_memorization`: template and colour of the first M training samples (repeated where M > N), v = 1e-6.
        `true_means`: the true law in turn, its colour means moved by N(0, 1e-6), without which repeated components
        would have equal gradients for ever. `random`: normal draws, the templates with the mean square of training
        samples, v = 1.
        """
        template, colour_mean = rows(samples.template), samples.colour_mean.values
        channels, pixels = colour_mean.shape[1], template.shape[1]
        template_key, colour_key = jr.split(key)

        def normal(key: PRNGKeyArray, width: int) -> np.ndarray:
            return np.asarray(jr.normal(key, (model_size, width)), np.float64)

        if initialization == "partial_memorization":
            own = template[np.resize(samples.component_train.values, model_size)]
            x = np.resize(rows(samples.x_train), (model_size, channels * pixels)).reshape(model_size, channels, pixels)
            colour = np.einsum("mcp,mp->mc", x, own) / np.sum(own**2, axis=1, keepdims=True)
            standard_deviation = 1e-3
        elif initialization == "true_means":
            own = np.resize(template, (model_size, pixels))
            colour = np.resize(colour_mean, (model_size, channels)) + 1e-3 * normal(colour_key, channels)
            standard_deviation = float(np.sqrt(samples.true_variance))
        elif initialization == "random":
            own = np.sqrt(np.mean(samples.x_train.values**2)) * normal(template_key, pixels)
            colour = normal(colour_key, channels)
            standard_deviation = 1.0
        else:
            raise ValueError(f"unknown initialization {initialization!r}")
        return coloured_templates(own.astype(np.float32), colour.astype(np.float32), standard_deviation, padded_size)

    def padded(self, denoiser: ColouredTemplates, padded_size: int) -> ColouredTemplates:
        """Return the same denoiser with more rows that are no components."""
        size = int(np.sum(denoiser.exists))
        template, colour_mean = (np.asarray(a)[:size] for a in (denoiser.template, denoiser.colour_mean))
        return coloured_templates(template, colour_mean, denoiser.standard_deviation, padded_size)

    def to_dataset(self, denoisers: dict[int, ColouredTemplates], samples: xr.Dataset) -> xr.Dataset:
        """Return `template(model_size, component, row, column)`, `colour_mean(model_size, component, channel)` and
        `variance(model_size)`."""
        picture = samples.template.shape[1:]
        # Parameters are float32 in training and stay so on disk.
        template = np.full((len(denoisers), max(denoisers), *picture), np.nan, np.float32)
        colour_mean = np.full((*template.shape[:2], samples.sizes["channel"]), np.nan, np.float32)
        for row, (size, denoiser) in enumerate(denoisers.items()):
            template[row, :size] = np.asarray(denoiser.template)[:size].reshape(size, *picture)
            colour_mean[row, :size] = denoiser.colour_mean[:size]
        variance = np.array([float(denoiser.variance) for denoiser in denoisers.values()])
        return xr.Dataset(
            {
                "template": (
                    ("model_size", "component", "row", "column"),
                    template,
                    {"long_name": "learned templates, NaN beyond the model's size", "units": "1"},
                ),
                "colour_mean": (
                    ("model_size", "component", "channel"),
                    colour_mean,
                    {"long_name": "learned mean colours, NaN beyond the model's size", "units": "1"},
                ),
                "variance": ("model_size", variance, {"long_name": "learned variance of the colours", "units": "1"}),
            }
        )

    def from_dataset(self, models: xr.Dataset, model_size: int) -> ColouredTemplates:
        """Return the denoiser of one size, in the precision of the surrounding computation."""
        template, colour_mean, variance = _parameters(models, model_size)
        return coloured_templates(template, colour_mean, np.sqrt(variance), padded_size(model_size))

    def learned(self, models: xr.Dataset, samples: xr.Dataset, model_size: int) -> dict[str, float]:
        """Return the learned variance and the mean distances of learned means u_i (x) a_i to samples and true means.

        Templates twice as large with colours half as large are the same model. So the variance is given for templates
        as large as the true ones: v ||a_i||^2 / ||a_k||^2, where a_k is the true template most like a_i, mean over i.
        """
        template, colour_mean, variance = _parameters(models, model_size)
        true_template, true_colour = rows(samples.template), samples.colour_mean.values
        norm, true_norm = np.linalg.norm(template, axis=1), np.linalg.norm(true_template, axis=1)
        likeness = np.abs(template @ true_template.T) / true_norm
        scale = np.mean((norm / true_norm[likeness.argmax(axis=1)]) ** 2)
        mean, true_mean = _means(template, colour_mean), _means(true_template, true_colour)
        return {
            "learned_variance": variance * float(scale),
            "distance_to_nearest_sample": nearest_distance(mean, rows(samples.x_train)).mean(),
            "distance_to_nearest_true_mean": nearest_distance(mean, true_mean).mean(),
        }


def _parameters(models: xr.Dataset, model_size: int) -> tuple[np.ndarray, np.ndarray, float]:
    model = models.sel(model_size=model_size)
    template = rows(model["template"][:model_size]).astype(np.float64)
    return template, model["colour_mean"].values[:model_size].astype(np.float64), model["variance"].item()


def _means(template: np.ndarray, colour_mean: np.ndarray) -> np.ndarray:
    """Return the means u_i (x) a_i of all components, one a row."""
    return np.einsum("mc,mp->mcp", colour_mean, template).reshape(len(template), -1)
