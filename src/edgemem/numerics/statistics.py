"""Where a memorization ratio crosses a level, and how sure that is. All in float64.

SciPy is imported where it is used: it takes a second, and whoever looks at figures imports this module as well.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Real


# The quantile 0.975 of N(0, 1).
Z = 1.959963984540054


class Estimate(NamedTuple):
    """A number with its 95 % interval; NaN where it is unknown."""

    value: float
    low: float
    high: float


class Pooled(NamedTuple):
    """A mean over seeds with its 95 % interval, and the two parts of its uncertainty."""

    value: float
    low: float
    high: float
    binomial_stderr: float
    seed_stddev: float


def monotone_logit(counts: Int[np.ndarray, "... size"], total: int) -> Float[np.ndarray, "... size"]:
    """Return log-odds of a memorization ratio, non-decreasing in model size.

    The ratio is the maximum-likelihood non-decreasing fit to binomial counts (pool adjacent violators); half a count is
    added on both sides, log((k + 1/2) / (n - k + 1/2)), so that it is finite at 0 and n.
    """
    counts = np.asarray(counts, np.float64)
    fitted = _non_decreasing(counts.reshape(-1, counts.shape[-1])).reshape(counts.shape)
    return np.log((fitted + 0.5) / (total - fitted + 0.5))


def crossing(
    sizes: Float[np.ndarray, "size"], logit: Float[np.ndarray, "replicate size"], level: float
) -> Float[np.ndarray, "replicate"]:
    """Return the size at which each non-decreasing curve of log-odds first reaches a level, between two sizes linearly.

    On the scale of log-odds a transition is close to a straight line, so that the interpolation adds no bias to speak
    of. It is +inf where the level is never reached and -inf where the first size is already above it.
    """
    target = np.log(level / (1 - level))
    above = logit >= target
    first = np.argmax(above, axis=1)
    rows = np.arange(len(logit))
    before = np.maximum(first - 1, 0)
    low, high = logit[rows, before], logit[rows, first]
    with np.errstate(divide="ignore", invalid="ignore"):
        size = sizes[before] + (target - low) / (high - low) * (sizes[first] - sizes[before])
    size = np.where(first == 0, -np.inf, size)
    return np.where(above.any(axis=1), size, np.inf)


def crossing_estimates(
    sizes: Float[np.ndarray, "size"],
    counts: Int[np.ndarray, "size"],
    total: int,
    levels: tuple[float, ...],
    *,
    rng: np.random.Generator,
    replicates: int = 1000,
) -> list[Estimate]:
    """Return the sizes at which a memorization ratio reaches some levels, with binomial error alone.

    The interval holds the middle 95 % of a parametric bootstrap: counts drawn anew from the fitted ratios and fitted
    again. A level outside the measured range gives NaN, and so does an end of the interval that leaves it.

    **Arguments:** `sizes`: ascending; `counts`: memorized points of each size among `total`.
    """
    best = monotone_logit(np.asarray(counts)[None], total)
    again = monotone_logit(_counted_again(counts, total, total, replicates, rng), total)
    estimates = []
    for level in levels:
        value = crossing(sizes, best, level)[0]
        # "lower" and "higher" need no arithmetic between infinities.
        low = np.quantile(crossing(sizes, again, level), 0.025, method="lower")
        high = np.quantile(crossing(sizes, again, level), 0.975, method="higher")
        estimates.append(Estimate(*(float(x) if np.isfinite(x) else float("nan") for x in (value, low, high))))
    return estimates


def ratio_curve(
    sizes: Float[np.ndarray, "size"], counts: Int[np.ndarray, "size"], total: int, at: Float[np.ndarray, "point"]
) -> Float[np.ndarray, "point"]:
    """Return the fitted memorization ratio between the measured sizes, NaN outside of them."""
    logit = monotone_logit(np.asarray(counts)[None], total)[0]
    return 1 / (1 + np.exp(-np.interp(at, sizes, logit, left=np.nan, right=np.nan)))


def pool(estimates: list[Estimate]) -> Pooled:
    """Return the mean over seeds, with the interval of Student's t from the spread over seeds.

    The spread over seeds already contains the binomial error; `binomial_stderr` is the part of the mean's standard
    error that more generated points would remove, `seed_stddev` the standard deviation between seeds without it. With
    one seed the spread is unknown: the interval is that of binomial error alone and `seed_stddev` is NaN. Seeds without
    a value make the mean NaN: leaving them out would favour the others.
    """
    values = np.array([estimate.value for estimate in estimates])
    count = len(values)
    width = np.array([estimate.high - estimate.low for estimate in estimates])
    binomial = width / (2 * Z)
    binomial_stderr = float(np.sqrt(np.sum(binomial**2)) / count)
    if count == 1:
        return Pooled(*estimates[0], binomial_stderr, float("nan"))
    value, low, high = mean_interval(values)
    seed_variance = np.var(values, ddof=1) - np.mean(binomial**2)
    return Pooled(float(value), float(low), float(high), binomial_stderr, float(np.sqrt(max(seed_variance, 0.0))))


def mean_interval(
    values: Float[np.ndarray, "seed *rest"],
) -> tuple[Float[np.ndarray, "*rest"], Float[np.ndarray, "*rest"], Float[np.ndarray, "*rest"]]:
    """Return the mean over the first axis and its 95 % interval by Student's t; ends are NaN for a single value."""
    from scipy import special  # it has the quantile of `scipy.stats`, and is imported sooner

    values = np.asarray(values, np.float64)
    count, mean, half = len(values), values.mean(axis=0), np.nan
    if count > 1:
        half = special.stdtrit(count - 1, 0.975) * values.std(axis=0, ddof=1) / np.sqrt(count)
    # Arrays also where no axis is left.
    return np.asarray(mean), np.asarray(mean - half), np.asarray(mean + half)


