"""The paper's regression: its objective by the formula, its optimum by brute force, what it can tell of the weights."""

import numpy as np
import pytest
from scipy import stats

from edgemem.analysis.published import WEIGHTS
from edgemem.numerics.regression import (
    approximate_crossover,
    fit_weights,
    identified_directions,
    objective,
    predicted_crossing,
)

from . import oracle


TIMES = 0.999 - 0.998 * np.arange(26) / 25
SNR = oracle.snr(TIMES)


def crossovers(measured: dict[tuple[int, float], list[float]], constant: float = 2.0) -> list:
    return [approximate_crossover(*group, SNR, constant, np.array(values)) for group, values in measured.items()]


def formula(measured: dict[tuple[int, float], list[float]], weight: np.ndarray, constant: float) -> float:
    """(22), (23) and (311), setting by setting and size by size."""
    terms = []
    for (n_samples, variance), values in measured.items():
        for value in values:
            exponents = []
            for size in range(1, n_samples + 1):
                difference = sum(
                    w * (constant * (1 - size / n_samples) * variance - variance / (1 + psi * variance)) / variance
                    for w, psi in zip(weight, SNR, strict=True)
                )
                exponents.append(-20 * difference**2)
            p = np.exp(np.array(exponents) - max(exponents))
            p /= p.sum()
            mean = sum(p * np.arange(1, n_samples + 1)) / n_samples
            terms.append((mean - value) ** 2 + 1e-3 * stats.entropy(p))
    return float(np.mean(terms))


MEASURED = {(50, 1.0): [0.78, 0.81], (60, 0.25): [0.85], (40, 4.0): [0.7, 0.72, 0.69]}


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("constant", [1.0, 2.0])
def test_objective_is_the_formula(scale, constant):
    """Also where the softmax is nearly flat, and where it stands on one size."""
    weight = scale * np.random.default_rng(0).uniform(size=26)
    value, _ = objective(crossovers(MEASURED, constant), weight)
    assert value == pytest.approx(formula(MEASURED, weight, constant), rel=1e-9)


@pytest.mark.parametrize("scale", [0.1, 1.0])
def test_gradient_is_the_derivative(scale):
    weight = scale * np.random.default_rng(1).uniform(0.5, 1.5, size=26)
    found = crossovers(MEASURED)
    _, gradient = objective(found, weight)
    step = 1e-6 * np.eye(26)
    expected = [(objective(found, weight + e)[0] - objective(found, weight - e)[0]) / 2e-6 for e in step]
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-8)


def test_published_weights_predict_four_fifths():
    """The paper's figure 3 with C = 2 puts the crossing at 0.8000 for every N, with C = 1 at 0.600."""
    for n_samples in (50, 100, 150, 200):
        for constant, fraction in ((2.0, 0.8), (1.0, 0.6)):
            crossover = approximate_crossover(n_samples, 1.0, SNR, constant, np.array([]))
            assert predicted_crossing(crossover, 20 * np.array(WEIGHTS)) == pytest.approx(fraction, abs=5e-4)


def test_fit_finds_the_best_step_of_the_staircase():
    """With one variance the objective's infimum is that of a staircase: each N predicts its size nearest one crossing.

    That is minimized here by trying all crossings; a local search from a single start finds it now and then only.
    """
    rng = np.random.default_rng(2)
    measured = {(n, 1.0): list(0.79 + 0.015 * rng.normal(size=16)) for n in (50, 100, 150, 200)}
    best = np.inf
    for crossing in np.linspace(0.6, 0.99, 39_001):
        steps = {n: np.round(crossing * n) / n for n, _ in measured}
        error = np.mean([np.mean((np.array(values) - steps[n]) ** 2) for (n, _), values in measured.items()])
        best = min(best, error)
    fit = fit_weights(crossovers(measured))
    assert fit.objectives[0] == pytest.approx(best, rel=1e-3)
    assert (np.diff(fit.objectives) >= 0).all()
    assert fit.converged.mean() > 0.9
    assert (fit.weights >= 0).all()
    assert fit.objectives[-1] > 2 * best


def test_fit_recovers_what_several_variances_tell():
    """Where the truth is a crossover with some weights, the fit predicts other variances, to the rounding of M."""
    weight = 1 + 4 * np.exp(-((TIMES - 0.6) ** 2) / 0.02)

    def fraction(variance):
        return 1 - np.sum(weight / (1 + SNR * variance)) / (2 * weight.sum())

    fit = fit_weights(crossovers({(200, v): [fraction(v)] for v in (0.1, 0.25, 1.0, 4.0, 10.0)}))
    for variance in (0.15, 0.5, 2.0, 6.0):
        crossover = approximate_crossover(200, variance, SNR, 2.0, np.array([]))
        assert predicted_crossing(crossover, fit.weights[0]) == pytest.approx(fraction(variance), abs=0.01)


@pytest.mark.parametrize("variances", [[1.0] * 64, [1.0, 4.0, 1.0], [0.25, 1.0, 4.0, 4.0]])
def test_as_many_directions_are_told_as_there_are_variances(variances):
    singular = identified_directions(np.array(variances), SNR, np.array(WEIGHTS))
    assert np.sum(singular > 1e-10 * singular[0]) == len(set(variances))


def test_directions_are_those_of_the_predictions():
    """The singular values belong to the derivative of 1 - q / C by the weights, but for the factor 1 / C."""
    weight, variances, step = np.array(WEIGHTS), np.array([0.25, 1.0, 4.0]), 1e-6

    def predictions(w):
        return np.array([np.sum(w / (1 + SNR * v)) / w.sum() for v in variances])

    jacobian = np.array([(predictions(weight + e) - predictions(weight - e)) / (2 * step) for e in step * np.eye(26)]).T
    expected = np.linalg.svd(jacobian, compute_uv=False)
    np.testing.assert_allclose(identified_directions(variances, SNR, weight), expected, rtol=1e-5)
