"""Crossings and their intervals: the formulas at the edges, and coverage in simulated campaigns."""

import numpy as np
import pytest
from scipy import stats

from edgemem.numerics.statistics import (
    Estimate,
    binomial_spread,
    crossing,
    crossing_estimates,
    first_reaching,
    mean_interval,
    monotone_logit,
    pool,
    rank_correlation,
    ratio_curve,
    wilson_interval,
)


LEVELS = (0.1, 0.5, 0.9)
TOTAL = 2000


def logit(p):
    return np.log(p / (1 - p))


def project_grid(n_samples: int, centre: float, width: float) -> np.ndarray:
    """Ten coarse sizes and ten inside the transition from 0.1 to 0.9, as fractions of N."""
    coarse = np.arange(1, 11) * (n_samples // 10)
    ends = n_samples * (centre + width * logit(np.array([0.1, 0.9])))
    free = np.setdiff1d(np.arange(np.floor(ends[0]), np.ceil(ends[1]) + 1), coarse)
    fine = free[np.unique(np.linspace(0, len(free) - 1, min(10, len(free))).round().astype(int))]
    return np.union1d(coarse, fine) / n_samples


def ratio(sizes: np.ndarray, centre: float, width: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(sizes - centre) / width))


# ---------------------------------------------------------------------------------------------- curves and crossings


@pytest.mark.parametrize("seed", range(4))
def test_monotone_logit_is_the_isotonic_fit(seed):
    """The fitted ratio is the closest non-decreasing one, max over a <= i of min over b >= i of the mean of a..b."""
    counts = np.random.default_rng(seed).integers(0, 101, size=(3, 8))
    expected = [
        [max(min(np.mean(row[a : b + 1]) for b in range(i, 8)) for a in range(i + 1)) for i in range(8)]
        for row in counts
    ]
    fitted = np.array(expected)
    np.testing.assert_allclose(monotone_logit(counts, 100), np.log((fitted + 0.5) / (100.5 - fitted)), rtol=1e-12)


def test_monotone_logit_is_finite_at_both_ends():
    """None and all memorized are not infinitely unlikely: half a count is added on both sides."""
    np.testing.assert_allclose(monotone_logit(np.array([[0, 50, 100]]), 100), [[-np.log(201), 0, np.log(201)]])


def test_crossing_is_linear_in_log_odds():
    """Between two sizes the level is interpolated on the scale of log-odds; the first crossing counts."""
    sizes = np.array([10.0, 20, 30, 40])
    curves = logit(np.array([[0.01, 0.1, 0.9, 0.99], [0.01, 0.5, 0.5, 0.99], [0.01, 0.02, 0.03, 0.6]]))
    expected = [25, 20, 30 + 10 * logit(0.03) / (logit(0.03) - logit(0.6))]
    np.testing.assert_allclose(crossing(sizes, curves, 0.5), expected)


def test_crossing_outside_the_measured_sizes():
    """A level passed before the first size is at -inf, one that is never reached at +inf."""
    sizes = np.array([10.0, 20])
    assert crossing(sizes, logit(np.array([[0.3, 0.7], [0.01, 0.05]])), 0.1).tolist() == [-np.inf, np.inf]


def test_levels_never_reached_are_unknown():
    """A level outside the measured range gives NaN, the others their value; so does an end of an interval outside."""
    sizes = np.linspace(0.1, 1, 10)
    low, middle, high = crossing_estimates(
        sizes, np.array([0, 0, 0, 0, 2, 20, 200, 600, 1100, 1400]), TOTAL, LEVELS, rng=np.random.default_rng(0)
    )
    assert 0.6 < low.low < low.value < low.high < 0.8
    assert 0.8 < middle.low < middle.value < middle.high < 1
    assert np.isnan(high).all()
    never = crossing_estimates(sizes, np.zeros(10, int), TOTAL, LEVELS, rng=np.random.default_rng(0))
    always = crossing_estimates(sizes, np.full(10, TOTAL), TOTAL, LEVELS, rng=np.random.default_rng(0))
    assert np.isnan(never).all()
    assert np.isnan(always).all()


