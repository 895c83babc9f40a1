"""Transitions are where they were put, by whatever criterion; what has not converged moves none of them."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from edgemem.analysis.evaluations import of_cases
from edgemem.analysis.transition import binomial_variance, find_transitions
from edgemem.numerics.memorization import THRESHOLDS

from .synthetic import (
    BY_THRESHOLD,
    CHANCE,
    MIXTURES,
    NAMES,
    POINTS,
    SEEDS,
    WIDTH,
    Campaign,
    analysed,
    campaign,
    evaluation,
    evaluations,
    place,
    seeds_of_cases,
    spec,
)


def by_case(name: str) -> np.ndarray:
    """Return a table of the campaign's transitions by case."""
    return of_cases(campaign().spec, campaign().transition[name])


def logit(ratio: float) -> float:
    return float(np.log(ratio / (1 - ratio)))


LEVELS = [("m10", 0.1), ("m50", 0.5), ("m90", 0.9)]


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_places_are_where_they_were_put(name: str, level: float):
    """Of every seed, without and with the correction for chance, and their mean."""
    true = seeds_of_cases()
    np.testing.assert_allclose(by_case(name), true + WIDTH * logit(level), atol=1e-3)
    corrected = CHANCE + (1 - CHANCE) * level
    np.testing.assert_allclose(by_case(f"corrected_{name}"), true + WIDTH * logit(corrected), atol=1e-3)
    np.testing.assert_allclose(by_case(f"{name}_pooled"), by_case(name).mean(axis=1), rtol=1e-12)


def test_width_is_that_of_the_corrected_ratio():
    low, high = (CHANCE + (1 - CHANCE) * level for level in (0.1, 0.9))
    np.testing.assert_allclose(by_case("corrected_width"), WIDTH * (logit(high) - logit(low)), atol=2e-3)


@pytest.mark.parametrize("name", ["m50", "corrected_m10"])
def test_intervals_over_seeds(name: str):
    """Student's interval; the spread between seeds has the binomial variance taken off."""
    values, counting = by_case(name), of_cases(campaign().spec, binomial_variance(campaign().transition, name))
    half = stats.t.ppf(0.975, 2) * stats.sem(values, axis=1)
    np.testing.assert_allclose(by_case(f"{name}_pooled_low"), values.mean(axis=1) - half, rtol=1e-9)
    np.testing.assert_allclose(by_case(f"{name}_pooled_high"), values.mean(axis=1) + half, rtol=1e-9)
    variance = values.var(axis=1, ddof=1) - counting.mean(axis=1)
    np.testing.assert_allclose(by_case(f"{name}_seed_stddev"), np.sqrt(np.maximum(variance, 0)), rtol=1e-9)
    np.testing.assert_allclose(by_case(f"{name}_binomial_stderr"), np.sqrt(counting.mean(axis=1) / 3), rtol=1e-9)


def test_binomial_intervals_are_those_of_counting():
    """The standard error of M50 by two neighbouring ratios is that of the delta method, within the bootstrap's noise.

    Each log-odds has the variance 1 / (n p (1 - p)); the crossing weighs two of them.
    """
    case = campaign().spec.cases[1]  # N = 20
    found = campaign().transition.sel(setting=case.setting.name, model=case.model, seed=1)
    sizes = np.arange(1, 21) / 20
    ratio = 1 / (1 + np.exp(-(sizes - place(case.setting.name, case.model, 1)) / WIDTH))
    i = int(np.argmax(ratio >= 0.5))
    odds = np.log(ratio / (1 - ratio))
    share = -odds[i - 1] / (odds[i] - odds[i - 1])
    variance = [1 / (POINTS * ratio[j] * (1 - ratio[j])) for j in (i - 1, i)]
    stderr = WIDTH * np.sqrt((1 - share) ** 2 * variance[0] + share**2 * variance[1])
    assert (found.m50_high - found.m50_low).item() / (2 * 1.96) == pytest.approx(stderr, rel=0.15)
    assert found.m50_low < found.m50 < found.m50_high


def test_settings_and_seeds_are_counted_again_with_random_numbers_of_their_own():
    """Equal counts of two settings, and of two seeds, have intervals that differ: no error is common to all."""
    of = spec(MIXTURES, {"mixture": (0, 2)})
    first, _ = of.cases
    same = evaluation(first, 1, 0.7)
    found = find_transitions(of, {(case.setting.name, case.model, seed): same for case in of.cases for seed in SEEDS})
    trained = found.isel(setting=[0, 2], model=0)
    for name in ("m50_low", "m50_high"):
        assert len(np.unique(trained[name].values)) == 6, name
    for name in ("fitted", "first"):
        assert len(np.unique(trained.binomial_mean.sel(criterion=name, points=50).values)) == 2, name


def test_another_threshold_moves_the_transition():
    """As far as it was made to, where the ratio crosses one half at all."""
    shift = BY_THRESHOLD * (np.array(THRESHOLDS) - 1 / 3)
    np.testing.assert_allclose(by_case("m50_by_threshold"), seeds_of_cases()[..., None] - shift, atol=1e-3)


