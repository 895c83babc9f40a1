"""Equivalence, slopes and combined tests: by hand, and at the level that they promise in simulated campaigns."""

import numpy as np
import pytest
from scipy import stats

from edgemem.numerics.hypotheses import combined_p_value, equivalence, slope_interval


def test_equivalence_is_two_one_sided_tests():
    """Where the truth lies on the bound, equivalence is declared in 5 % of the cases, as the level says."""
    rng = np.random.default_rng(8)
    bound, groups, seeds, repeats = 1.0, 4, 3, 4000
    declared = 0
    for _ in range(repeats):
        _, low, high = equivalence(bound + 0.2 * rng.normal(size=(groups, seeds)))
        declared += np.sum((low > -bound) & (high < bound))
    # Groups share their estimate of the spread; four standard errors of a count without that.
    assert declared / (groups * repeats) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / repeats))


def test_equivalence_by_hand():
    """Means and the pooled spread of small numbers, and a group without a value, which is left out."""
    mean, low, high = equivalence(np.array([[1.0, 3.0], [0.0, 0.0], [np.nan, 1.0]]))
    np.testing.assert_allclose(mean[:2], [2, 0])
    # Variances 2 and 0: s = 1, two degrees of freedom.
    half = 2.919986 / np.sqrt(2)
    np.testing.assert_allclose(high[:2] - mean[:2], half, rtol=1e-6)
    np.testing.assert_allclose(mean[:2] - low[:2], half, rtol=1e-6)
    assert np.isnan([mean[2], low[2], high[2]]).all()
    assert np.isnan(equivalence(np.full((2, 2), np.nan))).all()


def test_coverage_of_slopes():
    rng = np.random.default_rng(22)
    inside = 0
    for _ in range(2000):
        x = rng.uniform(0.6, 0.9, size=20)
        slope = slope_interval(x, 0.3 + 0.4 * x + 0.02 * rng.normal(size=20))
        inside += slope.low <= 0.4 <= slope.high
    # Of 2,000 simulated data sets, 95 % +- 0.5 % of correct intervals contain the truth.
    assert 0.93 <= inside / 2000 <= 0.97


def test_slope_is_unknown_where_nothing_varies():
    """One prediction for all settings has no slope, and missing points do not count."""
    y = np.array([0.1, 0.2, 0.3, 0.4])
    assert np.isnan(slope_interval(np.full(4, 0.83), y)).all()
    assert np.isnan(slope_interval(np.array([0.1, 0.2, np.nan, np.nan]), y)).all()
    x = np.array([1.0, 2.0, 3.0, np.nan])
    assert slope_interval(x, y).value == pytest.approx(0.1)


def test_combined_test_has_its_level_and_power():
    """Where the hypothesis is true p is uniform, whatever the spread of each group; where it is not p is small."""
    rng = np.random.default_rng(24)
    spread = rng.uniform(0.001, 0.1, size=(20, 1))
    p = np.array([combined_p_value(spread * rng.normal(size=(20, 5))) for _ in range(2000)])
    # Four standard errors of 2,000 tests.
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 2000))
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    wrong = [combined_p_value(spread * (1 + rng.normal(size=(20, 5)))) for _ in range(100)]
    assert np.max(wrong) < 1e-3


def test_combined_test_by_hand():
    """Fisher's statistic of two Student's tests; a group with a missing value is left out, one seed tells nothing."""
    difference = np.array([[1.0, 2.0, 3.0], [0.5, -0.5, 0.3], [np.nan, 1.0, 1.0]])
    p = [stats.ttest_1samp(row, 0).pvalue for row in difference[:2]]
    product = p[0] * p[1]
    # For two p-values the tail of chi^2 with four degrees of freedom is p1 p2 (1 - log(p1 p2)).
    assert combined_p_value(difference) == pytest.approx(product * (1 - np.log(product)), rel=1e-12)
    assert combined_p_value(np.zeros((2, 3))) == 1
    assert combined_p_value(np.ones((2, 3))) < 1e-100
    assert np.isnan(combined_p_value(difference[:, :1]))
    assert np.isnan(combined_p_value(np.full((2, 3), np.nan)))
