"""Weights on the simplex: optimal by the conditions for it and by brute force, the range of those that fit as well."""

import numpy as np
import pytest
from scipy import optimize

from edgemem.analysis.published import WEIGHTS
from edgemem.numerics.regression import approximate_crossover, predicted_crossing
from edgemem.numerics.simplex_weights import (
    count_directions,
    crossing_design,
    directions_above_noise,
    envelope,
    fit_simplex,
)
from edgemem.numerics.theory import crossover_fraction

from . import oracle


TIMES = 0.999 - 0.998 * np.arange(26) / 25
SNR = oracle.snr(TIMES)
VARIANCES = np.repeat([0.1, 0.25, 1.0, 4.0, 10.0], [6, 8, 16, 8, 4])
TRUTH = np.array(WEIGHTS) / np.sum(WEIGHTS)
INF = float("inf")


def random_problem(seed: int, cases: int, times: int):
    """Targets near what random weights give, on any design; some of the weights are at zero in the optimum."""
    rng = np.random.default_rng(seed)
    design = rng.normal(size=(cases, times))
    target = design @ rng.dirichlet(np.full(times, 0.3)) + 0.3 * rng.normal(size=cases)
    return design, target, rng.uniform(0.1, 10, size=cases)


def measured(rng, noise: float = 0.0075):
    """Transition points at five values of sigma*^2, with the published weights as truth."""
    design = crossing_design(VARIANCES, SNR, 2.0)
    return design, design @ TRUTH + noise * rng.normal(size=len(design)), np.full(len(design), noise**-2)


def objective(design, target, weight, fitted) -> float:
    return float(np.sum(weight * (design @ fitted - target) ** 2))


def simplex(steps: int) -> np.ndarray:
    """All weights of three times that are multiples of 1 / steps."""
    first, second = np.meshgrid(np.arange(steps + 1), np.arange(steps + 1))
    kept = first + second <= steps
    return np.stack([first[kept], second[kept], (steps - first - second)[kept]], axis=1) / steps


def test_design_is_the_papers_crossing():
    """(21) by the theory's function; the softmax of the paper's regression rounds it to a model size or so."""
    for variance in (0.25, 4.0):
        prediction = float((crossing_design(np.array([variance]), SNR, 2.0) @ TRUTH)[0])
        assert prediction == pytest.approx(crossover_fraction(SNR, TRUTH, variance, 2.0), rel=1e-12)
        crossover = approximate_crossover(200, variance, SNR, 2.0, np.array([]))
        assert prediction == pytest.approx(predicted_crossing(crossover, 20 * np.array(WEIGHTS)), abs=5e-3)


# ------------------------------------------------------------------------------------------------------------- fit


def assert_optimal(design, target, weight, fitted) -> None:
    """On the simplex the gradient is the same where a weight is positive, and not smaller where it is zero (KKT)."""
    assert np.all(fitted >= 0)
    assert fitted.sum() == pytest.approx(1, rel=1e-12)
    gradient = design.T @ (weight * (design @ fitted - target))
    slack = gradient - gradient @ fitted
    tolerance = 1e-9 * np.sum(weight * (np.abs(design).max(axis=1) + np.abs(target)) ** 2)
    assert np.all(np.abs(slack[fitted > 0]) < tolerance)
    assert np.all(slack > -tolerance)


@pytest.mark.parametrize(("cases", "times"), [(3, 8), (8, 3), (64, 26), (5, 26)])
@pytest.mark.parametrize("seed", range(5))
def test_fit_fulfils_the_conditions_of_the_optimum(cases, times, seed):
    problem = random_problem(seed, cases, times)
    assert_optimal(*problem, fit_simplex(*problem))


def test_fit_of_transition_points_fulfils_the_conditions_of_the_optimum():
    """Also where the times are nearly collinear, as here: five values of sigma*^2 and 26 times."""
    for seed in range(20):
        problem = measured(np.random.default_rng(seed))
        assert_optimal(*problem, fit_simplex(*problem))


@pytest.mark.parametrize("seed", range(5))
def test_fit_is_the_best_of_a_fine_grid(seed):
    problem = random_problem(seed, 6, 3)
    grid = simplex(200)
    values = np.sum(problem[2] * (grid @ problem[0].T - problem[1]) ** 2, axis=1)
    fitted = fit_simplex(*problem)
    assert objective(*problem, fitted) <= values.min() + 1e-9
    assert np.abs(fitted - grid[values.argmin()]).max() < 0.02


def test_fit_agrees_with_a_general_solver():
    problem = random_problem(7, 20, 10)
    start = np.full(10, 0.1)
    found = optimize.minimize(
        lambda x: objective(*problem, x),
        start,
        method="SLSQP",
        bounds=[(0, 1)] * 10,
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1},
        options={"ftol": 1e-14, "maxiter": 1000},
    )
    np.testing.assert_allclose(fit_simplex(*problem), found.x, atol=1e-5)


