"""How measured transitions follow predicted ones: errors, gains over a constant, biases and slopes, with intervals."""

from typing import Any

import numpy as np
import xarray as xr

from edgemem.analysis.cases import Cases
from edgemem.config.regress import PREDICTORS
from edgemem.numerics.errors_in_variables import clustered_slope, within_slope
from edgemem.numerics.evidence import Quantity, interval
from edgemem.numerics.hypotheses import combined_p_value


NAMES = tuple(PREDICTORS)
UNKNOWN = Quantity(np.nan, np.nan, np.nan)
# Columns of a quantity.
ENDS = ("", "_stderr", "_df", "_low", "_high")


def agreement(
    cases: Cases, errors: dict[str, np.ndarray], seeds: np.ndarray, unseen: np.ndarray, stderr: np.ndarray
) -> xr.Dataset:
    """Return for each predictor whether measured and predicted fractions agree, and vary together.

    **Arguments:** `errors`: squared errors by fold, (predictor, case); `seeds`: measured minus predicted, (predictor,
    case, seed); `unseen`: predictions for cases whose sigma*^2 fits have not seen; `stderr`: theirs, over seeds.
    """
    folds = list(errors)
    table = np.stack([errors[name] for name in folds], axis=1)  # predictor, fold, case
    own = NAMES.index("constant")
    variables: dict[str, Any] = {}

    def add(name: str, dims: tuple[str, ...], values: np.ndarray, long_name: str) -> None:
        variables[name] = (dims, values, {"long_name": long_name, "units": "1"})

    both = ("predictor", "fold")
    known = np.isfinite(table).sum(axis=2)
    with np.errstate(invalid="ignore"):
        mean = np.where(known > 0, np.nansum(table, axis=2) / np.maximum(known, 1), np.nan)
    add("squared_error", both, mean, "mean squared error of predictions over the settings of a fold")
    add("count", both, known, "number of settings and models in a fold")
    for name, values, what in (
        ("gain", table[own] - table, "squared error of the constant minus that of the predictor"),
        ("floor", table - cases.noise, "squared error minus the variance of the measured fraction between data sets"),
    ):
        found = np.array([[clustered_mean(row, cases.variance) for row in rows] for rows in values])
        for column, end in enumerate(ENDS):
            add(name + end, both, _column(found, end, column), f"{what}, mean{_words(end)}")
    p_values = np.array([combined_p_value(row) for row in seeds])
    add("p_value", ("predictor",), p_values, "p-value of: in every setting the mean of M50 / N is the predicted one")
    pairs = list(zip(unseen, stderr, strict=True))
    for name, quantities, what in (
        ("bias", [clustered_mean(cases.measured - row, cases.variance) for row in unseen], "measured minus predicted"),
        ("slope", [_slope(cases, *pair) for pair in pairs], "slope of measured on predicted"),
        ("within_slope", [_within(cases, *pair) for pair in pairs], "the slope among settings of one sigma*^2"),
    ):
        found = np.array(quantities)
        for column, end in enumerate(ENDS):
            add(name + end, ("predictor",), _column(found, end, column), f"{what}, M50 / N{_words(end)}")
    return xr.Dataset(variables)


def clustered_mean(values: np.ndarray, cluster: np.ndarray) -> Quantity:
    """Return the mean of the known values, whose clusters are independent and not their members.

    With three clusters and more the mean is that of the clusters' means, its standard error their spread; with fewer
    each value is its own cluster.
    """
    known = np.isfinite(values)
    labels = _labels(cluster)[known]
    means = np.array([values[known][labels == label].mean() for label in np.unique(labels)])
    if len(means) < 3:
        means = values[known]
    if len(means) < 2:
        return UNKNOWN
    return Quantity(float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means))), float(len(means) - 1))


def _slope(cases: Cases, predicted: np.ndarray, stderr: np.ndarray) -> Quantity:
    """Return the slope over settings; of one sigma*^2 alone each setting is its own cluster."""
    labels = _labels(cases.variance)
    if len(np.unique(labels)) < 3:
        labels = np.arange(len(predicted))
    return clustered_slope(_rounded(predicted), cases.measured, stderr, labels)


def _within(cases: Cases, predicted: np.ndarray, stderr: np.ndarray) -> Quantity:
    """Return the slope among settings of one sigma*^2, over all of them."""
    return within_slope(_rounded(predicted), cases.measured, stderr, _labels(cases.variance))


def _rounded(predicted: np.ndarray) -> np.ndarray:
    """Return predictions to a thousandth: what varies by less is one prediction (lambda = psi: 0.99997, 0.99998)."""
    return predicted.round(3)


def _labels(values: np.ndarray) -> np.ndarray:
    """Return whole numbers, the same for equal values; all that are NaN are one."""
    return np.unique(values, return_inverse=True)[1]


def _column(found: np.ndarray, end: str, column: int) -> np.ndarray:
    """Return one column of quantities, (..., (value, standard error, degrees of freedom))."""
    if column < 3:
        values: np.ndarray = found[..., column]
        return values
    ends = [interval(Quantity(*row)) for row in found.reshape(-1, 3)]
    return np.array([one.low if end == "_low" else one.high for one in ends]).reshape(found.shape[:-1])


def _words(end: str) -> str:
    return {
        "": "",
        "_stderr": ", standard error",
        "_df": ", degrees of freedom of Student's t",
        "_low": ", lower 95 % end",
        "_high": ", upper 95 % end",
    }[end]
