"""Verdicts change where their rules say: at their bounds, at their levels, and with as many settings as they take."""

import numpy as np
import pytest
from scipy import stats

from edgemem.numerics.evidence import CANNOT_TELL, CONTRADICTED, SUPPORTED, Quantity
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.numbers import p_value
from edgemem.reporting.paper_claims import PAPER
from edgemem.reporting.prediction_claims import too_few
from edgemem.reporting.quantities import (
    Range,
    error_interval,
    estimated,
    extremes,
    in_every_case,
    interval_verdict,
    over_cases,
    range_of,
    scaled,
    spread_over_cases,
)
from edgemem.reporting.verdicts import MISSING, lacking

from .synthetic import GROUP, IMAGES, MIXTURES, SEEDS, Table, campaign, every, measured


CLAIMS = {claim.name: claim for claim in PAPER + FURTHER}
DF = 20.0


def at_high(high: float, stderr: float, p: float, df: float = DF) -> Table:
    """Return a number that is outside of a bound with a p-value; a negative one is that of being inside."""
    distance = stats.t.ppf(1 - p / 2, df) if p > 0 else -stats.t.ppf(1 + p, df)
    return {"": high + stderr * distance, "_stderr": stderr, "_df": df}


LEVELS = [
    ("Within one variance", "exact_losses/within_slope", 1.2, 0.01, 0.05),
    *(
        (f"Equal weights, {losses}", f"{own}/{name}", high, high / 1000, 0.05 / 6)
        for own, losses in (("c2", "C = 2"), ("finite_size", "finite-size C"), ("exact_losses", "the exact losses"))
        for name, high in (("slope", 1.2), ("bias", 0.02))
    ),
    *(
        (f"Weights of training, {losses}", f"{own}/{name}", high, high / 1000, 0.05 / 4)
        for own, losses in (("own_c2", "C = 2"), ("own_exact", "the exact losses"))
        for name, high in (("slope", 1.2), ("bias", 0.02))
    ),
    ("Interpolation", "fitted/floor_interpolation", 0.005**2, 1e-6, 0.05),
    ("Extrapolation", "fitted/floor_extrapolation", 0.005**2, 1e-6, 0.05),
    ("Some weights", "exact_fitted/floor_leave_one_variance_out", 0.005**2, 1e-6, 0.05),
]


@pytest.mark.parametrize(("claim", "name", "high", "stderr", "level"), LEVELS)
def test_verdicts_change_at_their_levels(claim: str, name: str, high: float, stderr: float, level: float):
    """Just beyond the bound, and just inside of it, a number is judged by its p-value."""
    for p, verdict in (
        (0.98 * level, CONTRADICTED),
        (1.02 * level, CANNOT_TELL),
        (-1.02 * level, CANNOT_TELL),
        (-0.98 * level, SUPPORTED),
    ):
        change = {f"predictor/{name}{end}": value for end, value in at_high(high, stderr, p).items()}
        assert CLAIMS[claim].judge(campaign() | change, MIXTURES).verdict == verdict, p


@pytest.mark.parametrize("tests", [1, 3])
def test_every_case_shares_the_level(tests: int):
    """A contradiction has a quarter of it, shared by tests; support a half of it, whatever the tests."""
    unknown = Range(float("nan"), 0.0, float("inf"))
    for p, verdict in (
        (0.98 * 0.0125 / tests, CONTRADICTED),
        (1.02 * 0.0125 / tests, CANNOT_TELL),
        (-1.02 * 0.025, CANNOT_TELL),
        (-0.98 * 0.025, SUPPORTED),
    ):
        each = [Quantity(*at_high(0.82, 1e-4, p).values())]
        assert in_every_case(each, unknown, 0.78, 0.82, tests) == verdict


def test_a_spread_of_half_the_width_contradicts():
    """Above it nothing is in every case, below it the mean is enough."""
    each = [Quantity(0.8, 1.0, 5.0), Quantity(0.8, 1.0, 5.0)]
    mean = over_cases(each)
    assert (mean.value, mean.stderr) == (0.8, 0.0)
    for low, high, verdict in ((0.021, 0.1, CONTRADICTED), (0.0, 0.019, SUPPORTED), (0.019, 0.021, CANNOT_TELL)):
        assert in_every_case(each, Range(low, low, high), 0.78, 0.82) == verdict


