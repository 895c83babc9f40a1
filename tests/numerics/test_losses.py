"""Losses, their gradients and their Monte-Carlo errors agree with the formulas, where they are easy and where not."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.numerics.losses import (
    BLOCK,
    denoising_loss,
    mean_and_standard_error,
    nested_memorizing_error,
    nested_memorizing_loss,
    squared_error,
)
from edgemem.numerics.points import Points

from . import oracle
from .mixtures import mixture


DIM, N, DRAWS = 8, 6, 3
RNG = np.random.default_rng(11)
SAMPLES = RNG.normal(size=(N, DIM)) + 2 * RNG.normal(size=(2, DIM)).repeat(N // 2, axis=0)
NOISE = RNG.normal(size=(DRAWS, N, DIM))
MOVED = SAMPLES[:4] + 0.3 * RNG.normal(size=(4, DIM))
MIXED_TIMES = np.array([0.999, 0.001, 0.36, 0.6, 0.041, 0.2])

# Means, standard deviation and the time of each sample, in the places that training passes through.
CASES = {
    "halfway": (MOVED, 0.6, np.full(N, 0.36)),
    "mixed times": (MOVED, 0.6, MIXED_TIMES),
    "start of training": (SAMPLES[:3], 1e-3, MIXED_TIMES),
    "start at the smallest time": (SAMPLES[:3], 1e-3, np.full(N, 0.001)),
    "all samples memorized": (SAMPLES, 1e-3, np.full(N, 0.001)),
    "more components than samples": (np.resize(SAMPLES, (N + 3, DIM)), 1e-3, MIXED_TIMES),
    "variance zero": (SAMPLES, 0.0, np.full(N, 0.001)),
    "one component": (SAMPLES[:1], 0.9, MIXED_TIMES),
    "largest time": (MOVED, 0.6, np.full(N, 0.999)),
}


def loss_and_gradient(mean, standard_deviation, *arguments):
    """Of a mixture padded to 16 components, so that one program serves all cases."""
    return compiled(mixture(mean, standard_deviation, 16), *map(jnp.asarray, arguments))


@eqx.filter_jit
def compiled(denoiser, x0, t, noise, weight):
    """The mean over points of what training adds up, with the gradient it follows."""
    draws, n_samples, dim = noise.shape
    points = Points(jnp.tile(x0.T, draws), jnp.tile(t, draws), jnp.tile(weight, draws), noise.reshape(-1, dim).T)
    return eqx.filter_value_and_grad(lambda denoiser: denoiser.loss(points) / (draws * n_samples))(denoiser)


def expected_gradient(mean, deviation, x0, t, noise, weight):
    """The formula's loss and its derivatives by means and deviation."""
    rest = x0, t, noise, weight
    return (
        oracle.training_loss(mean, deviation, *rest),
        oracle.gradient(lambda value: oracle.training_loss(value, deviation, *rest), mean),
        oracle.gradient(lambda value: oracle.training_loss(mean, value, *rest), deviation),
    )


@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_in_float64(float64, case):
    """The training loss and its gradient are those of the formula to nine digits, padding or not."""
    mean, deviation, t = CASES[case]
    arguments = mean, deviation, SAMPLES, t, NOISE, oracle.snr(t)
    loss, d_mean, d_deviation = expected_gradient(*arguments)
    value, gradient = loss_and_gradient(*arguments)
    np.testing.assert_allclose(value, loss, rtol=1e-9)
    np.testing.assert_allclose(gradient.mean[: len(mean)], d_mean, atol=1e-9 * np.abs(d_mean).max())
    np.testing.assert_allclose(gradient.standard_deviation, d_deviation, rtol=1e-9, atol=1e-12)
    assert not np.any(gradient.mean[len(mean) :])


@pytest.mark.parametrize("case", CASES)
def test_loss_and_gradient_in_float32(case):
    """Training in float32 follows the true gradient to a thousandth of its size, even at t = .001 with v = 1e-6."""
    mean, deviation, t = CASES[case]
    arguments = [np.asarray(value, np.float32) for value in (mean, deviation, SAMPLES, t, NOISE, oracle.snr(t))]
    loss, d_mean, d_deviation = expected_gradient(*(value.astype(np.float64) for value in arguments))
    value, gradient = loss_and_gradient(*arguments)
    # At t = .001 a point of size 4 is rounded by 2e-7, beside noise of size 1e-3: a relative 2e-4 of the residual.
    np.testing.assert_allclose(value, loss, rtol=2e-4)
    error = np.linalg.norm(gradient.mean[: len(mean)] - d_mean)
    assert error <= 1e-3 * np.linalg.norm(d_mean)
    np.testing.assert_allclose(gradient.standard_deviation, d_deviation, rtol=1e-3)
    assert not np.any(gradient.mean[len(mean) :])