def test_an_end_outside_the_measured_sizes_is_unknown():
    """Where the last size barely reaches a level the value is known and the upper end is not."""
    counts = np.array([0, 0, 100, 500, 1005])
    middle = crossing_estimates(np.arange(1.0, 6), counts, TOTAL, (0.5,), rng=np.random.default_rng(0))[0]
    assert 4 < middle.low < middle.value < 5
    assert np.isnan(middle.high)


def test_a_jump_between_two_sizes_is_located_between_them():
    """From nothing to everything within one interval all levels lie inside, in order, with finite intervals."""
    counts = np.array([0, 0, TOTAL, TOTAL])
    found = np.array(crossing_estimates(np.arange(1.0, 5), counts, TOTAL, LEVELS, rng=np.random.default_rng(0)))
    assert np.all((found > 2) & (found < 3))
    assert np.all(np.diff(found[:, 0]) > 0)
    assert found[1, 0] == pytest.approx(2.5)


def test_estimates_are_reproducible():
    """The same generator gives the same intervals."""
    sizes = project_grid(100, 0.8, 0.045)
    counts = np.random.default_rng(1).binomial(TOTAL, ratio(sizes, 0.8, 0.045))
    first, second = (
        crossing_estimates(sizes, counts, TOTAL, LEVELS, rng=np.random.default_rng(2), replicates=50) for _ in range(2)
    )
    assert first == second


def test_ratio_curve():
    """The curve passes through the fitted ratios, is never falling, and is NaN where nothing was measured."""
    sizes, counts = np.array([10.0, 20, 30]), np.array([100, 1000, 1900])
    at = np.array([5.0, 10, 15, 20, 25, 30, 35])
    result = ratio_curve(sizes, counts, TOTAL, at)
    np.testing.assert_array_equal(np.isnan(result), [True, False, False, False, False, False, True])
    np.testing.assert_allclose(result[[1, 3, 5]], (counts + 0.5) / (TOTAL + 1), rtol=1e-12)
    assert np.all(np.diff(result[1:-1]) > 0)


# ------------------------------------------------------------------------------------------------------- coverage

# Of 1,000 simulated data sets, 95 % +- 0.7 % of correct intervals contain the truth.
CORRECT = (0.93, 0.97)


@pytest.mark.parametrize(("n_samples", "centre", "width"), [(200, 0.79, 0.04), (100, 0.8, 0.045)])
def test_coverage_of_crossings(n_samples, centre, width):
    """The 95 % intervals of M10, M50 and M90 contain the truth in 95 % of simulated data sets."""
    sizes = project_grid(n_samples, centre, width)
    truth = centre + width * logit(np.array(LEVELS))
    rng = np.random.default_rng(n_samples)
    inside = np.zeros((1000, 3), bool)
    values = np.empty((1000, 3))
    for i, counts in enumerate(rng.binomial(TOTAL, ratio(sizes, centre, width), size=(1000, len(sizes)))):
        values[i], low, high = np.array(crossing_estimates(sizes, counts, TOTAL, LEVELS, rng=rng, replicates=300)).T
        inside[i] = (low <= truth) & (truth <= high)
    coverage = inside.mean(axis=0)
    assert np.all((CORRECT[0] <= coverage) & (coverage <= CORRECT[1])), coverage
    # The estimates themselves are free of bias to a fifth of their error.
    assert np.all(np.abs(values.mean(axis=0) - truth) < 0.2 * values.std(axis=0))


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_coverage_of_pooled_means(seeds):
    """The pooled 95 % interval contains the mean over all seeds in 95 % of campaigns, with few seeds too."""
    rng = np.random.default_rng(seeds)
    binomial, between = 0.004, 0.01
    inside, lengths = 0, []
    for values in 0.8 + np.hypot(binomial, between) * rng.normal(size=(2000, seeds)):
        pooled = pool([Estimate(value, value - 1.96 * binomial, value + 1.96 * binomial) for value in values])
        inside += pooled.low <= 0.8 <= pooled.high
        lengths.append(pooled.high - pooled.low)
        assert pooled.value == pytest.approx(values.mean())
    assert CORRECT[0] <= inside / 2000 <= CORRECT[1]
    assert np.min(lengths) > 0


