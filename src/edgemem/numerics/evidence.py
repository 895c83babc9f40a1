"""Three-valued verdicts on quantities that are known with an uncertainty: supported, contradicted, or cannot tell."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import special

from edgemem.numerics.statistics import Estimate


SUPPORTED: Final = "supported"
CONTRADICTED: Final = "contradicted"
CANNOT_TELL: Final = "cannot tell"

Number = float | int
Table = Float[np.ndarray, "quantity 3"]


class Quantity(NamedTuple):
    """An estimate with its standard error; (value - truth) / stderr follows Student's t with `df` degrees of freedom.

    `df` may be infinite: the standard error is known. A value or standard error of NaN, or `df` below one, says that
    the quantity is unknown.
    """

    value: float
    stderr: float
    df: float


def interval(quantity: Quantity, level: float = 0.95) -> Estimate:
    """Return the value with its two-sided interval, value +- t_{(1 + level)/2}(df) stderr; NaN where it is unknown."""
    _, stderr, df = _table([quantity])[0]
    half = _t_quantile((1 + level) / 2, df) * stderr
    return Estimate(float(quantity.value), float(quantity.value - half), float(quantity.value + half))


def p_inside(quantity: Quantity, low: Number, high: Number) -> float:
    """Return the p-value of the hypothesis that the truth is NOT strictly inside (low, high).

    Two one-sided tests, the larger of P(t >= (value - low) / stderr) and P(t >= (high - value) / stderr): small if the
    quantity is surely above one end and surely below the other.

    **Arguments:** `low` may be -inf, `high` inf. An unknown quantity gives NaN.

    **Raises:** `ValueError` if `low` is above `high`, or either is NaN.
    """
    return float(_p_values_inside(_table([quantity]), low, high)[0])


def p_outside(quantity: Quantity, low: Number, high: Number) -> float:
    """Return the p-value of the hypothesis that the truth IS in [low, high].

    1 if the value is inside, else 2 P(t >= distance to the nearer end / stderr). Twice, because a region that is narrow
    beside the standard error can be missed on either side; for a wide one the test has half its level.

    **Arguments:** `low` may be -inf, `high` inf. An unknown quantity gives NaN.

    **Raises:** `ValueError` if `low` is above `high`, or either is NaN.
    """
    return float(_p_values_outside(_table([quantity]), low, high)[0])


def holm(p_values: Float[np.ndarray, "test"]) -> Float[np.ndarray, "test"]:
    """Return Holm's adjusted p-values: rejecting those up to a level rejects a true hypothesis at most that often.

    With the p-values in ascending order, max_{j <= i} min(1, (m - j) p_j), j = 0, ..., m - 1, whatever their
    dependence. NaN stay NaN and do not count.
    """
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[np.argsort(p_values[known])]
    scaled = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def verdict(quantities: Sequence[Quantity], low: Number, high: Number, level: float = 0.05) -> str:
    """Return whether every one of some quantities lies in [low, high]: supported, contradicted, or cannot tell.

    *Supported* if every one is shown to be inside, max p_inside <= level. This is an intersection-union test and needs
    no correction for their number: if the claim is false one quantity is outside, and that one alone passes with a
    probability of at most `level`. *Contradicted* if one is shown to be outside, min Holm(p_outside) <= level; here
    there are as many chances as quantities, hence the correction. *Cannot tell* otherwise; also if there is none, or
    one is unknown and the known ones do not contradict.

    **Raises:** `ValueError` if `low` is above `high`, or either is NaN.
    """
    table = _table(quantities)
    # A p-value of NaN is not small: what is unknown neither contradicts nor supports.
    if np.any(holm(_p_values_outside(table, low, high)) <= level):
        return CONTRADICTED
    supported = len(table) > 0 and np.all(_p_values_inside(table, low, high) <= level)
    return SUPPORTED if supported else CANNOT_TELL


def together(verdicts: Iterable[str]) -> str:
    """Return the verdict on a claim that has several parts: contradicted if one is, supported if all are.

    Support keeps the level of the parts, as in `verdict`. A contradiction has as many chances as there are parts: who
    wants the level kept gives `verdict` a level divided by their number. No parts at all cannot tell.

    **Raises:** `ValueError` if a part is not one of the three verdicts.
    """
    found = set(verdicts)
    unknown = found - {SUPPORTED, CONTRADICTED, CANNOT_TELL}
    if unknown:
        raise ValueError(f"a verdict is {SUPPORTED!r}, {CONTRADICTED!r} or {CANNOT_TELL!r} (got {sorted(unknown)})")
    if CONTRADICTED in found:
        return CONTRADICTED
    return SUPPORTED if found == {SUPPORTED} else CANNOT_TELL


def _table(quantities: Sequence[Quantity]) -> Table:
    """Return values, standard errors and degrees of freedom; a row of NaN for a quantity that is unknown."""
    table = np.array(quantities, np.float64).reshape(-1, 3)
    value, stderr, df = table.T
    known = np.isfinite(value) & np.isfinite(stderr) & (stderr >= 0) & (df >= 1)
    return np.where(known[:, None], table, np.nan)


def _p_values_inside(table: Table, low: Number, high: Number) -> Float[np.ndarray, "quantity"]:
    """Return p_inside of each quantity."""
    _check(low, high)
    value, stderr, df = table.T
    return np.maximum(_upper_tail(value - low, stderr, df), _upper_tail(high - value, stderr, df))


def _p_values_outside(table: Table, low: Number, high: Number) -> Float[np.ndarray, "quantity"]:
    """Return p_outside of each quantity."""
    _check(low, high)
    value, stderr, df = table.T
    return 2 * _upper_tail(np.maximum(np.maximum(low - value, value - high), 0), stderr, df)


def _upper_tail(
    distance: Float[np.ndarray, "quantity"], stderr: Float[np.ndarray, "quantity"], df: Float[np.ndarray, "quantity"]
) -> Float[np.ndarray, "quantity"]:
    """Return P(t >= distance / stderr); a distance of zero is zero standard errors also where nothing is uncertain."""
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(distance == 0, 0.0, distance / stderr)
    return special.stdtr(df, -statistic)


def _t_quantile(p: float, df: float) -> float:
    """Return the quantile of Student's t, of N(0, 1) for infinitely many degrees of freedom."""
    return float(special.ndtri(p) if np.isinf(df) else special.stdtrit(df, p))


def _check(low: Number, high: Number) -> None:
    if not low <= high:
        raise ValueError(f"low must not be above high (got {low} and {high})")