def test_intervals_that_touch_a_bound_cannot_tell():
    for low, high, verdict in (
        (0.5, 0.9, SUPPORTED),
        (0.0, 0.5, CANNOT_TELL),
        (0.5, 1.0, CANNOT_TELL),
        (1.0, 1.5, CANNOT_TELL),
        (-0.5, 0.0, CANNOT_TELL),
        (1.1, 1.5, CONTRADICTED),
        (-0.5, -0.1, CONTRADICTED),
    ):
        assert interval_verdict(Range(low, low, high), 0.0, 1.0) == verdict


def shares(value: float) -> Table:
    return {f"{GROUP}/share_of_data_sets{end}": value for end in ("", "_low", "_high")}


@pytest.mark.parametrize(
    ("claim", "below", "above", "contradicted"),
    [
        ("Data sets or settings", shares(0.51), shares(0.49), "above"),
        (
            "Seeds",
            {f"{GROUP}/between_data_sets{end}": 0.0199**2 for end in ("", "_low", "_high")},
            {f"{GROUP}/between_data_sets{end}": 0.0201**2 for end in ("", "_low", "_high")},
            "above",
        ),
        (
            "Width, images",
            measured(f"{IMAGES}/corrected_width", 0.249, 1e-4),
            measured(f"{IMAGES}/corrected_width", 0.251, 1e-4),
            "above",
        ),
        ("Four fifths", every("m50_pooled", 0.8199, 1e-5), every("m50_pooled", 0.8201, 1e-5), "above"),
        ("Four fifths", every("m50_pooled", 0.7801, 1e-5), every("m50_pooled", 0.7799, 1e-5), "above"),
        (
            "Place, images",
            measured(f"{IMAGES}/corrected_m50_pooled", 0.781, 1e-4),
            measured(f"{IMAGES}/corrected_m50_pooled", 0.779, 1e-4),
            "above",
        ),
        (
            "Generalizing loss",
            every("generalizing_loss_over_theory", 1.0199, 1e-5),
            every("generalizing_loss_over_theory", 1.0201, 1e-5),
            "above",
        ),
        (
            "Generalizing loss",
            every("generalizing_loss_over_theory", 0.9801, 1e-5),
            every("generalizing_loss_over_theory", 0.9799, 1e-5),
            "above",
        ),
        ("Partially memorizing loss", every("constant_at_0.5", 2.039, 1e-4), every("constant_at_0.5", 2.041, 1e-4), ""),
        ("Partially memorizing loss", every("constant_at_0.5", 0.981, 1e-4), every("constant_at_0.5", 0.979, 1e-4), ""),
        ("Finite-size C", every("constant_at_0.5", 1.9 * 1.049, 1e-4), every("constant_at_0.5", 1.9 * 1.051, 1e-4), ""),
        ("Finite-size C", every("constant_at_0.5", 1.9 * 0.951, 1e-4), every("constant_at_0.5", 1.9 * 0.949, 1e-4), ""),
        ("C = 2", every("constant_at_0.5", 2.199, 1e-4), every("constant_at_0.5", 2.201, 1e-4), ""),
        ("C = 2", every("constant_at_0.5", 1.801, 1e-4), every("constant_at_0.5", 1.799, 1e-4), ""),
        (
            "Learned variance",
            every("learned_variance_at_1", 0.0199, 1e-5),
            every("learned_variance_at_1", 0.0201, 1e-5),
            "",
        ),
        (
            "Learned variance",
            every("learned_variance_at_0.7", 0.349, 1e-5) | every("learned_variance_at_0.5", 0.5, 1e-5),
            every("learned_variance_at_0.7", 0.351, 1e-5) | every("learned_variance_at_0.5", 0.5, 1e-5),
            "",
        ),
    ],
)
def test_bounds(claim: str, below: Table, above: Table, contradicted: str):
    """What is shown to be on this side of a bound supports a claim, what is on the other contradicts it."""
    cases = [IMAGES] if "images" in claim else MIXTURES
    assert CLAIMS[claim].judge(campaign() | below, cases).verdict == SUPPORTED
    assert CLAIMS[claim].judge(campaign() | above, cases).verdict == CONTRADICTED


def gain(predictor: str, fold: str, value: float) -> Table:
    own = f"predictor/{predictor}/gain_{fold}"
    return {own: value, f"{own}_stderr": 1e-7, f"{own}_df": 20.0}


