"""Bias and slopes of measured on predicted places: signs, axes, clusters and errors."""

import numpy as np
import pytest
from scipy import stats

from edgemem.analysis.agreement import agreement, clustered_mean
from edgemem.analysis.evaluations import of_cases
from edgemem.config.regress import PREDICTORS

from .synthetic import SEEDS, campaign, cases, predictor, spec


VARIANCE = cases().variance
COUNT = len(VARIANCE)
RNG = np.random.default_rng(0)
PREDICTED = 0.7 + 0.05 * np.log(VARIANCE) / np.log(4) + 0.02 * RNG.standard_normal(COUNT)
STDERR = np.full(COUNT, 0.004)
MEASURED = 0.3 + 0.5 * PREDICTED + 0.01 * RNG.standard_normal(COUNT)


def table(measured: np.ndarray = MEASURED, unseen: np.ndarray = PREDICTED, variance: np.ndarray = VARIANCE, **changes):
    """Return how some predictor agrees; all others say nothing."""
    own = predictor("c2")
    rows = np.full((len(PREDICTORS), COUNT), np.nan)
    rows[own] = unseen
    errors = {"train": (rows - measured) ** 2}
    stderr = np.full((len(PREDICTORS), COUNT), changes.get("stderr", 0.004))
    seeds = np.repeat((measured - rows)[:, :, None], len(SEEDS), axis=2)
    return agreement(cases(measured)._replace(variance=variance), errors, seeds, rows, stderr).isel(predictor=own)


def slope(x: np.ndarray, y: np.ndarray, error: np.ndarray, label: np.ndarray, within: bool = False):
    """Return slope, standard error and degrees of freedom: errors taken off squares, the jackknife over clusters."""

    def value(x: np.ndarray, y: np.ndarray, error: np.ndarray, label: np.ndarray) -> float:
        xy = xx = 0.0
        for own in [label == one for one in np.unique(label)] if within else [np.ones(len(x), bool)]:
            centred = x[own] - x[own].mean()
            xy += centred @ y[own]
            xx += centred @ centred - (1 - 1 / own.sum()) * np.sum(error[own] ** 2)
        return xy / xx

    if within:
        several = np.array([np.sum(label == one) > 1 for one in label])
        x, y, error, label = (column[several] for column in (x, y, error, label))
    whole, groups = value(x, y, error, label), np.unique(label)
    parts = [value(*(column[label != one] for column in (x, y, error, label))) for one in groups]
    stderr = np.sqrt((len(groups) - 1) / len(groups) * np.sum((np.array(parts) - whole) ** 2))
    return whole, stderr, len(groups) - 2


def quantity(found, name: str) -> list[float]:
    return [found[f"{name}{end}"].item() for end in ("", "_stderr", "_df", "_low", "_high")]


def with_interval(value: float, stderr: float, df: float) -> list[float]:
    half = stats.t.ppf(0.975, df) * stderr
    return [value, stderr, df, value - half, value + half]


def test_bias_is_positive_where_more_is_measured_than_predicted():
    """The mean of each sigma*^2 counts once."""
    means = np.array([(MEASURED - PREDICTED)[v == VARIANCE].mean() for v in np.unique(VARIANCE)])
    np.testing.assert_allclose(quantity(table(), "bias"), with_interval(means.mean(), stats.sem(means), 3))
    assert table(measured=PREDICTED + 0.1).bias == pytest.approx(0.1)


@pytest.mark.parametrize("stderr", [0.0, 0.01])
def test_slope_is_of_measured_on_predicted(stderr: float):
    """Not the other way round; clusters are those of sigma*^2, and errors of predictions are taken off."""
    expected = slope(PREDICTED.round(3), MEASURED, np.full(COUNT, stderr), VARIANCE)
    np.testing.assert_allclose(quantity(table(stderr=stderr), "slope"), with_interval(*expected))


