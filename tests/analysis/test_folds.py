"""In every fold a predictor is judged on cases that its fit has not seen, and on all of them."""

import functools
from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from edgemem.analysis.cases import Cases
from edgemem.analysis.evaluations import of_cases
from edgemem.analysis.fits import FITS, simplex_envelope
from edgemem.analysis.prediction import predict_transitions
from edgemem.analysis.theory import NAMES as THEORY
from edgemem.config.regress import PREDICTORS
from edgemem.config.study import Case
from edgemem.numerics.memorization import THRESHOLDS
from edgemem.numerics.randomness import named_generator

from .synthetic import (
    CENTRES,
    MIXTURES,
    NAMES,
    SEEDS,
    SNR,
    TIMES,
    campaign,
    cases,
    copy_variance,
    evaluations,
    half_copies,
    held_out,
    spec,
    theory,
)


CASES = spec().cases
EVERYWHERE = np.ones(len(CASES), bool)
AXES = {name: [case.setting.axes.get(name) for case in CASES] for name in ("N", "d", "K", "variance", "separation")}
AXES["family"] = [case.setting.family for case in CASES]
# Of models without components no predictor speaks, and they are left out of no fit.
AXES["model"] = [None if case.model == "network" else case.model for case in CASES]
# Folds by what they leave out; K and separation have one value only, of images d and separation none.
FOLDS: dict[str, Callable[[int], bool] | None] = {
    "train": lambda i: not held_out()[i],
    "holdout": lambda i: bool(held_out()[i]),
    "leave_one_family_out": lambda i: True,
    "leave_one_model_out": lambda i: AXES["model"][i] is not None,
    "leave_one_N_out": lambda i: True,
    "leave_one_d_out": lambda i: AXES["d"][i] is not None,
    "leave_one_variance_out": lambda i: True,
    "interpolation": lambda i: AXES["variance"][i] in (1, 4),
    "extrapolation": lambda i: AXES["variance"][i] in (0.25, 16),
}
THRESHOLD = "leave_one_threshold_out"


@functools.cache
def as_measured() -> Cases:
    """Return the cases with the places that the campaign measured."""
    own = cases(of_cases(spec(), campaign().transition.m50_pooled))
    return own._replace(noise=campaign().regression.noise_variance.item())


def chosen(fold: str, case: int) -> np.ndarray:
    """Return the cases that a fit may look at before it predicts one."""
    if fold in ("train", "holdout"):
        return ~held_out()
    axis = "variance" if fold in ("interpolation", "extrapolation") else fold.split("_")[2]
    return np.array([value != AXES[axis][case] for value in AXES[axis]])


@functools.cache
def expected(name: str, fold: str) -> np.ndarray:
    """Return what a predictor says of the cases of a fold, NaN of the others."""
    found = np.full(len(CASES), np.nan)
    for i in filter(FOLDS[fold], range(len(CASES))):
        if name in THEORY:
            found[i] = theory()[name][i].mean()
        else:
            own = as_measured()
            if fold == "leave_one_model_out":  # fitted to all others of the family together
                own = own._replace(group=[one and one.partition("/")[0] for one in own.group])
            found[i] = FITS[name](own, chosen(fold, i))[i]
    return found


def test_folds_are_those_of_axes_with_several_values():
    assert list(campaign().regression.fold.values) == [*FOLDS, THRESHOLD]
    two = [setting for setting in MIXTURES if setting["variance"] in (1, 4)]
    of = spec(two, {"mixture": range(4)})
    made = {name: one for name, one in campaign().evaluations.items() if name[1] == "mixture"}
    transition = campaign().transition.sel(setting=[setting.name for setting in of.settings], model=["mixture"])
    found = predict_transitions(of, made, transition)
    assert list(found.fold.values) == [
        "train",
        "holdout",
        "leave_one_N_out",
        "leave_one_d_out",
        "leave_one_variance_out",
        THRESHOLD,
    ]


