"""The true means of the components of the data, where they are known."""

from collections.abc import Collection

import numpy as np
import xarray as xr
from jaxtyping import Float

from edgemem.families.rows import rows


def component_means(samples: xr.Dataset, abilities: Collection[str]) -> Float[np.ndarray, "component feature"] | None:
    """Return the true means as rows: mu_k, or u_k (x) a_k of coloured templates; None where there are none.

    **Arguments:** `abilities`: what the data provide.
    """
    if "true_mean" in abilities:
        return rows(samples.true_mean)
    if "templates" in abilities:
        return coloured(rows(samples.template), samples.colour_mean.values)
    return None


def coloured(
    template: Float[np.ndarray, "component pixel"], colour: Float[np.ndarray, "component channel"]
) -> Float[np.ndarray, "component feature"]:
    """Return u_k (x) a_k of all components, one a row."""
    return np.einsum("mc,mp->mcp", colour, template).reshape(len(template), -1)
