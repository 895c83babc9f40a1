"""Mixtures of M centres with one variance that follow from training samples without training on any noise."""

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
