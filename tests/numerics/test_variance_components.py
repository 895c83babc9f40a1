"""Components of variance: by hand, where they cannot be told, and coverage of all intervals in simulated campaigns."""

import numpy as np
import pytest
from scipy import stats

from edgemem.numerics.variance_components import components, one_seed_interval, share_of_data_sets


NAN = float("nan")
CAMPAIGNS = 1000
# Of 1,000 simulated campaigns 95 % +- 0.7 % of correct intervals contain the truth.
CORRECT = (0.93, 0.97)


def campaign(rng, cases: int, seeds: int, between: float, data_sets: float, binomial: float) -> np.ndarray:
    """Values of (case, seed) with given variances."""
    own = np.sqrt(between) * rng.normal(size=(cases, 1))
    return 0.8 + own + np.sqrt(data_sets + binomial) * rng.normal(size=(cases, seeds))


# --------------------------------------------------------------------------------------------------------- by hand


def test_components_by_hand():
    """Means 2, 4, 9 and variances 2, 2, 8 of two seeds each: MSW = 4, MSB = 2 x 13 = 26."""
    values = np.array([[1.0, 3.0], [3.0, 5.0], [7.0, 11.0]])
    found = components(values, 1.0)
    assert found.between_data_sets.value == pytest.approx(3)
    assert found.between_cases.value == pytest.approx((26 - 4) / 2)
    assert found.total.value == pytest.approx(13)
    assert found.binomial == 1
    # Tables: chi^2_{.975}(3) = 9.348, chi^2_{.025}(3) = .2158, chi^2(2): 7.378 and .05064.
    low, high = 12 / 9.348 - 1, 12 / 0.2158 - 1
    assert found.between_data_sets[1:] == (pytest.approx(low, rel=1e-3), pytest.approx(high, rel=1e-3))
    assert found.total[1:] == (pytest.approx(26 / 7.378, rel=1e-3), pytest.approx(26 / 0.05064, rel=1e-3))
    share = share_of_data_sets(values, 1.0)
    assert share.value == pytest.approx(3 / 14)


def test_mean_squares_are_those_of_the_analysis_of_variance():
    """F = MSB / MSW is SciPy's, from which the components follow."""
    values = np.random.default_rng(0).normal(size=(5, 4)) + np.arange(5)[:, None]
    found = components(values, 0.0)
    expected = stats.f_oneway(*values).statistic
    ratio = 1 + 4 * found.between_cases.value / found.between_data_sets.value
    assert ratio == pytest.approx(expected, rel=1e-12)


def test_generalized_intervals_are_quantiles_of_their_definition():
    """From random numbers instead of a grid: ((I - 1) MSB / B - (n - I) MSW / W) / h, and (n - I) MSW / W - v."""
    rng = np.random.default_rng(4)
    values = campaign(rng, 8, 3, 2.0, 1.0, 0.5)
    mean_within, mean_between = values.var(axis=1, ddof=1).mean(), 3 * values.mean(axis=1).var(ddof=1)
    within = 16 * mean_within / rng.chisquare(16, 400_000)
    between = np.maximum(7 * mean_between / rng.chisquare(7, 400_000) - within, 0) / 3
    data_sets = np.maximum(within - 0.5, 0)
    share = data_sets / (between + data_sets)
    found = components(values, 0.5).between_cases
    # The grid is finite, and the tail of 1 / chi^2 long.
    np.testing.assert_allclose(found[1:], np.quantile(between, [0.025, 0.975]), rtol=0.02)
    np.testing.assert_allclose(share_of_data_sets(values, 0.5)[1:], np.quantile(share, [0.025, 0.975]), atol=0.01)


def test_share_without_counting_error_is_the_exact_interval():
    """1 / (1 + r) for the interval of r that the F ratio gives, which the grid meets to half a hundredth."""
    for seed, (cases, seeds) in enumerate([(8, 2), (8, 5), (64, 10)]):
        values = campaign(np.random.default_rng(seed), cases, seeds, 0.5, 1.0, 0.0)
        f_ratio = stats.f_oneway(*values).statistic
        quantile = stats.f.ppf([0.025, 0.975], cases - 1, cases * (seeds - 1))
        expected = 1 / (1 + np.maximum((f_ratio / quantile - 1) / seeds, 0))
        np.testing.assert_allclose(share_of_data_sets(values, 0.0)[1:], expected, atol=5e-3)


