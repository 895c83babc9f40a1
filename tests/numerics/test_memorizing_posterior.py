"""Weights of the times from training samples alone, against the paper's formulas point by point."""

import numpy as np
import pytest

from edgemem.numerics.memorizing_posterior import collapse, danger, decided

from . import oracle


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(4)


@pytest.mark.parametrize("t", [0.05, 0.4, 0.8, 0.99])
def test_danger_is_its_definition(rng, t: float):
    """Largest posterior weight and shells of others, one point at a time."""
    training, noise = rng.normal(size=(12, 5)), rng.normal(size=(7, 12, 5))
    largest, covered = [], []
    for draw in noise:
        for i, (sample, eps) in enumerate(zip(training, draw, strict=True)):
            distance = np.linalg.norm(oracle.alpha(t) * (sample - training) + t * eps, axis=1)
            weight = np.exp(-(distance**2 - distance.min() ** 2) / (2 * t**2))
            largest.append(weight.max() / weight.sum())
            in_shell = np.abs(distance / (t * np.sqrt(5)) - 1) <= 2 / np.sqrt(2 * 5)
            covered.append(np.delete(in_shell, i).any())
    np.testing.assert_allclose(danger(training, t, noise), [np.mean(largest), np.mean(covered)], rtol=1e-10)


def test_a_shell_holds_most_of_its_own_sample(rng):
    """Of two samples that all but coincide each lies in the shell of the other as often as in its own: 95 %."""
    training = np.concatenate([np.zeros((1, 200)), np.full((1, 200), 1e-6)])
    _, coverage = danger(training, 0.5, rng.normal(size=(4000, 2, 200)))
    assert coverage == pytest.approx(0.954, abs=0.01)


def test_equal_samples_are_one(rng):
    """A repeated sample has no shell of another, and the weight of both."""
    far = np.array([[0.0, 0.0], [0.0, 0.0], [50.0, 0.0]])
    assert danger(far, 0.5, rng.normal(size=(50, 3, 2))) == (pytest.approx(1), 0)


def test_collapse_is_where_the_posterior_has_half():
    """Linear between two times; unknown where it has half at once, or nowhere."""
    np.testing.assert_allclose(collapse(np.array([0.1, 0.2, 0.6, 0.9])), [0, 0.25, 0.75, 0])
    np.testing.assert_array_equal(collapse(np.array([0.1, 0.5, 1.0])), [0, 1, 0])
    for largest in ([0.5, 0.8, 1.0], [0.1, 0.2, 0.49]):
        assert np.isnan(collapse(np.array(largest))).all()


def test_paths_are_decided_when_their_sample_changes_no_more(rng):
    """DDIM by the paper's formulas, path by path."""
    training, times = rng.normal(size=(6, 3)), np.array([0.999, 0.9, 0.7, 0.5, 0.2, 0.001])
    start = rng.normal(size=(40, 3))
    expected = np.zeros(len(times))
    for x in start:
        nearest = []
        for i, t in enumerate(times):
            denoised = oracle.posterior_mean(training, 0.0, x, t)
            nearest.append(np.linalg.norm(denoised - training, axis=1).argmin())
            if i + 1 < len(times):
                eps = (x - oracle.alpha(t) * denoised) / t
                x = oracle.alpha(times[i + 1]) * denoised + times[i + 1] * eps
        expected[next(i for i in range(len(times)) if set(nearest[i:]) == {nearest[-1]})] += 1
    found = decided(training, times, start)
    np.testing.assert_allclose(found, expected / 40)
    assert (found > 0).sum() > 2