def test_curves_are_means_over_seeds():
    """Of the ratio itself, NaN outside of the models that are in fits; their interval is Student's, in [0, 1]."""
    case = campaign().spec.cases[1]
    found = campaign().transition.sel(setting=case.setting.name, model=case.model)
    at = found.fraction.values
    each = 1 / (1 + np.exp(-(at - np.array([[place(case.setting.name, case.model, seed)] for seed in SEEDS])) / WIDTH))
    inside = (at >= 3 / 20) & (each.mean(axis=0) > 0.05) & (each.mean(axis=0) < 0.95)
    half = stats.t.ppf(0.975, 2) * stats.sem(each, axis=0)
    np.testing.assert_allclose(found.ratio_curve[inside], each.mean(axis=0)[inside], atol=0.003)
    np.testing.assert_allclose(found.ratio_curve_low[inside], (each.mean(axis=0) - half)[inside].clip(0), atol=0.01)
    np.testing.assert_allclose(found.ratio_curve_high[inside], (each.mean(axis=0) + half)[inside].clip(0, 1), atol=0.01)
    np.testing.assert_array_equal(np.isnan(found.ratio_curve), at < 3 / 20)
    scattered = changed({1: 0.6, 2: 0.75, 3: 0.5}).transition.isel(setting=0, model=0)
    assert (scattered.ratio_curve_low.min(), scattered.ratio_curve_high.max()) == (0, 1)


def test_models_left_out_are_counted():
    """Two a case: one still falls, one is too short; the largest has not converged and is the memorizing denoiser."""
    sizes = np.array([case.setting.N for case in campaign().spec.cases])
    for name, expected in (
        ("models", sizes),
        ("models_left_out", 0 * sizes + 2),
        ("models_still_falling", 0 * sizes + 1),
        ("models_too_short", 0 * sizes + 1),
    ):
        np.testing.assert_array_equal(by_case(name), np.broadcast_to(expected[:, None], (len(sizes), 3)))


def test_extremes_are_those_of_models_in_fits():
    """Models left out have a ratio of one from the first size on."""
    for case in campaign().spec.cases:
        found = campaign().transition.sel(setting=case.setting.name, model=case.model)
        for seed in SEEDS:
            true = place(case.setting.name, case.model, seed)
            for name, fraction in (("lowest_ratio", 3 / case.setting.N), ("highest_ratio", 1.0)):
                expected = 1 / (1 + np.exp(-(fraction - true) / WIDTH))
                assert found[name].sel(seed=seed) == pytest.approx(expected, abs=1 / POINTS)


def test_mean_over_cases():
    """Of settings and models, each its mean over seeds; the spread is the sample's."""
    means = seeds_of_cases().mean(axis=1)
    half = stats.t.ppf(0.975, len(means) - 1) * stats.sem(means)
    table = campaign().transition
    np.testing.assert_allclose(
        [table.m50_mean, table.m50_mean_low, table.m50_mean_high],
        [means.mean(), means.mean() - half, means.mean() + half],
        atol=1e-3,
    )
    assert table.m50_stddev == pytest.approx(np.std(means, ddof=1), abs=1e-3)


def test_counting_again_scatters_as_counting_does():
    """Both criteria have their own mean; with fewer points M50 varies more, about in proportion."""
    table = campaign().transition.sel(setting=NAMES[0], model="mixture")
    np.testing.assert_array_equal(table.points, [50, POINTS])
    places = np.array([place(NAMES[0], "mixture", seed) for seed in SEEDS])
    fitted, first = (table.sel(criterion=name) for name in ("fitted", "first"))
    assert fitted.binomial_mean.sel(points=POINTS) == pytest.approx(places.mean(), abs=2e-3)
    assert first.binomial_mean.sel(points=POINTS) == pytest.approx((np.ceil(10 * places) / 10).mean(), abs=5e-3)
    ratio = fitted.binomial_variance.sel(points=50) / fitted.binomial_variance.sel(points=POINTS)
    assert 10 < ratio < 30
    per_seed = binomial_variance(table).mean()
    assert fitted.binomial_variance.sel(points=POINTS) == pytest.approx(per_seed.item(), rel=0.25)


def changed(cases: dict[int, float], **changes: object) -> Campaign:
    """Return the tables of a campaign of two mixtures, with some seeds' transitions of the first put elsewhere."""
    of = spec([*MIXTURES[:2]], {"mixture": (0, 1)}, **changes)
    made = evaluations(of)
    for seed, middle in cases.items():
        made[NAMES[0], "mixture", seed] = evaluation(of.cases[0], seed, middle)
    return analysed(of, made)