def test_nothing_is_negative():
    """Cases that differ less than data sets allow do not differ; nor do data sets that counting explains."""
    values = np.array([[1.0, 3.0], [3.0, 1.0], [1.0, 3.1]])
    found = components(values, 0.0)
    assert found.between_cases.value == found.between_cases.low == 0
    assert share_of_data_sets(values, 0.0).value == 1
    found = components(values, 100.0)
    assert found.between_data_sets.value == found.between_data_sets.low == 0
    nothing = share_of_data_sets(values, 100.0)
    assert np.isnan(nothing.value)
    assert nothing[1:] == (0, 1)


# --------------------------------------------------------------------------------------- what is missing or unknown


def test_one_seed_tells_the_sum_only():
    values = np.array([[0.8], [0.82], [0.79], [0.85]])
    found = components(values, 1e-5)
    assert np.isnan(found.between_cases).all()
    assert np.isnan(found.between_data_sets).all()
    assert np.isnan(share_of_data_sets(values, 1e-5)).all()
    assert found.total.value == pytest.approx(np.var(values, ddof=1))
    assert found.binomial == 1e-5


def test_one_case_tells_data_sets_only():
    found = components(np.array([[1.0, 3.0]]), 0.0)
    assert found.between_data_sets.value == 2
    assert np.isnan([found.between_cases, found.total]).all()
    assert np.isnan(share_of_data_sets(np.array([[1.0, 3.0]]), 0.0)).all()


def test_without_values_nothing_is_known():
    found = components(np.full((3, 2), NAN), 0.0)
    assert np.isnan([found.between_cases, found.between_data_sets, found.total]).all()
    assert np.isnan(found.binomial)


def test_missing_values_are_left_out():
    """A case without any value is none; counting variances of missing values, and of single seeds, do not count."""
    values = np.array([[1.0, 3.0, NAN], [NAN, NAN, NAN], [2.0, 4.0, 9.0], [25.0, NAN, NAN]])
    binomial = np.array([[1.0, 1.0, NAN], [9.0, 9.0, 9.0], [0.5, 0.5, 0.5], [1e9, 1e9, 1e9]])
    found = components(values, binomial)
    # Squares 2 and 26 with 1 + 2 degrees of freedom, and as much of each case's counting variance.
    within, counting = 28 / 3, (1 * 1.0 + 2 * 0.5) / 3
    assert found.binomial == pytest.approx(counting)
    assert found.between_data_sets.value == pytest.approx(within - counting)
    assert found.total.value == pytest.approx(np.var([2, 5, 25], ddof=1))
    assert found.between_cases.value == pytest.approx(np.var([2, 5, 25], ddof=1) - within * np.mean([1 / 2, 1 / 3, 1]))
    # The same from the rows that have values.
    rows = [0, 2, 3]
    assert components(values[rows], binomial[rows]) == found


def test_components_have_no_bias_with_unequal_seeds():
    """Means of the estimates over campaigns, with 2 to 6 seeds and counting errors that differ between cases.

    Far from zero, where nothing is clipped.
    """
    rng = np.random.default_rng(1)
    count = np.array([2, 3, 4, 5, 6, 6, 2, 3])
    missing = np.arange(6) >= count[:, None]
    found = []
    for _ in range(CAMPAIGNS):
        values = np.where(missing, NAN, campaign(rng, 8, 6, 4.0, 1.0, 0.3))
        estimate = components(values, 0.3)
        found.append((estimate.between_cases.value, estimate.between_data_sets.value))
    # A variance of seven degrees of freedom, 1,000 times: 1.7 %, and four of these.
    np.testing.assert_allclose(np.mean(found, axis=0), [4, 1], rtol=0.07)


# -------------------------------------------------------------------------------------------------------- coverage


def coverage(cases: int, seeds: int, between: float, binomial: float, missing: np.ndarray | None = None) -> np.ndarray:
    """How often the intervals of cases, data sets (variance 1), total and share contain the truth."""
    rng = np.random.default_rng(cases * seeds)
    truth = np.array([between, 1.0, between + (1 + binomial) / seeds, 1 / (1 + between)])
    inside = np.zeros(4)
    for _ in range(CAMPAIGNS):
        values = campaign(rng, cases, seeds, between, 1.0, binomial)
        if missing is not None:
            values[missing] = NAN
        found = components(values, binomial)
        intervals = (found.between_cases, found.between_data_sets, found.total, share_of_data_sets(values, binomial))
        inside += [estimate.low <= value <= estimate.high for estimate, value in zip(intervals, truth, strict=True)]
    return inside / CAMPAIGNS


