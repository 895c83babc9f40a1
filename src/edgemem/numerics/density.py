"""How dense data are at a point: by their distribution, or by how far their neighbours are."""

import numpy as np
from jaxtyping import Float


def mixture_log_density(
    x: Float[np.ndarray, "sample feature"],
    weight: Float[np.ndarray, "component"],
    mean: Float[np.ndarray, "component feature"],
    variance: Float[np.ndarray, "component direction"],
    direction: Float[np.ndarray, "component direction feature"] | None,
) -> Float[np.ndarray, "sample"]:
    """Return the log density of a mixture of Gaussians N(mu_k, sum_j s_kj v_kj v_kj^T) with weights w_k.

    log p(x) = log sum_k w_k prod_j exp(-(v_kj . (x - mu_k))^2 / (2 s_kj)) / sqrt(2 pi s_kj).

    **Arguments:** `variance`: s_kj; `direction`: v_kj, orthonormal rows of each component, the axes if None.
    """
    from scipy.special import logsumexp  # here: the configuration imports the families, and this takes its time

    terms = np.empty((len(weight), len(x)))
    for k, centre in enumerate(mean):
        along = x - centre if direction is None else (x - centre) @ direction[k].T
        terms[k] = np.log(weight[k]) - 0.5 * np.sum(along**2 / variance[k] + np.log(2 * np.pi * variance[k]), axis=1)
    found: np.ndarray = logsumexp(terms, axis=0)
    return found


def neighbour_log_density(x: Float[np.ndarray, "sample feature"], neighbours: int) -> Float[np.ndarray, "sample"]:
    """Return the log density of samples by the distance r_k to the k-th nearest other one, -d log r_k + constant.

    The constant is the same for all samples, so that ranks are known and values are not. Equal samples are one.

    **Arguments:** `neighbours`: k; with fewer other samples the farthest of them counts.
    """
    from scipy.spatial import KDTree  # here: whoever knows the density needs none

    different, which = np.unique(x, axis=0, return_inverse=True)
    k = min(neighbours, len(different) - 1)
    # The nearest sample of each is itself.
    distance = np.asarray(KDTree(different).query(different, k=[k + 1])[0])
    found: np.ndarray = -x.shape[1] * np.log(distance[which, 0])
    return found
