"""Verdicts: p-values and intervals by SciPy's tests, the inputs that give each verdict, simulated error rates."""

import itertools

import numpy as np
import pytest
from scipy import stats

from edgemem.numerics.evidence import (
    CANNOT_TELL,
    CONTRADICTED,
    SUPPORTED,
    Quantity,
    holm,
    interval,
    p_inside,
    p_outside,
    together,
    verdict,
)


INF, NAN = float("inf"), float("nan")


def measured(sample: np.ndarray) -> Quantity:
    """The mean of a sample."""
    return Quantity(sample.mean(), sample.std(ddof=1) / np.sqrt(len(sample)), len(sample) - 1)


# --------------------------------------------------------------------------------------- p-values and intervals


@pytest.mark.parametrize("low", [-0.7, 0.1, -INF])
@pytest.mark.parametrize("high", [0.3, 1.2, INF])
def test_p_values_are_those_of_students_tests(low, high):
    """Of a sample's mean, both p-values follow from SciPy's one-sample tests against the two ends."""
    for seed in range(5):
        sample = np.random.default_rng(seed).normal(0.2, 1.0, size=4)
        quantity = measured(sample)
        above = 0.0 if low == -INF else stats.ttest_1samp(sample, low, alternative="greater").pvalue
        below = 0.0 if high == INF else stats.ttest_1samp(sample, high, alternative="less").pvalue
        assert p_inside(quantity, low, high) == pytest.approx(max(above, below), rel=1e-9)
        if low <= quantity.value <= high:
            assert p_outside(quantity, low, high) == 1
        else:
            nearer = low if quantity.value < low else high
            assert p_outside(quantity, low, high) == pytest.approx(stats.ttest_1samp(sample, nearer).pvalue, rel=1e-9)


def test_p_values_with_a_known_standard_error():
    """With infinitely many degrees of freedom Student's t is the normal distribution."""
    quantity = Quantity(2.0, 0.5, INF)
    assert p_outside(quantity, 0, 1) == pytest.approx(2 * stats.norm.sf(2), rel=1e-12)
    assert p_inside(quantity, 0, 3) == pytest.approx(stats.norm.sf(2), rel=1e-12)


def test_p_values_without_uncertainty():
    """What is known exactly is inside or not; at an end it is neither strictly inside nor outside."""
    assert p_inside(Quantity(0.5, 0.0, INF), 0, 1) == 0
    assert p_outside(Quantity(1.5, 0.0, INF), 0, 1) == 0
    assert p_inside(Quantity(1.0, 0.0, INF), 0, 1) == 0.5
    assert p_outside(Quantity(1.0, 0.0, INF), 0, 1) == 1


@pytest.mark.parametrize(
    "quantity", [Quantity(NAN, 1, 3), Quantity(0, NAN, 3), Quantity(0, 1, 0.5), Quantity(0, 1, NAN)]
)
def test_what_is_unknown_has_no_p_value(quantity):
    assert np.isnan(p_inside(quantity, -1, 1))
    assert np.isnan(p_outside(quantity, 1, 2))
    assert np.isnan(interval(quantity)[1:]).all()


def test_ends_in_the_wrong_order_are_refused():
    for test in (p_inside, p_outside):
        with pytest.raises(ValueError, match="low must not be above high"):
            test(Quantity(0, 1, 3), 1, 0)
        with pytest.raises(ValueError, match="low must not be above high"):
            test(Quantity(0, 1, 3), NAN, 0)


def test_interval_is_students():
    sample = np.random.default_rng(3).normal(size=6)
    for level in (0.9, 0.95):
        expected = stats.ttest_1samp(sample, 0).confidence_interval(level)
        found = interval(measured(sample), level)
        assert found.value == sample.mean()
        assert found[1:] == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert interval(Quantity(1.0, 2.0, INF)).high == pytest.approx(1 + 2 * 1.959964, rel=1e-6)
    # Also between whole numbers of degrees of freedom, which approximations give.
    assert interval(Quantity(0.0, 1.0, 2.5)).high == pytest.approx(stats.t.ppf(0.975, 2.5), rel=1e-9)


def test_interval_and_p_values_agree():
    """The region that begins where the 95 % interval ends is excluded at 5 %; one that holds the 90 % one is shown."""
    quantity = Quantity(0.3, 0.2, 5)
    assert p_outside(quantity, interval(quantity).high, INF) == pytest.approx(0.05)
    _, low, high = interval(quantity, 0.9)
    assert p_inside(quantity, low, high) == pytest.approx(0.05)


# ------------------------------------------------------------------------------------------------------------ Holm


def test_holm_by_hand():
    """.01 x 4, .02 x 3, .03 x 2 (raised to the one before), .4 x 1; NaN is not one of the tests."""
    np.testing.assert_allclose(holm(np.array([0.4, 0.01, NAN, 0.03, 0.02])), [0.4, 0.04, NAN, 0.06, 0.06])
    np.testing.assert_allclose(holm(np.array([0.6, 0.7])), [1, 1])
    assert np.isnan(holm(np.array([NAN, NAN]))).all()
    assert len(holm(np.array([]))) == 0


def test_holm_is_the_closed_test():
    """An adjusted p-value is the largest of Bonferroni's over all sets of hypotheses that hold it."""
    for seed in range(5):
        p = np.random.default_rng(seed).uniform(0, 0.5, size=5)
        expected = [
            max(
                min(1.0, len(chosen) * p[list(chosen)].min())
                for size in range(1, 6)
                for chosen in itertools.combinations(range(5), size)
                if i in chosen
            )
            for i in range(5)
        ]
        np.testing.assert_allclose(holm(p), expected, rtol=1e-12)


