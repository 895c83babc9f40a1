"""DDIM follows (310) from standard normal noise to the data, DDPM draws from the conditional distributions."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.sampling import SAMPLERS, ddim, ddim_step, ddpm, ddpm_step

from . import oracle
from .mixtures import mixture


DIM, POINTS = 6, 40
MEANS = np.random.default_rng(4).normal(size=(9, DIM)) * 2
TIMES = time_grid(26, 0.001, 0.999)


@pytest.mark.parametrize(("t", "t_next"), [(0.999, 0.959), (0.36, 0.32), (0.041, 0.001), (0.999, 0.001)])
def test_one_step(float64, t, t_next):
    """A step is (sigma'/sigma) x + (alpha' - alpha sigma'/sigma) xhat, at both ends of the grid."""
    x = np.random.default_rng(5).normal(size=(POINTS, DIM))
    result = jax.jit(ddim_step)(mixture(MEANS, 0.5), *map(jnp.asarray, (x, t, t_next)))
    np.testing.assert_allclose(result, oracle.ddim(MEANS, 0.25, x, [t, t_next])[-1], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("variance", [0.0, 1e-6, 0.25])
def test_whole_path(float64, variance):
    """Generated points are those of the formula, from the same starting noise, along all 26 times."""
    denoiser, times = mixture(MEANS, np.sqrt(variance)), jnp.asarray(TIMES)
    start = ddim(denoiser, times[:1], POINTS, DIM, key=jr.key(1))
    result = ddim(denoiser, times, POINTS, DIM, key=jr.key(1))
    # Between two samples a path amplifies rounding errors; 1e-6 is far below any distance that matters.
    np.testing.assert_allclose(result, oracle.ddim(MEANS, variance, np.asarray(start), TIMES)[-1], atol=1e-6)


def test_start_is_standard_normal(float64):
    """Paths start from N(0, I), not scaled by sigma of the first time, and depend on the key."""
    denoiser = mixture(MEANS, 0.5)
    first, again, other = (
        np.asarray(ddim(denoiser, jnp.asarray(TIMES[:1]), 5000, DIM, key=jr.key(key))) for key in (1, 1, 2)
    )
    # Four standard errors of a mean, and of a variance, of 30,000 normal numbers.
    assert abs(first.mean()) < 4 / np.sqrt(first.size)
    assert abs(first.var() - 1) < 4 * np.sqrt(2 / first.size)
    np.testing.assert_array_equal(first, again)
    assert not np.any(first == other)


def test_the_path_of_standard_normal_data_is_known(float64):
    """For data from N(0, I) a step only scales: x' = (alpha alpha' + sigma sigma') x, the cosine of an angle."""
    denoiser, times = mixture(np.zeros((1, DIM)), 1.0, len(MEANS)), jnp.asarray(TIMES)
    start = ddim(denoiser, times[:1], POINTS, DIM, key=jr.key(1))
    result = ddim(denoiser, times, POINTS, DIM, key=jr.key(1))
    factor = np.prod(oracle.alpha(TIMES[:-1]) * oracle.alpha(TIMES[1:]) + TIMES[:-1] * TIMES[1:])
    np.testing.assert_allclose(result, factor * start, rtol=1e-12)


def test_a_memorizing_denoiser_generates_its_samples(float64):
    """With v = 0 every path ends at a sample, up to the noise left at t = .001."""
    generated = np.asarray(ddim(mixture(MEANS, 0.0), jnp.asarray(TIMES), POINTS, DIM, key=jr.key(3)))
    distance = np.linalg.norm(generated[:, None] - MEANS, axis=2).min(axis=1)
    assert distance.max() < 0.01


def test_float32_generates_the_same_points():
    """The probe of training generates in float32; its points are those of float64 but for a few at a boundary."""
    denoiser, times = mixture(MEANS.astype(np.float32), 0.2), jnp.asarray(TIMES, jnp.float32)
    start = np.asarray(ddim(denoiser, times[:1], 200, DIM, key=jr.key(1)))
    assert start.dtype == np.float32
    result = np.asarray(ddim(denoiser, times, 200, DIM, key=jr.key(1)))
    expected = oracle.ddim(MEANS, 0.04, start.astype(np.float64), TIMES)[-1]
    assert np.mean(np.abs(result - expected).max(axis=1) < 1e-3) > 0.98


@pytest.mark.parametrize(
    ("t", "t_next"), [(0.999, 0.959), (0.36, 0.32), (0.041, 0.001), (0.36, 0.359999), (0.999, 0.001)]
)
def test_ancestral_step_is_the_conditional_distribution(float64, t, t_next):
    """A step has the mean and variance of x' given x and x_0 = xhat(t, x), as of any jointly normal numbers."""
    x, noise = np.random.default_rng(6).normal(size=(2, POINTS, DIM))
    result = jax.jit(ddpm_step)(mixture(MEANS, 0.5), *map(jnp.asarray, (x, t, t_next, noise)))
    x0 = oracle.denoise(MEANS, 0.25, x, np.full(POINTS, t))
    # x = r x' + what is noised in between. Given x_0 the covariance of x and x' is r sigma'^2.
    r = oracle.alpha(t) / oracle.alpha(t_next)
    gain = r * t_next**2 / t**2
    mean = oracle.alpha(t_next) * x0 + gain * (x - oracle.alpha(t) * x0)
    variance = t_next**2 - gain * r * t_next**2
    # Between close times the variance is a small difference of large numbers, here in the formula of the test.
    np.testing.assert_allclose(result, mean + np.sqrt(variance) * noise, rtol=1e-7, atol=1e-8)


def test_ancestral_path_keeps_the_distribution_of_one_sample(float64):
    """For data that are one point, the distribution at each time is N(alpha x_0, sigma^2), whatever the step."""
    x0 = np.full((1, DIM), 0.7)
    times = jnp.asarray([0.999, 0.6, 0.3])
    x = np.asarray(ddpm(mixture(x0, 0.0), times, 20_000, DIM, key=jr.key(2)))
    standard = (x - oracle.alpha(0.3) * x0) / 0.3
    # The start is N(0, I) instead of N(alpha x_0, sigma^2) at t = .999, which one step divides by hundreds.
    assert abs(standard.mean()) < 4 / np.sqrt(x.size) + 0.01
    assert abs(standard.var() - 1) < 4 * np.sqrt(2 / x.size) + 0.01
    # Noise of different points, and of different steps, is independent.
    assert abs(np.corrcoef(standard[:-1].ravel(), standard[1:].ravel())[0, 1]) < 4 / np.sqrt(x.size)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_generates_the_samples_of_a_memorizing_denoiser(float64, name):
    """With v = 0 every path ends at a sample, and the key decides at which."""
    generate = SAMPLERS[name]
    one, again, other = (
        np.asarray(generate(mixture(MEANS, 0.0), jnp.asarray(TIMES), POINTS, DIM, key=jr.key(key))) for key in (3, 3, 4)
    )
    assert np.linalg.norm(one[:, None] - MEANS, axis=2).min(axis=1).max() < 0.01
    np.testing.assert_array_equal(one, again)
    assert not np.any(one == other)
