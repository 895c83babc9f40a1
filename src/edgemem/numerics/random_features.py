"""Random features: their moments under noise, and gradient flow on their loss, in closed form.

A model is s(y) = B phi(y), phi(y) = tanh(gain (W y / sqrt(d) + b)), W and b drawn once and B trained, for each time t
of diffusion by itself. Its loss divided by d is 1 + (t^2 / d) tr(B U B^T) + (2 t / d) tr(B V), with the two moments
U = E[phi phi^T] and V = E[phi eps^T]: a square in B, of which gradient flow is known at all times by one
eigendecomposition of U.

Sources: B is Bonnaire, Urfin, Biroli and Mezard, arXiv 2505.17638; U is Urfin, Bonnaire, Biroli and Mezard, 2609.26392.
Their time is t_paper = -log(1 - t^2) / 2, so that their Delta is t^2. All in float64 by NumPy: eigenvalues reach 1e-10,
and B grows like their inverse.
"""

from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Real


Clock = Literal["eps", "score"]
# Nodes of the quadrature over the noise of one feature.
NODES = 48
# Terms of the series in the correlation of two features. What is left beyond stands on the diagonal alone, like a small
# ridge: 3e-5 at a scale of 1 with gain 1, and ratios of copies with 8, 14 and 30 terms agree to 0.015.
TERMS = 14
# The least eigenvalue that is believed: below it rounding decides. It binds where features are many and the dimension
# small (d <= 5 with 400 features and more): there training times above 1e12 say nothing.
FLOOR = 1e-13
# Numbers of an array centres x features x nodes that is held at once.
BLOCK = 2**23


class Features(NamedTuple):
    """Random features phi(y) = tanh(gain (W y / sqrt(d) + b)), which nothing trains.

    **Attributes:** `weight`: W, from N(0, 1); `bias`: b, zero in the papers' theory; `gain`: slope of a feature at 0.
    """

    weight: Float[np.ndarray, "unit feature"]
    bias: Float[np.ndarray, "unit"]
    gain: float = 1.0


class Moments(NamedTuple):
    """What a loss is made of: U = E[phi phi^T] and V = E[phi eps^T], B (11).

    V here has no factor 1 / t, which that of U (3) has.
    """

    features: Float[np.ndarray, "unit unit"]
    noise: Float[np.ndarray, "unit feature"]


def feature_values(features: Features, y: Float[np.ndarray, "point feature"]) -> Float[np.ndarray, "point unit"]:
    """Return phi(y) of noised points."""
    field = y @ features.weight.T / np.sqrt(y.shape[1]) + features.bias
    return np.tanh(features.gain * field)


def drawn_moments(
    features: Features,
    x: Float[np.ndarray, "sample feature"],
    t: float,
    noise: Float[np.ndarray, "draw sample feature"],
) -> Moments:
    """Return U and V as means over samples and some draws of the noise, y = alpha x + t eps; U (2).

    With finitely many draws the model can interpolate: the test loss has its peak where there are as many features as
    samples times draws.
    """
    n_points, dim = noise.shape[0] * noise.shape[1], noise.shape[2]
    y = np.sqrt(1 - t**2) * x + t * noise
    phi = feature_values(features, y.reshape(n_points, dim))
    return Moments(phi.T @ phi / n_points, phi.T @ noise.reshape(n_points, dim) / n_points)


def gaussian_moments(
    features: Features, centre: Float[np.ndarray, "centre feature"], variance: float, t: float
) -> Moments:
    """Return U and V for y from N(c, v I), averaged over centres c with equal weight, without drawing anything.

    With eta_i = w_i . c / sqrt(d) + b_i, scale_i = sqrt(v) ||w_i|| / sqrt(d), R_ij the cosine of w_i and w_j, and
    h_s(i) = E_u[He_s(u) phi(eta_i + scale_i u)] by Gauss-Hermite quadrature,

    U_ij = sum_s R_ij^s h_s(i) h_s(j) / s!  (Mehler),  U_ii = E[phi_i^2],
    V_i = t (h_1(i) / scale_i) w_i / sqrt(d)  (Stein).

    U stays positive semi-definite, as a sum of products, entry by entry, of such matrices. The training loss has
    c = alpha x_i and v = t^2, the test loss of a mixture with means mu_k and variance sigma^2 c = alpha mu_k and
    v = alpha^2 sigma^2 + t^2: in both eps is a part of y - c with covariance t I.

    **Arguments:** `variance`: v; `t`: time of the noise, at most sqrt(v).
    """
    n_units, dim = features.weight.shape
    length = np.linalg.norm(features.weight, axis=1)
    scale = np.sqrt(variance / dim) * length
    coefficient, square = _hermite_coefficients(features, centre, scale)
    direction = features.weight / length[:, None]
    correlation = direction @ direction.T
    # Horner's scheme: but for the correlations one matrix of features x features is held.
    moment = np.zeros((n_units, n_units))
    for of_term in coefficient[::-1]:
        moment *= correlation
        moment += of_term.T @ of_term / len(centre)
    np.fill_diagonal(moment, square)
    slope = coefficient[1].mean(axis=0) / scale
    return Moments(moment, t * slope[:, None] * features.weight / np.sqrt(dim))


