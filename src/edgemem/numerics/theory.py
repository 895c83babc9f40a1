"""What theory says about the losses of the simple denoisers, and where they cross."""

import numpy as np
from jaxtyping import Float, Real


def generalizing_excess_loss(dim: int, variance: float, snr: Float[np.ndarray, "time"]) -> Float[np.ndarray, "time"]:
    """Return the excess loss of the generalizing over the memorizing denoiser, x_0 scale.

    d sigma*^2 / (1 + psi sigma*^2), Theorem 3.1: well separated means, t up to about 1 - O(log^2 d / d).
    """
    return dim * variance / (1 + snr * variance)


def partially_memorizing_excess_loss(
    dim: int, variance: float, fraction: Float[np.ndarray, "*size"], constant: float | Float[np.ndarray, "*size"]
) -> Float[np.ndarray, "*size"]:
    """Return the excess loss of the partially over the fully memorizing denoiser, x_0 scale.

    C (1 - M/N) d sigma*^2, Theorem 3.2, for any signal-to-noise ratio; C lies in [1, 2] as d and N grow.
    """
    return constant * (1 - fraction) * dim * variance


def crossover_fraction(
    snr: Float[np.ndarray, "time"], weight: Float[np.ndarray, "time"], variance: float, constant: float
) -> float:
    """Return the fraction M*/N at which the two weighted excess losses are equal.

    M*/N = 1 - E[lambda / (1 + psi sigma*^2)] / (C E[lambda]).  Paper, (21).
    """
    return 1 - np.mean(weight / (1 + snr * variance)) / (constant * np.mean(weight))


def crossing_size(model_sizes: Real[np.ndarray, "size"], difference: Float[np.ndarray, "size"]) -> float:
    """Return where a difference that starts positive first reaches zero, linearly interpolated between sizes.

    It is NaN where the difference is never positive or never reaches zero.
    """
    below = np.flatnonzero(difference <= 0)
    if len(below) == 0 or below[0] == 0:
        return float("nan")
    i = below[0]
    step = difference[i - 1] / (difference[i - 1] - difference[i])
    return float(model_sizes[i - 1] + step * (model_sizes[i] - model_sizes[i - 1]))


def finite_size_constant(
    model_sizes: Real[np.ndarray, "size"], mean: Float[np.ndarray, "component feature"], variance: float
) -> Float[np.ndarray, "size"]:
    """Return the constant C of a partially memorizing denoiser with M samples, at high signal-to-noise ratio.

    There a sample x that is not among the M is mapped to the nearest of them, so that
    C(M) d sigma*^2 = E_x integral_0^inf [ (1/K) sum_k Q_k(u; x) ]^M du,
    Q_k(u; x) = P(ncx2_d(||x - mu_k||^2 / sigma*^2) > u / sigma*^2).

    E_x is a scrambled Sobol average over the mixture with the given means (512 pairs mu_k +- z, fixed scrambling:
    the result is a function of the arguments). The integral is a Gauss-Legendre rule in sqrt(u), where every Q_k falls
    from one to zero over a width of about one whatever its noncentrality. Together they are good to about 0.5 %, on a
    line (d = 1), where tails count most, to 2 %.
    """
    # Here: it takes a second, and whoever looks at figures imports this module as well.
    from scipy import special, stats

    n_components, dim = mean.shape
    pairs = 512
    scaled_mean = mean / np.sqrt(variance)
    # One more coordinate chooses the component: dealt in turn, each would get points from a part of the space only.
    uniform = stats.qmc.Sobol(dim + 1, rng=0).random(pairs)
    centre = scaled_mean[(uniform[:, dim] * n_components).astype(int)]
    normal = stats.norm.ppf(uniform[:, :dim])
    x = np.concatenate([centre + normal, centre - normal])
    noncentrality = np.sum((x[:, None] - scaled_mean) ** 2, axis=2)  # point, component

    upper = np.sqrt(stats.ncx2.isf(1e-12, dim, noncentrality.max()))
    node, node_weight = np.polynomial.legendre.leggauss(max(64, int(6 * upper)))
    root = upper * (node + 1) / 2
    survival = np.mean(1 - special.chndtr(root**2, dim, noncentrality[..., None]), axis=1)  # point, node
    survival = np.clip(survival, 0, 1)  # rounding leaves values of -1e-16
    measure = node_weight * upper * root  # du = 2 sqrt(u) d sqrt(u), and the interval has length upper
    return np.array([np.mean(survival**size, axis=0) @ measure for size in model_sizes]) / dim