@pytest.mark.parametrize(
    ("cases", "seeds", "between", "binomial"),
    [
        (8, 2, 1.0, 0.0),
        (8, 2, 4.0, 2.0),
        (8, 10, 4.0, 0.2),
        (8, 10, 0.5, 2.0),
        (16, 5, 1.0, 1.0),
        (64, 2, 1.0, 0.2),
        (64, 10, 0.3, 0.0),
        (64, 10, 1.0, 2.0),
    ],
)
def test_coverage_of_components(cases, seeds, between, binomial):
    """All four intervals contain the truth in 95 % of campaigns, also where counting is most of the error."""
    found = coverage(cases, seeds, between, binomial)
    assert np.all((CORRECT[0] <= found) & (found <= CORRECT[1])), found


@pytest.mark.parametrize(("cases", "seeds"), [(8, 2), (8, 10), (64, 3)])
def test_coverage_where_cases_do_not_differ(cases, seeds):
    """At zero an interval that is cut off there may cover more, not less."""
    found = coverage(cases, seeds, 0.0, 0.2)
    assert np.all(found >= CORRECT[0]), found


def test_coverage_with_unequal_seeds():
    """With two to six seeds mean squares are multiples of chi^2 nearly; `total` depends on the numbers of seeds."""
    missing = np.arange(6) >= np.tile([2, 3, 4, 5, 6, 6, 2, 3], 2)[:, None]
    for between in (1.0, 4.0):
        found = coverage(16, 6, between, 0.2, missing)[[0, 1, 3]]
        assert np.all((CORRECT[0] <= found) & (found <= CORRECT[1])), found


# --------------------------------------------------------------------------------------------------------- one seed


def test_one_seed_interval_by_hand():
    """Of three values the factor is 2.81, by simulation; each group has its spread, missing values none."""
    values = np.array([1.0, 2.0, 3.0, 10.0, 20.0, NAN, 7.0, 7.0, 7.0, 9.0])
    group = np.array([50, 50, 50, 100, 100, 100, 200, 200, 200, 200])
    low, high = one_seed_interval(values, group)
    np.testing.assert_allclose((low + high)[:3] / 2, values[:3])
    np.testing.assert_allclose((high - low)[:3] / 2, 2.81, rtol=0.01)
    sample = np.random.default_rng(5).normal(size=(400_000, 3))
    deviation = np.abs(sample[:, 0]) / sample.std(axis=1, ddof=1)
    assert np.quantile(deviation, 0.95) == pytest.approx(2.81, rel=0.01)
    np.testing.assert_allclose(np.diff(high[:3]), 1)
    assert np.isnan([low[3:6], high[3:6]]).all()
    assert (high - low)[0] != (high - low)[6] == (high - low)[9] > 0
    names = np.array(["a", "a", "a", "b", "b", "b", "c", "c", "c", "c"])
    np.testing.assert_array_equal(one_seed_interval(values, names)[0], low)


def test_one_seed_interval_of_many_cases_is_that_of_the_normal_distribution():
    values = np.random.default_rng(2).normal(size=2000)
    low, high = one_seed_interval(values, np.zeros(2000, int))
    np.testing.assert_allclose((high - low) / values.std(ddof=1), 2 * 1.96, rtol=2e-3)


@pytest.mark.parametrize("cases", [3, 4, 8, 16, 64])
def test_coverage_of_one_seed_intervals(cases):
    """Where cases do not differ, 95 % of the intervals contain the mean; of two groups with spreads of their own."""
    rng = np.random.default_rng(cases)
    group = np.repeat([0, 1], cases)
    inside = np.zeros(2 * cases)
    for _ in range(2000):
        low, high = one_seed_interval(rng.normal(size=2 * cases) * np.where(group, 5.0, 0.1) + 3, group)
        inside += (low <= 3) & (high >= 3)
    assert CORRECT[0] <= inside.mean() / 2000 <= CORRECT[1]
    # For each case: 95 % +- 0.5 %, four standard errors of the 128 worst.
    assert np.all(np.abs(inside / 2000 - 0.95) < 0.02)


def test_one_seed_intervals_are_conservative_where_cases_differ():
    rng = np.random.default_rng(3)
    inside = 0.0
    for _ in range(500):
        own = rng.normal(size=16)
        low, high = one_seed_interval(own + 0.5 * rng.normal(size=16), np.zeros(16, int))
        inside += np.mean((low <= own) & (own <= high)) / 500
    assert inside > 0.99
