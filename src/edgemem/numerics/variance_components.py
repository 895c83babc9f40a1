"""How much measured values differ between cases, between the data sets (seeds) of a case, and by counting alone."""

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from scipy import optimize, special, stats

from edgemem.numerics.statistics import Estimate


UNKNOWN = Estimate(float("nan"), float("nan"), float("nan"))


class Components(NamedTuple):
    """Variances of a measurement with their 95 % intervals; NaN where they cannot be told.

    `total` is the variance of the cases' means, which holds all three parts; with one seed nothing else is known.
    """

    between_cases: Estimate
    between_data_sets: Estimate
    binomial: float
    total: Estimate


def components(
    values: Float[np.ndarray, "case seed"], binomial_variance: Float[np.ndarray, "case seed"] | float
) -> Components:
    """Return the components of variance of y_ij = mu + a_i + b_ij + counting error of known variance v_ij.

    One-way analysis of variance with random effects. MSW is the mean square within cases, with n - I degrees of
    freedom; MSB = h var(case means), with I - 1, where h is the harmonic mean of the numbers of seeds: with unequal
    numbers, unlike the usual sum of squares, it is close to a multiple of chi^2 also where cases differ (Thomas and
    Hultquist). Then

    - between data sets: MSW - v. Its interval is that of chi^2 for E MSW, shifted by the known v: no approximation.
    - between cases: (MSB - MSW) / h. Its interval is the generalized one, the middle 95 % of ((I - 1) MSB / B -
      (n - I) MSW / W) / h, with independent B, W of chi^2 with I - 1 and n - I degrees of freedom.
      Simulated, it covers 94.5 to 96 %, where Tukey's and Williams' covers up to 97 %.
    - total: var(case means), with the interval of chi^2.

    Nothing is below zero. v is averaged with the weights that v_ij has in MSW, 1 - 1/n_i.

    **Arguments:** `values`: NaN are left out; a component between data sets takes at least two seeds of some case, one
    between cases two cases besides. `binomial_variance`: of the same shape, or one for all.
    """
    table = _analysis(values, binomial_variance)
    within, between = UNKNOWN, UNKNOWN
    if table.df_within > 0:
        ends = (table.within, *_chi2_ends(table.within, table.df_within))
        within = Estimate(*(max(end - table.binomial, 0.0) for end in ends))
    if table.df_within > 0 and table.df_between > 0:
        value = max((table.between - table.within) / table.seeds, 0.0)
        between = Estimate(value, *_middle(_pivots(table)[0]))
    total = UNKNOWN
    if table.df_between > 0:
        variance = table.between / table.seeds
        total = Estimate(variance, *_chi2_ends(variance, table.df_between))
    return Components(between, within, table.binomial, total)


def share_of_data_sets(
    values: Float[np.ndarray, "case seed"], binomial_variance: Float[np.ndarray, "case seed"] | float
) -> Estimate:
    """Return the data sets' part of the variance, b / (a + b), a between cases and b between data sets.

    Its interval is the generalized one, the middle 95 % of b / (a + b) with

        b = (n - I) MSW / W - v,    a = ((I - 1) MSB / B - (n - I) MSW / W) / h,    neither below zero,

    B and W as in `components`. Without counting error this is the exact interval of the F ratio, as MSB / MSW is
    (1 + h a / b) times a variable of the F distribution. With it F tells a / (b + v) only, and to take v off at its
    estimate, as if MSW were known, covers 50 % instead of 95 % where counting is most of MSW.

    NaN where the two parts cannot be told apart; a value of NaN where both are estimated as zero.

    **Arguments:** as of `components`.
    """
    table = _analysis(values, binomial_variance)
    if min(table.df_within, table.df_between) < 1:
        return UNKNOWN
    between = max((table.between - table.within) / table.seeds, 0.0)
    within = max(table.within - table.binomial, 0.0)
    value = within / (between + within) if between + within > 0 else float("nan")
    cases, data_sets = _pivots(table)
    with np.errstate(invalid="ignore"):
        share = data_sets / (cases + data_sets)
    # Where both parts are zero nothing is known of their share.
    low, high = _middle(np.where(np.isnan(share), 0.0, share))[0], _middle(np.where(np.isnan(share), 1.0, share))[1]
    return Estimate(value, low, high)


