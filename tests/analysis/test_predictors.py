"""Each predictor follows its formula, finds what is true where its model is, and looks at nothing that was left out."""

import numpy as np
import pytest
from scipy import optimize

from edgemem.analysis.cases import Cases
from edgemem.analysis.fits import EXCESS, FITS, simplex_envelope
from edgemem.analysis.theory import NAMES as THEORY
from edgemem.analysis.weights import fit, weights
from edgemem.config.regress import PREDICTORS
from edgemem.reporting.prediction_claims import UNFITTED

from .synthetic import (
    CENTRES,
    COVERAGE,
    DECIDED,
    POSTERIOR,
    SEEDS,
    SNR,
    TRAINING_WEIGHT,
    VARIANCES,
    campaign,
    cases,
    constant_of,
    copy_variance,
    half_copies,
    losses,
    spec,
    theory,
)


CASES = spec().cases
OF_MIXTURE = np.array([case.model == "mixture" for case in CASES])
# Weights of the times, on the simplex.
TRUE = np.array([0.1, 0.3, 0.2, 0.15, 0.25])
# The third variance is left out, and a case of another.
CHOSEN = np.array([case.setting.axes["variance"] != 4 and i != 1 for i, case in enumerate(CASES)])


def kernel(variance: np.ndarray) -> np.ndarray:
    """Return where the approximate losses of each time alone cross, (case, time), with C = 2."""
    return 1 - 0.5 / (1 + variance[:, None] * SNR)


def expected_curve(own: Cases, degree: int) -> np.ndarray:
    """Return a polynomial in log sigma*^2 fitted to the chosen cases of each family and model by least squares."""
    found = np.full(len(CASES), np.nan)
    for model in ("mixture", "second", "templates"):
        of_model = np.array([case.model == model for case in CASES])
        used = of_model & CHOSEN
        x = np.log(own.variance)
        if len(np.unique(x[used])) > degree:
            found[of_model] = np.polyval(np.polyfit(x[used], own.measured[used], degree), x[of_model])
    return found


@pytest.mark.parametrize(("name", "degree"), [("constant", 0), ("line", 1), ("parabola", 2)])
def test_curves_are_those_of_least_squares(name: str, degree: int):
    """Of each family and model by itself, NaN where too few different sigma*^2 are known."""
    own = cases()
    np.testing.assert_allclose(FITS[name](own, CHOSEN), expected_curve(own, degree), rtol=1e-6)


def test_curves_need_as_many_variances_as_coefficients():
    """Not as many cases: those of one sigma*^2 tell one point of a curve."""
    first = OF_MIXTURE & (cases().variance <= 1)
    assert np.isfinite(FITS["line"](cases(), first)[OF_MIXTURE]).all()
    assert np.isnan(FITS["parabola"](cases(), first)).all()
    assert np.isnan(FITS["line"](cases(), OF_MIXTURE & (cases().variance == 1))).all()


def test_the_regression_is_given_the_chosen_cases():
    """Its weights depend on each chosen place; its predictions are Mbar / N by the softmax (22) over all sizes."""
    own = cases()
    used = CHOSEN & own.isotropic
    sizes = [case.setting.N for case in CASES]
    first = np.array([2 * (1 - 1 / n) - 1 / (1 + SNR * v) for n, v in zip(sizes, own.variance, strict=True)])
    best = 5 * np.mean(own.measured[used, None] * np.abs(first[used]), axis=0)
    found = fit(own, CHOSEN)
    assert found is not None
    np.testing.assert_allclose(found.weights[0], best)
    expected = np.full(len(CASES), np.nan)
    for i in np.flatnonzero(own.isotropic):
        fraction = np.arange(1, sizes[i] + 1) / sizes[i]
        difference = (2 * (1 - fraction)[:, None] - 1 / (1 + SNR * own.variance[i])) @ best
        p = np.exp(-20 * difference**2)
        expected[i] = fraction @ p / p.sum()
    np.testing.assert_allclose(FITS["fitted"](own, CHOSEN), expected, rtol=1e-9)


