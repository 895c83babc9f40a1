"""The schedule, the time grid and the loss scales are those of the paper."""

import jax.numpy as jnp
import numpy as np
import pytest

from edgemem.numerics.diffusion import alpha, loss_weight, noised, signal_to_noise, time_grid

from . import oracle


FIELDS = ("x0", "eps", "v", "score")
TIMES = np.array([0.999, 0.959, 0.5, 0.36, 0.041, 0.001])


def test_schedule_in_float64(float64):
    """alpha^2 + sigma^2 = 1, and psi = alpha^2 / sigma^2, to the last digits of float64."""
    t = jnp.asarray(TIMES)
    # 1e-13: the oracle's 1 - t^2 loses three digits at t = .999.
    np.testing.assert_allclose(alpha(t), oracle.alpha(TIMES), rtol=1e-13)
    np.testing.assert_allclose(alpha(t) ** 2 + t**2, 1, rtol=1e-15)
    np.testing.assert_allclose(signal_to_noise(t), oracle.snr(TIMES), rtol=1e-13)


def test_schedule_keeps_its_digits_in_float32():
    """Training runs in float32: near t = 1 no digits of alpha, psi or a loss scale may cancel."""
    t = jnp.asarray([0.9999, *TIMES], jnp.float32)
    exact = np.asarray(t, np.float64)
    # A few roundings of 6e-8; 1 - t^2 evaluated as such would be off by 3e-4 at t = .9999.
    np.testing.assert_allclose(alpha(t), oracle.alpha(exact), rtol=5e-7)
    np.testing.assert_allclose(signal_to_noise(t), oracle.snr(exact), rtol=5e-7)
    np.testing.assert_allclose(loss_weight("v", t), 1 / (exact * oracle.alpha(exact)) ** 2, rtol=5e-7)
    np.testing.assert_allclose(loss_weight("score", t), (oracle.alpha(exact) / exact**2) ** 2, rtol=1e-6)


def test_paper_time_grid():
    """The paper's grid: t_l = 0.999 - 0.998 l / 25 for l = 0..25, descending, both ends exact."""
    times = time_grid(26, 0.001, 0.999)
    np.testing.assert_allclose(times, 0.999 - 0.998 * np.arange(26) / 25, atol=1e-15)
    assert (times[0], times[-1]) == (0.999, 0.001)


def test_shortest_time_grid():
    """Two times are the two ends."""
    assert time_grid(2, 0.1, 0.9).tolist() == [0.9, 0.1]


def test_each_sample_is_noised_at_its_own_time(float64):
    """x_t = alpha(t) x_0 + sigma(t) eps, with the same samples and times for every draw of the noise."""
    rng = np.random.default_rng(0)
    x0, noise = rng.normal(size=(6, 3)), rng.normal(size=(4, 6, 3))
    expected = [[oracle.alpha(t) * x + t * e for x, t, e in zip(x0, TIMES, draw, strict=True)] for draw in noise]
    np.testing.assert_allclose(noised(jnp.asarray(x0), jnp.asarray(TIMES), jnp.asarray(noise)), expected, rtol=1e-13)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("field", FIELDS)
def test_a_loss_converts_between_vector_fields_by_its_weight(float64, field, t):
    """The squared error of eps, v or score is loss_weight times that of x_0, whatever the denoiser says."""
    rng = np.random.default_rng(1)
    x0, xhat, eps = rng.normal(size=(3, 5))
    x_t = oracle.alpha(t) * x0 + t * eps
    truth, estimate = (oracle.vector_field(field, x, x_t, t) for x in (x0, xhat))
    expected = np.sum((estimate - truth) ** 2) / np.sum((xhat - x0) ** 2)
    # 1e-11: the fields are differences of numbers up to 1e6, of which up to four digits cancel.
    np.testing.assert_allclose(loss_weight(field, jnp.asarray(t)), expected, rtol=1e-11)


def test_an_unknown_vector_field_is_refused():
    """A misspelt field raises instead of training on some other scale."""
    with pytest.raises(KeyError, match="noise"):
        loss_weight("noise", jnp.asarray(0.5))
