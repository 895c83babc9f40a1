"""The paper's regression: weights of the times with which two losses cross where memorization begins; in float64."""

from functools import partial
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import Bounds, minimize

from edgemem.numerics.theory import generalizing_excess_loss, partially_memorizing_excess_loss


# The paper's constants: temperature of the softmax over model sizes, and weight of its entropy.
TEMPERATURE = 1 / 20
ENTROPY_WEIGHT = 1e-3


class Crossover(NamedTuple):
    """Settings with the same losses: how much the two differ at each size, and where each setting's transition is."""

    fraction: Float[np.ndarray, "size"]
    difference: Float[np.ndarray, "size time"]
    measured: Float[np.ndarray, "setting"]


class Fit(NamedTuple):
    """The weights found from each start, their objectives, and whether the search ended by itself; best first."""

    weights: Float[np.ndarray, "start time"]
    objectives: Float[np.ndarray, "start"]
    converged: Bool[np.ndarray, "start"]


def approximate_crossover(
    n_samples: int,
    variance: float,
    snr: Float[np.ndarray, "time"],
    constant: float,
    measured: Float[np.ndarray, "setting"],
) -> Crossover:
    """Return the settings of one N and variance with approximate losses in units of d sigma*^2, for all M = 1..N.

    C (1 - M/N) - 1 / (1 + psi sigma*^2), theorems 3.1 and 3.2.  The paper does not say how it normalizes the losses;
    in these units no setting counts more because its data are larger.
    """
    fraction = np.arange(1, n_samples + 1) / n_samples
    partially = partially_memorizing_excess_loss(1, 1.0, fraction, constant)
    generalizing = generalizing_excess_loss(1, variance, snr) / variance
    return Crossover(fraction, partially[:, None] - generalizing, measured)


def soft_crossing(
    crossover: Crossover, weight: Float[np.ndarray, "time"]
) -> tuple[Float[np.ndarray, "size"], Float[np.ndarray, "size"]]:
    """Return the difference of the weighted losses at each size, and the softmax that says where it is zero.

    p(M) = softmax_M(-(1/tau) (sum_l lambda_l (Lpmem_{M,l} - Lgen_l))^2).  Paper, (22).
    """
    difference = crossover.difference @ weight
    logit = -(difference**2) / TEMPERATURE
    unnormalized = np.exp(logit - logit.max())
    return difference, unnormalized / unnormalized.sum()


def predicted_crossing(crossover: Crossover, weight: Float[np.ndarray, "time"]) -> float:
    """Return Mbar / N = sum_M (M/N) p(M)."""
    return float(crossover.fraction @ soft_crossing(crossover, weight)[1])


def objective(
    crossovers: list[Crossover], weight: Float[np.ndarray, "time"]
) -> tuple[float, Float[np.ndarray, "time"]]:
    """Return the regression's objective and its gradient.

    Mean over settings of (Mbar/N - M_pt/N)^2 + 1e-3 entropy(p).  Paper, (23) and (311).
    """
    value, gradient = 0.0, np.zeros_like(weight)
    for crossover in crossovers:
        difference, p = soft_crossing(crossover, weight)
        log_p = np.log(np.maximum(p, 1e-300))
        entropy = -p @ log_p
        mean = crossover.fraction @ p
        error = mean - crossover.measured
        value += np.sum(error**2) + len(error) * ENTROPY_WEIGHT * entropy
        # By the logits -difference^2 / tau; a softmax turns the slope g into p (g - p.g).
        slope = 2 * np.sum(error) * p * (crossover.fraction - mean)
        slope = slope - len(error) * ENTROPY_WEIGHT * p * (log_p + entropy)
        gradient += (slope * -2 * difference / TEMPERATURE) @ crossover.difference
    n_settings = sum(len(crossover.measured) for crossover in crossovers)
    return value / n_settings, gradient / n_settings


def fit_weights(crossovers: list[Crossover]) -> Fit:
    """Return the non-negative weights with the least objective among many starts.

    The entropy term rewards a softmax that stands on one model size, so the objective falls as the weights grow
    together, and in the limit each setting predicts one of its sizes M/N: a staircase with many local minima. Hence the
    starts: shapes exp(a l / L) from all weight at one end of the time grid to all at the other, which put the crossing
    anywhere it can be, each at three scales, from a softmax over many sizes to one over a few.
    """
    steps = np.linspace(0, 1, crossovers[0].difference.shape[1])
    found = []
    for tilt in np.linspace(-12, 12, 25):
        shape = np.exp(tilt * (steps - 0.5))
        for scale in (2.0, 10.0, 50.0):
            result = minimize(
                partial(objective, crossovers),
                scale * shape / shape.sum(),
                jac=True,
                method="L-BFGS-B",
                bounds=Bounds(0, np.inf),
                options={"maxiter": 1000, "ftol": 1e-14, "gtol": 1e-9},
            )
            found.append(result)
    found.sort(key=lambda result: result.fun)
    return Fit(
        np.array([result.x for result in found]),
        np.array([result.fun for result in found]),
        np.array([result.success for result in found]),
    )


def identified_directions(
    variances: Float[np.ndarray, "setting"], snr: Float[np.ndarray, "time"], weight: Float[np.ndarray, "time"]
) -> Float[np.ndarray, "direction"]:
    """Return the singular values of the predictions' derivative by the weights, largest first.

    The crossing is at 1 - q/C, q = E[lambda / (1 + psi sigma*^2)] / E[lambda], so d q / d lambda_l =
    (1 / (1 + psi_l sigma*^2) - q) / sum_l lambda_l. A singular value of zero is a direction in which the weights can
    change without any prediction changing. There are at most as many others as different variances sigma*^2.
    """
    kernel = 1 / (1 + snr * np.asarray(variances)[:, None])  # setting, time
    q = kernel @ weight / weight.sum()
    return np.linalg.svd((kernel - q[:, None]) / weight.sum(), compute_uv=False)