def test_gains_are_shares_of_the_other_error():
    """A tenth of a constant's error, and of each curve's beyond the curve's own gain over the constant."""
    fold = "leave_one_variance_out"
    for value, verdict in ((1.01e-4, SUPPORTED), (0.99e-4, CONTRADICTED)):
        found = CLAIMS["Better than a constant"].judge(campaign() | gain("fitted", "holdout", value), MIXTURES)
        assert found.verdict == verdict
        both = gain("fitted", fold, 8e-4 + value) | gain("line", fold, 8e-4) | gain("parabola", fold, 8e-4)
        assert CLAIMS["Better than a curve"].judge(campaign() | both, MIXTURES).verdict == verdict


@pytest.mark.parametrize("count", [7.0, 8.0])
def test_eight_settings_are_enough(count: float):
    """Held out or left out for a predictor with a fit, altogether for one without."""
    known = count >= 8
    assert (too_few({"predictor/fitted/count_holdout": count}, "fitted", "holdout") is None) == known
    split = {f"predictor/c2/count_{fold}": number for fold, number in (("train", count - 3), ("holdout", 3.0))}
    found = CLAIMS["Equal weights, C = 2"].judge(campaign() | split, MIXTURES)
    assert (found.verdict == SUPPORTED) == known
    assert ("8 settings)" in found.ours) == known


def test_four_data_sets_and_four_settings_are_enough():
    def counted(number: int) -> Table:
        return {f"{MIXTURES[0]}/transitions": float(number), f"{MIXTURES[0]}/data_sets": float(number)}

    for number, verdict in ((4, CANNOT_TELL), (5, SUPPORTED)):
        assert CLAIMS["Transition"].judge(campaign() | counted(number), MIXTURES[:1]).verdict == verdict
    for number, verdict in ((3, CANNOT_TELL), (4, SUPPORTED)):
        assert CLAIMS["Four fifths"].judge(campaign(), MIXTURES[:number]).verdict == verdict
    for seeds, verdict in ((1.0, CANNOT_TELL), (2.0, SUPPORTED)):
        assert CLAIMS["Seeds"].judge(campaign() | {"campaign/seeds": seeds}, MIXTURES).verdict == verdict


def test_intervals_of_errors_are_those_of_chi_squared():
    """A mean of eight squares is as small, or as large, in one of forty cases at the ends of its interval."""
    found = error_interval(2e-4, 8)
    assert found.value == 2e-4
    assert stats.chi2(8).cdf(8 * 2e-4 / found.high) == pytest.approx(0.025)
    assert stats.chi2(8).sf(8 * 2e-4 / found.low) == pytest.approx(0.025)


def test_quantities_of_metrics():
    metrics: Table = {"a": 1.0, "a_stderr": 0.5, "a_df": None, "a_low": 0.1, "a_high": 2.0, "b": 1.0, "b_low": None}
    assert estimated(metrics, "a")[:2] == (1.0, 0.5)
    assert np.isnan(estimated(metrics, "a").df)
    assert range_of(metrics, "a") == (1.0, 0.1, 2.0)
    assert range_of(metrics, "b") is None
    assert scaled(Quantity(2.0, 0.5, 4.0), -3.0) == (-6.0, 1.5, 4.0)
    assert extremes([Quantity(v, 0.0, 4.0) for v in (2.0, 1.0, np.nan, 3.0)], ".0f") == "1 [1, 1] to 3 [3, 3]"
    assert extremes([Quantity(1.0, 0.0, 4.0)], ".0f") == "1 [1, 1]"
    assert extremes([], ".0f") == "unknown"
    assert np.isnan(over_cases([]).value)
    one = spread_over_cases([Quantity(1.0, 0.0, 4.0)])
    assert (one.low, one.high, np.isnan(one.value)) == (0.0, float("inf"), True)
    assert SEEDS == 10


def test_what_is_lacking_is_named():
    """Not collected is told apart from unknown; each quantity is named once."""
    metrics: Table = {"a/x": 1.0, "b/x": None, "b/y": None, "c/x": None}
    assert lacking(metrics, "a/x") is None
    assert lacking(metrics, "a/x", "b/y", "b/x", "c/x") == "unknown in this campaign: `x`, `y`"
    assert lacking(metrics, "b/x", "d/x") == MISSING


def test_small_p_values_are_not_told_apart():
    assert [p_value(value) for value in (0.9e-6, 1e-6, 1.5e-6)] == ["< 1e-6", "1.0e-06", "1.5e-06"]
