"""Templates, each in a random colour: the paper's model of images, (11)."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.families.component_means import coloured
from edgemem.families.rows import rows
from edgemem.numerics.coloured_templates import coloured_posterior_mean
from edgemem.numerics.memorization import nearest_distance


class ColouredTemplates(AbstractDenoiser):
    """Posterior mean under M equal-weight templates a_i, each coloured by c ~ N(u_i, v I); for data with templates.

    **Attributes:** `template`: one image a component, its pixels in a row; `colour_mean`: u_i; `standard_deviation`:
    sqrt(v), its sign does not matter; `exists`: whether a row is a component, or only pads the arrays to a common
    shape. A point holds its channels one after the other, each with all its pixels.
    """

    template: Float[Array, "component pixel"]
    colour_mean: Float[Array, "component channel"]
    standard_deviation: Float[Array, ""]
    exists: Bool[Array, "component"]

    requires: ClassVar[tuple[str, ...]] = ("templates",)
    provides: ClassVar[tuple[str, ...]] = ("components", "learned_variance", "learned_templates")
    starts: ClassVar[Mapping[str, tuple[str, ...]]] = {"training_samples": (), "true_means": (), "random": ()}
    # A pixel moves by about its rate a step, and at the smallest time has to be right to a thousandth.
    largest_rates: ClassVar[Mapping[str, float]] = {"template": 1e-3}

    @classmethod
    def start(
        cls, name: str, samples: xr.Dataset, size: int, *, key: PRNGKeyArray, **options: Any
    ) -> "ColouredTemplates":
        """Return the start of training, in float32.

        `training_samples`: template and colour of the first M training samples (repeated where M > N), v = 1e-6.
        `true_means`: the true templates in turn, their colour means moved by N(0, 1e-6), without which repeated
        components would have equal gradients for ever. `random`: normal draws, the templates with the mean square of
        training samples, v = 1.
        """
        template, colour_mean = rows(samples.template), samples.colour_mean.values
        channels, pixels = colour_mean.shape[1], template.shape[1]
        template_key, colour_key = jr.split(key)

        def normal(key: PRNGKeyArray, width: int) -> np.ndarray:
            return np.asarray(jr.normal(key, (size, width)), np.float64)

        if name == "training_samples":
            own = template[np.resize(samples.component_train.values, size)]
            x = np.resize(rows(samples.x_train), (size, channels * pixels)).reshape(size, channels, pixels)
            colour = np.einsum("mcp,mp->mc", x, own) / np.sum(own**2, axis=1, keepdims=True)
            standard_deviation = 1e-3
        elif name == "true_means":
            own = np.resize(template, (size, pixels))
            colour = np.resize(colour_mean, (size, channels)) + 1e-3 * normal(colour_key, channels)
            standard_deviation = float(np.sqrt(samples.true_variance))
        elif name == "random":
            own = np.sqrt(np.mean(samples.x_train.values**2)) * normal(template_key, pixels)
            colour = normal(colour_key, channels)
            standard_deviation = 1.0
        else:
            raise ValueError(f"unknown start {name!r}")
        own, colour = own.astype(np.float32), colour.astype(np.float32)
        return cls(
            jnp.asarray(own),
            jnp.asarray(colour),
            jnp.asarray(standard_deviation, own.dtype),
            jnp.asarray(np.ones(size, bool)),
        )

    @staticmethod
    def n_parameters(size: int, dim: int, **options: Any) -> int:
        """Return M (pixels + channels) + 1, of three channels."""
        return size * (dim // 3 + 3) + 1

    @property
    def variance(self) -> Float[Array, ""]:
        """The shared variance v of the colours."""
        return self.standard_deviation**2

    @property
    def width(self) -> int:
        """One number a component and channel."""
        return self.colour_mean.size

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the posterior mean of each point."""
        return coloured_posterior_mean(x, t, self.template, self.colour_mean, self.standard_deviation, self.exists)

    def with_variance(self, variance: float) -> "ColouredTemplates":
        """Return the same denoiser with another variance v."""
        value = jnp.asarray(np.sqrt(variance), jnp.float32)
        return eqx.tree_at(lambda denoiser: denoiser.standard_deviation, self, value)

    def padded(self, size: int) -> "ColouredTemplates":
        """Return the same denoiser with rows of weight zero up to `size` components."""
        rows = size - self.template.shape[0]
        # By NumPy: JAX would compile a program for each shape.
        template, colour_mean = (np.pad(array, ((0, rows), (0, 0))) for array in (self.template, self.colour_mean))
        exists = np.pad(self.exists, (0, rows))
        return type(self)(jnp.asarray(template), jnp.asarray(colour_mean), self.standard_deviation, jnp.asarray(exists))

    def canonical(self) -> "ColouredTemplates":
        """Return the same model with templates that are positive in sum: with its colour's other sign each is the same
        component. And with the positive root of v."""
        sign = jnp.where(jnp.sum(self.template, axis=1, keepdims=True) < 0, -1, 1)
        return type(self)(sign * self.template, sign * self.colour_mean, jnp.abs(self.standard_deviation), self.exists)

    def learned(self, samples: xr.Dataset, abilities: Collection[str]) -> dict[str, float | np.ndarray]:
        """Return the learned variance, the mean distances of learned means u_i (x) a_i to samples and true means, and
        the distance of each sample to its nearest mean.

        Templates twice as large with colours half as large are the same model. So the variance is given for templates
        as large as the true ones: v ||a_i||^2 / ||a_k||^2, where a_k is the true template most like a_i, mean over i.
        """
        exists = np.asarray(self.exists)
        template, colour_mean = (np.asarray(array, np.float64)[exists] for array in (self.template, self.colour_mean))
        true_template = rows(samples.template)
        norm, true_norm = np.linalg.norm(template, axis=1), np.linalg.norm(true_template, axis=1)
        likeness = np.abs(template @ true_template.T) / true_norm
        scale = np.mean((norm / true_norm[likeness.argmax(axis=1)]) ** 2)
        mean, true_mean = coloured(template, colour_mean), coloured(true_template, samples.colour_mean.values)
        training = rows(samples.x_train)
        return {
            "learned_variance": float(self.variance) * float(scale),
            "distance_to_nearest_sample": nearest_distance(mean, training).mean(),
            "distance_to_nearest_mean": nearest_distance(training, mean),
            "distance_to_nearest_true_mean": nearest_distance(mean, true_mean).mean(),
        }