@pytest.mark.parametrize("stderr", [0.0, 0.004])
def test_slope_within_a_variance(stderr: float):
    """What variances differ by does not count."""
    expected = slope(PREDICTED.round(3), MEASURED, np.full(COUNT, stderr), VARIANCE, within=True)
    found = table(MEASURED + 0.3 * VARIANCE, stderr=stderr)
    np.testing.assert_allclose(quantity(found, "within_slope")[0], expected[0])
    np.testing.assert_allclose(quantity(table(stderr=stderr), "within_slope"), with_interval(*expected))


def test_of_few_variances_each_setting_is_its_own_cluster():
    """Of one or two sigma*^2 nothing is known of clusters; also where there is no sigma*^2 at all."""
    for few in (np.where(VARIANCE < 2, 1.0, 4.0), np.full(COUNT, np.nan)):
        found = table(variance=few)
        expected = slope(PREDICTED.round(3), MEASURED, STDERR, np.arange(COUNT))
        np.testing.assert_allclose(quantity(found, "slope"), with_interval(*expected))
        each = MEASURED - PREDICTED
        np.testing.assert_allclose(quantity(found, "bias"), with_interval(each.mean(), stats.sem(each), COUNT - 1))
        assert np.isnan(found.within_slope)


def test_predictions_that_hardly_vary_have_no_slope():
    """What differs by less than a thousandth is one prediction."""
    nearly = np.where(np.arange(COUNT) % 2, 0.99997, 0.99998)
    found = table(unseen=nearly, stderr=0.0)
    assert np.isnan(found.slope)
    assert np.isnan(found.within_slope)


def test_clustered_means():
    """Of three clusters and more their means; of fewer all values; one value has no error."""
    values, label = np.array([1.0, 3.0, 4.0, np.nan, 9.0]), np.array([1.0, 1.0, 2.0, 2.0, 3.0])
    means = np.array([2.0, 4.0, 9.0])
    np.testing.assert_allclose(clustered_mean(values, label), (5.0, stats.sem(means), 2))
    two = clustered_mean(values[:3], label[:3])
    np.testing.assert_allclose(two, (8 / 3, stats.sem([1, 3, 4]), 2))
    np.testing.assert_allclose(clustered_mean(values[:2], label[:2]), (2.0, 1.0, 1))
    assert np.isnan(clustered_mean(values[3:], label[3:])).all()


def test_unknown_predictions_count_nowhere():
    """A predictor that says nothing has no error; others are counted where they say something."""
    partly = PREDICTED.copy()
    partly[:3] = np.nan
    found = table(unseen=partly).isel(fold=0)
    assert found["count"] == COUNT - 3
    assert found.squared_error == pytest.approx(np.mean((partly - MEASURED)[3:] ** 2))
    rest = agreement(
        cases(),
        {"train": np.full((len(PREDICTORS), COUNT), np.nan)},
        np.full((len(PREDICTORS), COUNT, 3), np.nan),
        np.full((len(PREDICTORS), COUNT), np.nan),
        np.zeros((len(PREDICTORS), COUNT)),
    )
    assert (rest["count"] == 0).all()
    assert np.isnan(rest.squared_error).all()


@pytest.mark.parametrize("name", ["fitted", "exact_losses", "c2", "line"])
def test_the_campaign_is_judged_on_what_was_not_seen(name: str):
    """Bias and slope are those of predictions for sigma*^2 left out, with the errors of predictions over seeds."""
    regression = campaign().regression
    row = regression.sel(predictor=name)
    unseen, measured = (of_cases(spec(), one) for one in (row.predicted_unseen, regression.measured_fraction))
    stderr = of_cases(spec(), row.predicted_fraction_high - row.predicted_fraction) / stats.t.ppf(0.975, 2)
    known = np.isfinite(unseen)
    x, y, label = unseen[known], measured[known], VARIANCE[known]
    means = np.array([(y - x)[label == one].mean() for one in np.unique(label)])
    assert row.bias == pytest.approx(means.mean())
    expected = slope(x.round(3), y, stderr[known], label)
    np.testing.assert_allclose([row.slope, row.slope_stderr], expected[:2], rtol=1e-6)