def test_fit_without_noise_finds_the_truth():
    """Where the design tells all directions, the weights themselves."""
    rng = np.random.default_rng(8)
    design, truth = rng.normal(size=(30, 12)), rng.dirichlet(np.ones(12))
    np.testing.assert_allclose(fit_simplex(design, design @ truth, np.ones(30)), truth, atol=1e-9)
    corner = np.eye(12)[3]
    np.testing.assert_allclose(fit_simplex(design, design @ corner, np.ones(30)), corner, atol=1e-9)


@pytest.mark.parametrize("factor", [1e-20, 1e20])
def test_fit_does_not_depend_on_the_unit_of_the_weights(factor):
    design, target, weight = random_problem(18, 12, 6)
    np.testing.assert_allclose(
        fit_simplex(design, target, factor * weight), fit_simplex(design, target, weight), rtol=1e-9, atol=1e-12
    )


def test_cases_without_weight_change_nothing():
    """What a left-out case holds does not matter, be it NaN or 1e9."""
    design, target, weight = random_problem(9, 12, 6)
    weight[[2, 7]] = 0
    expected = fit_simplex(design[weight > 0], target[weight > 0], weight[weight > 0])
    for poison in (np.nan, 1e9):
        target[2], design[7] = poison, poison
        np.testing.assert_array_equal(fit_simplex(design, target, weight), expected)


def test_weights_that_are_none_are_refused():
    design, target, weight = random_problem(10, 4, 3)
    for wrong in (-weight, 0 * weight, np.full(4, np.nan)):
        with pytest.raises(ValueError, match="not negative"):
            fit_simplex(design, target, wrong)


def test_fit_predicts_values_that_were_not_measured():
    """Within the measured range to the noise of the mean; the fit has no staircase as the paper's has."""
    new = np.array([0.15, 0.5, 2.0, 6.0])
    design = crossing_design(new, SNR, 2.0)
    errors = [design @ fit_simplex(*measured(np.random.default_rng(seed))) - design @ TRUTH for seed in range(100)]
    assert np.abs(np.mean(errors, axis=0)).max() < 0.001
    # Six settings of a noise of .0075 know their mean to .0031.
    assert np.std(errors, axis=0).max() < 0.0031


# -------------------------------------------------------------------------------------------------------- envelope


@pytest.mark.parametrize("cases", [2, 6])
@pytest.mark.parametrize("excess", [0.05, 0.5, 5.0])
@pytest.mark.parametrize("seed", range(4))
def test_envelope_is_that_of_a_fine_grid(cases, excess, seed):
    """Of three times all weights can be tried; with two cases one direction is hardly told, or not at all."""
    problem = random_problem(seed, cases, 3)
    direction = np.random.default_rng(100 + seed).normal(size=3)
    low, high = envelope(*problem, direction, excess)
    grid = simplex(1000)
    values = np.sum(problem[2] * (grid @ problem[0].T - problem[1]) ** 2, axis=1)
    allowed = (grid @ direction)[values <= objective(*problem, fit_simplex(*problem)) + excess]
    assert low == pytest.approx(allowed.min(), abs=0.01)
    assert high == pytest.approx(allowed.max(), abs=0.01)
    assert low <= allowed.min() + 1e-9
    assert high >= allowed.max() - 1e-9


def test_envelope_agrees_with_a_general_solver():
    """For nine times, where no grid is fine enough."""
    problem = random_problem(3, 6, 9)
    direction = np.linspace(-1, 1, 9)
    best = fit_simplex(*problem)
    limit = objective(*problem, best) + 2.0
    for sign, end in zip((1, -1), envelope(*problem, direction, 2.0), strict=True):
        found = optimize.minimize(
            lambda x, sign=sign: sign * direction @ x,
            best,
            method="SLSQP",
            bounds=[(0, 1)] * 9,
            constraints=[
                {"type": "eq", "fun": lambda x: x.sum() - 1},
                {"type": "ineq", "fun": lambda x: limit - objective(*problem, x)},
            ],
            options={"ftol": 1e-12, "maxiter": 1000},
        )
        assert end == pytest.approx(direction @ found.x, abs=1e-5)


