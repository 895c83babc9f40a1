"""Samples as the numerics see them."""

import numpy as np
import xarray as xr
from jaxtyping import Float


def rows(samples: xr.DataArray) -> Float[np.ndarray, "sample feature"]:
    """Return samples as rows of features, whatever shape a family gives them in files."""
    values: np.ndarray = samples.values.reshape(samples.shape[0], -1)
    return values
