"""Weights of the times are those of the papers they are named after."""

import json

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr

from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.engine.data import draw
from edgemem.engine.problem import training_problem
from edgemem.numerics.time_weights import time_weight

from . import oracle


TIMES = np.linspace(0.999, 0.001, 26)
SETTING = {"family": "gaussian", "N": 12, "d": 3, "K": 2}


def weight(preset: str, variance: float = 1.0, **choices: float) -> np.ndarray:
    return np.asarray(time_weight(preset, jnp.asarray(TIMES), data_variance=variance, **choices))


@pytest.mark.parametrize("preset", ["eps", "x0", "v"])
def test_scales_of_vector_fields(float64, preset: str):
    """The squared error of a field over that of x_0, from the field's own definition."""
    expected = [
        float((oracle.vector_field(preset, 1.0, 0.3, t) - oracle.vector_field(preset, 0.0, 0.3, t)) ** 2) for t in TIMES
    ]
    np.testing.assert_allclose(weight(preset), expected, rtol=1e-9)


@pytest.mark.parametrize("gamma", [0.5, 5.0])
def test_min_snr_is_the_ratio_up_to_a_bound(float64, gamma: float):
    np.testing.assert_allclose(weight("min_snr", gamma=gamma), np.minimum(oracle.snr(TIMES), gamma), rtol=1e-12)


@pytest.mark.parametrize("variance", [0.25, 1.0, 4.0])
def test_edm_is_its_loss_averaged_over_its_noise_levels(float64, variance: float):
    """A mean over equally spaced times with these weights is one over log-normal noise levels with EDM's own.

    Its noise sigma is that of x_t / alpha, and its sigma_data = 0.5, to which data of another size are scaled.
    """
    t = (np.arange(200_000) + 0.5) / 200_000
    found = np.asarray(time_weight("edm", jnp.asarray(t), data_variance=variance))
    scale = 0.5 / np.sqrt(variance)  # of data that EDM's levels are made for
    level = np.exp(np.random.default_rng(0).normal(-1.2, 1.2, size=400_000))
    own = (level**2 + 0.5**2) / (level * 0.5) ** 2 * scale**2
    of_time = scale * t / oracle.alpha(t)
    for low, high in ((0.02, 0.2), (0.2, 1), (1, 10)):
        inside = (of_time > low) & (of_time < high)
        expected = np.mean(np.where((level > low) & (level < high), own, 0))
        assert np.mean(np.where(inside, found, 0)) == pytest.approx(expected, rel=0.02)


def test_uniform_log_snr_is_the_error_of_eps_at_ratios_drawn_uniformly(float64):
    """Between two times the weights have the mean of psi over an interval of log psi, by Simpson's rule."""
    log_ratio = np.linspace(np.log(oracle.snr(0.8)), np.log(oracle.snr(0.2)), 20_001)
    expected = np.trapezoid(np.exp(log_ratio), log_ratio)
    t = np.linspace(0.2, 0.8, 20_001)
    found = np.asarray(time_weight("uniform_log_snr", jnp.asarray(t), data_variance=1.0))
    assert np.trapezoid(found, t) == pytest.approx(expected, rel=1e-6)


def test_unknown_weighting_is_refused():
    with pytest.raises(KeyError):
        weight("noise")


def problem_weight(weighting: object, samples: xr.Dataset) -> np.ndarray:
    """The weights of a training job with five times."""
    spec = {
        "setting": SETTING,
        "seed": 1,
        "model": "m",
        "denoiser": "isotropic_mixture",
        "sizes": [2],
        "protocol": {"steps": 2, "draws": 1, "peak_lr": 0.1, "final_lr": 0.1, "weighting": weighting},
        "time_grid": {"times": 5, "t_min": 0.1, "t_max": 0.9},
    }
    return np.asarray(training_problem(TrainSpec.parse(json.dumps(spec)), samples)[1].weight)


def test_training_weights_times_as_its_protocol_says():
    """A name, a name with what is chosen of it, and a list; times outside of an interval do not count."""
    samples = draw(SampleSpec.parse(json.dumps({"setting": SETTING, "seed": 1})))
    t = np.array([0.9, 0.7, 0.5, 0.3, 0.1])
    np.testing.assert_allclose(problem_weight("eps", samples), oracle.snr(t), rtol=1e-5)
    chosen = {"preset": "eps", "interval": [0.29, 0.71]}
    np.testing.assert_allclose(problem_weight(chosen, samples), oracle.snr(t) * [0, 1, 1, 1, 0], rtol=1e-5)
    chosen = {"preset": "min_snr", "gamma": 2}
    np.testing.assert_allclose(problem_weight(chosen, samples), np.minimum(oracle.snr(t), 2), rtol=1e-5)
    np.testing.assert_allclose(problem_weight([5, 4, 3, 2, 1], samples), [5, 4, 3, 2, 1])
    variance = samples.x_train.values.var(axis=0).mean()
    edm = time_weight("edm", jnp.asarray(t, jnp.float32), data_variance=float(variance))
    np.testing.assert_allclose(problem_weight("edm", samples), edm, rtol=1e-5)
