"""How far learned means lie from the data: shared by denoisers whose components have means."""

from collections.abc import Collection

import numpy as np
import xarray as xr
from jaxtyping import Float

from edgemem.families.component_means import component_means
from edgemem.families.rows import rows
from edgemem.numerics.memorization import nearest_distance


def distances_of_means(
    mean: Float[np.ndarray, "component feature"], samples: xr.Dataset, abilities: Collection[str]
) -> dict[str, float | np.ndarray]:
    """Return the mean distance of learned means to their nearest samples, the distance of each sample to its nearest
    mean and, of data with true means, the mean distance of learned means to their nearest true means.

    **Arguments:** `abilities`: what the data provide.
    """
    training, true_mean = rows(samples.x_train), component_means(samples, abilities)
    found: dict[str, float | np.ndarray] = {
        "distance_to_nearest_sample": nearest_distance(mean, training).mean(),
        "distance_to_nearest_mean": nearest_distance(training, mean),
    }
    if true_mean is not None:
        found["distance_to_nearest_true_mean"] = nearest_distance(mean, true_mean).mean()
    return found
