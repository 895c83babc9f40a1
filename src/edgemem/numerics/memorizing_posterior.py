"""Where along the noise the memorizing denoiser's posterior settles on one training sample: weights of the times.

Everything here is of training samples alone: no labels, no true distribution, no trained model. Equal training samples
are one sample, with the weight of all of them, as in the memorization test.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from edgemem.numerics.memorization import nearest_index


class Memory(NamedTuple):
    """What the memorizing denoiser knows.

    **Attributes:** `sample`: the different training samples; `log_count`: logarithm of how often each is there;
    `which`: which of them each training sample is.
    """

    sample: Float[np.ndarray, "different feature"]
    log_count: Float[np.ndarray, "different"]
    which: Int[np.ndarray, "sample"]


def memory_of(training: Float[np.ndarray, "sample feature"]) -> Memory:
    """Return what the memorizing denoiser knows of training samples."""
    sample, which, count = np.unique(training, axis=0, return_inverse=True, return_counts=True)
    return Memory(sample, np.log(count), which.reshape(-1))


def danger(
    training: Float[np.ndarray, "sample feature"], t: float, noise: Float[np.ndarray, "draw sample feature"]
) -> tuple[float, float]:
    """Return W(t), the mean largest posterior weight, and C(t), the shell coverage; their product is the danger weight.

    At the noised training samples x = alpha x_i + sigma eps:
    W: mean of max_j w_j, w = softmax_j(-||x - alpha x_j||^2 / (2 sigma^2)), the posterior of the memorizing denoiser;
    C: fraction that lie in the Gaussian shell of at least one other training sample x_j != x_i,
    | ||x - alpha x_j|| / (sigma sqrt(d)) - 1 | <= sqrt(2 / d).
    The width is two standard deviations of ||eps|| / sqrt(d), which are 1 / sqrt(2 d) each in high dimension: about
    95 % of the noised x_j themselves lie in the shell of x_j.

    Where C is small no other sample could be mistaken for x_i, where W is small all of them are. The idea that both
    together bound a zone of danger at medium noise is that of arXiv 2602.17846; these definitions are our own.
    """
    memory, draws, dim = memory_of(training), len(noise), training.shape[1]
    squared = _squared_distances((alpha(t) * training + t * noise).reshape(-1, dim), t, memory)
    weight = _posterior(squared, t, memory).max(axis=1)
    inside = np.abs(np.sqrt(squared / dim) / t - 1) <= np.sqrt(2 / dim)
    inside[np.arange(len(inside)), np.tile(memory.which, draws)] = False
    return float(weight.mean()), float(inside.any(axis=1).mean())


def collapse(largest: Float[np.ndarray, "time"]) -> Float[np.ndarray, "time"]:
    """Return all weight at the time where the mean largest posterior weight W(t) is one half.

    Between the two grid times around it W is linear in log psi, and so is what is weighted: the weight is shared
    between the two, 1 - u and u, with u = (1/2 - W_l) / (W_{l+1} - W_l). NaN where W is one half at none of them.

    **Arguments:** `largest`: W at descending times.
    """
    weight = np.zeros(len(largest))
    above = np.flatnonzero(largest >= 0.5)
    if len(above) == 0 or above[0] == 0:
        return np.full(len(largest), np.nan)
    after = above[0]
    share = (0.5 - largest[after - 1]) / (largest[after] - largest[after - 1])
    weight[after - 1], weight[after] = 1 - share, share
    return weight


def decided(
    training: Float[np.ndarray, "sample feature"],
    times: Float[np.ndarray, "time"],
    start: Float[np.ndarray, "path feature"],
) -> Float[np.ndarray, "time"]:
    """Return the fraction of DDIM paths of the memorizing denoiser that are decided at each time.

    A path is decided at the first time from which on, to the last, the nearest training sample of its denoised point
    xhat(t, x_t) = sum_j w_j x_j stays the same. The fractions have sum one.

    **Arguments:** `times`: descending; `start`: points at the first of them, draws of N(0, I).
    """
    memory, x = memory_of(training), start
    nearest = np.empty((len(times), len(start)), int)
    for i, t in enumerate(times):
        denoised = _posterior(_squared_distances(x, t, memory), t, memory) @ memory.sample
        nearest[i] = nearest_index(denoised, memory.sample)
        if i + 1 < len(times):  # DDIM, as in `sampling.ddim_step`
            ratio = times[i + 1] / t
            x = ratio * x + (alpha(times[i + 1]) - alpha(t) * ratio) * denoised
    changes = nearest != nearest[-1]
    last = np.where(changes.any(axis=0), len(times) - 1 - changes[::-1].argmax(axis=0), -1)
    return np.bincount(last + 1, minlength=len(times)) / len(start)


def alpha(t: float) -> float:
    """Return the signal level sqrt(1 - t^2)."""
    return float(np.sqrt((1 - t) * (1 + t)))


def _squared_distances(x: np.ndarray, t: float, memory: Memory) -> Float[np.ndarray, "point different"]:
    """Return ||x - alpha x_j||^2."""
    from scipy.spatial.distance import cdist  # here: whoever trains starts a quarter of a second sooner

    return cdist(x, alpha(t) * memory.sample, "sqeuclidean")


def _posterior(squared: np.ndarray, t: float, memory: Memory) -> Float[np.ndarray, "point different"]:
    """Return the posterior weights at points of which the squared distances are known."""
    from scipy.special import softmax

    return softmax(memory.log_count - squared / (2 * t**2), axis=1)
