"""The denoiser of the true templates."""

import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.families.rows import rows
from edgemem.numerics.references import TemplatePosterior


def true_denoiser(samples: xr.Dataset) -> TemplatePosterior:
    """Return the denoiser with the true templates, colour means and variance."""
    return TemplatePosterior(
        jnp.asarray(rows(samples.template)),
        jnp.asarray(samples.colour_mean.values),
        jnp.asarray(np.sqrt(samples.true_variance.item()), jnp.float64),
    )