@pytest.mark.parametrize("t", [0.001, 0.36, 0.999])
@pytest.mark.parametrize("apart", [1e-2, 1e-4, 0.0])
def test_nearly_coinciding_means_in_float32(t, apart):
    """Means that nearly coincide share their points as they should, down to means that are the same."""
    mean = np.concatenate([MOVED[:2], MOVED[:2] + apart * RNG.normal(size=(2, DIM))]).astype(np.float32)
    arguments = [np.asarray(value, np.float32) for value in (mean, 0.6, SAMPLES, np.full(N, t), NOISE, np.ones(N))]
    loss, d_mean, d_deviation = expected_gradient(*(value.astype(np.float64) for value in arguments))
    value, gradient = loss_and_gradient(*arguments)
    np.testing.assert_allclose(value, loss, rtol=1e-4)
    np.testing.assert_allclose(gradient.mean[:4], d_mean, atol=1e-3 * np.abs(d_mean).max())
    np.testing.assert_allclose(gradient.standard_deviation, d_deviation, rtol=1e-3)


def test_logits_of_ten_million_in_float32():
    """Where the logits reach 1e7 the nearest mean has all the weight, and loss and gradient stay right and finite."""
    mean, deviation, t = SAMPLES[:3].astype(np.float32), np.float32(1e-3), np.full(N, 0.001, np.float32)
    total = oracle.alpha(0.001) ** 2 * 1e-6 + 0.001**2
    assert np.max(np.sum((SAMPLES[:, None] - mean) ** 2, axis=2)) / (2 * total) > 1e7
    arguments = [mean, deviation, SAMPLES.astype(np.float32), t, NOISE.astype(np.float32), oracle.snr(t)]
    loss, d_mean, _ = expected_gradient(*(np.asarray(value, np.float64) for value in arguments))
    value, gradient = loss_and_gradient(*arguments)
    np.testing.assert_allclose(value, loss, rtol=1e-4)
    np.testing.assert_allclose(gradient.mean[:3], d_mean, atol=1e-3 * np.abs(d_mean).max())


@pytest.mark.parametrize("case", CASES)
def test_the_closed_form_is_the_general_loss(case):
    """Written out or differentiated automatically, on the same noise: losses to 1e-5, gradients to a thousandth."""
    mean, deviation, t = CASES[case]
    denoiser = mixture(mean.astype(np.float32), deviation)
    points = Points(*(jnp.asarray(value, jnp.float32) for value in (SAMPLES.T, t, oracle.snr(t), NOISE[0].T)))
    closed, gradient = by_closed_form(denoiser, points)
    general, expected = by_differentiation(denoiser, points)
    np.testing.assert_allclose(closed, general, rtol=1e-5)
    if deviation > 1e-2 and t.min() > 1e-2:  # elsewhere automatic differentiation in float32 is the worse of the two
        np.testing.assert_allclose(gradient.mean, expected.mean, atol=1e-3 * np.abs(expected.mean).max())
        np.testing.assert_allclose(gradient.standard_deviation, expected.standard_deviation, rtol=1e-3)


by_closed_form = eqx.filter_jit(eqx.filter_value_and_grad(lambda denoiser, points: denoiser.loss(points)))
by_differentiation = eqx.filter_jit(eqx.filter_value_and_grad(AbstractDenoiser.loss))


def test_error_of_each_draw_of_each_sample(float64):
    """squared_error keeps draws and samples apart, each sample at its own time."""
    result = jax.jit(squared_error)(mixture(MOVED, 0.6), *map(jnp.asarray, (SAMPLES, MIXED_TIMES, NOISE)))
    np.testing.assert_allclose(result, oracle.errors(MOVED, 0.36, SAMPLES, MIXED_TIMES, NOISE), rtol=1e-9)


@pytest.mark.parametrize("t", [0.001, 0.36, 0.999])
def test_loss_of_one_time_with_its_standard_error(float64, t):
    """denoising_loss is the mean of the errors at one time, and its standard error that of the same errors."""
    error = oracle.errors(MOVED, 0.36, SAMPLES, np.full(N, t), NOISE)
    loss, stderr = denoising_loss(mixture(MOVED, 0.6), *map(jnp.asarray, (SAMPLES, t, NOISE)))
    np.testing.assert_allclose(loss, error.mean(), rtol=1e-9)
    np.testing.assert_allclose(stderr, np.sqrt(np.sum(error.var(axis=0, ddof=1) / DRAWS)) / N, rtol=1e-8)


