"""The mixture denoiser is (14) and (15), and its written-out derivative is the true one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from edgemem.numerics.denoisers import isotropic_mixture, padded_size

from . import oracle


DIM = 20
RNG = np.random.default_rng(5)
SAMPLES = RNG.normal(size=(12, DIM)) + 2 * RNG.normal(size=(3, DIM)).repeat(4, axis=0)
COTANGENT = RNG.normal(size=SAMPLES.shape)
# The means of the tests: one component, barely two, all samples, and samples of which some occur twice.
MEANS = {"one": SAMPLES[:1], "two": SAMPLES[:2], "all": SAMPLES, "duplicates": SAMPLES[[0, 1, 1, 2, 0, 0]]}
TIMES = (0.001, 0.041, 0.36, 0.999)
VARIANCES = (0.0, 1e-6, 0.3, 4.0)


@eqx.filter_jit
def estimate(mean, standard_deviation, x, t):
    """What an unpadded mixture says; compiled as a whole, which is faster than operation by operation."""
    return isotropic_mixture(mean, standard_deviation)(x, t)


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
    assert float(isotropic_mixture(mean, -0.4).variance) == pytest.approx(0.16)


@eqx.filter_jit
def pulled_gradient(mean, standard_deviation, padded, x, t, cotangent):
    """The derivative of <cotangent, estimate> by the parameters of a padded mixture, and its value."""
    return eqx.filter_value_and_grad(lambda denoiser: jnp.sum(cotangent * denoiser(x, t)))(
        isotropic_mixture(mean, standard_deviation, padded)
    )


@pytest.mark.parametrize("t", TIMES)
def test_padding_changes_nothing(float64, t):
    """Components of weight zero change neither a model's estimates nor its gradients, and get no gradient."""
    x = points_at(t)
    mean, deviation, *rest = map(jnp.asarray, (SAMPLES[:5], 1e-3, x, np.full(len(x), t), RNG.normal(size=x.shape)))
    value, gradient = pulled_gradient(mean, deviation, None, *rest)
    padded_value, padded_gradient = pulled_gradient(mean, deviation, 16, *rest)
    # Only the order of summation may differ.
    np.testing.assert_allclose(padded_value, value, rtol=1e-12)
    scale = np.abs(gradient.mean).max()
    np.testing.assert_allclose(padded_gradient.mean[:5], gradient.mean, atol=1e-9 * scale)
    np.testing.assert_allclose(padded_gradient.standard_deviation, gradient.standard_deviation, rtol=1e-9)
    assert not np.any(padded_gradient.mean[5:])


@pytest.mark.parametrize("t", [0.041, 0.36, 0.999])
@pytest.mark.parametrize("which", MEANS)
def test_derivatives_by_all_arguments(float64, which, t):
    """The written-out derivative is the derivative of the formula by means, deviation, points and times."""
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
    return jax.vjp(lambda mean, deviation, x, times: isotropic_mixture(mean, deviation, 16)(x, times), *arguments)[1](
        cotangent
    )


def test_padded_sizes_are_few_and_large_enough():
    """Every model fits its padded shape and wastes at most seven rows or a fifth of it; an octave has four shapes."""
    sizes = np.arange(1, 5000)
    padded = np.array([padded_size(int(size)) for size in sizes])
    assert np.all(padded >= sizes)
    assert np.all(padded - sizes <= np.maximum(7, padded / 5))
    assert np.all(np.diff(padded) >= 0)
    assert len(np.unique(padded)) <= 4 * np.log2(5000 / 8) + 2
