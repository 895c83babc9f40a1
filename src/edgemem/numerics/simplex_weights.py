"""Weights of the times that are not negative and sum to one, fitted to measured transition points; in float64.

With such weights lambda the crossing that the paper's approximation predicts is linear in them, (21):
M*/N = sum_l lambda_l (1 - 1 / (C (1 + psi_l sigma*^2))). The fit is then a convex problem, whose optimum is found
exactly, and so is the range of anything that is linear in the weights over all weights that fit nearly as well.
"""

import numpy as np
from jaxtyping import Float
from scipy import optimize


def crossing_design(
    variances: Float[np.ndarray, "case"], snr: Float[np.ndarray, "time"], constant: float
) -> Float[np.ndarray, "case time"]:
    """Return where the losses of each time alone cross, 1 - 1 / (C (1 + psi_l sigma_i^2)); times lambda is M*/N."""
    return 1 - 1 / (constant * (1 + snr * variances[:, None]))


def fit_simplex(
    design: Float[np.ndarray, "case time"], target: Float[np.ndarray, "case"], weight: Float[np.ndarray, "case"]
) -> Float[np.ndarray, "time"]:
    """Return the weights lambda >= 0 with sum one that minimize sum_i weight_i (design_i . lambda - target_i)^2.

    As they sum to one, design_i . lambda - target_i = (design_i - target_i) . lambda: the optimum is the point of a
    convex hull that is nearest to zero. Without the sum, |B x|^2 + (1 - sum x)^2 over x >= 0 has its minimum on the ray
    through the same point, as for a point with |B lambda|^2 = r it is r / (1 + r) at best. That is a problem of
    non-negative least squares, which ends after finitely many steps at the exact optimum. With fewer directions in the
    design than times it is one of many (`envelope`).

    **Arguments:** `weight`: 1 / variance of each target. Cases with weight zero are left out, whatever they hold.

    **Raises:** `ValueError` if a weight is negative or no case has one.
    """
    return _nearest_to_zero(_residual_rows(design, target, weight))


def envelope(
    design: Float[np.ndarray, "case time"],
    target: Float[np.ndarray, "case"],
    weight: Float[np.ndarray, "case"],
    direction: Float[np.ndarray, "time"],
    excess: float | int,
) -> tuple[float, float]:
    """Return the range of direction . lambda over all weights on the simplex that fit nearly as well as the best.

    All lambda with objective at most minimum + excess. With weights 1 / variance an excess of 3.84 gives what cannot be
    rejected at 5 %; a prediction at another sigma*^2 has the direction `crossing_design` of it. The ends minimize
    objective + rho (direction . lambda - extreme)^2, where the extreme value of the direction is reached by one time
    alone; rho is found by bisection, as a larger one gives a value nearer to the extreme and a larger objective.

    **Arguments:** as of `fit_simplex`; `excess`: may be inf, which leaves the smallest and largest `direction`.

    **Raises:** `ValueError` if the excess is negative or NaN.
    """
    if not excess >= 0:
        raise ValueError(f"an excess is not negative (got {excess})")
    rows = _residual_rows(design, target, weight)
    best = _nearest_to_zero(rows)
    # Rounding of the optimum alone must not exclude it.
    limit = np.sum((rows @ best) ** 2) + max(excess, 1e-12 * np.sum(rows**2, axis=0).mean())
    low, high = (_furthest(rows, limit, direction, extreme) for extreme in (direction.min(), direction.max()))
    return min(low, float(direction @ best)), max(high, float(direction @ best))


def directions_above_noise(
    design: Float[np.ndarray, "case time"], weight: Float[np.ndarray, "case"]
) -> Float[np.ndarray, "direction"]:
    """Return how well measurements tell changes of the weights that keep their sum, in standard errors, largest first.

    The singular values of diag(weight)^{1/2} design (1 - 1 1^T / times): a change of unit length along a direction
    with singular value s changes the predictions by s standard errors altogether. One of the min(cases, times) may be
    an exact zero, the direction of the sum.

    **Arguments:** `weight`: 1 / variance of each target.
    """
    rows = np.sqrt(weight)[:, None] * design
    return np.linalg.svd(rows - rows.mean(axis=1, keepdims=True), compute_uv=False)


def count_directions(singular: Float[np.ndarray, "direction"]) -> int:
    """Return how many directions a unit change of the weights moves by more than two standard errors.

    A unit is nearly the largest change that there is, two vertices of the simplex being sqrt(2) apart: what it does not
    move beyond the noise, the measurements leave open. The numerical rank counts directions however faint.
    """
    return int(np.sum(singular > 2))


def _residual_rows(
    design: Float[np.ndarray, "case time"], target: Float[np.ndarray, "case"], weight: Float[np.ndarray, "case"]
) -> Float[np.ndarray, "row time"]:
    """Return rows B with |B lambda|^2 = sum_i weight_i (design_i . lambda - target_i)^2 for all lambda with sum one."""
    if not (np.all(weight >= 0) and np.any(weight > 0)):
        raise ValueError("weights are not negative, and one at least is positive")
    used = weight > 0
    rows = np.sqrt(weight[used])[:, None] * (design[used] - target[used, None])
    # As many rows as times at most, with the same products: many cases cost no more.
    return np.asarray(np.linalg.qr(rows, mode="r")) if len(rows) > rows.shape[1] else rows


def _nearest_to_zero(rows: Float[np.ndarray, "row time"]) -> Float[np.ndarray, "time"]:
    """Return the weights on the simplex with the least |rows lambda|^2."""
    scale = np.linalg.norm(rows, axis=0).max()
    # The row of the sum may have any scale; that of the others makes the system well conditioned.
    system = np.vstack([rows / (scale if scale > 0 else 1.0), np.ones(rows.shape[1])])
    one = np.zeros(len(system))
    one[-1] = 1.0
    solution, _ = optimize.nnls(system, one, maxiter=100 * rows.shape[1])
    return solution / solution.sum()


def _furthest(
    rows: Float[np.ndarray, "row time"], limit: float, direction: Float[np.ndarray, "time"], extreme: float
) -> float:
    """Return the value of direction . lambda nearest to its extreme with |rows lambda|^2 at most a limit."""
    distance = direction - extreme
    at_extreme = rows[:, distance == 0]
    if np.sum((at_extreme @ _nearest_to_zero(at_extreme)) ** 2) <= limit:
        return float(extreme)

    def point(log_rho: float) -> Float[np.ndarray, "time"]:
        return _nearest_to_zero(np.vstack([rows, np.exp(log_rho / 2) * scale * distance]))

    # Both parts of the objective are of order one at rho = 1.
    scale = np.linalg.norm(rows, axis=0).max() / np.abs(distance).max()
    inside, outside = -30.0, 30.0
    for _ in range(50):
        middle = (inside + outside) / 2
        if np.sum((rows @ point(middle)) ** 2) <= limit:
            inside = middle
        else:
            outside = middle
    return float(direction @ point(inside))