MEMORIES = {
    "the samples themselves": SAMPLES,
    "other samples": SAMPLES + 1,
    "duplicates": SAMPLES[[0, 1, 0, 2, 2, 2]],
    "one": SAMPLES[:1],
}


@pytest.mark.parametrize("t", [0.001, 0.041, 0.36, 0.999])
@pytest.mark.parametrize("which", MEMORIES)
def test_one_pass_gives_every_partially_memorizing_loss(float64, which, t):
    """The single pass over the memory equals the evaluation of each nested subset by itself, M = 1 to N."""
    memory = MEMORIES[which]
    expected = [oracle.errors(memory[:size], 0.0, SAMPLES, np.full(N, t), NOISE) for size in range(1, len(memory) + 1)]
    result = jax.jit(nested_memorizing_error)(*map(jnp.asarray, (SAMPLES, t, NOISE, memory)))
    # Logits of order 1e7 at t = .001 are known to 1e-9, which moves a weight by as much.
    np.testing.assert_allclose(result, expected, rtol=1e-8, atol=1e-12)


def test_nested_losses_of_more_points_than_a_block(float64):
    """Cutting the points into blocks neither loses nor mixes any; the largest subset is the memorizing denoiser."""
    draws = BLOCK // N + 7
    noise = np.random.default_rng(2).normal(size=(draws, N, DIM))
    arguments = list(map(jnp.asarray, (SAMPLES, 0.5, noise, SAMPLES)))
    error = jax.jit(nested_memorizing_error)(*arguments)
    assert error.shape == (N, draws, N)
    np.testing.assert_allclose(error[-1], oracle.errors(SAMPLES, 0.0, SAMPLES, np.full(N, 0.5), noise), atol=1e-12)
    loss, stderr = nested_memorizing_loss(*arguments)
    np.testing.assert_allclose(loss, np.mean(error, axis=(1, 2)), rtol=1e-12)
    np.testing.assert_allclose(stderr, np.sqrt(np.var(error, axis=1, ddof=1).sum(axis=1) / draws) / N, rtol=1e-12)


def test_more_memory_never_hurts_at_small_noise(float64):
    """At t = .001 a memorized sample is returned as it is, and one that is not is taken for its nearest."""
    error = np.asarray(jax.jit(nested_memorizing_error)(*map(jnp.asarray, (SAMPLES, 0.001, NOISE, SAMPLES))))
    square = np.sum((SAMPLES[:, None] - SAMPLES) ** 2, axis=2)  # sample, memory
    nearest = np.minimum.accumulate(square, axis=1).T
    np.testing.assert_allclose(error, np.broadcast_to(nearest[:, None], error.shape), rtol=1e-12)


def test_standard_error_is_that_of_the_noise_alone(float64):
    """The standard error is the spread of the loss over fresh noise; the spread between samples is not part of it."""
    rng = np.random.default_rng(3)
    repeats, draws, n_samples = 4000, 5, 7
    spread = np.linspace(0.2, 3, n_samples)
    error = 100 * np.arange(n_samples) + spread * rng.normal(size=(repeats, draws, n_samples))
    loss, stderr = mean_and_standard_error(jnp.asarray(error))
    np.testing.assert_allclose(loss, error.mean(axis=(1, 2)), rtol=1e-12)
    # The standard deviation of 4,000 normal numbers is known to 1.1 %: four of those.
    np.testing.assert_allclose(np.sqrt(np.mean(stderr**2)), np.std(loss), rtol=0.045)


def test_standard_error_of_a_single_draw_is_unknown():
    """One draw a sample says nothing about its noise: the error is NaN, not zero."""
    loss, stderr = mean_and_standard_error(jnp.ones((1, 4)))
    assert float(loss) == 1
    assert np.isnan(stderr)


def test_conversion_to_noise_prediction(float64):
    """The paper's training loss is the error of predicting eps: psi times the error of x_0, sample by sample."""
    t = MIXED_TIMES
    points = oracle.alpha(t)[:, None] * SAMPLES + t[:, None] * NOISE[0]
    xhat = oracle.denoise(MOVED, 0.36, points, t)
    noise_error = np.sum(((points - oracle.alpha(t)[:, None] * xhat) / t[:, None] - NOISE[0]) ** 2, axis=1)
    value, _ = loss_and_gradient(MOVED, 0.6, SAMPLES, t, NOISE[:1], oracle.snr(t))
    np.testing.assert_allclose(value, noise_error.mean(), rtol=1e-9)