@pytest.mark.parametrize("fold", FOLDS)
@pytest.mark.parametrize("name", PREDICTORS)
def test_errors_are_those_of_what_was_not_seen(name: str, fold: str):
    """Mean squared error and number of the cases of the fold; gain over a constant, and what is beyond the noise."""
    cell = campaign().regression.sel(predictor=name, fold=fold)
    squares = (expected(name, fold) - as_measured().measured) ** 2
    assert cell["count"] == np.isfinite(squares).sum()
    if not np.isfinite(squares).any():
        assert np.isnan(cell.squared_error)
        return
    assert cell.squared_error == pytest.approx(np.nanmean(squares), rel=1e-9)
    constant = (expected("constant", fold) - as_measured().measured) ** 2
    for quantity, values in (("gain", constant - squares), ("floor", squares - as_measured().noise)):
        mean, stderr, df = clustered(values)
        found = [cell[f"{quantity}{end}"].item() for end in ("", "_stderr", "_df", "_low", "_high")]
        half = stats.t.ppf(0.975, df) * stderr if df > 0 else np.nan
        np.testing.assert_allclose(found, [mean, stderr, df, mean - half, mean + half], rtol=1e-5, atol=1e-12)


@pytest.mark.parametrize("name", PREDICTORS)
def test_errors_by_thresholds_that_were_not_seen(name: str):
    """Fits have seen the places by all other thresholds; of the rest some move with it and some do not."""
    places = of_cases(spec(), campaign().transition.m50_by_threshold).mean(axis=1)
    squares = np.empty(places.shape)
    for i, threshold in enumerate(THRESHOLDS):
        if name in FITS:
            seen = np.mean([places[:, k] for k in range(len(THRESHOLDS)) if k != i], axis=0)
            said = FITS[name](as_measured()._replace(measured=np.where(components(), seen, np.nan)), EVERYWHERE)
        elif name in ("copy_variance_line", *CENTRES):
            said = np.mean([by_threshold(name, case, seed, threshold) for seed in SEEDS for case in [CASES]], axis=0)
        else:
            said = theory()[name].mean(axis=1)
        squares[:, i] = (said - places[:, i]) ** 2
    expected = np.where(components(), squares.mean(axis=1), np.nan)
    cell = campaign().regression.sel(predictor=name, fold=THRESHOLD)
    assert cell["count"] == np.isfinite(expected).sum() > 0
    assert cell.squared_error == pytest.approx(np.nanmean(expected), rel=1e-9)


def components() -> np.ndarray:
    """Return of which cases predictors speak."""
    return np.array([case.model != "network" for case in CASES])


def by_threshold(name: str, of: list[Case], seed: int, threshold: float) -> np.ndarray:
    """Return what a predictor that knows of the threshold says of cases."""
    found = []
    for i, case in enumerate(of):
        n, variance = case.setting.N, case.setting.axes["variance"]
        if name in CENTRES:
            found.append(half_copies(n, variance, seed)[CENTRES.index(name)] / n * (1.1 - 0.3 * threshold))
        else:
            line = 1 - 3 * threshold * copy_variance(variance, seed) / variance
            found.append(line if cases().isotropic[i] else np.nan)
    return np.array(found)


def clustered(values: np.ndarray) -> tuple[float, float, float]:
    """Return mean, standard error and degrees of freedom of the means of each sigma*^2, of all values if few."""
    variance = np.array(AXES["variance"], float)
    known = np.isfinite(values)
    means = np.array([values[known & (variance == v)].mean() for v in np.unique(variance[known])])
    if len(means) < 3:
        means = values[known]
    if len(means) < 2:
        return np.nan, np.nan, np.nan
    return means.mean(), stats.sem(means), len(means) - 1


def test_predictions_are_of_fits_without_the_held_out():
    """Theory has the interval over seeds, fits have none of their own."""
    regression = campaign().regression
    for name in PREDICTORS:
        found = of_cases(spec(), regression.predicted_fraction.sel(predictor=name))
        if name in FITS:
            np.testing.assert_allclose(found, FITS[name](as_measured(), ~held_out()), rtol=1e-9)
            half = np.zeros(len(CASES))
        else:
            each = theory()[name]
            np.testing.assert_allclose(found, each.mean(axis=1), rtol=1e-12)
            half = stats.t.ppf(0.975, 2) * stats.sem(each, axis=1)
        for end, sign in (("low", -1), ("high", 1)):
            ends = of_cases(spec(), regression[f"predicted_fraction_{end}"].sel(predictor=name))
            np.testing.assert_allclose(ends, found + sign * half, atol=1e-12)