def test_envelope_holds_the_fit_and_grows():
    """From what fits best to the whole range of the direction."""
    problem = measured(np.random.default_rng(11))
    fitted = fit_simplex(*problem)
    for variance in (0.02, 0.5, 50.0):
        direction = crossing_design(np.array([variance]), SNR, 2.0)[0]
        ends = np.array([envelope(*problem, direction, excess) for excess in (0.0, 0.1, 1.0, 4.0, 100.0, 1e9, INF)])
        assert np.all(ends[:, 0] <= direction @ fitted)
        assert np.all(ends[:, 1] >= direction @ fitted)
        assert np.all(np.diff(ends[:, 0]) <= 1e-9)
        assert np.all(np.diff(ends[:, 1]) >= -1e-9)
        np.testing.assert_array_equal(ends[-2:], [[direction.min(), direction.max()]] * 2)
        assert np.ptp(ends[1]) < np.ptp(ends[3])


def test_extrapolation_depends_on_what_is_not_told():
    """Beyond the measured values weights that fit equally well predict differently, between them they agree."""
    problem = measured(np.random.default_rng(12))
    inside, below = (
        np.ptp(envelope(*problem, crossing_design(np.array([variance]), SNR, 2.0)[0], 3.84))
        for variance in (1.5, 0.005)
    )
    assert below > 5 * inside


def test_envelope_with_one_measured_value_is_its_interval():
    """One prediction alone is told to 1.96 standard errors by an excess of 3.84, all weights being free otherwise."""
    design = crossing_design(np.full(4, 1.0), SNR, 2.0)
    target = np.array([0.79, 0.8, 0.8, 0.81])
    low, high = envelope(design, target, np.full(4, 1e4), design[0], 3.841459)
    assert (low, high) == (pytest.approx(0.8 - 1.96 * 0.005, rel=1e-5), pytest.approx(0.8 + 1.96 * 0.005, rel=1e-5))


def test_envelope_of_equally_good_weights():
    """Without excess: times with the same design can replace each other, and what tells them apart is open."""
    design = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    for targets, sum_of_both in (([0.5, 0.5, 0.5], 0.5), ([0.3, 0.61, 0.77], 0.3 / 3 + 0.39 / 3 + 0.23 / 3)):
        low, high = envelope(design, np.array(targets), np.ones(3), np.array([0.0, 0.0, 1.0]), 0.0)
        assert (low, high) == (pytest.approx(0, abs=1e-5), pytest.approx(sum_of_both, abs=1e-5))


def test_a_direction_that_is_constant_is_known():
    problem = random_problem(13, 5, 4)
    low, high = envelope(*problem, np.full(4, 2.0), 1.0)
    assert (low, high) == (pytest.approx(2), pytest.approx(2))


def test_a_negative_excess_is_refused():
    for wrong in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="not negative"):
            envelope(*random_problem(14, 5, 4), np.arange(4.0), wrong)


def test_coverage_of_envelopes():
    """An excess of 3.84 holds the true prediction in 95 % of campaigns or more: weights cannot be negative besides.

    Of 60 campaigns 53 is a binomial 95 % less two and a half standard errors.
    """
    directions = crossing_design(np.array([0.05, 0.5, 2.0]), SNR, 2.0)
    rng = np.random.default_rng(15)
    inside = np.zeros(3)
    for _ in range(60):
        problem = measured(rng)
        for i, direction in enumerate(directions):
            low, high = envelope(*problem, direction, 3.841459)
            inside[i] += low <= direction @ TRUTH <= high
    assert np.all(inside >= 53)


# ------------------------------------------------------------------------------------------------------ directions


def test_directions_are_changes_in_standard_errors():
    """A step along each direction changes the predictions by its singular value; none of them changes the sum."""
    design, _, weight = random_problem(16, 9, 5)
    singular = directions_above_noise(design, weight)
    assert np.all(np.diff(singular) <= 0)
    # The squares are the eigenvalues of the information, restricted to an orthonormal basis of changes without sum.
    basis = np.linalg.svd(np.ones((1, 5)))[2][1:]
    information = basis @ design.T @ np.diag(weight) @ design @ basis.T
    np.testing.assert_allclose(singular[:4] ** 2, np.linalg.eigvalsh(information)[::-1], rtol=1e-9)
    assert singular[4] == pytest.approx(0, abs=1e-9)
    # A design that is the same for all times tells nothing.
    assert directions_above_noise(np.ones((9, 5)), weight) == pytest.approx(0)


def test_directions_above_the_noise_are_fewer_than_the_rank():
    """Five values of sigma*^2 have numerical rank five in any noise; how many directions they tell depends on it."""
    design = crossing_design(VARIANCES, SNR, 2.0)
    told = []
    for noise in (0.0075, 0.03, 0.5, 100.0):
        singular = directions_above_noise(design, np.full(len(design), noise**-2))
        assert np.sum(singular > 1e-6 * singular[0]) == 5
        told.append(count_directions(singular))
    assert told == [5, 4, 2, 0]
    assert count_directions(np.array([5.0, 2.1, 2.0, 0.1])) == 2
