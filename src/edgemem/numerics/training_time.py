"""When training reaches what it reaches: times at which a ratio crosses a level, and at which a loss is least.

Models are kept at some steps, about evenly spaced in the logarithm of the step, and between two of them nothing is
known: values are interpolated linearly in log step. All in float64. SciPy is imported where it is used, as in
`statistics`.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Real

from edgemem.numerics.statistics import Z, mean_interval


class Time(NamedTuple):
    """A training time in steps with its 95 % interval: inf where it is not reached, 0 where it lies before all steps.

    Such a time is censored: it is known only to be later than the last step kept, or not later than the first.
    """

    value: float
    low: float
    high: float

    @property
    def censored(self) -> int:
        """1 where it is not reached, -1 where it lies before all steps, else 0."""
        return int(np.isinf(self.value)) - int(self.value == 0)


def first_crossing(
    steps: Real[np.ndarray, "step"], values: Float[np.ndarray, "replicate step"], level: float
) -> Float[np.ndarray, "replicate"]:
    """Return the step at which each course first reaches a level from below, linear in log step between two steps.

    log tau = log s_k + (level - y_k) / (y_{k+1} - y_k) (log s_{k+1} - log s_k), k + 1 the first with y >= level. It is
    inf where the level is never reached, and 0 where the first value is there already.
    """
    above = values >= level
    first, log_step = above.argmax(axis=1), np.log(steps)
    found = np.where(above.any(axis=1), 0.0, np.inf)
    rows = np.flatnonzero(first > 0)
    after, before = first[rows], first[rows] - 1
    low, high = values[rows, before], values[rows, after]
    share = (level - low) / (high - low)
    found[rows] = np.exp(log_step[before] + share * (log_step[after] - log_step[before]))
    return found


def crossing_times(
    steps: Int[np.ndarray, "step"],
    counts: Int[np.ndarray, "step"],
    total: int,
    levels: tuple[float, ...],
    *,
    rng: np.random.Generator,
    replicates: int = 1000,
) -> list[Time]:
    """Return the steps at which a memorization ratio first reaches some levels, with binomial error alone.

    The interval holds the middle 95 % of a parametric bootstrap: counts drawn anew from the measured ratios.

    **Arguments:** `steps`: ascending; `counts`: memorized points at each step among `total`.
    """
    at, ratio = np.asarray(steps, np.float64), np.asarray(counts, np.float64)[None] / total
    again = rng.binomial(total, np.broadcast_to(ratio, (replicates, len(at)))) / total
    found = []
    for level in levels:
        of_replicates = first_crossing(at, again, level)
        # "lower" and "higher" need no arithmetic between infinities.
        low = np.quantile(of_replicates, 0.025, method="lower")
        high = np.quantile(of_replicates, 0.975, method="higher")
        found.append(Time(float(first_crossing(at, ratio, level)[0]), float(low), float(high)))
    return found


def least_loss_time(
    steps: Int[np.ndarray, "step"], loss: Float[np.ndarray, "step"], stderr: Float[np.ndarray, "step"]
) -> Time:
    """Return the step at which a loss is least: the vertex of the parabola in log step through the least three.

    It lies between the two steps around the least one that are kept. The interval has the resolution of the steps and
    the Monte-Carlo error: it reaches on either side to the nearest step whose loss is clearly higher, by more than
    1.96 (e_k^2 + e_least^2)^(1/2). Losses of one run share their noise, of which their difference has less: the
    interval is rather too wide. Of a loss that is least at the last step the time is not reached.
    """
    at = np.asarray(steps, np.float64)
    least = int(loss.argmin())
    higher = np.flatnonzero(loss - loss[least] > Z * np.hypot(stderr, stderr[least]))
    before, after = higher[higher < least], higher[higher > least]
    low = at[before[-1]] if len(before) else 0.0
    high = at[after[0]] if len(after) else np.inf
    if least == len(at) - 1:
        return Time(np.inf, float(low), np.inf)
    return Time(_vertex(at, loss, least) if least else 0.0, float(low), float(high))


def _vertex(steps: Float[np.ndarray, "step"], loss: Float[np.ndarray, "step"], least: int) -> float:
    """Return the vertex of the parabola in log step through the loss at a step and at its two neighbours."""
    x, y = np.log(steps[least - 1 : least + 2]), loss[least - 1 : least + 2]
    left, right = (y[1] - y[0]) / (x[1] - x[0]), (y[2] - y[1]) / (x[2] - x[1])
    if left == right:  # three equal losses
        return float(steps[least])
    # The slope is linear: `left` and `right` in the middles of the two intervals, 0 at the vertex.
    middles = (x[0] + x[1]) / 2, (x[1] + x[2]) / 2
    return float(np.exp(middles[0] - left * (middles[1] - middles[0]) / (right - left)))


def excess_time(
    steps: Int[np.ndarray, "step"], loss: Float[np.ndarray, "step"], stderr: Float[np.ndarray, "step"], share: float
) -> Time:
    """Return the step after that of the least loss at which the loss is a share above it, L / L_least >= 1 + share.

    The ends of the interval are where the ratio of the two is so large with 1.96 of its standard errors added, and
    taken off; as in `least_loss_time` it is rather too wide.
    """
    least = int(loss.argmin())
    at, ratio = np.asarray(steps[least:], np.float64), loss[least:] / loss[least]
    relative = stderr[least:] / loss[least:]
    error = Z * ratio * np.hypot(relative, relative[0])
    error[0] = 0.0  # of the least loss to itself
    value, low, high = first_crossing(at, np.stack([ratio, ratio + error, ratio - error]), 1 + share)
    return Time(float(value), float(low), float(high))


def at_time(steps: Int[np.ndarray, "step"], values: Float[np.ndarray, "step"], time: float) -> float:
    """Return a quantity at a training time, linear in log step; NaN where the time is censored."""
    if not 0 < time < np.inf:
        return float("nan")
    return float(np.interp(np.log(time), np.log(steps), values))


class Exponent(NamedTuple):
    """The exponent of a power law with its 95 % interval over seeds, of so many places, and how many were left out."""

    value: float
    low: float
    high: float
    places: int
    left_out: int


def exponents(x: Real[np.ndarray, "place"], times: Float[np.ndarray, "seed place"]) -> dict[str, Exponent]:
    """Return a in tau ~ x^a over all places, and over their lower and upper half, which share a middle place.

    The slope of log tau on log x of each seed by itself, and Student's interval over seeds. A place at which some seed
    is censored is left out of all seeds, and counted: seeds that reach it are the fast ones. Of a power law both halves
    have the same exponent; of fewer than three places there are no halves.

    **Arguments:** `x`: ascending; `times`: inf or 0 where censored, NaN where there is no model.
    """
    kept = np.isfinite(times).all(axis=0) & (times > 0).all(axis=0)
    asked = ~np.isnan(times).any(axis=0)
    left_out = int((asked & ~kept).sum())
    log_x, log_time = np.log(x[kept]), np.log(times[:, kept])
    half = (len(log_x) + 2) // 2
    parts = {"whole": slice(None), "lower_half": slice(half), "upper_half": slice(len(log_x) - half, None)}
    return {
        part: _exponent(log_x[chosen], log_time[:, chosen], left_out)
        if len(log_x) >= (2 if part == "whole" else 3)
        else Exponent(np.nan, np.nan, np.nan, len(log_x[chosen]), left_out)
        for part, chosen in parts.items()
    }


def _exponent(log_x: Float[np.ndarray, "place"], log_time: Float[np.ndarray, "seed place"], left_out: int) -> Exponent:
    centred = log_x - log_x.mean()
    slopes = log_time @ centred / (centred @ centred)
    value, low, high = (float(end) for end in mean_interval(slopes))
    return Exponent(value, low, high, len(log_x), left_out)


def errors_off_one_curve(
    x: Float[np.ndarray, "point"], y: Float[np.ndarray, "point"], group: Int[np.ndarray, "point"]
) -> Float[np.ndarray, "group"]:
    """Return the mean squared distance of each group's points from the one curve of all other groups.

    The curve is the non-decreasing one that is nearest to the other groups' points, between them linear in x. If y is a
    function of x, whatever the group, the error is the noise of y. Distances are those of y whatever the axis, and a
    monotone change of x leaves the curve as it is but for the line between two points: so axes of any scale can be
    compared, by how well one curve on each tells the same y.

    **Arguments:** `group`: of each point, 0 to G - 1; there are two at least.
    """
    return np.array([_error_of(x, y, group == one) for one in range(int(group.max()) + 1)])


def _error_of(x: Float[np.ndarray, "point"], y: Float[np.ndarray, "point"], own: np.ndarray) -> float:
    from scipy.optimize import isotonic_regression

    places, at, counts = np.unique(x[~own], return_inverse=True, return_counts=True)
    means = np.bincount(at, weights=y[~own]) / counts
    curve = isotonic_regression(means, weights=counts).x
    return float(np.mean((y[own] - np.interp(x[own], places, curve)) ** 2))


def gain(errors: Float[np.ndarray, "group"], others: Float[np.ndarray, "group"]) -> tuple[float, float, float]:
    """Return the share of the other axis's squared error that one axis does not have, 1 - R, R = sum e / sum e_other.

    The 95 % interval is that of log R: +- t_{0.975}(G - 1) s / sqrt(G), s the standard deviation over groups of
    e_g / mean(e) - e_other,g / mean(e_other), by which log R moves with each group. Simulated with 4 to 15 groups it is
    beyond the truth as often as it should be, on either side; a bootstrap over so few groups is twice to four times as
    often. NaN where an axis has no error.

    **Arguments:** `errors`, `others`: of the same groups on the two axes.
    """
    from scipy import stats

    count = len(errors)
    if count < 2 or not (errors.sum() > 0 and others.sum() > 0):
        return float("nan"), float("nan"), float("nan")
    ratio = errors.sum() / others.sum()
    influence = errors / errors.mean() - others / others.mean()
    half = stats.t.ppf(0.975, count - 1) * influence.std(ddof=1) / np.sqrt(count)
    return float(1 - ratio), float(1 - ratio * np.exp(half)), float(1 - ratio * np.exp(-half))