def test_unseen_predictions_are_those_of_other_variances():
    """Theory has seen nothing anywhere."""
    for name in PREDICTORS:
        found = of_cases(spec(), campaign().regression.predicted_unseen.sel(predictor=name))
        np.testing.assert_allclose(found, expected(name, "leave_one_variance_out"), rtol=1e-9, atol=1e-12)


def test_without_several_variances_the_held_out_are_unseen():
    of = spec([MIXTURES[2], MIXTURES[3]], {"mixture": (0, 1)}, regression={"holdout": 0.5})
    made = {name: campaign().evaluations[name] for name in evaluations(of)}
    transition = campaign().transition.sel(setting=NAMES[2:4], model=["mixture"])
    found = predict_transitions(of, made, transition)
    kept = found.holdout.values.astype(bool)
    constant = found.predicted_unseen.sel(predictor="constant", model="mixture").values
    np.testing.assert_array_equal(np.isfinite(constant), kept)
    measured = transition.m50_pooled.sel(model="mixture").values
    np.testing.assert_allclose(constant[kept], measured[~kept])
    c2 = found.predicted_unseen.sel(predictor="c2", model="mixture")
    assert np.isfinite(c2).all()


def test_a_campaign_of_one_case():
    """It has its own place as the constant, nothing held out, and what theory predicts; no fold leaves anything out."""
    of = spec(MIXTURES[:1], {"mixture": (0,)})
    transition = campaign().transition.sel(setting=NAMES[:1], model=["mixture"])
    found = predict_transitions(of, campaign().evaluations, transition)
    assert list(found.fold.values) == ["train", "holdout", THRESHOLD]
    row = found.predicted_fraction.isel(setting=0, model=0)
    assert row.sel(predictor="constant") == transition.m50_pooled.item()
    assert row.sel(predictor="exact_losses") == pytest.approx(theory()["exact_losses"][0].mean())
    assert found["count"].sel(fold="holdout").sum() == 0


def test_held_out_settings_are_drawn_by_name():
    """A quarter of nine settings is two, drawn by the seed; one is always left in."""
    order = named_generator(0, "regress", "holdout").permutation(9)
    np.testing.assert_array_equal(np.flatnonzero(campaign().regression.holdout), np.sort(order[:2]))
    other = spec(regression={"holdout": 0.25, "seed": 5})
    found = predict_transitions(other, campaign().evaluations, campaign().transition)
    expected = named_generator(5, "regress", "holdout").permutation(9)[:2]
    np.testing.assert_array_equal(np.flatnonzero(found.holdout), np.sort(expected))
    nearly_all = spec(regression={"holdout": 0.99})
    assert predict_transitions(nearly_all, campaign().evaluations, campaign().transition).holdout.sum() == 8


def test_parts_of_one_distribution_are_held_out_together_and_are_no_fold():
    """A fit that has seen one of them has seen the others; which part it is says nothing of a distribution."""
    parts = [setting | {"part": part} for setting in MIXTURES[:4] for part in (1, 2)]
    of = spec(parts, {"mixture": range(8)}, regression={"holdout": 0.5})
    renamed = {setting.name: setting.truth_name for setting in of.settings}
    made = {
        (name, "mixture", seed): campaign().evaluations[renamed[name], "mixture", seed]
        for name in renamed
        for seed in SEEDS
    }
    transition = campaign().transition.sel(setting=list(renamed.values()), model=["mixture"])
    found = predict_transitions(of, made, transition.assign_coords(setting=list(renamed)))
    plain = spec(MIXTURES[:4], {"mixture": range(4)}, regression={"holdout": 0.5})
    alone = predict_transitions(
        plain, campaign().evaluations, campaign().transition.sel(setting=NAMES[:4], model=["mixture"])
    )
    assert list(found.fold.values) == list(alone.fold.values)
    np.testing.assert_array_equal(found.holdout, np.repeat(alone.holdout.values, 2))
    np.testing.assert_array_equal(found.part, [1, 2] * 4)


