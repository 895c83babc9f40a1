"""DDIM follows (310) from standard normal noise to the data."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from edgemem.numerics.denoisers import isotropic_mixture
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.sampling import ddim, ddim_step

from . import oracle


DIM, POINTS = 6, 40
MEANS = np.random.default_rng(4).normal(size=(9, DIM)) * 2
TIMES = time_grid(26, 0.001, 0.999)


@pytest.mark.parametrize(("t", "t_next"), [(0.999, 0.959), (0.36, 0.32), (0.041, 0.001), (0.999, 0.001)])
def test_one_step(float64, t, t_next):
    """A step is (sigma'/sigma) x + (alpha' - alpha sigma'/sigma) xhat, at both ends of the grid."""
    x = np.random.default_rng(5).normal(size=(POINTS, DIM))
    result = jax.jit(ddim_step)(isotropic_mixture(MEANS, 0.5), *map(jnp.asarray, (x, t, t_next)))
    np.testing.assert_allclose(result, oracle.ddim(MEANS, 0.25, x, [t, t_next])[-1], rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("variance", [0.0, 1e-6, 0.25])
def test_whole_path(float64, variance):
    """Generated points are those of the formula, from the same starting noise, along all 26 times."""
    denoiser, times = isotropic_mixture(MEANS, np.sqrt(variance)), jnp.asarray(TIMES)
    start = ddim(denoiser, times[:1], POINTS, DIM, key=jr.key(1))
    result = ddim(denoiser, times, POINTS, DIM, key=jr.key(1))
    # Between two samples a path amplifies rounding errors; 1e-6 is far below any distance that matters.
    np.testing.assert_allclose(result, oracle.ddim(MEANS, variance, np.asarray(start), TIMES)[-1], atol=1e-6)


def test_start_is_standard_normal(float64):
    """Paths start from N(0, I), not scaled by sigma of the first time, and depend on the key."""
    denoiser = isotropic_mixture(MEANS, 0.5)
    first, again, other = (
        np.asarray(ddim(denoiser, jnp.asarray(TIMES[:1]), 5000, DIM, key=jr.key(key))) for key in (1, 1, 2)
    )
    # Four standard errors of a mean, and of a variance, of 30,000 normal numbers.
    assert abs(first.mean()) < 4 / np.sqrt(first.size)
    assert abs(first.var() - 1) < 4 * np.sqrt(2 / first.size)
    np.testing.assert_array_equal(first, again)
    assert not np.any(first == other)


def test_a_standard_normal_law_has_a_known_path(float64):
    """For data of law N(0, I) a step only scales: x' = (alpha alpha' + sigma sigma') x, the cosine of an angle."""
    denoiser, times = isotropic_mixture(np.zeros((1, DIM)), 1.0, len(MEANS)), jnp.asarray(TIMES)
    start = ddim(denoiser, times[:1], POINTS, DIM, key=jr.key(1))
    result = ddim(denoiser, times, POINTS, DIM, key=jr.key(1))
    factor = np.prod(oracle.alpha(TIMES[:-1]) * oracle.alpha(TIMES[1:]) + TIMES[:-1] * TIMES[1:])
    np.testing.assert_allclose(result, factor * start, rtol=1e-12)


def test_a_memorizing_denoiser_generates_its_samples(float64):
    """With v = 0 every path ends at a sample, up to the noise left at t = .001."""
    generated = np.asarray(ddim(isotropic_mixture(MEANS, 0.0), jnp.asarray(TIMES), POINTS, DIM, key=jr.key(3)))
    distance = np.linalg.norm(generated[:, None] - MEANS, axis=2).min(axis=1)
    assert distance.max() < 0.01


def test_float32_generates_the_same_points():
    """The probe of training generates in float32; its points are those of float64 but for a few at a boundary."""
    denoiser, times = isotropic_mixture(MEANS.astype(np.float32), 0.2), jnp.asarray(TIMES, jnp.float32)
    start = np.asarray(ddim(denoiser, times[:1], 200, DIM, key=jr.key(1)))
    assert start.dtype == np.float32
    result = np.asarray(ddim(denoiser, times, 200, DIM, key=jr.key(1)))
    expected = oracle.ddim(MEANS, 0.04, start.astype(np.float64), TIMES)[-1]
    assert np.mean(np.abs(result - expected).max(axis=1) < 1e-3) > 0.98
