"""Quantities made of summary metrics: their intervals cover, and rules for every setting err rarely."""

import numpy as np
import pytest
from scipy import stats

from edgemem.numerics.evidence import CONTRADICTED, SUPPORTED, Quantity, interval
from edgemem.reporting.quantities import (
    difference,
    error_interval,
    in_every_case,
    over_cases,
    over_seeds,
    share,
    shown,
    spread_over_cases,
)


@pytest.mark.parametrize("count", [8, 16, 64])
def test_intervals_of_errors_cover(count: int):
    """95 % of the intervals of a mean squared error hold its expectation."""
    rng = np.random.default_rng(count)
    errors = np.mean(rng.standard_normal((2000, count)) ** 2, axis=1)
    inside = [low <= 1 <= high for _, low, high in (error_interval(float(error), count) for error in errors)]
    assert 0.935 <= np.mean(inside) <= 0.965  # three standard errors


def test_standard_errors_are_those_of_the_intervals():
    """A mean over n data sets has the interval that it was given."""
    values = np.array([0.7, 0.8, 0.85])
    half = stats.t.ppf(0.975, 2) * values.std(ddof=1) / np.sqrt(3)
    metrics = {"a": values.mean(), "a_low": values.mean() - half, "a_high": values.mean() + half, "campaign/seeds": 3.0}
    found = over_seeds(metrics, "a")
    assert found.stderr == pytest.approx(values.std(ddof=1) / np.sqrt(3))
    assert interval(found) == pytest.approx((metrics["a"], metrics["a_low"], metrics["a_high"]))
    assert np.isnan(over_seeds(metrics | {"campaign/seeds": 1.0}, "a").stderr)


def test_mean_and_spread_over_cases():
    each = [Quantity(value, 0.1, 4.0) for value in (1.0, 2.0, 4.0)]
    mean = over_cases(each)
    assert (mean.value, mean.df) == (pytest.approx(7 / 3), 2)
    assert mean.stderr == pytest.approx(np.std([1, 2, 4], ddof=1) / np.sqrt(3))
    assert over_cases(each[:1]) == each[0]
    spread = spread_over_cases(each)
    assert spread.high == pytest.approx(spread.value * np.sqrt(2 / stats.chi2.ppf(0.025, 2)))
    assert spread.low == 0  # all of it may be noise


def test_differences_add_their_errors():
    found = difference(Quantity(1.0, 0.3, 9.0), Quantity(0.5, 0.4, 4.0))
    assert found == Quantity(0.5, pytest.approx(0.5), 4.0)


def test_shares_have_wilsons_interval():
    """Four of four is above one half, three of three is not."""
    assert share(4, 4).low > 0.5 > share(3, 3).low
    assert share(4, 4).value == 1


@pytest.mark.parametrize(("settings", "seeds"), [(4, 3), (16, 3), (64, 5)])
def test_false_verdicts_on_every_setting_are_rare(settings: int, seeds: int):
    """Where all settings lie on the bound neither verdict is found in more than one of twenty campaigns."""
    rng = np.random.default_rng(settings)
    found = []
    for _ in range(400):
        values = 0.82 + 0.01 * rng.standard_normal((settings, seeds))
        each = [
            Quantity(float(row.mean()), float(row.std(ddof=1) / np.sqrt(seeds)), float(seeds - 1)) for row in values
        ]
        found.append(in_every_case(each, spread_over_cases(each), 0.78, 0.82))
    assert found.count(SUPPORTED) / len(found) <= 0.06
    assert found.count(CONTRADICTED) / len(found) <= 0.06


def test_what_is_unknown_is_said():
    assert shown(Quantity(float("nan"), 1.0, 4.0), ".2f") == "unknown"
    assert shown(Quantity(0.5, float("nan"), 4.0), ".2f") == "0.50"