def test_data_sets_without_a_transition():
    """Their M50 is unknown, and so is the mean over seeds: leaving them out would favour the others."""
    found = changed({1: 1.3, 3: 0.05})
    first = found.transition.sel(setting=NAMES[0], model="mixture")
    np.testing.assert_array_equal(np.isnan(first.m50), [True, False, True])
    assert np.isnan(first.m50_by_threshold.sel(threshold=THRESHOLDS[2], seed=1))
    assert np.isnan(first.m50_pooled)
    assert np.isnan(first.binomial_mean).all()
    own = f"{NAMES[0]}/mixture"
    for name, expected in (("transitions", 1), ("data_sets", 3)):
        assert found.metrics[f"{own}/{name}"] == expected
    for name in (own, "campaign"):
        assert found.metrics[f"{name}/data_sets_below_half"] == 1
        assert found.metrics[f"{name}/data_sets_above_half"] == 1
    assert found.metrics[f"{NAMES[1]}/mixture/data_sets_below_half"] == 0
    assert found.metrics[f"{NAMES[1]}/mixture/transitions"] == 3


def test_a_transition_before_half_of_n_is_none():
    """The ratio must be below one tenth at N / 2."""
    found = changed({1: 0.6, 2: 0.65, 3: 0.5})
    assert found.metrics[f"{NAMES[0]}/mixture/transitions"] == 1


def test_without_usable_models_nothing_is_known():
    """Models are counted, their ratios used nowhere."""
    of = spec([*MIXTURES[:2]], {"mixture": (0, 1)})
    made = evaluations(of)
    one = made[NAMES[0], "mixture", 2]
    made[NAMES[0], "mixture", 2] = one.assign(converged=0 * one.converged, loss=one.loss + 1e6)
    found = analysed(of, made)
    row = found.transition.sel(setting=NAMES[0], model="mixture")
    np.testing.assert_array_equal(row.models_left_out, [2, 10, 2])
    for name in ("m50", "lowest_ratio", "highest_ratio"):
        np.testing.assert_array_equal(np.isnan(row[name]), [False, True, False])
    assert np.isnan(row.binomial_mean).all()
    assert np.isnan(row.ratio_curve).all()
    # Names do not depend on what was measured.
    trained = [name for name in found.metrics if name.startswith(f"{NAMES[0]}/mixture/trained_loss")]
    assert trained and {found.metrics[name] for name in trained} == {None}
    xr.testing.assert_allclose(
        find_transitions(of, evaluations(of)).m50.isel(setting=1), found.transition.m50.isel(setting=1)
    )


def test_what_lies_among_models_left_out_is_unknown():
    """A line over a gap is no measurement: neither a place in it, nor the curve, nor a ratio or a loss at a size."""
    of = spec([*MIXTURES[:2]], {"mixture": (0, 1)})
    made = evaluations(of)
    one = made[NAMES[0], "mixture", 2]
    outside = (one.fraction < 0.4) | (one.fraction > 0.97)
    made[NAMES[0], "mixture", 2] = one.assign(converged=one.converged.where(outside, 0))
    found = analysed(of, made)
    row = found.transition.sel(setting=NAMES[0], model="mixture")
    for name in ("m50", "m50_low", "m50_high"):
        np.testing.assert_array_equal(np.isnan(row[name]), [False, True, False])
    np.testing.assert_array_equal(np.isnan(row.m50_by_threshold.sel(threshold=1 / 3)), [False, True, False])
    assert np.isnan(row.m50_pooled)
    assert np.isnan(row.binomial_mean).all()
    assert np.isnan(row.ratio_curve.sel(fraction=0.7, method="nearest"))
    for name in ("memorization_ratio", "trained_loss"):
        assert found.metrics[f"{NAMES[0]}/mixture/{name}_at_0.7"] is None
        assert found.metrics[f"{NAMES[1]}/mixture/{name}_at_0.7"] is not None


def test_one_seed_has_intervals_from_the_spread_between_settings():
    """Of a setting alone nothing is known; among all of a family and model the spread tells."""
    of = spec(seeds=[2])
    table = find_transitions(of, evaluations(of))
    mixture = table.sel(model="mixture").isel(setting=slice(8))
    values = mixture.m50.values[:, 0]
    half = (mixture.m50_pooled_high - mixture.m50_pooled_low).values / 2
    np.testing.assert_allclose(half, half[0])
    assert half[0] == pytest.approx(1.96 * np.std(values, ddof=1), rel=0.02)
    np.testing.assert_allclose(mixture.m50_pooled, values)
    np.testing.assert_allclose((mixture.m50_pooled_high + mixture.m50_pooled_low) / 2, values)
    assert np.isnan(table.m50_pooled_low.sel(model="second")).all()
    assert "between settings of one seed" in table.m50_pooled_low.long_name
    assert "over seeds" in campaign().transition.m50_pooled_low.long_name


def test_one_case_has_no_spread():
    of = spec([MIXTURES[0]], {"mixture": (0,)})
    table = find_transitions(of, evaluations(of))
    assert np.isnan(table.m50_stddev)
    assert np.isnan(table.m50_mean_low)
    assert np.isfinite(changed({}).transition.m50_stddev)
