"""Mixtures of M centres with one variance that follow from training samples without training on any noise.

Made when transitions and learned variances of the campaign `refute` were known, that M50 / N rises with sigma*^2 while
v / sigma*^2 does not, but before anything that follows from these centres was compared with a measurement. Nothing here
was changed since.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


# Expectation-maximization ends where the variance moves by less than this, relatively, or after as many steps.
TOLERANCE, MAX_STEPS = 1e-6, 500


class Centres(NamedTuple):
    """A mixture of equally weighted isotropic Gaussians with one shared variance."""

    mean: Float[np.ndarray, "component feature"]
    variance: float


def fixed(training: Float[np.ndarray, "sample feature"], size: int) -> Centres:
    """Return centres held at the first M training samples, with the variance of greatest likelihood.

    v = (1/(N d)) sum_i sum_k r_ik ||x_i - x_k||^2, r_i = softmax_k(-||x_i - x_k||^2 / (2 v)), by
    expectation-maximization from v -> 0, where each sample belongs to its nearest centre.

    The likelihood, not the denoising loss: where each sample belongs to one centre at all noises that matter, one v
    minimizes the loss at every time, and it is this one; it needs neither noise nor weights of the times.
    """
    return _maximized(training, training[:size], moving=False)


def ward(training: Float[np.ndarray, "sample feature"], size: int) -> Centres:
    """Return the means of the M clusters that Ward's agglomerative clustering leaves, with their variance.

    v = (1/(N d)) sum over clusters of squared distances to the cluster's mean, which is what Ward's merges keep small.
    Where each sample belongs to one centre, M centres that minimize it also minimize the denoising loss at every time,
    whatever the weights of the times: the loss grows with v.
    """
    from scipy.cluster.hierarchy import cut_tree, ward

    label = cut_tree(ward(training), n_clusters=[size])[:, 0]
    mean = np.array([training[label == one].mean(axis=0) for one in range(size)])
    return Centres(mean, float(np.sum((training - mean[label]) ** 2) / training.size))


def likelihood(training: Float[np.ndarray, "sample feature"], size: int) -> Centres:
    """Return the mixture of greatest likelihood near the start of training: the first M training samples, v -> 0.

    Expectation-maximization on the training samples without any noise: r_i = softmax_k(-||x_i - mu_k||^2 / (2 v)),
    mu_k = sum_i r_ik x_i / sum_i r_ik, v = (1/(N d)) sum_ik r_ik ||x_i - mu_k||^2. Weights are held equal.
    """
    return _maximized(training, training[:size], moving=True)


def drawn(centres: Centres, count: int, rng: np.random.Generator) -> Float[np.ndarray, "point feature"]:
    """Return points of the mixture, of each centre as many, but for a rest."""
    mean = centres.mean[np.arange(count) % len(centres.mean)]
    return mean + np.sqrt(centres.variance) * rng.standard_normal(mean.shape)


def _maximized(training: np.ndarray, mean: np.ndarray, moving: bool) -> Centres:
    """Return the mixture to which expectation-maximization comes from these centres with v -> 0."""
    from scipy.spatial.distance import cdist
    from scipy.special import softmax

    squared = cdist(training, mean, "sqeuclidean")
    belongs = np.zeros_like(squared)
    belongs[np.arange(len(training)), squared.argmin(axis=1)] = 1
    variance = np.inf
    for _ in range(MAX_STEPS):
        if moving:
            total = belongs.sum(axis=0)
            # A centre to which no sample belongs, as one of two equal ones, stays where it is.
            used = total > 0
            mean = np.where(used[:, None], belongs.T @ training / np.where(used, total, 1)[:, None], mean)
            squared = cdist(training, mean, "sqeuclidean")
        before, variance = variance, float(np.sum(belongs * squared) / training.size)
        if variance == 0 or abs(variance - before) <= TOLERANCE * variance:
            break
        belongs = softmax(-squared / (2 * variance), axis=1)
    return Centres(mean, variance)
