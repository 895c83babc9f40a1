"""The denoiser of coloured templates: a mixture of Gaussians of low rank that look like images."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from edgemem.numerics.denoisers import AbstractDenoiser
from edgemem.numerics.diffusion import alpha
from edgemem.numerics.mixture_loss import matmul


class ColouredTemplates(AbstractDenoiser):
    """Posterior mean under equal-weight templates a_i, each coloured by c ~ N(u_i, v I): x_0 = c (x) a_i.

    With s_i = ||a_i||^2, the projections p_i = x . a_i of each channel and D_i = sigma^2 + alpha^2 v s_i,

    log-density: -(1/2) log det + (p_i^2 / sigma^2 - (p_i - alpha s_i u_i)^2 / D_i) / (2 s_i), summed over channels,
    log det = C log(D_i / sigma^2) for C channels,
    E[c | x, i] = (sigma^2 u_i + alpha v p_i) / D_i,  E[x_0 | x] = sum_i w_i E[c | x, i] (x) a_i.

    What all components share is left out. Paper, (11) and (317)-(325), the determinant with its factor C on both terms.

    p_i^2 / (s_i sigma^2) is of order 1e7 at t = 0.001, and what tells colours apart is small beside it: so the largest
    is taken off before anything is added, and the other square is not expanded. Components of one template then have
    the weights of their colours to the last digits. Between templates that differ in the last digits of float32 weights
    are noise there, which moves the posterior mean by no more than the templates differ.

    **Attributes:** `template`: one image a component, its pixels in a row; `colour_mean`: u_i; `standard_deviation`:
    sqrt(v), its sign does not matter; `exists`: whether a row is a component, or only pads the arrays to a common
    shape. A point holds its channels one after the other, each with all its pixels.
    """

    template: Float[Array, "component pixel"]
    colour_mean: Float[Array, "component channel"]
    standard_deviation: Float[Array, ""]
    exists: Bool[Array, "component"]

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
        channels, pixels = self.colour_mean.shape[1], self.template.shape[1]
        a, noise_variance = alpha(t)[:, None], t[:, None] ** 2
        scale = jnp.where(self.exists, jnp.sum(self.template**2, axis=1), 1)
        total_variance = noise_variance + a**2 * self.variance * scale  # point, component
        # point, channel, component: the only arrays of that size; pixels appear in products of matrices alone.
        projection = matmul(x.reshape(-1, pixels), self.template.T).reshape(x.shape[0], channels, -1)
        offset = projection - (a * scale)[:, None] * self.colour_mean.T
        along = jnp.sum(projection**2, axis=1) / noise_variance
        across = jnp.sum(offset**2, axis=1) / total_variance
        log_determinant = channels * jnp.log1p(a**2 * self.variance * scale / noise_variance)
        along = along / scale
        along = along - jnp.max(along, axis=1, where=self.exists, initial=-jnp.inf, keepdims=True)
        logit = 0.5 * (along - across / scale - log_determinant)
        weight = jax.nn.softmax(logit, axis=1, where=self.exists)
        colour = noise_variance[:, None] * self.colour_mean.T + (a * self.variance)[:, None] * projection
        share = (weight / total_variance)[:, None] * colour
        return matmul(share.reshape(-1, share.shape[-1]), self.template).reshape(x.shape)


def coloured_templates(
    template: Float[np.ndarray, "component pixel"],
    colour_mean: Float[np.ndarray, "component channel"],
    standard_deviation: float | Float[Array, ""],
    padded_size: int | None = None,
) -> ColouredTemplates:
    """Return the denoiser of these templates, padded with rows of weight zero up to `padded_size` components."""
    size = template.shape[0]
    rows = ((0, (padded_size or size) - size), (0, 0))
    padded = jnp.asarray(np.pad(template, rows))
    return ColouredTemplates(
        template=padded,
        colour_mean=jnp.asarray(np.pad(colour_mean, rows)),
        standard_deviation=jnp.asarray(standard_deviation, padded.dtype),
        exists=jnp.asarray(np.arange(padded.shape[0]) < size),
    )
