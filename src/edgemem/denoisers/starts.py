"""Where the centres of a mixture start, by name: shared by denoisers whose components have means."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Float, PRNGKeyArray

from edgemem.families.rows import rows


class Centres(NamedTuple):
    """Means, one row a component, in float64, and the shared variance of the components."""

    mean: Float[np.ndarray, "component feature"]
    variance: float


# Standard deviation of what tells repeated means apart: equal ones would have equal gradients for ever.
JITTER = 1e-3
# Variance of components that start at single samples: the memorizing denoiser, but for its first steps.
SMALL = 1e-6


def centres(name: str, samples: xr.Dataset, size: int, *, key: PRNGKeyArray) -> Centres:
    """Return the start of training that a name says.

    **Arguments:** `samples`: the samples file; for `fresh_samples` also `x_fresh`, M samples of the data distribution
    that are neither for training nor for tests.

    **Raises:** KeyError for any other name.
    """
    return STARTS[name](samples, size, key)


def _training_samples(samples: xr.Dataset, size: int, key: PRNGKeyArray) -> Centres:
    """The first M training samples, which are a random subset since samples are independent, v = 1e-6."""
    return Centres(repeated(rows(samples.x_train), size, key), SMALL)


def _fresh_samples(samples: xr.Dataset, size: int, key: PRNGKeyArray) -> Centres:
    """M samples of the data distribution on which the model is not trained, v = 1."""
    return Centres(rows(samples.x_fresh)[:size], 1.0)


def _true_means(samples: xr.Dataset, size: int, key: PRNGKeyArray) -> Centres:
    """The true means in turn, all but the first K moved a little, v = sigma*^2."""
    return Centres(repeated(samples.true_mean.values, size, key), float(samples.true_variance))


def _random(samples: xr.Dataset, size: int, key: PRNGKeyArray) -> Centres:
    """Normal draws with the training samples' mean square, v = 1."""
    training = rows(samples.x_train)
    return Centres(np.sqrt(np.mean(training**2)) * _normal(key, (size, training.shape[1])), 1.0)


def _kmeans(samples: xr.Dataset, size: int, key: PRNGKeyArray) -> Centres:
    """The centres that k-means finds among the training samples from a k-means++ start, v their mean square deviation.

    Where there are as many components as samples, or more, each sample is a cluster: they are repeated.
    """
    from sklearn.cluster import KMeans  # here: other starts begin a second sooner

    training = rows(samples.x_train)
    count, dim = training.shape
    state = int(jr.randint(key, (), 0, 2**31 - 1))
    found = KMeans(min(size, count), n_init=1, random_state=state).fit(training)
    mean = repeated(found.cluster_centers_, size, key)
    return Centres(mean, max(found.inertia_ / (count * dim), SMALL))


def repeated(
    mean: Float[np.ndarray, "row feature"], size: int, key: PRNGKeyArray
) -> Float[np.ndarray, "component feature"]:
    """Return the first M of some rows; where they are fewer they are repeated in turn. What equals an earlier row, as
    duplicated samples do, is moved by N(0, 1e-6).
    """
    found = np.resize(mean, (size, mean.shape[1])).astype(np.float64)
    again = np.ones(size, bool)
    again[np.unique(found, axis=0, return_index=True)[1]] = False
    if again.any():
        found[again] += JITTER * _normal(key, found.shape)[again]
    return found


def _normal(key: PRNGKeyArray, shape: tuple[int, ...]) -> Float[np.ndarray, "row feature"]:
    return np.asarray(jax.random.normal(key, shape), np.float64)


STARTS: Mapping[str, Callable[[xr.Dataset, int, PRNGKeyArray], Centres]] = {
    "training_samples": _training_samples,
    "fresh_samples": _fresh_samples,
    "true_means": _true_means,
    "random": _random,
    "kmeans": _kmeans,
}
