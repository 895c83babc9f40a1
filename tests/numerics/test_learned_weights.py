"""A mixture whose weights are learned: its estimates, its loss and its gradient are those of the formula."""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import xarray as xr

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.isotropic_mixture import IsotropicMixture
from edgemem.denoisers.storage import from_dataset, stored, to_dataset
from edgemem.numerics.points import Points

from . import oracle


RNG = np.random.default_rng(8)
SAMPLES = RNG.normal(size=(6, 5)) + 2 * RNG.normal(size=(2, 5)).repeat(3, axis=0)
MEAN = SAMPLES[:4] + 0.3 * RNG.normal(size=(4, 5))
LOG_WEIGHT = np.array([0.0, 1.5, -3.0, 0.7])
NOISE = RNG.normal(size=SAMPLES.shape)
TIMES = (0.001, 0.041, 0.36, 0.999)


def mixture(mean=MEAN, deviation=0.5, log_weight=LOG_WEIGHT, rows: int = 8) -> IsotropicMixture:
    exists = jnp.ones(len(mean), bool)
    return IsotropicMixture(jnp.asarray(mean), jnp.asarray(deviation), exists, jnp.asarray(log_weight)).padded(rows)


def expected_loss(mean, deviation, log_weight, t, weight):
    """Sum over points of weight ||xhat - x_0||^2 from the formula."""
    total = 0.0
    for x0, noise, time, factor in zip(SAMPLES, NOISE, t, weight, strict=True):
        x = oracle.alpha(time) * x0 + time * noise
        total = total + factor * np.sum((oracle.posterior_mean(mean, deviation**2, x, time, log_weight) - x0) ** 2)
    return total


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("deviation", [0.0, 1e-3, 0.5])
def test_posterior_mean(float64, t: float, deviation: float):
    x = oracle.alpha(t) * SAMPLES + t * NOISE
    expected = [oracle.posterior_mean(MEAN, deviation**2, row, t, LOG_WEIGHT) for row in x]
    found = mixture(deviation=deviation)(jnp.asarray(x), jnp.full(len(x), t))
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("t", [(0.041,) * 6, (0.36,) * 6, (0.001, 0.041, 0.2, 0.36, 0.7, 0.999)], ids=str)
def test_loss_and_its_gradient(float64, t: tuple[float, ...]):
    """By means, deviation and weights; components that only pad the arrays have no gradient."""
    t, weight = np.array(t), oracle.snr(np.array(t))
    points = Points(*map(jnp.asarray, (SAMPLES.T, t, weight, NOISE.T)))
    value, gradient = eqx.filter_value_and_grad(lambda denoiser: denoiser.loss(points))(mixture())
    arguments = [MEAN, 0.5, LOG_WEIGHT]
    assert value == pytest.approx(expected_loss(*arguments, t, weight), rel=1e-9)
    found = gradient.mean[:4], gradient.standard_deviation, gradient.log_weight[:4]
    for place, (derivative, argument) in enumerate(zip(found, arguments, strict=True)):

        def moved(other, place=place):
            return expected_loss(*arguments[:place], other, *arguments[place + 1 :], t, weight)

        expected = oracle.gradient(moved, argument)
        np.testing.assert_allclose(derivative, expected, atol=1e-7 * max(1, np.abs(expected).max()))
    assert not np.any(gradient.mean[4:]) and not np.any(gradient.log_weight[4:])


def test_the_closed_form_is_the_general_loss_in_float32():
    points = Points(*(jnp.asarray(v, jnp.float32) for v in (SAMPLES.T, np.full(6, 0.36), np.ones(6), NOISE.T)))
    denoiser = mixture(MEAN.astype(np.float32), np.float32(0.5), LOG_WEIGHT.astype(np.float32))
    closed = eqx.filter_value_and_grad(lambda denoiser: denoiser.loss(points))(denoiser)
    general = eqx.filter_value_and_grad(lambda denoiser: AbstractDenoiser.loss(denoiser, points))(denoiser)
    np.testing.assert_allclose(closed[0], general[0], rtol=1e-5)
    np.testing.assert_allclose(closed[1].log_weight, general[1].log_weight, atol=1e-3)


def test_equal_weights_are_the_mixture_without(float64):
    """A constant added to all logarithms is no other mixture."""
    x, t = jnp.asarray(SAMPLES), jnp.full(6, 0.36)
    without = IsotropicMixture(jnp.asarray(MEAN), jnp.asarray(0.5), jnp.ones(4, bool))
    np.testing.assert_allclose(mixture(log_weight=np.full(4, -7.0))(x, t), without(x, t), atol=1e-12)


def samples() -> xr.Dataset:
    return xr.Dataset({"x_train": (("sample", "feature"), SAMPLES)})


def test_weights_survive_storage(float64):
    """They lie in files as a variable over components; a mixture of equal weights has none."""
    like = {
        size: IsotropicMixture.start("random", samples(), size, key=jr.key(1), weights="learned") for size in (2, 4)
    }
    four = mixture(MEAN.astype(np.float32), np.float32(0.5), LOG_WEIGHT.astype(np.float32))
    models = to_dataset(IsotropicMixture, {2: [stored(like[2].padded(8), like[2])], 4: [stored(four, like[4])]})
    models = models.assign_coords(model_size=[2, 4], step=[1])
    assert models.log_weight.dims == ("model_size", "step", "component")
    np.testing.assert_allclose(from_dataset(models, 4, 1, like[4]).log_weight, LOG_WEIGHT, rtol=1e-6)
    np.testing.assert_array_equal(np.isnan(models.log_weight.sel(model_size=2, step=1)), [False, False, True, True])
    equal = IsotropicMixture.start("random", samples(), 2, key=jr.key(1))
    assert "log_weight" not in to_dataset(IsotropicMixture, {2: [stored(equal.padded(8), equal)]})


def test_number_of_parameters():
    """One of M weights follows from the others, since their sum is one."""
    assert IsotropicMixture.n_parameters(4, 5) == 21
    assert IsotropicMixture.n_parameters(4, 5, weights="learned") == 24


def test_effective_number_of_components():
    """All of them where weights are equal, one where all others have died out."""
    for log_weight, expected in ((np.zeros(4), 4), (np.array([0, -80, -80, -80.0]), 1)):
        learned = mixture(log_weight=log_weight).learned(samples(), ())
        assert learned["effective_components"] == pytest.approx(expected)
