"""Predictors of the transition that are fitted to measured transitions; each predicts cases that it has not seen."""

from collections.abc import Callable

import numpy as np

from edgemem.analysis.cases import Cases
from edgemem.analysis.weights import CONSTANT, fit, fitted_predictions
from edgemem.numerics.simplex_weights import crossing_design, envelope, fit_simplex
from edgemem.numerics.theory import crossing_size


# Half of the width over which the slope of a difference of losses is taken, as a fraction M/N.
STEP = 0.05
# What weights on the simplex may fit worse than the best and still count as equally good, in units of the noise of
# one measurement: what a test at 5 % cannot reject.
EXCESS = 3.84


def constant(cases: Cases, chosen: np.ndarray) -> np.ndarray:
    """Return for each case the mean over the chosen cases of its group, family and model; NaN where none of them is.

    Families and models are not compared with each other: that would make the constant look worse beside predictors of
    one alone.
    """
    return _by_group(cases, chosen, lambda x, y, at: np.full(len(at), y.mean()), least=1)


def line(cases: Cases, chosen: np.ndarray) -> np.ndarray:
    """Return a + b log sigma*^2, fitted to the chosen cases of a group: no theory at all."""
    return _by_group(cases, chosen, lambda x, y, at: np.polynomial.Polynomial.fit(x, y, 1)(at), least=2)


def parabola(cases: Cases, chosen: np.ndarray) -> np.ndarray:
    """Return a + b log sigma*^2 + c (log sigma*^2)^2, fitted to the chosen cases of a group."""
    return _by_group(cases, chosen, lambda x, y, at: np.polynomial.Polynomial.fit(x, y, 2)(at), least=3)


def fitted(cases: Cases, chosen: np.ndarray) -> np.ndarray:
    """Return what the paper's regression predicts, (22) and (23)."""
    return fitted_predictions(cases, fit(cases, chosen))


def simplex(cases: Cases, chosen: np.ndarray) -> np.ndarray:
    """Return the crossing (21) by weights on the simplex, fitted by least squares: no entropy, one optimum."""
    predicted = np.full(len(cases.measured), np.nan)
    used = chosen & cases.isotropic & np.isfinite(cases.measured)
    if used.any():
        design = crossing_design(cases.variance[cases.isotropic], cases.snr, CONSTANT)
        weights = fit_simplex(design[used[cases.isotropic]], cases.measured[used], np.ones(used.sum()))
        predicted[cases.isotropic] = design @ weights
    return predicted


def simplex_envelope(cases: Cases, chosen: np.ndarray, case: int) -> tuple[float, float]:
    """Return the range of one case's prediction over all weights on the simplex that fit the chosen cases as well.

    NaN where the noise is unknown, with one seed, or nothing can be fitted.
    """
    used = chosen & cases.isotropic & np.isfinite(cases.measured)
    if not used.any() or not cases.isotropic[case] or not np.isfinite(cases.noise):
        return float("nan"), float("nan")
    design = crossing_design(cases.variance, cases.snr, CONSTANT)
    weight = np.full(used.sum(), 1 / cases.noise)
    return envelope(design[used], cases.measured[used], weight, design[case], EXCESS)


def exact_fitted(cases: Cases, chosen: np.ndarray) -> np.ndarray:
    """Return where the exact losses cross by weights on the simplex for which they cross where they should.

    sum_l lambda_l D(m, l) = 0 at the measured m of each chosen case, D the difference of the losses: that is linear in
    lambda. Divided by the slope of D in M/N, its residual is how far the crossing is from m. Each group has weights of
    its own.
    """
    predicted = np.full(len(cases.measured), np.nan)
    known = np.array([difference is not None for difference in cases.difference])
    for own in _groups(cases):
        # Beyond N there is no subset of the samples whose loss could cross.
        used = own & chosen & known & (cases.measured <= 1)
        if not used.any():
            continue
        rows = np.array([_at(cases.difference[i], cases.measured[i]) for i in np.flatnonzero(used)])
        weights = fit_simplex(rows, np.zeros(used.sum()), np.ones(used.sum()))
        for i in np.flatnonzero(own & known):
            difference = cases.difference[i]
            assert difference is not None
            sizes = np.arange(1, len(difference) + 1)
            predicted[i] = crossing_size(sizes, difference @ weights) / len(difference)
    return predicted


FITS: dict[str, Callable[[Cases, np.ndarray], np.ndarray]] = {
    "constant": constant,
    "fitted": fitted,
    "simplex": simplex,
    "exact_fitted": exact_fitted,
    "line": line,
    "parabola": parabola,
}


def _at(difference: np.ndarray | None, fraction: float) -> np.ndarray:
    """Return the difference of the losses at a size, over the slope of its mean over times, by time."""
    assert difference is not None
    count = len(difference)

    def value(at: float) -> np.ndarray:
        size = np.clip(at * count, 1, count)
        before = min(int(size), count - 1)
        between: np.ndarray = difference[before - 1] + (size - before) * (difference[before] - difference[before - 1])
        return between

    # Beyond the smallest and the largest size there are no losses to take a slope from.
    low, high = max(fraction - STEP, 1 / count), min(fraction + STEP, 1.0)
    slope = np.mean(value(low) - value(high)) / (high - low)
    return value(fraction) / slope


def _groups(cases: Cases) -> list[np.ndarray]:
    """Return which cases are of each group."""
    names = dict.fromkeys(name for name in cases.group if name is not None)
    return [np.array([other == name for other in cases.group]) for name in names]


def _by_group(
    cases: Cases, chosen: np.ndarray, curve: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray], least: int
) -> np.ndarray:
    """Return the predictions of a curve in log sigma*^2 fitted to the chosen cases of each group.

    **Arguments:** `curve`: of log sigma*^2 and M50 / N of the chosen, and of log sigma*^2 of all; `least`: how many
    different sigma*^2 the fit needs; a curve that needs but one does not look at them.
    """
    predicted = np.full(len(cases.measured), np.nan)
    for own in _groups(cases):
        x = np.log(cases.variance) if least > 1 else np.zeros(len(own))
        used = own & chosen & np.isfinite(cases.measured) & np.isfinite(x)
        if len(np.unique(x[used])) >= least:
            predicted[own] = curve(x[used], cases.measured[used], x[own])
    return predicted
