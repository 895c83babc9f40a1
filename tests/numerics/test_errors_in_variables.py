"""Slopes with errors in both coordinates and clusters: by hand, free of bias, and with intervals that cover."""

import numpy as np
import pytest

from edgemem.numerics.errors_in_variables import clustered_slope, within_slope
from edgemem.numerics.evidence import interval
from edgemem.numerics.hypotheses import slope_interval


CAMPAIGNS = 1000
# In long simulations 94 to 97 %, depending on the sizes of the clusters; three standard errors of 1,000 campaigns.
CORRECT = (0.92, 0.985)
# What a theory predicts for five values of sigma*^2.
PREDICTIONS = np.array([0.6, 0.68, 0.75, 0.82, 0.9])
SIZES = {
    "unequal": [2, 10, 4, 6, 8],
    "equal": [6] * 5,
    "at the ends": [10, 2, 3, 2, 10],
    "in the middle": [2, 2, 10, 2, 2],
}


def campaign(rng, sizes, slope: float, x_error: float, *, effect: float = 0.02, noise: float = 0.01):
    """Cases around the clusters' predictions, which differ by .02 within a cluster."""
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    truth = np.linspace(0.6, 0.9, len(sizes)) if len(sizes) != 5 else PREDICTIONS
    x = truth[cluster] + 0.02 * rng.normal(size=len(cluster))
    y = 0.1 + slope * x + effect * rng.normal(size=len(sizes))[cluster] + noise * rng.normal(size=len(cluster))
    return x + x_error * rng.normal(size=len(cluster)), y, np.full(len(cluster), x_error), cluster


def coverage(estimator, sizes, slope: float, x_error: float, **spread) -> tuple[float, float]:
    """How often the interval holds the slope, and the median estimate; hardly ever nothing can be told."""
    rng = np.random.default_rng(sum(sizes))
    found = [estimator(*campaign(rng, sizes, slope, x_error, **spread)) for _ in range(CAMPAIGNS)]
    found = [quantity for quantity in found if np.isfinite(quantity.value)]
    assert len(found) > 0.9 * CAMPAIGNS
    inside = [estimate.low <= slope <= estimate.high for estimate in map(interval, found)]
    return float(np.mean(inside)), float(np.median([quantity.value for quantity in found]))


# --------------------------------------------------------------------------------------------------------- by hand


def test_without_errors_it_is_least_squares():
    x, y, _, cluster = campaign(np.random.default_rng(0), [3, 4, 5], 0.4, 0.0)
    assert clustered_slope(x, y, np.zeros(12), cluster).value == pytest.approx(slope_interval(x, y).value, rel=1e-9)
    centred = [values - (np.bincount(cluster, values) / [3, 4, 5])[cluster] for values in (x, y)]
    assert within_slope(x, y, np.zeros(12), cluster).value == pytest.approx(slope_interval(*centred).value, rel=1e-9)


def test_attenuation_is_taken_off():
    """S_xx = 10 / 3 with ddof 1 and a mean squared error of 1: the slope of least squares times (10/3) / (7/3)."""
    x = np.array([-2.0, -1.0, 1.0, 2.0])
    y = np.array([-1.0, 0.5, 0.0, 1.5])
    error = np.array([0.0, 0.0, np.sqrt(2.0), np.sqrt(2.0)]) / 2
    expected = np.sum(x * y) / 3 / (10 / 3 - 0.25)
    assert clustered_slope(x, y, error, np.arange(4)).value == pytest.approx(expected)


def test_attenuation_within_clusters():
    """Each cluster's sum of squares holds n - 1 squared errors."""
    x = np.array([0.0, 2.0, 10.0, 14.0, 5.0, 6.0, 7.0])
    y = np.array([5.0, 6.0, 0.0, 3.0, 9.0, 9.0, 10.0])
    cluster = np.array(["a", "a", "b", "b", "c", "c", "c"])
    sums = 1 + 6 + 1
    squares = 2 + 8 + 2
    expected = sums / (squares - 0.25 * 4)
    assert within_slope(x, y, np.full(7, 0.5), cluster).value == pytest.approx(expected)


@pytest.mark.parametrize("estimator", [clustered_slope, within_slope])
def test_standard_error_is_that_of_leaving_out_clusters(estimator):
    x, y, error, cluster = campaign(np.random.default_rng(1), [3, 4, 5, 3], 0.4, 0.004)
    found = estimator(x, y, error, cluster)
    without = [
        estimator(x[rows], y[rows], error[rows], cluster[rows]).value for rows in (cluster != i for i in range(4))
    ]
    assert found.stderr == pytest.approx(np.sqrt(3 / 4 * np.sum((np.array(without) - found.value) ** 2)), rel=1e-9)
    assert found.df == 2


