"""Summary metrics are numbers of tables and evaluations under their names, of the last step and of models in fits."""

import numpy as np
import pytest
from scipy import stats

from edgemem.analysis.evaluations import of_cases
from edgemem.analysis.metrics import largest_fall
from edgemem.analysis.transition import binomial_variance
from edgemem.analysis.variances import variances
from edgemem.config.regress import PREDICTORS
from edgemem.numerics.variance_components import components, share_of_data_sets

from .synthetic import (
    CHANCE,
    CONSTANT_FACTOR,
    MEMORIZING,
    MIXTURES,
    NAMES,
    SEEDS,
    SHOWN,
    SNR,
    THEOREM_FACTOR,
    WIDTH,
    analysed,
    campaign,
    constant_of,
    evaluations,
    place,
    spec,
)


CASES = {case.name: case for case in spec().cases}
MIXTURE, LARGE = f"{NAMES[2]}/mixture", f"{NAMES[5]}/mixture"
TEMPLATES, NETWORK = f"{NAMES[8]}/templates", f"{NAMES[2]}/network"
FRACTIONS = (0.5, 0.7, 0.8, 0.9)


def assert_measured(name: str, values: np.ndarray, **tolerance: float) -> None:
    """Check a mean over seeds, the ends of its interval and the standard deviation, not the error, between seeds."""
    found = [campaign().metrics[f"{name}{end}"] for end in ("", "_low", "_high", "_seed_stddev")]
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    expected = [values.mean(), values.mean() - half, values.mean() + half, np.std(values, ddof=1)]
    np.testing.assert_allclose(found, expected, **{"rtol": 1e-6, "atol": 1e-12} | tolerance)


def of(case: str) -> tuple[float, int, int]:
    """Return sigma*^2, d and N."""
    setting = CASES[case].setting
    return setting.axes["variance"], setting.dim, setting.N


@pytest.mark.parametrize("case", [MIXTURE, LARGE, TEMPLATES])
@pytest.mark.parametrize("fraction", FRACTIONS)
def test_losses_and_variances_at_a_size(case: str, fraction: float):
    """On training samples, at the nearest time to 0.36, between sizes linearly."""
    variance, dim, n = of(case)
    seeds = np.array(SEEDS)
    constant = np.array([constant_of(seed) for seed in SEEDS]) * CONSTANT_FACTOR[SHOWN]
    partially = MEMORIZING[SHOWN] + constant * (1 - fraction) * dim * variance
    assert_measured(f"{case}/partially_memorizing_loss_at_{fraction:g}", partially)
    assert_measured(f"{case}/learned_variance_at_{fraction:g}", variance * (1 - fraction) * (1 + 0.01 * seeds))
    sizes = np.arange(1, n + 1) / n
    rest = [np.interp(fraction, sizes, 1.002 - sizes + 0.01 * seed * sizes * (sizes < 1)) for seed in SEEDS]
    assert_measured(f"{case}/trained_loss_at_{fraction:g}", MEMORIZING[SHOWN] + 4 * dim * variance * np.array(rest))
    if case == TEMPLATES:
        assert f"{case}/constant_at_{fraction:g}" not in campaign().metrics
    else:  # in units of d sigma*^2, the memorizing loss taken off
        assert_measured(f"{case}/constant_at_{fraction:g}", constant)


def test_ratios_at_a_size():
    """Between sizes linearly; an interval of a ratio stays between 0 and 1."""
    sizes = np.arange(1, 21) / 20
    for fraction in FRACTIONS:
        values = [
            np.interp(fraction, sizes, 1 / (1 + np.exp(-(sizes - place(NAMES[5], "mixture", s)) / WIDTH)))
            for s in SEEDS
        ]
        found = [
            campaign().metrics[f"{LARGE}/memorization_ratio_at_{fraction:g}{end}"] for end in ("", "_low", "_high")
        ]
        half = stats.t.ppf(0.975, 2) * stats.sem(values)
        expected = np.clip([np.mean(values), np.mean(values) - half, np.mean(values) + half], 0, 1)
        np.testing.assert_allclose(found, expected, atol=4e-3)
    ends = [
        campaign().metrics[f"{name}/mixture/memorization_ratio_at_{fraction:g}_{end}"]
        for name in NAMES[:8]
        for fraction in FRACTIONS
        for end in ("low", "high")
    ]
    assert min(ends) == 0
    assert max(ends) <= 1


def test_losses_of_a_settings_own_denoiser():
    """At the nearest time to 0.36; over that of theorem 3.1 at the ratios it speaks of, ends included."""
    factors = THEOREM_FACTOR * (1 + 0.01 * np.array(SEEDS))[:, None]
    for case in (MIXTURE, LARGE, TEMPLATES, NETWORK):
        variance, dim, _ = of(case)
        excess = factors * dim * variance / (1 + SNR * variance)
        assert_measured(f"{case}/generalizing_loss", (MEMORIZING + excess)[:, SHOWN])
        name = f"{case}/generalizing_loss_over_theory"
        if case == TEMPLATES:
            assert name not in campaign().metrics
        else:
            assert_measured(name, factors[:, SNR >= 1.5].mean(axis=1))