def rank_correlation(x: Real[np.ndarray, "sample"], y: Real[np.ndarray, "sample"]) -> float:
    """Return Spearman's rank correlation, Pearson's of the ranks; equal values share their mean rank.

    NaN where all values of one side are equal.
    """
    from scipy.stats import rankdata

    if not np.ptp(x) or not np.ptp(y):
        return float("nan")
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


def wilson_interval(
    counts: Int[np.ndarray, "*size"], total: int
) -> tuple[Float[np.ndarray, "*size"], Float[np.ndarray, "*size"]]:
    """Return Wilson's 95 % interval of a fraction counted among `total`: the p at which k is 1.96 deviations away.

    Near 0 and 1 it is right where p +- 1.96 sqrt(p (1 - p) / n), which has no width at k = 0, is not.
    """
    p = np.asarray(counts) / total
    centre = (p + Z**2 / (2 * total)) / (1 + Z**2 / total)
    half = Z / (1 + Z**2 / total) * np.sqrt(p * (1 - p) / total + Z**2 / (4 * total**2))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


class Spread(NamedTuple):
    """Mean and variance of a measurement repeated on the same models, each time with other generated points."""

    mean: float
    variance: float


def binomial_spread(
    sizes: Float[np.ndarray, "size"],
    counts: Int[np.ndarray, "size"],
    total: int,
    points: int,
    *,
    rng: np.random.Generator,
    replicates: int = 1000,
) -> tuple[Spread, Spread]:
    """Return how M50 would scatter if a ratio were counted among `points` generated points, by two criteria.

    First M50, the crossing of the fitted curve; then the paper's criterion, the first size with a ratio of at
    least one half. Counts are drawn from the fitted ratios. NaN where a criterion finds nothing in some replicate.

    **Arguments:** `counts`: memorized points of each size among `total`, from which the true ratios are estimated.
    """
    drawn = _counted_again(counts, total, points, replicates, rng)
    fits = crossing(sizes, monotone_logit(drawn, points), 0.5)
    firsts = np.array([first_reaching(sizes, row, points, 0.5) for row in drawn])
    spreads = []
    for values in (fits, firsts):
        known = np.isfinite(values).all()
        spreads.append(Spread(values.mean(), values.var(ddof=1)) if known else Spread(float("nan"), float("nan")))
    return spreads[0], spreads[1]


def first_reaching(
    sizes: Float[np.ndarray, "size"], counts: Int[np.ndarray, "size"], total: int, level: float
) -> float:
    """Return the first measured size whose ratio is at least a level, the paper's criterion; NaN if none is."""
    reached = np.flatnonzero(np.asarray(counts) >= level * total)
    return float(sizes[reached[0]]) if len(reached) else float("nan")


def _non_decreasing(values: Float[np.ndarray, "row size"]) -> Float[np.ndarray, "row size"]:
    """Return the non-decreasing values that are closest to those of each row."""
    from scipy.optimize import isotonic_regression

    return np.array([isotonic_regression(row).x for row in values])


def _counted_again(
    counts: Int[np.ndarray, "size"], total: int, points: int, replicates: int, rng: np.random.Generator
) -> Int[np.ndarray, "replicate size"]:
    """Return counts among some points, drawn from the ratios fitted to counts among `total`."""
    fitted = _non_decreasing(np.asarray(counts, np.float64)[None])[0] / total
    return rng.binomial(points, np.clip(fitted, 0, 1), size=(replicates, len(counts)))