def _hermite_coefficients(
    features: Features, centre: Float[np.ndarray, "centre feature"], scale: Float[np.ndarray, "unit"]
) -> tuple[Float[np.ndarray, "term centre unit"], Float[np.ndarray, "unit"]]:
    """Return h_s / sqrt(s!), and E[phi^2] averaged over centres."""
    node, weight = np.polynomial.hermite_e.hermegauss(NODES)
    weight = weight / weight.sum()
    polynomial = np.empty((TERMS + 1, NODES))  # He_s / sqrt(s!), which stay of order one where He_s do not
    polynomial[:2] = np.ones(NODES), node
    for s in range(1, TERMS):
        polynomial[s + 1] = (node * polynomial[s] - np.sqrt(s) * polynomial[s - 1]) / np.sqrt(s + 1)
    field = centre @ features.weight.T / np.sqrt(centre.shape[1]) + features.bias
    coefficient, square = np.empty((TERMS + 1, *field.shape)), np.zeros(len(scale))
    for rows in np.array_split(np.arange(len(centre)), np.ceil(field.size * NODES / BLOCK)):
        value = np.tanh(features.gain * (field[rows, :, None] + scale[:, None] * node))
        coefficient[:, rows] = np.moveaxis(value @ (polynomial * weight).T, -1, 0)
        square += np.sum(value**2 @ weight, axis=0) / len(centre)
    return coefficient, square


class Flow(NamedTuple):
    """Gradient flow from B = 0 on the loss of one time, in the eigenvectors of U.

    **Attributes:** `t`: time of diffusion; `eigenvalue`: lambda_k of U, ascending, at least `FLOOR`; `vector`: columns
    Q_k; `signal`: G = Q^T V.
    """

    t: float
    eigenvalue: Float[np.ndarray, "mode"]
    vector: Float[np.ndarray, "unit mode"]
    signal: Float[np.ndarray, "mode feature"]


def gradient_flow(moments: Moments, t: float) -> Flow:
    """Return the flow on the loss with some moments, by one eigendecomposition."""
    eigenvalue, vector = np.linalg.eigh(moments.features)
    return Flow(t, np.maximum(eigenvalue, FLOOR), vector, vector.T @ moments.noise)


def learned_part(
    flow: Flow, tau: Real[np.ndarray, "step"], *, clock: Clock, ridge: float = 0.0
) -> Float[np.ndarray, "step mode"]:
    """Return F_k(tau), what stands for 1 / lambda_k in B after a training time.

    F_k = (1 - exp(-2 r (lambda_k + ridge) tau / psi_p)) / (lambda_k + ridge), psi_p = p / d; B (53) and U (44).
    One unit of tau is a sum of learning rates of d^2: dB / dtau = -2 r (d / p) (B U + V^T / t), B (9) and (10). Their
    published script has no 1 / sqrt(p) in the model and stores epochs times rate, which p / d^2 makes tau; its noise is
    fresh in every step, as that of the exact moments.

    **Arguments:** `tau`: may be inf; `clock`: what the network's output is, `score` as in the papers, with r = t^2, or
    `eps` as in usual networks, with r = 1; `ridge`: lambda of a penalty (lambda t^2 / d) ||B||^2.
    """
    n_units, dim = flow.signal.shape
    rate = flow.t**2 if clock == "score" else 1.0
    stiff = flow.eigenvalue + ridge
    return -np.expm1(-2 * rate * dim / n_units * np.multiply.outer(np.asarray(tau, np.float64), stiff)) / stiff


def output_weights(flow: Flow, part: Float[np.ndarray, "step mode"]) -> Float[np.ndarray, "step feature unit"]:
    """Return B = -(1 / t) (F * G)^T Q^T after each training time; B (53) with A_0 = 0.

    **Arguments:** `part`: F, of `learned_part`.
    """
    return np.stack([-((of_step[:, None] * flow.signal).T @ flow.vector.T) / flow.t for of_step in part])


def flow_training_loss(flow: Flow, part: Float[np.ndarray, "step mode"]) -> Float[np.ndarray, "step"]:
    """Return the training loss over d after each training time, without the penalty of a ridge; B (164).

    L = 1 + (1/d) sum_k ||G_k||^2 (lambda_k F_k^2 - 2 F_k), 1 at the start: drawn noise counts with its expected square.
    What U calls the train loss contains the penalty.
    """
    power = np.sum(flow.signal**2, axis=1) / flow.signal.shape[1]
    return 1 + (flow.eigenvalue * part**2 - 2 * part) @ power


def flow_test_loss(flow: Flow, part: Float[np.ndarray, "step mode"], law: Moments) -> Float[np.ndarray, "step"]:
    """Return the test loss over d after each training time; B (165).

    L = 1 + (1/d) (F^T H F - 2 F . h), H = (G G^T) * (Q^T U~ Q), h_k = G_k . (Q^T V~)_k.

    **Arguments:** `law`: U~ and V~, the moments under the data distribution.
    """
    dim = flow.signal.shape[1]
    square = (flow.signal @ flow.signal.T) * (flow.vector.T @ law.features @ flow.vector)
    mixed = np.sum(flow.signal * (flow.vector.T @ law.noise), axis=1)
    return 1 + (np.sum((part @ square) * part, axis=1) - 2 * part @ mixed) / dim


def optimal_loss(t: float) -> float:
    """Return the test loss over d of the true score where data are N(0, I): 1 - t^2, by s(y) = -y; U (35) to (37)."""
    return 1 - t**2


def score_error(test: Float[np.ndarray, "*step"], t: float, least: float) -> Float[np.ndarray, "*step"]:
    """Return E_y ||s - s_true||^2 / d under the noised data distribution, (L_test - C) / t^2; U (35) to (37).

    B (8) writes the mean under clean points, B (218) under noised ones: it is the latter.

    **Arguments:** `least`: C, the loss of the true score.
    """
    return (test - least) / t**2