def test_numbers_of_a_case_are_those_of_tables():
    for case, found in CASES.items():
        at = {"setting": found.setting.name, "model": found.model}
        row, predicted = campaign().transition.sel(at), campaign().regression.sel(at)
        for level in ("m10", "m50", "m90", "corrected_m10", "corrected_m50", "corrected_m90"):
            for end in ("pooled", "pooled_low", "pooled_high", "binomial_stderr", "seed_stddev"):
                assert_same(f"{case}/{level}_{end}", row[f"{level}_{end}"])
        for predictor in PREDICTORS:
            assert_same(f"{case}/predicted_m50_{predictor}", predicted.predicted_fraction.sel(predictor=predictor))
        assert_same(f"{case}/null_memorization_ratio", CHANCE)
        assert_same(f"{case}/models_left_out", row.models_left_out.sum())
        assert_same(f"{case}/models", 3 * found.setting.N)
        widths = row.corrected_width.values
        half = stats.t.ppf(0.975, 2) * stats.sem(widths)
        for end, value in (("", 0), ("_low", -half), ("_high", half)):
            assert_same(f"{case}/corrected_width{end}", widths.mean() + value)
        by_threshold = row.m50_by_threshold.sel(threshold=0.5)
        assert_same(f"{case}/m50_at_threshold_0.5", by_threshold.mean())
        assert_same(
            f"{case}/m50_at_threshold_0.5_high", by_threshold.mean() + stats.t.ppf(0.975, 2) * stats.sem(by_threshold)
        )
        assert_same(f"{case}/data_sets", 3)
        assert_same(f"{case}/transitions", np.sum(row.corrected_m10 > 0.5))
        for fraction in FRACTIONS:
            n, variance, _ = found.setting.N, *of(case)[:2]
            constant = np.nan if "templates" in case else 1.45 + 0.01 * fraction * n + 0.02 * variance
            assert_same(f"{case}/finite_size_constant_at_{fraction:g}", constant)


def assert_same(name: str, value: object) -> None:
    """Check one number: eight digits, None where it is unknown."""
    found = campaign().metrics[name]
    if np.isnan(float(value)):  # type: ignore[arg-type]
        assert found is None, name
    else:
        assert found == pytest.approx(float(value), rel=6e-8), name  # type: ignore[arg-type]


def test_numbers_of_the_campaign():
    """Counts, means over cases, and the mean square of the standard deviations between seeds."""
    transition, found = campaign().transition, campaign().metrics
    assert (found["campaign/settings"], found["campaign/seeds"]) == (9, 3)
    spreads = of_cases(campaign().spec, transition.m50_seed_stddev)
    assert_same("campaign/seed_variance", np.mean(spreads**2))
    models = sum(case.setting.N for case in CASES.values())
    for name, count in (("models", models), ("models_left_out", 2 * len(CASES)), ("models_still_falling", len(CASES))):
        assert found[f"campaign/{name}"] == 3 * count
    for name in ("m50_mean", "m50_mean_low", "m50_mean_high", "m50_stddev"):
        assert_same(f"campaign/{name}", transition[name])
    for criterion in ("fitted", "first"):
        for points in (50, 1000):
            cell = transition.sel(criterion=criterion, points=points)
            assert_same(f"campaign/binomial_variance_{criterion}_{points}", np.nanmean(cell.binomial_variance))
            assert_same(f"campaign/binomial_mean_{criterion}_{points}", np.nanmean(cell.binomial_mean))
    first = of_cases(campaign().spec, transition.binomial_mean.sel(criterion="first", points=50))
    third = of_cases(campaign().spec, transition.m50_by_threshold.sel(threshold=1 / 3)).mean(axis=1)
    for name, values in (("m50_first_50", first), ("m50_at_threshold_0.3333", third)):
        half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
        for end, value in (("", 0), ("_low", -half), ("_high", half)):
            assert_same(f"campaign/{name}{end}", values.mean() + value)


def test_numbers_of_predictors():
    """By fold, with intervals, and how measured places follow them."""
    for predictor in PREDICTORS:
        row = campaign().regression.sel(predictor=predictor)
        own = f"predictor/{predictor}"
        for fold in row.fold.values:
            cell = row.sel(fold=fold)
            assert_same(f"{own}/squared_error_{fold}", cell.squared_error)
            assert_same(f"{own}/count_{fold}", cell["count"])
            for name in ("gain", "floor"):
                for end in ("", "_stderr", "_df", "_low", "_high"):
                    assert_same(f"{own}/{name}_{fold}{end}", cell[f"{name}{end}"])
        for name in ("bias", "slope", "within_slope"):
            for end in ("", "_stderr", "_df", "_low", "_high"):
                assert_same(f"{own}/{name}{end}", row[f"{name}{end}"])
        assert_same(f"{own}/p_value", row.p_value)


