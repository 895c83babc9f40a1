"""Densities of data, against SciPy's normal distribution and against all distances."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from edgemem.numerics.density import mixture_log_density, neighbour_log_density


@pytest.mark.parametrize("rotated", [True, False])
def test_log_density_is_that_of_whole_covariances(rotated: bool):
    """Weights, means and covariances of each component; also far away, where every density is 0 in float64."""
    rng = np.random.default_rng(0)
    weight, mean, variance = np.array([0.7, 0.2, 0.1]), rng.normal(size=(3, 4)), rng.uniform(0.01, 5, size=(3, 4))
    bases = np.array([np.linalg.qr(rng.normal(size=(4, 4)))[0] for _ in range(3)]) if rotated else None
    x = np.concatenate([rng.normal(size=(5, 4)), 100 * rng.normal(size=(2, 4))])
    terms = []
    for k in range(3):
        base = np.eye(4) if bases is None else bases[k]
        covariance = sum(s * np.outer(v, v) for s, v in zip(variance[k], base, strict=True))
        terms.append(np.log(weight[k]) + multivariate_normal(mean[k], covariance).logpdf(x))
    expected = logsumexp(terms, axis=0)
    assert expected.min() < -1000
    np.testing.assert_allclose(mixture_log_density(x, weight, mean, variance, bases), expected, rtol=1e-10)


@pytest.mark.parametrize(("neighbours", "counted"), [(1, 1), (5, 5), (100, 16)])
def test_neighbours_tell_the_density(neighbours: int, counted: int):
    """-d log of the distance to the k-th nearest other sample; equal samples are one, and no neighbours."""
    rng = np.random.default_rng(1)
    different = rng.normal(size=(17, 3))
    x = np.concatenate([different, different[:6]])
    distance = np.sort(np.linalg.norm(x[:, None] - different, axis=2), axis=1)[:, counted]
    np.testing.assert_allclose(neighbour_log_density(x, neighbours), -3 * np.log(distance), rtol=1e-12)


def test_neighbours_rank_samples_as_the_density_does():
    """In the middle of a normal distribution neighbours are nearer than at its edge."""
    x = np.random.default_rng(2).normal(size=(2000, 2))
    ranks = [np.argsort(np.argsort(values)) for values in (neighbour_log_density(x, 20), -np.sum(x**2, axis=1))]
    assert np.corrcoef(ranks)[0, 1] > 0.9
