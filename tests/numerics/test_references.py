"""The denoisers that are not trained, against formulas with whole matrices; and shapes, which are checked."""

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import TypeCheckError

from edgemem.numerics.references import GaussianMixturePosterior, MixturePosterior, linear, memorizing

from . import oracle


@pytest.mark.parametrize("shape", [(40, 5), (6, 20)], ids=["more samples", "more features"])
@pytest.mark.parametrize("t", [0.001, 0.5, 0.999])
def test_linear_is_the_posterior_mean_of_one_gaussian(float64, shape: tuple[int, int], t: float):
    """m + alpha S (alpha^2 S + sigma^2 I)^-1 (x - alpha m), with the samples' mean and covariance."""
    rng = np.random.default_rng(0)
    training = rng.normal(size=shape) @ rng.normal(size=(shape[1], shape[1])) + 3
    mean = training.mean(axis=0)
    covariance = (training - mean).T @ (training - mean) / len(training)
    a, x = oracle.alpha(t), rng.normal(size=(7, shape[1]))
    noisy = a**2 * covariance + t**2 * np.eye(shape[1])
    expected = mean + a * np.linalg.solve(noisy, (x - a * mean).T).T @ covariance
    result = linear(training)(jnp.asarray(x), jnp.full(7, t))
    # At t = 0.001 the matrix has a condition of 1e8.
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-6)


def test_no_linear_denoiser_is_better(float64):
    """On the samples themselves its squared error is the least among linear ones: moving it makes it no smaller."""
    rng = np.random.default_rng(1)
    training, t = rng.normal(size=(50, 3)) * [1.0, 2.0, 0.3], 0.6
    a = oracle.alpha(t)
    x = np.concatenate([a * training + t * noise for noise in rng.normal(size=(4000, 50, 3))])
    error = np.asarray(linear(training)(jnp.asarray(x), jnp.full(len(x), t))) - np.tile(training, (4000, 1))
    # The error of the best linear denoiser is uncorrelated with what it is made from.
    correlation = error.T @ (x - x.mean(axis=0)) / len(x)
    np.testing.assert_allclose(correlation, 0, atol=5 * 2 * 2 / np.sqrt(len(x)))


def test_memorizing_averages_the_samples(float64):
    rng = np.random.default_rng(2)
    training, t = rng.normal(size=(8, 3)), np.array([0.001, 0.3, 0.999])
    x = oracle.alpha(t)[:, None] * training[:3] + t[:, None] * rng.normal(size=(3, 3))
    result = memorizing(training)(jnp.asarray(x), jnp.asarray(t))
    np.testing.assert_allclose(result, oracle.denoise(training, 0.0, x, t), atol=1e-9)


@pytest.mark.parametrize("rotated", [True, False])
@pytest.mark.parametrize("t", [0.001, 0.3, 0.999])
def test_general_mixture_is_its_posterior_mean(float64, rotated: bool, t: float):
    """Bayes with whole covariance matrices, also where all but one weight is below rounding, and where all is noise."""
    rng = np.random.default_rng(3)
    weight, mean, variance = np.array([0.6, 0.3, 0.1]), 2 * rng.normal(size=(3, 5)), rng.uniform(0.02, 4, size=(3, 5))
    bases = np.array([np.linalg.qr(rng.normal(size=(5, 5)))[0] if rotated else np.eye(5) for _ in range(3)])
    covariance = np.einsum("kjf,kj,kjg->kfg", bases, variance, bases)
    # Points of all components, and between them.
    x = oracle.alpha(t) * np.concatenate([mean, rng.normal(size=(6, 5))]) + t * rng.normal(size=(9, 5))
    expected = [oracle.general_posterior_mean(weight, mean, covariance, one, t) for one in x]
    direction = jnp.asarray(bases) if rotated else None
    denoiser = GaussianMixturePosterior(jnp.log(weight), jnp.asarray(mean), jnp.asarray(variance), direction)
    np.testing.assert_allclose(denoiser(jnp.asarray(x), jnp.full(9, t)), expected, rtol=1e-9, atol=1e-9)


def test_general_mixture_is_the_isotropic_one_where_that_holds(float64):
    rng = np.random.default_rng(4)
    mean, t = jnp.asarray(rng.normal(size=(3, 5))), jnp.asarray([0.001, 0.2, 0.7, 0.999])
    general = GaussianMixturePosterior(jnp.log(jnp.full(3, 1 / 3)), mean, jnp.full((3, 5), 0.5), None)
    x = jnp.asarray(rng.normal(size=(4, 5)))
    np.testing.assert_allclose(general(x, t), MixturePosterior(mean, jnp.sqrt(0.5))(x, t), rtol=1e-9)


def test_a_wrong_shape_is_refused(float64):
    """Annotations are checked while tests run: here there are four times for three points."""
    with pytest.raises(TypeCheckError):
        memorizing(np.zeros((8, 3)))(jnp.zeros((3, 3)), jnp.zeros(4))


def test_rows_that_pad_are_no_components(float64):
    rng = np.random.default_rng(3)
    mean, t = rng.normal(size=(5, 3)), np.array([0.001, 0.3, 0.999])
    x = jnp.asarray(rng.normal(size=(3, 3)))
    padded = MixturePosterior(
        jnp.asarray(np.concatenate([mean, np.zeros((4, 3))])), jnp.asarray(0.5), jnp.arange(9) < 5
    )
    found = padded(x, jnp.asarray(t))
    np.testing.assert_allclose(found, oracle.denoise(mean, 0.25, np.asarray(x), t), atol=1e-9)