def test_numbers_of_the_search_for_weights():
    """Of three starts two ended by themselves, and two are within a hundredth of the best."""
    found, regression = campaign().metrics, campaign().regression
    numbers = {"objective": 0.5, "objective_worst": 0.6, "starts": 3, "starts_converged": 2, "starts_at_best": 2}
    assert {name: found[f"regression/{name}"] for name in numbers} == numbers
    assert_same("regression/noise_variance", regression.noise_variance)
    singular = regression.singular_value.values
    assert found["regression/identified_directions"] == np.sum(singular > 2)
    assert_same("regression/singular_value_01", singular[0])
    assert_same(f"regression/singular_value_{len(singular):02}", singular[-1])


def test_components_of_variance():
    """By family and model, for each N by itself as well; cases without a transition in some data set are left out."""
    of = campaign().spec
    transition = campaign().transition.copy(deep=True)
    transition.m50.loc[{"setting": NAMES[0], "model": "mixture", "seed": 1}] = np.nan
    found = variances(of, transition)
    m50, counting = of_cases(of, transition.m50), of_cases(of, binomial_variance(transition))
    n = np.array([case.setting.N for case in of.cases])
    group = np.array([f"{case.setting.family}/{case.model}" for case in of.cases])
    complete = np.arange(len(of.cases)) > 0
    for name, chosen in (
        ("gaussian/mixture", group == "gaussian/mixture"),
        ("gaussian/mixture/N=10", (group == "gaussian/mixture") & (n == 10)),
        ("gaussian/mixture/N=20", (group == "gaussian/mixture") & (n == 20)),
        ("image/templates/N=10", group == "image/templates"),
        ("gaussian/second", group == "gaussian/second"),
    ):
        values, noise = m50[chosen & complete], counting[chosen & complete]
        parts = components(values, noise)
        expected = {
            "between_settings": parts.between_cases,
            "between_data_sets": parts.between_data_sets,
            "total": parts.total,
            "share_of_data_sets": share_of_data_sets(values, noise),
        }
        for part, estimate in expected.items():
            own = [found[f"components/{name}/{part}{end}"] for end in ("", "_low", "_high")]
            np.testing.assert_allclose(own, estimate)
        assert found[f"components/{name}/counting"] == pytest.approx(noise.mean())
        assert (found[f"components/{name}/settings"], found[f"components/{name}/seeds"]) == (len(values), 3)
    within = m50[(group == "gaussian/mixture") & complete].var(axis=1, ddof=1).mean()
    noise = counting[(group == "gaussian/mixture") & complete].mean()
    assert found["components/gaussian/mixture/between_data_sets"] == pytest.approx(within - noise)


def test_components_of_nothing_are_unknown():
    transition = campaign().transition.copy(deep=True)
    transition.m50.loc[{"model": "second"}] = np.nan
    found = variances(campaign().spec, transition)
    assert found["components/gaussian/second/settings"] == 0
    for part in ("counting", "between_settings", "total_high", "share_of_data_sets_low"):
        assert np.isnan(found[f"components/gaussian/second/{part}"])


def test_one_seed_has_no_standard_deviation():
    of = spec(MIXTURES[:2], {"mixture": (0, 1)}, seeds=[2])
    found = analysed(of, evaluations(of)).metrics
    assert found[f"{NAMES[0]}/mixture/trained_loss_at_0.5"] is not None
    assert found[f"{NAMES[0]}/mixture/trained_loss_at_0.5_seed_stddev"] is None
    assert found["regression/identified_directions"] is None


def test_theorems_are_judged_at_high_signal_to_noise_alone():
    """Where no time has it nothing is reported."""
    of = spec(MIXTURES[:2], {"mixture": (0, 1)})
    low = {name: one.assign_coords(snr=("time", SNR / 1e7)) for name, one in evaluations(of).items()}
    found = analysed(of, low).metrics
    assert f"{NAMES[0]}/mixture/generalizing_loss" in found
    assert f"{NAMES[0]}/mixture/generalizing_loss_over_theory" not in found


def test_at_n_there_is_no_constant():
    """The partially memorizing loss of all samples is the memorizing one."""
    of = spec(MIXTURES[:2], {"mixture": (0, 1)}, regression={"holdout": 0, "report_fractions": [0.6, 1.0]})
    found = analysed(of, evaluations(of)).metrics
    own = f"{NAMES[0]}/mixture"
    assert f"{own}/constant_at_0.6" in found
    assert f"{own}/constant_at_1" not in found
    assert found[f"{own}/learned_variance_at_1"] == 0


@pytest.mark.parametrize(
    ("ratio", "fall"), [([0.0, 0.5, 1.0], 0.0), ([0.1, 0.6, 0.4, 0.5, 0.3], 0.3), ([0.9, 0.2, 0.95, 0.5], 0.7)]
)
def test_the_largest_fall_of_a_ratio_is_between_any_two_sizes(ratio: list[float], fall: float):
    assert largest_fall(np.array(ratio)) == pytest.approx(fall)