def poisoned(case: int, value: float) -> xr.Dataset:
    """Return the predictions of a campaign in which one case's place is nonsense."""
    transition = campaign().transition.copy(deep=True)
    own = {"setting": CASES[case].setting.name, "model": CASES[case].model}
    for name in ("m50", "m50_pooled", "m50_low", "m50_high"):
        transition[name].loc[own] = value
    return predict_transitions(spec(), campaign().evaluations, transition)


@pytest.mark.parametrize("value", [np.nan, 0.3])
def test_held_out_places_change_no_prediction(value: float):
    """Poison of a setting held out is in no fit, of whatever predictor."""
    case = int(np.flatnonzero(held_out())[0])
    found = poisoned(case, value)
    for name in ("predicted_fraction", "predicted_fraction_low", "lambda_tilde", "lambda_tilde_by_start", "objective"):
        xr.testing.assert_identical(found[name], campaign().regression[name])


@pytest.mark.parametrize("value", [np.nan, 0.3])
@pytest.mark.parametrize("case", [2, 12])
def test_places_left_out_change_no_prediction_of_theirs(value: float, case: int):
    """What is predicted for a variance does not depend on what was measured there."""
    case = min(case, len(CASES) - 1)
    found, own = poisoned(case, value), AXES["variance"][case]
    same = np.array([other == own for other in AXES["variance"]])
    before, after = (of_cases(spec(), table.predicted_unseen)[same] for table in (campaign().regression, found))
    np.testing.assert_array_equal(after, before)


def test_envelopes_have_not_seen_the_variance():
    own = as_measured()
    for i in range(len(CASES)):
        low, high = (of_cases(spec(), campaign().regression[f"envelope_{end}"])[i] for end in ("low", "high"))
        others = own.variance != own.variance[i]
        np.testing.assert_allclose([low, high], simplex_envelope(own, others, i), rtol=1e-6)


def test_noise_is_the_variance_between_data_sets():
    """Of a mean over seeds, with what counting adds, over models with components that have a transition everywhere."""
    m50 = of_cases(spec(), campaign().transition.m50)
    with_components = np.array([case.model != "network" for case in CASES])
    expected = m50[with_components].var(axis=1, ddof=1).mean() / 3
    assert campaign().regression.noise_variance == pytest.approx(expected, rel=1e-9)
    transition = campaign().transition.copy(deep=True)
    transition.m50.loc[{"setting": NAMES[0], "model": "mixture", "seed": 1}] = np.nan
    found = predict_transitions(spec(), campaign().evaluations, transition)
    with_components[0] = False
    assert found.noise_variance == pytest.approx(m50[with_components].var(axis=1, ddof=1).mean() / 3, rel=1e-9)
    one = spec(seeds=[2])
    made = predict_transitions(one, campaign().evaluations, campaign().transition.sel(seed=[2]))
    assert np.isnan(made.noise_variance)
    exact = made.predicted_fraction_low.sel(predictor="exact_losses")
    assert np.isnan(exact).all()


def test_tables_have_what_was_measured_and_where():
    """Places by case, snr by time, and the coordinates of every setting."""
    regression = campaign().regression
    np.testing.assert_array_equal(
        regression.measured_fraction.transpose("setting", "model"),
        campaign().transition.m50_pooled.transpose("setting", "model"),
    )
    np.testing.assert_array_equal(regression.time, TIMES)
    np.testing.assert_array_equal(regression.snr, SNR)
    np.testing.assert_array_equal(regression.fraction, campaign().transition.fraction)
    assert list(regression.predictor.values) == list(PREDICTORS)
    np.testing.assert_array_equal(regression.trained.sum("model"), [1, 2, 2, 1, 2, 1, 1, 1, 1])


def test_p_values_combine_the_settings():
    """Student's test of each case, seed by seed, and Fisher's combination."""
    measured = of_cases(spec(), campaign().transition.m50)
    exact = theory()["exact_losses"]
    constant = FITS["constant"](as_measured(), ~held_out())[:, None]
    for name, predicted in (("exact_losses", exact), ("constant", constant)):
        rows = [row for row in measured - predicted if np.isfinite(row).all()]
        each = [stats.ttest_1samp(row, 0).pvalue for row in rows]
        found = campaign().regression.p_value.sel(predictor=name)
        assert np.log(found) == pytest.approx(np.log(stats.combine_pvalues(each).pvalue), rel=1e-6)
    assert len(SEEDS) == 3