# -------------------------------------------------------------------------------------------------------- verdicts

INSIDE, NEAR, OUTSIDE = Quantity(0.5, 0.1, 9), Quantity(0.9, 0.1, 9), Quantity(2.0, 0.1, 9)
UNKNOWN, BARELY_OUTSIDE = Quantity(NAN, NAN, 0), Quantity(1.27, 0.1, 9)


@pytest.mark.parametrize(
    ("quantities", "expected"),
    [
        ([INSIDE], SUPPORTED),
        ([INSIDE] * 64, SUPPORTED),
        ([INSIDE] * 63 + [NEAR], CANNOT_TELL),
        ([OUTSIDE], CONTRADICTED),
        ([INSIDE] * 63 + [OUTSIDE], CONTRADICTED),
        ([BARELY_OUTSIDE], CONTRADICTED),
        # p = .025 is small for one quantity and not for the smallest of four.
        ([BARELY_OUTSIDE] + [INSIDE] * 3, CANNOT_TELL),
        ([Quantity(0.5, 10.0, 9)], CANNOT_TELL),
        ([UNKNOWN], CANNOT_TELL),
        ([INSIDE, UNKNOWN], CANNOT_TELL),
        ([OUTSIDE, UNKNOWN], CONTRADICTED),
        # What is unknown is no test either.
        ([BARELY_OUTSIDE, UNKNOWN, UNKNOWN, UNKNOWN], CONTRADICTED),
        ([], CANNOT_TELL),
    ],
)
def test_verdict_comes_out_each_way(quantities, expected):
    assert verdict(quantities, 0, 1) == expected
    assert verdict(quantities[::-1], 0, 1) == expected


def test_verdict_keeps_to_its_level():
    """p_inside = .024 and p_outside = .025 decide at 5 % and not at 1 %."""
    assert verdict([Quantity(0.772, 0.1, 9)], 0, 1) == SUPPORTED
    assert verdict([Quantity(0.772, 0.1, 9)], 0, 1, level=0.01) == CANNOT_TELL
    assert verdict([BARELY_OUTSIDE], 0, 1, level=0.01) == CANNOT_TELL


def test_verdict_with_an_open_end():
    assert verdict([INSIDE, OUTSIDE], 0, INF) == SUPPORTED
    assert verdict([INSIDE, OUTSIDE], -INF, 1) == CONTRADICTED


def test_together():
    assert together([SUPPORTED, SUPPORTED]) == SUPPORTED
    assert together([SUPPORTED, CANNOT_TELL]) == CANNOT_TELL
    assert together([SUPPORTED, CANNOT_TELL, CONTRADICTED]) == CONTRADICTED
    assert together([]) == CANNOT_TELL
    with pytest.raises(ValueError, match="'yes'"):
        together([SUPPORTED, "yes"])


# ----------------------------------------------------------------------------------------------------- error rates

CAMPAIGNS = 1000
# An error rate of 5 % is seen as at most this in 1,000 campaigns: three and a half standard errors.
AT_MOST = 0.05 + 3.5 * np.sqrt(0.05 * 0.95 / CAMPAIGNS)


def verdicts(truth: np.ndarray, df: int, low: float, high: float, seed: int) -> np.ndarray:
    """Verdicts of campaigns that measure quantities of known truth, each as the mean of df + 1 normal values."""
    rng = np.random.default_rng(seed)
    value = truth + rng.normal(size=(CAMPAIGNS, len(truth))) / np.sqrt(df + 1)
    stderr = np.sqrt(rng.chisquare(df, size=value.shape) / (df * (df + 1)))
    return np.array(
        [
            verdict([Quantity(v, s, df) for v, s in zip(*campaign, strict=True)], low, high)
            for campaign in zip(value, stderr, strict=True)
        ]
    )


@pytest.mark.parametrize(("count", "df"), [(2, 1), (2, 9), (8, 2), (64, 1), (64, 9)])
def test_false_support_is_as_rare_as_the_level(df, count):
    """With one quantity on the boundary and all others far inside, which is the worst case, it is 5 % and not less."""
    truth = np.array([0.0] + [1000.0] * (count - 1))
    rate = np.mean(verdicts(truth, df, 0.0, 2000.0, seed=df) == SUPPORTED)
    assert 0.05 - 3.5 * np.sqrt(0.05 * 0.95 / CAMPAIGNS) <= rate <= AT_MOST


@pytest.mark.parametrize(("count", "df"), [(2, 1), (2, 9), (8, 2), (64, 1), (64, 9)])
def test_false_contradiction_is_as_rare_as_the_level(df, count):
    """Also with all quantities on the boundary, of a wide region and of one without any width, the worst case."""
    wide = verdicts(np.zeros(count), df, 0.0, 1000.0, seed=10 + df)
    point = verdicts(np.zeros(count), df, 0.0, 0.0, seed=20 + df)
    # A wide region can be missed on one side only.
    assert np.mean(wide == CONTRADICTED) <= 0.045
    assert 0.02 <= np.mean(point == CONTRADICTED) <= AT_MOST
    assert not np.any(point == SUPPORTED)


@pytest.mark.parametrize("count", [2, 8, 64])
def test_verdicts_have_power(count):
    """What is well inside is supported, what is well outside contradicted, nearly always."""
    assert np.mean(verdicts(np.full(count, 0.0), 9, -2, 2, seed=30) == SUPPORTED) > 0.95
    outside = np.zeros(count)
    outside[0] = 5.0
    assert np.mean(verdicts(outside, 9, -2, 2, seed=31) == CONTRADICTED) > 0.95