@pytest.mark.parametrize("seeds", [3, 5])
def test_coverage_of_campaigns(seeds):
    """From counts to pooled intervals: 95 % of campaigns contain the truth, and both parts of the error are found."""
    centre, width, between, campaigns = 0.8, 0.045, 0.01, 1000
    rng = np.random.default_rng(10 + seeds)
    sizes = project_grid(100, centre, width)
    truth = centre + width * logit(np.array(LEVELS))
    pooled = np.empty((campaigns, 3, 5))
    for i, shifts in enumerate(between * rng.normal(size=(campaigns, seeds))):
        counts = rng.binomial(TOTAL, [ratio(sizes, centre + shift, width) for shift in shifts])
        estimates = [crossing_estimates(sizes, row, TOTAL, LEVELS, rng=rng, replicates=40) for row in counts]
        pooled[i] = [pool(list(level)) for level in zip(*estimates, strict=True)]
    coverage = np.mean((pooled[:, :, 1] <= truth) & (truth <= pooled[:, :, 2]), axis=0)
    assert np.all((CORRECT[0] <= coverage) & (coverage <= CORRECT[1])), coverage
    # The square has no bias; a variance from 1,000 campaigns of 2 or 4 degrees of freedom is known to 3 %.
    np.testing.assert_allclose(np.sqrt(np.mean(pooled[:, :, 4] ** 2, axis=0)), between, rtol=0.1)


def test_binomial_error_of_pooled_means():
    """binomial_stderr is what repeated counting of the same seeds' models scatters by."""
    centre, width, seeds = 0.8, 0.045, 3
    rng = np.random.default_rng(20)
    sizes = project_grid(100, centre, width)
    shifts = np.array([-0.01, 0.0, 0.01])
    probability = np.array([ratio(sizes, centre + shift, width) for shift in shifts])
    logits = monotone_logit(rng.binomial(TOTAL, probability, size=(2000, *probability.shape)), TOTAL)
    for level in LEVELS:
        scatter = crossing(sizes, logits.reshape(-1, len(sizes)), level).reshape(-1, seeds).mean(axis=1).std(ddof=1)
        found = [
            pool(
                [
                    crossing_estimates(sizes, rng.binomial(TOTAL, row), TOTAL, (level,), rng=rng, replicates=300)[0]
                    for row in probability
                ]
            ).binomial_stderr
            for _ in range(40)
        ]
        # A width from 300 replicates is known to 5 %, its average over 120 of them to less; the rest is curvature.
        assert np.mean(found) == pytest.approx(scatter, rel=0.12)


# ------------------------------------------------------------------------------------------ pooling, at the edges


def test_one_seed_has_the_binomial_interval():
    """With one seed nothing is known of others: the interval is that of its binomial error, the spread NaN."""
    pooled = pool([Estimate(0.8, 0.79, 0.82)])
    assert (pooled.value, pooled.low, pooled.high) == (0.8, 0.79, 0.82)
    assert pooled.binomial_stderr == pytest.approx(0.03 / (2 * 1.959964), rel=1e-6)
    assert np.isnan(pooled.seed_stddev)


def test_a_seed_without_a_value_makes_the_mean_unknown():
    """A seed that never reached the level is not left out, which would favour the others."""
    nan = float("nan")
    pooled = pool([Estimate(0.8, 0.79, 0.81), Estimate(nan, nan, nan), Estimate(0.7, 0.69, 0.71)])
    assert np.isnan([pooled.value, pooled.low, pooled.high]).all()
    assert np.isnan(pool([Estimate(nan, nan, nan)])).all()


def test_an_unknown_end_leaves_the_mean():
    """A seed whose value is known and whose binomial interval is open counts; only the binomial part is unknown."""
    estimates = [Estimate(0.8, 0.79, 0.81), Estimate(0.9, 0.88, float("nan"))]
    pooled = pool(estimates)
    assert pooled.value == pytest.approx(0.85)
    assert pooled.low < 0.85 < pooled.high
    assert np.isnan(pooled.binomial_stderr)
    assert np.isnan(pooled.seed_stddev)


def test_spread_below_the_binomial_error_is_no_spread_between_seeds():
    """Seeds that agree better than binomial error allows have a spread of zero, not the root of a negative number."""
    assert pool([Estimate(0.8, 0.7, 0.9), Estimate(0.801, 0.7, 0.9)]).seed_stddev == 0


