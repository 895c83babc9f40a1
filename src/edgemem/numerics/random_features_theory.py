"""What theory says of random features where dimension d, samples n = psi_n d and features p = psi_p d are all large.

Data are N(0, I), features have no bias, and losses are divided by d. Three things: the spectrum of U and the training
times that are read off it, the losses at the end of training, and both losses at every training time by two channels.

Sources: B is Bonnaire, Urfin, Biroli and Mezard, arXiv 2505.17638; U is Urfin, Bonnaire, Biroli and Mezard, 2609.26392;
L is Latourelle-Vigeant, Chewi, Pooladian, Sous and Misiakiewicz, 2608.23938. B and U use the replica method, which is
no proof. What is slipped in print: B (19) has psi_p / psi_p where (100) has psi_p / psi_n; Gamma after B (14) is
Gamma^2 of (41); tau^-1 = psi_p / (Delta lambda) should read tau; (206) has 2 Delta / d for 2 Delta / psi_p; (81) lacks
1 / Gamma^2; b^2 = Delta mu_1^2 needs Gamma = 1.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Inexact, Real


# Nodes of the quadrature over one normal variable, and over the angle of the eigenvalues of a sample covariance.
NODES, ANGLES = 100, 400
# Ridges from which, and by how many steps a decade, the solution at a given one is followed.
LARGEST_RIDGE, PER_DECADE = 1e4, 2
# The step of derivatives, so small that it loses no digits, and the most iterations of Newton's method.
STEP, ITERATIONS = 1e-30j, 100


class Constants(NamedTuple):
    """What of tanh(gain z) matters at one time, for data of variance one; B (12) to (14), (41) to (48).

    With u, v, w independent from N(0, 1), z = alpha u + t v and z' = alpha u + t w:

    **Attributes:** `t`: time; `linear`: mu_1 = E[act(u) u]; `nonlinear`: mu_*^2 = E[act(u)^2] - mu_1^2; `sample`:
    v_t^2 = E[act(z) act(z')] - mu_1^2 alpha^2, what differs between samples; `noise`: s_t^2 = mu_*^2 - v_t^2, what
    differs between noises of one sample, U (67) and (68).
    """

    t: float
    linear: float
    nonlinear: float
    sample: float
    noise: float

    @property
    def signal(self) -> float:
        """alpha^2 = 1 - t^2."""
        return 1 - self.t**2


def constants(t: float, gain: float = 1.0) -> Constants:
    """Return the constants of a time, by quadrature.

    Since Gamma^2 = alpha^2 + t^2 = 1 here, B's a is mu_1 and its b is t mu_1.
    """
    node, weight = np.polynomial.hermite_e.hermegauss(NODES)
    weight = weight / weight.sum()
    alone = np.tanh(gain * node)
    linear = float(weight @ (alone * node))
    nonlinear = float(weight @ alone**2) - linear**2
    of_sample = np.tanh(gain * (np.sqrt(1 - t**2) * node[:, None] + t * node)) @ weight  # E[act(z) | u]
    sample = float(weight @ of_sample**2) - linear**2 * (1 - t**2)
    return Constants(t, linear, nonlinear, sample, nonlinear - sample)


class Bulk(NamedTuple):
    """A part of the spectrum of U: its share of the p eigenvalues, and its two edges."""

    share: float
    low: float
    high: float


def memorizing_bulk(of: Constants, psi_n: float, psi_p: float) -> Bulk:
    """Return the bulk by which a model learns its samples: s_t^2 + v_t^2 (1 -+ sqrt(psi_p / psi_n))^2; B (173).

    Of p > n + d features and p << d^2: where p nears d^2 eigenvalues leave it on both sides. It is published for n
    eigenvalues, but d of these lie below it, `slow_eigenvalue`.
    """
    low, high = (of.noise + of.sample * (1 + sign * np.sqrt(psi_p / psi_n)) ** 2 for sign in (-1, 1))
    return Bulk(psi_n / psi_p, low, high)


def generalizing_bulk(of: Constants, psi_p: float) -> Bulk:
    """Return the bulk by which it learns the data distribution, mu_*^2 + mu_1^2 (sqrt(psi_p) -+ 1)^2; B (183).

    Of n >> d samples: at psi_n = 8 their covariance still widens it by more than a factor of two.
    """
    low, high = (of.nonlinear + of.linear**2 * (np.sqrt(psi_p) + sign) ** 2 for sign in (-1, 1))
    return Bulk(1 / psi_p, low, high)


def memorizing_time(of: Constants, psi_n: float, psi_p: float) -> float:
    """Return the published time of memorization on the score's clock, psi_p / (t^2 lambda_min); B section 3.

    lambda_min is the lower edge of `memorizing_bulk`; for p >> n it tends to psi_n / (t^2 v_t^2).
    """
    return psi_p / (of.t**2 * memorizing_bulk(of, psi_n, psi_p).low)


def slow_eigenvalue(of: Constants, psi_n: float, psi_p: float, x: Float[np.ndarray, "*x"]) -> Float[np.ndarray, "*x"]:
    """Return the smaller eigenvalue of `two_channels`, to leading order in p; derived here.

    s_t^2 + t^2 v_t^2 (psi_p / psi_n) / (alpha^2 x + t^2 + v_t^2 / (mu_1^2 psi_n)). With s_t = 0 and p infinite it is
    the gamma_- of L (28).

    **Arguments:** `x`: eigenvalues of the covariance of the samples.
    """
    below = of.signal * x + of.t**2 + of.sample / (of.linear**2 * psi_n)
    return of.noise + of.t**2 * of.sample * psi_p / psi_n / below


def slow_time(of: Constants, psi_n: float, psi_p: float) -> float:
    """Return the time of the slow channel at x = 1, psi_p / (t^2 lambda_slow): proportional to n for p >> n alone."""
    return psi_p / (of.t**2 * slow_eigenvalue(of, psi_n, psi_p, np.ones(1)).item())


class Losses(NamedTuple):
    """Training and test loss over d, without the penalty of a ridge."""

    train: Float[np.ndarray, "*step"]
    test: Float[np.ndarray, "*step"]


def two_channels(of: Constants, psi_n: float, psi_p: float, tau: Real[np.ndarray, "step"]) -> Losses:
    """Return both losses at training times on the score's clock, for p >> n, d; derived here, after L for p infinite.

    In the Gaussian equivalent of U, B (63) and (64), W / sqrt(d) and the nonlinear parts of the samples are nearly
    orthogonal, so that U acts for each eigenvalue x of the samples' covariance on one direction of the features and one
    of the samples:

    M(x) = [[mu_1^2 psi_p (alpha^2 x + t^2), mu_1 alpha v_t psi_p sqrt(x / psi_n)],
            [mu_1 alpha v_t psi_p sqrt(x / psi_n), v_t^2 psi_p / psi_n]] + s_t^2 I,
    G = (t mu_1 sqrt(psi_p), 0),  F = M^-1 (1 - exp(-2 t^2 M tau / psi_p)),
    L_train = 1 + <G F M F G - 2 G F G>,  L_test = 1 + <G F (mu_1^2 psi_p e_1 e_1^T + mu_*^2 I) F G - 2 G F G>,

    averaged over x by the Marchenko-Pastur law. The n - d further eigenvalues of `memorizing_bulk` move no loss.
    """
    x, weight = covariance_eigenvalues(psi_n)
    matrix = np.empty((len(x), 2, 2))
    matrix[:, 0, 0] = of.linear**2 * psi_p * (of.signal * x + of.t**2)
    matrix[:, 0, 1] = matrix[:, 1, 0] = of.linear * psi_p * np.sqrt(of.signal * of.sample * x / psi_n)
    matrix[:, 1, 1] = of.sample * psi_p / psi_n
    rate, vector = np.linalg.eigh(matrix)
    rate += of.noise
    signal = of.t * of.linear * np.sqrt(psi_p) * vector[:, 0]  # x, mode
    part = -np.expm1(np.multiply.outer(-2 * of.t**2 / psi_p * np.asarray(tau, np.float64), rate)) / rate
    learned = np.einsum("sxm,xm,xcm->sxc", part, signal, vector)
    overlap = np.sum(part * signal**2, axis=2)
    train = np.sum((rate * part**2) * signal**2, axis=2) - 2 * overlap
    test = of.linear**2 * psi_p * learned[..., 0] ** 2 + of.nonlinear * np.sum(learned**2, axis=2) - 2 * overlap
    return Losses(1 + train @ weight, 1 + test @ weight)


def covariance_eigenvalues(psi_n: float) -> tuple[Float[np.ndarray, "x"], Float[np.ndarray, "x"]]:
    """Return eigenvalues and weights of a quadrature over the Marchenko-Pastur law, of n samples of N(0, I).

    x = 1 + 1 / psi_n + 2 cos(angle) / sqrt(psi_n) with weight 2 sin^2(angle) / (pi x) d angle, and for n < d the rest
    at x = 0: directions in which there is no sample.
    """
    angle = np.pi * (np.arange(ANGLES) + 0.5) / ANGLES
    x = 1 + 1 / psi_n + 2 * np.cos(angle) / np.sqrt(psi_n)
    weight = 2 * np.sin(angle) ** 2 / (ANGLES * x)
    return np.append(x, 0.0), np.append(weight, max(0.0, 1 - psi_n))


def covariance_quantiles(psi_n: float, count: int) -> Float[np.ndarray, "x"]:
    """Return so many eigenvalues of a sample covariance, ascending: the middles of equal parts of their law."""
    x, weight = covariance_eigenvalues(psi_n)
    order = np.argsort(x)
    middle = np.cumsum(weight[order]) - weight[order] / 2
    return np.interp((np.arange(count) + 0.5) / count, middle, x[order])


def final_losses(of: Constants, psi_n: float, psi_p: float, *, draws: float, ridge: float) -> Losses:
    """Return both losses at the end of training with a ridge; U (81) to (85) and (124) to (137).

    With e = 1 / m, z = -ridge and zeta = 0, the unknowns q and r solve

    L_1 = 1 + (psi_p / psi_n) (mu_1^2 r (alpha^2 + e t^2) + mu_*^2 q (e + (1 - e) kappa)),
    L_2 = 1 + (psi_p / psi_n) e (mu_1^2 r t^2 + mu_*^2 q (1 - kappa)),
    1/r + psi_p zeta = 1/q + psi_p mu_1^2 ((alpha^2 + e t^2) / L_1 + (1 - e) t^2 / L_2),
    z psi_p = (1 - psi_p)/q - r/q^2 + psi_p mu_*^2 ((e + (1 - e) kappa) / L_1 + (1 - e) (1 - kappa) / L_2),

    kappa = v_t^2 / mu_*^2. With T = e / L_1 + (1 - e) / L_2 and T_1 = 1 - T + mu_1^2 psi_p t^2 r T^2,

    L_train = 1 - T_1 - ridge dT_1/dz,
    L_test = 1 - 2 mu_1^2 psi_p t^2 r T + mu_1^2 dT_1/dzeta + mu_*^2 dT_1/dz.

    What U calls the train loss is 1 - T_1, with the penalty. Without end of the draws, e = 0, is our limit. Derivatives
    follow from those of the equations, which are taken with a complex step and have no error but rounding.

    **Arguments:** `draws`: m of each sample, inf for their exact mean; `ridge`: above 0.
    """
    fraction = 1 / draws
    solution = np.full(2, 1 / LARGEST_RIDGE)  # where the ridge is all, q = r = 1 / ridge
    count = max(2, int(np.ceil(PER_DECADE * np.log10(LARGEST_RIDGE / ridge))) + 1)
    for here in np.geomspace(LARGEST_RIDGE, ridge, count):
        solution = _solution(of, psi_n, psi_p, fraction, float(here), solution)
    *_, overlap, mixed = _equations(of, psi_n, psi_p, fraction, solution)
    slopes = _slopes(of, psi_n, psi_p, fraction, solution)
    by_zeta, by_z = psi_p * np.linalg.solve(slopes[:, :2], slopes[:, 2])
    test = 1 - 2 * mixed + of.linear**2 * by_zeta + of.nonlinear * by_z
    return Losses(np.asarray(1 - overlap - ridge * by_z), np.asarray(test))


def _equations(
    of: Constants, psi_n: float, psi_p: float, fraction: float, solution: Inexact[np.ndarray, "2"]
) -> Inexact[np.ndarray, "4"]:
    """Return what psi_p zeta, psi_p z, T_1 and mu_1^2 psi_p t^2 r T are of any (q, r)."""
    q, r = solution
    linear, kept = of.linear**2, fraction * of.nonlinear + (1 - fraction) * of.sample
    first = 1 + psi_p / psi_n * (linear * r * (of.signal + fraction * of.t**2) + q * kept)
    second = 1 + psi_p / psi_n * fraction * (linear * r * of.t**2 + q * of.noise)
    features = (of.signal + fraction * of.t**2) / first + (1 - fraction) * of.t**2 / second
    others = kept / first + (1 - fraction) * of.noise / second
    trace = fraction / first + (1 - fraction) / second
    mixed = linear * psi_p * of.t**2 * r * trace
    zeta = 1 / q - 1 / r + psi_p * linear * features
    z = (1 - psi_p) / q - r / q**2 + psi_p * others
    return np.array([zeta, z, 1 - trace + mixed * trace, mixed])


def _slopes(
    of: Constants, psi_n: float, psi_p: float, fraction: float, solution: Float[np.ndarray, "2"]
) -> Float[np.ndarray, "2 4"]:
    """Return how the `_equations` move with q and with r, by a complex step."""
    return np.array(
        [_equations(of, psi_n, psi_p, fraction, solution + STEP * axis).imag / STEP.imag for axis in np.eye(2)]
    )


def _solution(
    of: Constants, psi_n: float, psi_p: float, fraction: float, ridge: float, start: Float[np.ndarray, "2"]
) -> Float[np.ndarray, "2"]:
    """Return q and r at a ridge by Newton's method in their logarithms, from a solution nearby."""
    wanted, solution = np.array([0.0, -psi_p * ridge]), start
    for _ in range(ITERATIONS):
        slopes = _slopes(of, psi_n, psi_p, fraction, solution)[:, :2] * solution[:, None]
        error = wanted - _equations(of, psi_n, psi_p, fraction, solution)[:2]
        step = np.linalg.solve(slopes.T, error)
        largest = np.abs(step).max()
        solution = solution * np.exp(step / max(1.0, largest))
        if largest < 1e-10:
            break
    return solution
