"""The posterior mean under a mixture is (14) and (15), and its derivative is that of the formula."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from edgemem.numerics.isotropic_mixture import isotropic_posterior_mean

from . import oracle


DIM = 20
RNG = np.random.default_rng(5)
SAMPLES = RNG.normal(size=(12, DIM)) + 2 * RNG.normal(size=(3, DIM)).repeat(4, axis=0)
COTANGENT = RNG.normal(size=SAMPLES.shape)
# The means of the tests: one component, barely two, all samples, and samples of which some occur twice.
MEANS = {"one": SAMPLES[:1], "two": SAMPLES[:2], "all": SAMPLES, "duplicates": SAMPLES[[0, 1, 1, 2, 0, 0]]}
TIMES = (0.001, 0.041, 0.36, 0.999)
VARIANCES = (0.0, 1e-6, 0.3, 4.0)


def padded_estimate(mean, standard_deviation, x, t, rows=None):
    """The posterior mean under a mixture with rows of weight zero up to `rows` components."""
    size = len(mean)
    rows = rows or size
    padded = jnp.pad(mean, ((0, rows - size), (0, 0)))
    return isotropic_posterior_mean(x, t, padded, standard_deviation, jnp.arange(rows) < size)


# Compiled as a whole, which is faster than operation by operation.
estimate = jax.jit(padded_estimate, static_argnames="rows")


def points_at(t: float) -> np.ndarray:
    """Samples noised at t, as training and evaluation see them."""
    noise = np.random.default_rng(6).normal(size=SAMPLES.shape)
    return oracle.alpha(t) * SAMPLES + t * noise


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("which", MEANS)
def test_posterior_mean_in_float64(float64, which, variance, t):
    """E[x_0 | x_t] agrees with the formula wherever a noised sample may lie, v = 0 and t = .001 included."""
    x = points_at(t)
    result = estimate(*map(jnp.asarray, (MEANS[which], np.sqrt(variance), x, np.full(len(x), t))))
    # At t = .001 the logits are 1e7, known to 1e-9, times the distances between means.
    np.testing.assert_allclose(result, oracle.denoise(MEANS[which], variance, x, np.full(len(x), t)), atol=1e-7)


@pytest.mark.parametrize("t", TIMES)
def test_posterior_mean_halfway_between_two_samples(float64, t):
    """Between two samples the weights are neither 0 nor 1, and are right although the logits are of order 1e7."""
    first, second = SAMPLES[:2]
    # Where the difference of the two logits is 1, alpha^2 <second - first, shift> / t^2 with v = 0.
    shift = t**2 / oracle.alpha(t) ** 2 * (second - first) / np.sum((second - first) ** 2)
    x = oracle.alpha(t) * ((first + second) / 2 + shift)
    result = estimate(*map(jnp.asarray, (SAMPLES[:2], 0.0, x[None], np.full(1, t))))[0]
    expected = (first + np.e * second) / (1 + np.e)
    np.testing.assert_allclose(result, expected, atol=1e-7)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("which", MEANS)
def test_posterior_mean_in_float32(which, variance, t):
    """Float32, in which training runs, keeps five digits of the posterior mean at all times."""
    mean, x = MEANS[which].astype(np.float32), points_at(t).astype(np.float32)
    result = estimate(*map(jnp.asarray, (mean, np.float32(np.sqrt(variance)), x, np.full(len(x), t, np.float32))))
    expected = oracle.denoise(mean.astype(np.float64), variance, x.astype(np.float64), np.full(len(x), t))
    # Logits up to 100 where components compete (t = .36), known to 1e-5, times distances up to 10.
    np.testing.assert_allclose(result, expected, atol=1e-4)


def test_each_point_is_denoised_at_its_own_time(float64):
    """A batch with many times gives what each point gives alone."""
    x = points_at(0.36)
    t = np.linspace(0.001, 0.999, len(x))
    result = estimate(*map(jnp.asarray, (SAMPLES, 0.5, x, t)))
    np.testing.assert_allclose(result, oracle.denoise(SAMPLES, 0.25, x, t), atol=1e-7)


def test_sign_of_the_standard_deviation_does_not_matter(float64):
    """A gradient step across zero leaves a valid model: -s and s are the same denoiser."""
    mean, x, t = map(jnp.asarray, (SAMPLES, points_at(0.36), np.full(len(SAMPLES), 0.36)))
    np.testing.assert_array_equal(estimate(mean, jnp.asarray(0.4), x, t), estimate(mean, jnp.asarray(-0.4), x, t))


@eqx.filter_jit
def pulled_gradient(mean, standard_deviation, rows, x, t, cotangent):
    """The derivative of <cotangent, estimate> by all rows of a padded mixture and its deviation, and its value."""
    exists = jnp.arange(rows) < len(mean)
    padded = jnp.pad(mean, ((0, rows - len(mean)), (0, 0)))

    def pulled(mean, standard_deviation):
        return jnp.sum(cotangent * isotropic_posterior_mean(x, t, mean, standard_deviation, exists))

    return jax.value_and_grad(pulled, (0, 1))(padded, standard_deviation)


@pytest.mark.parametrize("t", TIMES)
def test_padding_changes_nothing(float64, t):
    """Components of weight zero change neither a model's estimates nor its gradients, and get no gradient."""
    x = points_at(t)
    mean, deviation, *rest = map(jnp.asarray, (SAMPLES[:5], 1e-3, x, np.full(len(x), t), RNG.normal(size=x.shape)))
    value, (d_mean, d_deviation) = pulled_gradient(mean, deviation, 5, *rest)
    padded_value, (d_padded, d_padded_deviation) = pulled_gradient(mean, deviation, 16, *rest)
    # Only the order of summation may differ.
    np.testing.assert_allclose(padded_value, value, rtol=1e-12)
    np.testing.assert_allclose(d_padded[:5], d_mean, atol=1e-9 * np.abs(d_mean).max())
    np.testing.assert_allclose(d_padded_deviation, d_deviation, rtol=1e-9)
    assert not np.any(d_padded[5:])


@pytest.mark.parametrize("t", [0.041, 0.36, 0.999])
@pytest.mark.parametrize("which", MEANS)
def test_derivatives_by_all_arguments(float64, which, t):
    """The derivative is that of the formula by means, deviation, points and times."""
    mean, deviation, x, times = MEANS[which], 0.3, points_at(t)[:3], np.array([t, 0.5, 0.9])
    cotangent = COTANGENT[:3]

    def pulled(mean, deviation, x, times):
        return np.sum(cotangent * oracle.denoise(mean, deviation**2, x, times))

    expected = (
        oracle.gradient(lambda value: pulled(value, deviation, x, times), mean),
        oracle.gradient(lambda value: pulled(mean, value, x, times), deviation),
        oracle.gradient(lambda value: pulled(mean, deviation, value, times), x),
        oracle.gradient(lambda value: pulled(mean, deviation, x, value), times),
    )
    arguments = map(jnp.asarray, (mean, deviation, x, times))
    for result, derivative in zip(derivatives(jnp.asarray(cotangent), *arguments), expected, strict=True):
        np.testing.assert_allclose(result, derivative, atol=1e-9 * max(1, np.abs(derivative).max()))


@jax.jit
def derivatives(cotangent, *arguments):
    """The derivatives of <cotangent, estimate> by means, deviation, points and times, with some padding."""
    return jax.vjp(lambda *arguments: padded_estimate(*arguments, rows=16), *arguments)[1](cotangent)
