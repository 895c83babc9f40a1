"""The denoiser of the true mixture."""

import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.families.gaussian.truth import directions
from edgemem.numerics.references import GaussianMixturePosterior, MixturePosterior


def true_denoiser(samples: xr.Dataset) -> MixturePosterior | GaussianMixturePosterior:
    """Return the posterior mean under the true mixture, in closed form of one variance where the components have it."""
    mean, weight, variance = (samples[f"true_{name}"].values for name in ("mean", "weight", "eigenvalue"))
    if not np.ptp(weight) and not np.ptp(variance):
        standard_deviation = np.sqrt(samples.true_variance.item())
        return MixturePosterior(jnp.asarray(mean), jnp.asarray(standard_deviation, jnp.float64))
    rotation = directions(samples)
    return GaussianMixturePosterior(
        jnp.log(jnp.asarray(weight)),
        jnp.asarray(mean),
        jnp.asarray(variance),
        None if rotation is None else jnp.asarray(rotation),
    )