def test_mean_interval_is_students():
    """The interval of the mean over the first axis is Student's t, for each column by itself."""
    values = np.random.default_rng(5).normal(size=(4, 3))
    mean, low, high = mean_interval(values)
    for column in range(3):
        expected = stats.ttest_1samp(values[:, column], 0).confidence_interval(0.95)
        assert (low[column], high[column]) == (pytest.approx(expected.low), pytest.approx(expected.high))
    np.testing.assert_allclose(mean, values.mean(axis=0))
    mean, low, high = mean_interval(values[:1])
    np.testing.assert_array_equal(mean, values[0])
    assert np.isnan([low, high]).all()


# ----------------------------------------------------------------------------------------------------- counts


@pytest.mark.parametrize(("count", "total"), [(0, 50), (1, 50), (25, 50), (50, 50), (3, 2000)])
def test_wilson_interval_is_its_definition(count, total):
    """Its ends are the fractions p at which k is 1.96 standard deviations of a binomial count away."""
    for end in wilson_interval(np.array([count]), total):
        p = end[0]
        distance, deviation = abs(count / total - p), np.sqrt(p * (1 - p) / total)
        assert p in (0, 1) or distance == pytest.approx(1.959964 * deviation, rel=1e-5)
    low, high = wilson_interval(np.array([count]), total)
    assert 0 <= low <= count / total <= high <= 1
    assert high > low


def test_coverage_of_wilson_intervals():
    """Over a transition's ratios, 95 % of the intervals contain the truth, with 50 points and with 2,000.

    Counts are whole numbers: at a single ratio the coverage goes up and down around 95 %.
    """
    rng = np.random.default_rng(20)
    for total in (50, 2000):
        p = rng.uniform(0.02, 0.98, size=20_000)
        low, high = wilson_interval(rng.binomial(total, p), total)
        assert CORRECT[0] <= np.mean((low <= p) & (p <= high)) <= CORRECT[1]


def test_coverage_of_mean_intervals():
    """Means over seeds, and over settings that each have one seed, as in the sweep of 64."""
    rng = np.random.default_rng(21)
    for count in (3, 10, 64):
        _, low, high = mean_interval(rng.normal(size=(count, 5000)))
        assert CORRECT[0] <= np.mean((low <= 0) & (high >= 0)) <= CORRECT[1]


def test_binomial_spread_is_that_of_repeated_counts():
    """The variances that one count predicts are those that counting again and again has, by both criteria."""
    sizes = project_grid(100, 0.8, 0.045)
    rng, truth = np.random.default_rng(23), ratio(sizes, 0.8, 0.045)
    again = rng.binomial(50, truth, size=(4000, len(sizes)))
    fits = crossing(sizes, monotone_logit(again, 50), 0.5)
    firsts = np.array([first_reaching(sizes, row, 50, 0.5) for row in again])
    assert firsts.mean() < fits.mean() + 0.01
    guesses = [
        binomial_spread(sizes, rng.binomial(TOTAL, truth), TOTAL, 50, rng=rng, replicates=500) for _ in range(20)
    ]
    for criterion, values in enumerate((fits, firsts)):
        means, variances = np.array([guess[criterion] for guess in guesses]).T
        assert means.mean() == pytest.approx(values.mean(), abs=0.003)
        assert variances.mean() == pytest.approx(values.var(), rel=0.15)


def test_binomial_spread_without_a_transition():
    sizes = np.linspace(0.1, 1, 10)
    for spread in binomial_spread(sizes, np.zeros(10, int), TOTAL, 50, rng=np.random.default_rng(0)):
        assert np.isnan(spread).all()


def test_first_reaching():
    """The paper's criterion: the first size with a ratio of at least one half, whatever comes after."""
    sizes = np.array([0.2, 0.4, 0.6])
    assert first_reaching(sizes, np.array([0, 25, 10]), 50, 0.5) == 0.4
    assert np.isnan(first_reaching(sizes, np.array([0, 24, 10]), 50, 0.5))


def test_rank_correlation_is_spearmans():
    """With ties, which share their mean rank; of equal values there is none."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(5, size=40), rng.normal(size=40).round(1)
    assert rank_correlation(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, rel=1e-12)
    assert rank_correlation(np.arange(5), np.exp(np.arange(5.0))) == pytest.approx(1)
    assert np.isnan(rank_correlation(np.zeros(5), np.arange(5)))
