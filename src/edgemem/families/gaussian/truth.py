"""The true mixture in a samples file."""

import numpy as np
import xarray as xr
from jaxtyping import Float


def directions(truth: xr.Dataset) -> Float[np.ndarray, "component direction feature"] | None:
    """Return the eigenvectors of each component; None where its variances are all equal and any directions are some."""
    if not np.ptp(truth.true_eigenvalue.values, axis=1).any():
        return None
    found: np.ndarray = truth.true_eigenvector.values
    return found