def test_weights_on_the_simplex_find_the_truth():
    """From places that the approximation gives exactly the places of variances left out follow."""
    truth = kernel(cases().variance) @ TRUE
    found = FITS["simplex"](cases(truth), CHOSEN)
    np.testing.assert_array_equal(np.isfinite(found), cases().isotropic)
    seen = np.isin(cases().variance, [0.25, 1, 16]) & cases().isotropic
    np.testing.assert_allclose(found[seen], truth[seen], atol=1e-7)
    np.testing.assert_allclose(found[cases().isotropic], truth[cases().isotropic], atol=0.01)


def best_on_simplex(rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the weights on the simplex with the least sum of squares, by a general method."""
    found = optimize.minimize(
        lambda w: 1e4 * np.sum((rows @ w - target) ** 2),
        np.full(len(SNR), 1 / len(SNR)),
        jac=lambda w: 2e4 * rows.T @ (rows @ w - target),
        bounds=[(0, 1)] * len(SNR),
        constraints={"type": "eq", "fun": lambda w: np.sum(w) - 1, "jac": lambda w: np.ones(len(SNR))},
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    return np.asarray(found.x)


def test_weights_on_the_simplex_have_the_least_squares():
    own = cases()
    used = CHOSEN & own.isotropic
    found = FITS["simplex"](own, CHOSEN)[used]
    best = kernel(own.variance)[used] @ best_on_simplex(kernel(own.variance)[used], own.measured[used])
    np.testing.assert_allclose(found, best, atol=1e-5)


def exact_crossing(own: Cases, weight: np.ndarray) -> np.ndarray:
    """Return where the exact losses cross by some weights; each falls linearly in M/N."""
    found = np.full(len(CASES), np.nan)
    for i, difference in enumerate(own.difference):
        if difference is not None:
            ends = difference @ weight
            n = len(ends)
            found[i] = 1 / n + (1 - 1 / n) * ends[0] / (ends[0] - ends[-1])
    return found


def test_weights_fitted_to_exact_losses_find_the_truth():
    """Also for images, and for variances left out."""
    own = cases()
    truth = exact_crossing(own, TRUE)
    found = FITS["exact_fitted"](own._replace(measured=truth), CHOSEN)
    np.testing.assert_array_equal(np.isfinite(found), [case.model != "network" for case in CASES])
    np.testing.assert_allclose(found[CHOSEN], truth[CHOSEN], atol=1e-6)


def test_weights_fitted_to_exact_losses_have_the_least_squares():
    """Of distances from the measured places: differences of losses over their slope, of one family and model."""
    own = cases()
    found = FITS["exact_fitted"](own, CHOSEN)
    groups = np.array([f"{case.setting.family} {case.model}" for case in CASES])
    for group in np.unique(groups):
        used = CHOSEN & (groups == group) & np.array([difference is not None for difference in own.difference])
        rows = []
        for i in np.flatnonzero(used):
            difference, n = own.difference[i], CASES[i].setting.N
            slope = (difference[0] - difference[-1]) / (1 - 1 / n)
            rows.append((difference[0] - slope * (own.measured[i] - 1 / n)) / slope.mean())
        if rows:
            best = best_on_simplex(np.array(rows), np.zeros(used.sum()))
            # Many weights meet a single case, and say different things of others.
            compared = groups == group if used.sum() > 1 else used
            np.testing.assert_allclose(found[compared], exact_crossing(own, best)[compared], atol=2e-4)


def test_the_slope_of_exact_losses_is_that_at_the_place():
    """Where losses bend, a residual is divided by the mean slope over a tenth of N about the measured place."""
    own = cases()
    sizes = np.arange(1, 21) / 20
    # By case: losses at two times, none of whose mixtures cross at both places.
    bent = {1: np.stack([0.7 - sizes**4, 0.2 - sizes**3], axis=1), 5: np.stack([0.6 - sizes, 0.9 - sizes**2], axis=1)}
    measured = np.full(len(CASES), np.nan)
    measured[[1, 5]] = 0.8, 0.65
    rows = []
    for i, difference in bent.items():
        before, after = (np.interp(measured[i] + step, sizes, difference.mean(axis=1)) for step in (-0.05, 0.05))
        at = np.array([np.interp(measured[i], sizes, column) for column in difference.T])
        rows.append(at / ((before - after) / 0.1))
    share = np.linspace(0, 1, 100_001)
    squares = np.sum((np.array(rows) @ np.stack([share, 1 - share])) ** 2, axis=0)
    best = np.array([share[squares.argmin()], 1 - share[squares.argmin()]])
    assert 0.1 < best[0] < 0.9
    changed = own._replace(measured=measured, difference=[bent.get(i) for i in range(len(CASES))])
    found = FITS["exact_fitted"](changed, np.ones(len(CASES), bool))
    for i, difference in bent.items():
        assert found[i] == pytest.approx(np.interp(0, -(difference @ best), sizes), abs=1e-4)


def test_transitions_beyond_n_are_in_no_fit_of_exact_losses():
    """There no subset of the samples has a loss that could cross."""
    own = cases(np.full(len(CASES), 0.8))
    beyond, unknown = own.measured.copy(), own.measured.copy()
    beyond[0], unknown[0] = 1.3, np.nan
    everywhere = np.ones(len(CASES), bool)
    found = FITS["exact_fitted"](own._replace(measured=beyond), everywhere)
    np.testing.assert_array_equal(found, FITS["exact_fitted"](own._replace(measured=unknown), everywhere))
    assert np.isfinite(found).any()


def test_near_n_the_slope_is_taken_up_to_n():
    """A place within a twentieth of N counts as much as any other: beyond N there are no losses."""
    own = cases()
    sizes = np.arange(1, 21) / 20
    falling = {1: np.stack([0.98 - sizes, 0.9 - sizes], axis=1), 5: np.stack([0.6 - sizes, 0.7 - sizes], axis=1)}
    measured = np.full(len(CASES), np.nan)
    measured[[1, 5]] = 0.97, 0.68
    changed = own._replace(measured=measured, difference=[falling.get(i) for i in range(len(CASES))])
    found = FITS["exact_fitted"](changed, np.ones(len(CASES), bool))
    # Residuals w 0.01 - (1 - w) 0.07 and -w 0.08 + (1 - w) 0.02, both over a slope of one.
    share = np.linspace(0, 1, 100_001)
    best = share[np.argmin((0.08 * share - 0.07) ** 2 + (0.1 * share - 0.02) ** 2)]
    assert found[1] == pytest.approx(0.98 * best + 0.9 * (1 - best), abs=1e-4)


POISON = [np.nan, 1e9, -1e9]


@pytest.mark.parametrize("poison", POISON)
@pytest.mark.parametrize("name", FITS)
def test_what_is_left_out_changes_no_fit(name: str, poison: float):
    """Neither the places nor, for a fit, the losses of cases that were not chosen."""
    own = cases()
    before = FITS[name](own, CHOSEN)
    assert np.isfinite(before[~CHOSEN]).any()
    after = FITS[name](own._replace(measured=np.where(CHOSEN, own.measured, poison)), CHOSEN)
    np.testing.assert_array_equal(after, before)
    differences = [
        difference if chosen or difference is None else difference + 1e9
        for chosen, difference in zip(CHOSEN, own.difference, strict=True)
    ]
    after = FITS[name](own._replace(difference=differences), CHOSEN)
    np.testing.assert_array_equal(after[CHOSEN], before[CHOSEN])


@pytest.mark.parametrize("name", FITS)
def test_cases_without_a_transition_are_in_no_fit(name: str):
    """They are predicted all the same."""
    own = cases()
    unknown = own.measured.copy()
    unknown[[0, 3]] = np.nan
    known = np.isfinite(unknown)
    found = FITS[name](own._replace(measured=unknown), np.ones(len(CASES), bool))
    np.testing.assert_array_equal(found, FITS[name](own, known))
    assert np.isfinite(found[[0, 3]]).all()


@pytest.mark.parametrize("name", FITS)
def test_nothing_chosen_is_nothing_predicted(name: str):
    assert np.isnan(FITS[name](cases(), np.zeros(len(CASES), bool))).all()


def test_envelope_holds_all_weights_that_fit_as_well():
    """The least and the largest prediction with a chi^2 of at most 3.84 above the best."""
    own = cases()
    used = CHOSEN & own.isotropic
    rows, target = kernel(own.variance)[used], own.measured[used]

    def chi2(w: np.ndarray) -> float:
        return float(np.sum((rows @ w - target) ** 2) / own.noise)

    best = best_on_simplex(rows, target)
    for case in np.flatnonzero(OF_MIXTURE)[[1, 4]]:
        direction = kernel(own.variance)[case]
        ends = []
        for sign in (1, -1):
            found = optimize.minimize(
                lambda w, sign=sign, direction=direction: sign * 100 * direction @ w,
                best,
                bounds=[(0, 1)] * len(SNR),
                constraints=[
                    {"type": "eq", "fun": lambda w: np.sum(w) - 1},
                    {"type": "ineq", "fun": lambda w: chi2(best) + 3.84 - chi2(w)},
                ],
                options={"maxiter": 500, "ftol": 1e-12},
            )
            ends.append(direction @ found.x)
        np.testing.assert_allclose(simplex_envelope(own, CHOSEN, case), ends, atol=2e-4)
    assert EXCESS == 3.84


def test_envelope_is_unknown_without_noise_or_cases():
    own = cases()
    nothing = np.zeros(len(CASES), bool)
    templates = [i for i, case in enumerate(CASES) if case.model == "templates"]
    for changed, chosen, case in (
        (own._replace(noise=float("nan")), CHOSEN, 4),
        (own, nothing, 4),
        (own, CHOSEN, templates[0]),
    ):
        assert np.isnan(simplex_envelope(changed, chosen, case)).all()


def test_weights_say_how_the_search_went():
    """All starts, the best first, and which of them ended by themselves."""
    own = cases()
    found = fit(own, CHOSEN)
    table = weights(own, found)
    np.testing.assert_array_equal(table.lambda_tilde, found.weights[0])
    np.testing.assert_array_equal(table.lambda_tilde_by_start, found.weights)
    np.testing.assert_array_equal(table.objective, found.objectives)
    np.testing.assert_array_equal(table.converged, [1, 0, 1])
    nothing = weights(own, None)
    assert np.isnan(nothing.lambda_tilde).all()
    assert nothing.sizes == {"time": 5, "start": 1, "direction": min(len(SNR), own.isotropic.sum())}


def test_directions_are_in_units_of_the_noise():
    """Singular values of the design, the weights' sum kept, over the standard error of one measurement."""
    own = cases()
    rows = kernel(own.variance)[own.isotropic] / np.sqrt(own.noise)
    keep = np.eye(5) - 1 / 5
    expected = np.linalg.svd(rows @ keep, compute_uv=False)
    np.testing.assert_allclose(weights(own, None).singular_value, expected, atol=1e-9)
    unknown = [own._replace(noise=noise) for noise in (np.nan, 0.0)]
    for changed in (*unknown, own._replace(measured=np.full(len(CASES), np.nan))):
        assert np.isnan(weights(changed, None).singular_value).all()
    partly = own.measured.copy()
    partly[np.flatnonzero(own.isotropic)[1:]] = np.nan
    assert len(weights(own._replace(measured=partly), None).singular_value) == 1


@pytest.mark.parametrize(
    ("name", "constant", "weight"),
    [
        ("c1", 1.0, np.ones(5)),
        ("c2", 2.0, np.ones(5)),
        ("snr_weight", 2.0, SNR),
        ("own_c2", 2.0, TRAINING_WEIGHT),
    ],
)
def test_crossings_of_the_approximate_losses(name: str, constant: float, weight: np.ndarray):
    """(21), with the variance of each setting; the same for all seeds."""
    own = cases()
    expected = np.full(len(CASES), np.nan)
    for i in np.flatnonzero(own.isotropic):
        expected[i] = 1 - np.sum(weight / (1 + SNR * own.variance[i])) / (constant * np.sum(weight))
    np.testing.assert_allclose(theory()[name], np.repeat(expected[:, None], 3, axis=1), rtol=1e-12)


def test_crossing_with_a_constant_that_depends_on_the_size():
    """C(M) (1 - M/N) d sigma*^2 = E_t d sigma*^2 / (1 + psi sigma*^2), C(M) that of M = f N, at least one."""
    own = cases()
    found = theory()["finite_size"]
    np.testing.assert_array_equal(np.isfinite(found), np.repeat(own.isotropic[:, None], 3, axis=1))
    fractions = np.linspace(0.02, 1, 99)
    for i in np.flatnonzero(own.isotropic):
        n, v = CASES[i].setting.N, own.variance[i]
        constant = 1.4 + 0.01 * np.maximum(fractions * n, 1) + 0.02 * v + 0.1 * 0.5
        excess = constant * (1 - fractions) - np.mean(1 / (1 + SNR * v))
        np.testing.assert_allclose(found[i], np.interp(0, -excess, fractions), atol=1e-4)


def test_constants_of_settings():
    """C(M) at the fractions of curves, NaN where the theory does not apply; a model without components has them too."""
    found = campaign().regression.finite_size_constant
    fractions = np.linspace(0.02, 1, 99)
    for setting in spec().settings:
        expected = 1.45 + 0.01 * np.maximum(fractions * setting.N, 1) + 0.02 * setting.axes["variance"]
        if setting.family == "image":
            expected = np.full(99, np.nan)
        np.testing.assert_allclose(found.sel(setting=setting.name), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("exact_losses", np.ones(5)),
        ("own_exact", TRAINING_WEIGHT),
        ("danger", POSTERIOR * COVERAGE),
        ("collapse", np.array([0, 0.75, 0.25, 0, 0])),
        ("decided", DECIDED),
    ],
)
def test_crossing_of_the_exact_losses(name: str, weight: np.ndarray):
    """Of the training samples, seed by seed, times weighted as the predictor says; of images too."""
    found, weight = theory()[name], weight / weight.sum()
    for i, case in enumerate(CASES):
        for j, seed in enumerate(SEEDS):
            generalizing, partially = losses(case.setting.axes["variance"], case.setting.dim, case.setting.N, seed)
            memorizing, one = partially[-1] @ weight, (partially[0] - partially[-1]) @ weight / (1 - 1 / case.setting.N)
            expected = 1 - (generalizing @ weight - memorizing) / one
            if case.model == "network":
                expected = np.nan
            np.testing.assert_allclose(found[i, j], expected, atol=1e-9)
    assert constant_of(1) != constant_of(2)
    assert VARIANCES == (0.25, 1.0, 4.0, 16.0)


def test_places_by_what_training_samples_say():
    """Sizes at which half are copies, over N, also of images; and where the line of variances is that of copies."""
    for i, case in enumerate(CASES):
        n, variance = case.setting.N, case.setting.axes["variance"]
        for j, seed in enumerate(SEEDS):
            places = np.full(5, np.nan) if case.model == "network" else half_copies(n, variance, seed) / n
            np.testing.assert_allclose([theory()[name][i, j] for name in CENTRES], places)
            line = 1 - copy_variance(variance, seed) / variance if cases().isotropic[i] else np.nan
            np.testing.assert_allclose(theory()["copy_variance_line"][i, j], line)


def test_predictors_are_fitted_or_not():
    """Those that are judged as fitting nothing are all that are no fit."""
    assert set(UNFITTED) == set(THEORY)
    assert set(PREDICTORS) == {*FITS, *THEORY}