def test_exact_predictions_have_slope_one_without_error():
    x, _, _, cluster = campaign(np.random.default_rng(2), [3, 4, 5], 1.0, 0.0)
    for estimator, effect in ((clustered_slope, 0.0), (within_slope, 0.3)):
        found = estimator(x, x + effect * cluster, np.zeros(12), cluster)
        assert found.value == pytest.approx(1, rel=1e-9)
        assert found.stderr == pytest.approx(0, abs=1e-9)


def test_missing_cases_are_left_out():
    x, y, error, cluster = campaign(np.random.default_rng(3), [4, 4, 4, 1], 0.4, 0.004)
    rows = np.arange(13) != 5
    for estimator in (clustered_slope, within_slope):
        expected = estimator(x[rows], y[rows], error[rows], cluster[rows])
        for poisoned in (x, y, error):
            kept, poisoned[5] = poisoned[5], np.nan
            assert estimator(x, y, error, cluster) == expected
            poisoned[5] = kept
    # The last cluster, of one case, tells nothing of what differs within.
    assert within_slope(x, y, error, cluster) == within_slope(x[:12], y[:12], error[:12], cluster[:12])


# --------------------------------------------------------------------------------------------------------- unknown


def test_two_clusters_tell_no_slope():
    x, y, error, cluster = campaign(np.random.default_rng(4), [5, 5], 0.4, 0.004)
    assert np.isnan(clustered_slope(x, y, error, cluster)).all()
    assert np.isnan(within_slope(x, y, error, cluster)).all()


def test_no_slope_where_x_does_not_vary():
    """One prediction a cluster has no slope within, one prediction for all none at all."""
    _, y, error, cluster = campaign(np.random.default_rng(5), [6] * 5, 0.4, 0.004)
    assert np.isnan(within_slope(PREDICTIONS[cluster], y, 0 * error, cluster)).all()
    assert np.isnan(clustered_slope(np.full(30, 0.8), y, 0 * error, cluster)).all()


def test_no_slope_where_x_varies_no_more_than_its_error():
    """Where x is nothing but error a slope is told now and then; without the limit it would be in half of them."""
    rng = np.random.default_rng(6)
    told = 0
    for _ in range(200):
        x, y, error, cluster = campaign(rng, [6] * 5, 0.4, 0.5)  # 25 times what differs
        told += np.isfinite(within_slope(x, y, error, cluster).value) / 200
        assert np.isnan(within_slope(x, y, 2 * error, cluster)).all()
    assert told < 0.07


# -------------------------------------------------------------------------------------------------------- coverage


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize(("slope", "x_error"), [(1.0, 0.01), (0.4, 0.03)])
def test_coverage_of_clustered_slopes(sizes, slope, x_error):
    found, median = coverage(clustered_slope, sizes, slope, x_error)
    assert CORRECT[0] <= found <= CORRECT[1]
    assert median == pytest.approx(slope, abs=0.02)


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_coverage_of_slopes_within_clusters(sizes, slope):
    """With an error of x of half of what differs within a cluster, and effects of clusters as large as that."""
    found, median = coverage(within_slope, sizes, slope, 0.01)
    assert CORRECT[0] <= found <= CORRECT[1]
    assert median == pytest.approx(slope, abs=0.05)


@pytest.mark.parametrize("estimator", [clustered_slope, within_slope])
@pytest.mark.parametrize("clusters", [3, 8, 16])
def test_coverage_with_fewer_and_more_clusters(estimator, clusters):
    """Three clusters, too: with one degree of freedom 99 % would hold the truth."""
    found, _ = coverage(estimator, np.resize([2, 10, 4, 6, 8], clusters).tolist(), 1.0, 0.01)
    assert CORRECT[0] <= found <= CORRECT[1]


def test_least_squares_is_attenuated_and_the_corrected_slope_is_not():
    """An error of half the spread takes 1 - 1/(1 + 1/4) = 20 % off the slope of least squares."""
    rng = np.random.default_rng(7)
    plain, corrected, plain_within, corrected_within = [], [], [], []
    for _ in range(500):
        x, y, error, cluster = campaign(rng, [10] * 5, 1.0, 0.053)
        plain.append(slope_interval(x, y).value)
        corrected.append(clustered_slope(x, y, error, cluster).value)
        x, y, error, cluster = campaign(rng, [10] * 5, 1.0, 0.01)
        plain_within.append(within_slope(x, y, 0 * error, cluster).value)
        corrected_within.append(within_slope(x, y, error, cluster).value)
    np.testing.assert_allclose([np.mean(plain), np.mean(plain_within)], 0.8, atol=0.02)
    np.testing.assert_allclose([np.median(corrected), np.median(corrected_within)], 1, atol=0.02)


def test_cases_of_a_cluster_are_not_independent():
    """Least squares with cases taken as independent says it is sure to 5 % and is wrong in a third of the campaigns."""
    rng = np.random.default_rng(8)
    wrong = 0.0
    for _ in range(500):
        x, y, _, _ = campaign(rng, [10] * 5, 1.0, 0.0)
        found = slope_interval(x, y)
        wrong += (not found.low <= 1 <= found.high) / 500
    assert wrong > 0.3
