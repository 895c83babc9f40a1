"""Quantities with their uncertainty, as evidence is judged by, from the summary metrics of a campaign."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from scipy import stats

from edgemem.numerics.evidence import (
    CANNOT_TELL,
    CONTRADICTED,
    SUPPORTED,
    Quantity,
    interval,
    together,
    verdict,
)
from edgemem.numerics.statistics import wilson_interval
from edgemem.reporting.bounds import LEVEL
from edgemem.reporting.numbers import Metrics


UNKNOWN = Quantity(float("nan"), float("nan"), float("nan"))


class Range(NamedTuple):
    """A number with its 95 % interval; an end that is not known is infinite."""

    value: float
    low: float
    high: float


def over_seeds(metrics: Metrics, name: str) -> Quantity:
    """Return a mean over data sets, whose interval is Student's with one degree of freedom less than there are."""
    value, low, high, seeds = (metrics.get(key) for key in (name, f"{name}_low", f"{name}_high", "campaign/seeds"))
    if value is None or low is None or high is None or seeds is None or seeds < 2:
        return Quantity(np.nan if value is None else value, np.nan, np.nan)
    return Quantity(value, (high - low) / 2 / float(stats.t.ppf(0.975, seeds - 1)), seeds - 1)


def estimated(metrics: Metrics, name: str) -> Quantity:
    """Return a number with its own `NAME_stderr` and `NAME_df`."""
    found = [metrics.get(f"{name}{end}") for end in ("", "_stderr", "_df")]
    return Quantity(*(np.nan if number is None else number for number in found))


def scaled(quantity: Quantity, factor: float) -> Quantity:
    """Return a multiple of a quantity."""
    return Quantity(quantity.value * factor, quantity.stderr * abs(factor), quantity.df)


def difference(one: Quantity, other: Quantity) -> Quantity:
    """Return a difference, as if the two were independent; where they vary together its error is overestimated."""
    return Quantity(one.value - other.value, float(np.hypot(one.stderr, other.stderr)), min(one.df, other.df))


def over_cases(quantities: list[Quantity]) -> Quantity:
    """Return the mean over cases with the error of their spread; of one case, the case itself."""
    if len(quantities) < 2:
        return quantities[0] if quantities else UNKNOWN
    values = np.array([quantity.value for quantity in quantities])
    return Quantity(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))), float(len(values) - 1))


def error_interval(error: float, count: int) -> Range:
    """Return a mean squared error over `count` settings with the 95 % interval of its expectation.

    That of chi^2: the mean of n squares is chi^2_n / n times its expectation, exactly so for independent normal errors.
    """
    low, high = (count * error / float(stats.chi2.ppf(p, count)) for p in (0.975, 0.025))
    return Range(error, low, high)


def range_of(metrics: Metrics, name: str) -> Range | None:
    """Return a number with its interval, or None where one of the three is unknown."""
    value, low, high = (metrics.get(f"{name}{end}") for end in ("", "_low", "_high"))
    return None if value is None or low is None or high is None else Range(value, low, high)


def share(count: float, total: float) -> Range:
    """Return the share of what was counted, with Wilson's interval."""
    low, high = wilson_interval(np.array([round(count)]), round(total))
    return Range(count / total, float(low[0]), float(high[0]))


def spread_over_cases(quantities: list[Quantity]) -> Range:
    """Return the standard deviation over cases, and how large it may be.

    It holds the noise of each case: what cases truly differ by can be smaller, down to nothing, but not larger.
    """
    values = np.array([quantity.value for quantity in quantities])
    if len(values) < 2 or not np.isfinite(values).all():
        return Range(float("nan"), 0.0, float("inf"))
    stddev = float(values.std(ddof=1))
    return Range(stddev, 0.0, stddev * float(np.sqrt((len(values) - 1) / stats.chi2.ppf(0.025, len(values) - 1))))


def interval_verdict(found: Range, low: float, high: float) -> str:
    """Return whether an interval is inside (low, high), outside of it, or neither."""
    if found.low > high or found.high < low:
        return CONTRADICTED
    return SUPPORTED if low < found.low and found.high < high else CANNOT_TELL


def in_every_case(each: list[Quantity], spread: Range, low: float, high: float, tests: int = 1) -> str:
    """Return whether a quantity is in [low, high] in every case.

    *Supported* if every one is shown to be inside; or if their mean is, and their standard deviation is below half the
    width. *Contradicted* if one of them is outside, tested together by Holm's rule, or their mean, or if their standard
    deviation is above half the width. The two ways to the one and the three to the other share the level.

    **Arguments:** `tests`: how many such rules one claim has; they share the level of a contradiction.
    """
    bound, mean = (high - low) / 2, over_cases(each)
    spread_found = interval_verdict(spread, -np.inf, bound)
    against = [verdict(part, low, high, LEVEL / 4 / tests) for part in ([mean], each)]
    if CONTRADICTED in [*against, spread_found]:
        return CONTRADICTED
    ways = [verdict(each, low, high, LEVEL / 2), together([verdict([mean], low, high, LEVEL / 2), spread_found])]
    return SUPPORTED if SUPPORTED in ways else CANNOT_TELL


def shown(quantity: Quantity, form: str) -> str:
    """Return a quantity with its 95 % interval as far as it is known."""
    value, low, high = interval(quantity)
    if not np.isfinite(value):
        return "unknown"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]" if np.isfinite([low, high]).all() else f"{value:{form}}"


def extremes(quantities: Iterable[Quantity], form: str) -> str:
    """Return the smallest and the largest of some quantities, with their intervals."""
    known = sorted((quantity for quantity in quantities if np.isfinite(quantity.value)), key=lambda q: q.value)
    if not known:
        return "unknown"
    ends = [shown(quantity, form) for quantity in (known[0], known[-1])]
    return ends[0] if len(known) == 1 else f"{ends[0]} to {ends[1]}"
