"""Whether groups differ, whether they are the same, and whether measurements follow predictions."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats

from edgemem.numerics.statistics import Estimate


class Equivalence(NamedTuple):
    """Mean differences with their 90 % intervals; all of an interval within the bounds is equivalence at 5 %."""

    mean: Float[np.ndarray, "group"]
    low: Float[np.ndarray, "group"]
    high: Float[np.ndarray, "group"]


def equivalence(difference: Float[np.ndarray, "group seed"]) -> Equivalence:
    """Return the mean of paired differences in each group and the interval of two one-sided 5 % tests.

    The spread between seeds is taken to be the same in all groups, s^2 = mean of the groups' variances, so that the
    few seeds of one group are not alone in telling it: mean +- t_{0.95}(groups (seeds - 1)) s / sqrt(seeds). A group
    with a missing difference has no interval and does not contribute to the spread.
    """
    seeds = difference.shape[1]
    mean = difference.mean(axis=1)
    complete = np.isfinite(mean)
    if not complete.any():
        return Equivalence(mean, mean, mean)
    variance = difference[complete].var(axis=1, ddof=1).mean()
    half = stats.t.ppf(0.95, complete.sum() * (seeds - 1)) * np.sqrt(variance / seeds)
    return Equivalence(mean, mean - half, mean + half)


def combined_p_value(difference: Float[np.ndarray, "group seed"]) -> float:
    """Return the p-value of the hypothesis that in every group the mean difference is zero.

    Student's test in each group, which may have a spread of its own, and Fisher's combination of the independent
    p-values, -2 sum log p ~ chi^2 with twice as many degrees of freedom as groups. Groups with a missing difference
    are left out; NaN if none is left or there is one seed only.
    """
    complete = difference[np.isfinite(difference).all(axis=1)]
    if len(complete) == 0 or complete.shape[1] < 2:
        return float("nan")
    seeds = complete.shape[1]
    stderr = complete.std(axis=1, ddof=1) / np.sqrt(seeds)
    # Few points can give equal counts for all seeds: without a spread any difference at all is significant.
    statistic = np.abs(complete.mean(axis=1)) / np.maximum(stderr, 1e-300)
    p_values = np.maximum(2 * stats.t.sf(statistic, seeds - 1), 1e-300)
    return float(stats.chi2.sf(-2 * np.sum(np.log(p_values)), 2 * len(p_values)))


def slope_interval(x: Float[np.ndarray, "point"], y: Float[np.ndarray, "point"]) -> Estimate:
    """Return the slope of the least-squares line y = a + b x with its 95 % interval; NaN where x does not vary.

    **Arguments:** points with a missing coordinate are left out.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if len(x) < 3 or np.ptp(x) < 1e-9:
        return Estimate(*[float("nan")] * 3)
    line = stats.linregress(x, y)
    half = stats.t.ppf(0.975, len(x) - 2) * line.stderr
    return Estimate(float(line.slope), float(line.slope - half), float(line.slope + half))