def one_seed_interval(
    values: Float[np.ndarray, "case"], group: Shaped[np.ndarray, "case"]
) -> tuple[Float[np.ndarray, "case"], Float[np.ndarray, "case"]]:
    """Return the ends of 95 % intervals of each case's own mean over data sets, of which one was seen.

    value_i +- q_n s, s the standard deviation between the n cases of its group. It holds what data sets and counting
    scatter by, and how cases differ besides: the interval is the right one where the cases of a group do not differ,
    and too wide where they do. As value_i is itself among the n, q_n is not the quantile of Student's t, which is too
    large (98 to 99 % coverage for n up to 10) but the .975 quantile of (value_i - mu) / s; both go to 1.96.

    **Arguments:** `values`: NaN are left out; `group`: labels of the cases that are compared with each other.

    **Returns:** lower and upper ends; NaN in a group of fewer than three cases with a value.
    """
    half = np.full(len(values), np.nan)
    for label in np.unique(group):
        cases = np.flatnonzero((group == label) & np.isfinite(values))
        if len(cases) >= 3:
            half[cases] = _own_deviation_quantile(len(cases)) * values[cases].std(ddof=1)
    return values - half, values + half


class _Analysis(NamedTuple):
    """Mean squares, their degrees of freedom, seeds a case (harmonic mean) and the counting variance in `within`."""

    between: float
    within: float
    df_between: int
    df_within: int
    seeds: float
    binomial: float


def _analysis(
    values: Float[np.ndarray, "case seed"], binomial_variance: Float[np.ndarray, "case seed"] | float
) -> _Analysis:
    """Return the analysis of variance of the cases that have a value."""
    known = np.isfinite(values)
    binomial = np.broadcast_to(binomial_variance, values.shape)[known.any(axis=1)]
    values, known = values[known.any(axis=1)], known[known.any(axis=1)]
    count = known.sum(axis=1)
    mean = np.sum(values, axis=1, where=known) / count
    df_between, df_within = len(count) - 1, int(count.sum()) - len(count)
    seeds = float(1 / np.mean(1 / count)) if len(count) else float("nan")
    within = float(np.sum((values - mean[:, None]) ** 2, where=known)) / df_within if df_within > 0 else float("nan")
    between = float(seeds * mean.var(ddof=1)) if df_between > 0 else float("nan")
    # A case with one seed says nothing of MSW, and its counting error neither.
    weight = known * (1 - 1 / count)[:, None] if df_within > 0 else known
    counting = float(np.sum(binomial * weight, where=known) / weight.sum()) if len(count) else float("nan")
    return _Analysis(between, within, df_between, df_within, seeds, counting)


def _chi2_ends(mean_square: float, df: int) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a variance, df s^2 / chi^2_{.975} and df s^2 / chi^2_{.025}."""
    low, high = (float(df * mean_square / stats.chi2.ppf(p, df)) for p in (0.975, 0.025))
    return low, high


def _pivots(table: _Analysis) -> tuple[Float[np.ndarray, "part part"], Float[np.ndarray, "part part"]]:
    """Return the variances between cases and between data sets that the mean squares leave open, equally probable.

    They stand on a grid of quantiles, so that the result is the same every time.
    """
    within = table.within / _chi2_parts(table.df_within)[:, None]
    between = table.between / _chi2_parts(table.df_between)
    data_sets = np.broadcast_to(np.maximum(within - table.binomial, 0), (len(within), len(between)))
    return np.maximum(between - within, 0) / table.seeds, np.asarray(data_sets)


@cache
def _chi2_parts(df: int) -> Float[np.ndarray, "part"]:
    """Return the middle quantiles of 100 equally probable parts of chi^2 / df; among them are .025 and .975."""
    return np.asarray(stats.chi2.ppf((np.arange(100) + 0.5) / 100, df) / df)


def _middle(values: Float[np.ndarray, "..."]) -> tuple[float, float]:
    """Return the ends of the middle 95 %."""
    low, high = np.quantile(values, np.array([0.025, 0.975]))
    return float(low), float(high)


@cache
def _own_deviation_quantile(count: int) -> float:
    """Return the .975 quantile of (y_1 - mu) / s for n normal values with mean mu and standard deviation s.

    (y_1 - mean) / s = +-(n - 1)/sqrt(n) sqrt(B), B of the beta distribution (1/2, (n - 2)/2), and independent of it
    (mean - mu) / s = t_{n-1} / sqrt(n).
    """
    mean = stats.t.ppf((np.arange(2000) + 0.5) / 2000, count - 1) / np.sqrt(count)

    def excess(q: float) -> float:
        square = np.minimum(count * (q - mean) ** 2 / (count - 1) ** 2, 1.0)
        below = (1 + np.sign(q - mean) * special.betainc(0.5, (count - 2) / 2, square)) / 2
        return float(below.mean() - 0.975)

    return float(optimize.brentq(excess, 0.0, 10.0))
