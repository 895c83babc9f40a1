"""Random features as a denoiser: estimates, training in closed form, what is kept, and mirror images without bias."""

import functools
import itertools
import json

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import xarray as xr

from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.denoisers.random_features import RandomFeatures
from edgemem.engine.closed_form import train_in_closed_form
from edgemem.engine.data import draw
from edgemem.engine.evaluation import evaluate
from edgemem.engine.models import read_models
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.random_features import Features, drawn_moments, gaussian_moments
from edgemem.numerics.randomness import named_key, named_part
from edgemem.numerics.sampling import ddim_step

from . import oracle


SETTING = {"family": "gaussian", "N": 10, "d": 3, "K": 2}
GRID = {"times": 6, "t_min": 0.001, "t_max": 0.999}
CASE = {"setting": SETTING, "seed": 1, "model": "features", "denoiser": "random_features"}
STEPS = [10, 1000, 10**6]


@functools.cache
def samples(seed: int = 1, **setting) -> xr.Dataset:
    return draw(SampleSpec.parse(json.dumps({"setting": SETTING | setting, "seed": seed})))


def trained(sizes=(12, 20), *, seed: int = 1, setting: dict | None = None, options: dict | None = None, **protocol):
    spec = CASE | {"seed": seed, "sizes": list(sizes), "snapshots": STEPS, "time_grid": GRID}
    spec |= {"setting": SETTING | (setting or {}), "options": GRID | (options or {})}
    spec |= {"protocol": {"steps": STEPS[-1], "clock": "eps"} | protocol}
    return train_in_closed_form(TrainSpec.parse(json.dumps(spec)), samples(seed, **(setting or {})))


@functools.cache
def models() -> xr.Dataset:
    return trained()


def formula(model: xr.Dataset, x: np.ndarray, t: float, place: int, gain: float = 1.0) -> np.ndarray:
    """(y + t^2 B phi(y)) / alpha of one point."""
    weight, bias = model.feature_weight.values, model.feature_bias.values
    phi = np.tanh(gain * (weight @ x / np.sqrt(len(x)) + bias))
    return (x + t**2 * model.output_weight.values[place] @ phi) / oracle.alpha(t)


def test_estimates_are_those_of_the_formula_at_the_nearest_time():
    x, times = np.random.default_rng(2).normal(size=(7, 3)), time_grid(**GRID)
    place = np.array([0, 3, 3, 5, 1, 3, 4])
    t = times[place] + np.array([0, 0.05, -0.05, 0, 0, 0, 0.01])
    with jax.enable_x64(True):
        *_, denoiser = read_models("random_features", GRID, models(), samples()).of_size(20)
        found = denoiser(jnp.asarray(x), jnp.asarray(t))
    model = models().sel(model_size=20, step=STEPS[-1])
    expected = [formula(model, *one) for one in zip(x, t, place, strict=True)]
    assert np.allclose(found, expected, rtol=1e-11, atol=1e-9)


@pytest.mark.parametrize(("clock", "draws"), [("eps", None), ("score", None), ("eps", 2)])
def test_weights_are_those_of_small_steps_of_descent(clock, draws):
    model = trained((12,), clock=clock, draws=draws).sel(model_size=12, step=10)
    features = Features(model.feature_weight.values, model.feature_bias.values)
    x, steps = samples().x_train.values, 4000
    for i, t in enumerate(time_grid(**GRID)[:-1].tolist()):
        if draws is None:
            moments = gaussian_moments(features, oracle.alpha(t) * x, t**2, t)
        else:  # the noise is that of the training job's own key
            with jax.enable_x64(True):
                noise = noise_of_job(12, i, (draws, *x.shape))
            moments = drawn_moments(features, x, t, noise)
        weight, rate = np.zeros((3, 12)), {"eps": 1, "score": t**2}[clock]
        for _ in range(steps):
            gradient = weight @ moments.features + moments.noise.T / t
            weight = weight - 10 / steps * 2 * rate * 3 / 12 * gradient
        assert np.abs(model.output_weight.values[i] - weight).max() < 5e-3 * np.abs(weight).max()


def noise_of_job(size: int, place: int, shape: tuple[int, ...]) -> np.ndarray:
    """The noise of a time of a training job."""
    key = named_key(1, "train", "gaussian_N10_d3_K2", "noise", size)
    return np.asarray(jr.normal(named_part(key, "noise", place), shape))


def test_models_are_kept_in_full_precision_and_do_not_depend_on_other_sizes():
    assert models().output_weight.dtype == models().feature_weight.dtype == np.float64
    alone = trained((20,)).drop_vars("train_seconds")
    assert alone.equals(models().sel(model_size=[20]).drop_vars("train_seconds").isel(mode=slice(20)))


def test_files_say_what_was_trained():
    found = models()
    assert found.parameters.values.tolist() == [36, 60]
    assert found.points.values.tolist() == found.step.values.tolist() == STEPS
    eigenvalue = found.eigenvalue.sel(model_size=12)
    assert np.isnan(eigenvalue.sel(mode=slice(13, None))).all()
    assert np.all(np.diff(eigenvalue.sel(mode=slice(12)).values) <= 0)
    assert found.tau.values[-1] == np.inf


def test_the_training_loss_kept_is_that_of_its_course():
    found = models()
    at = found.flow_loss.sel(split="train").isel(tau=slice(-1)).interp(tau=found.step.values[:2]).mean("time")
    assert np.allclose(found.training_loss.values[:, :2], at.transpose("model_size", "tau"), rtol=1e-3)


def test_convergence_is_told_by_the_loss_without_end():
    # A ridge bounds from below how fast what is slowest is learned.
    for ridge, expected in ((0.0, (1, 0)), (0.1, (0, 1))):
        found = trained((12,), ridge=ridge)
        assert (found.still_falling.item(), found.converged.item()) == expected


def measured(models_file: xr.Dataset, **evaluation) -> xr.Dataset:
    values = {"generated": 50, "draws": 20, "test_samples": 100} | evaluation
    spec = CASE | {"options": GRID, "sampling": GRID, "evaluation": values}
    return evaluate(EvaluateSpec.parse(json.dumps(spec)), samples(), models_file)


def test_losses_by_sampling_are_those_in_closed_form():
    found = measured(trained((12,))).isel(model_size=0, step=1).sel(split="train")
    own = found.loss * found.snr / 3
    course = found.flow_loss.isel(tau=slice(-1)).interp(tau=STEPS[1])
    # The draws of the noise itself have a mean square that differs from one.
    assert np.all(np.abs(own - course) < 5 * found.loss_stderr * found.snr / 3 + 1e-6)


def test_the_test_loss_is_known_of_round_mixtures_alone():
    assert np.isfinite(models().flow_loss.sel(split="test", model_size=20)).all()
    unlike = trained((12,), setting={"weight_exponent": 1.0})
    assert np.isfinite(unlike.flow_loss.sel(split="train")).all()
    assert np.isnan(unlike.flow_loss.sel(split="test")).all()


def test_features_of_a_seed_of_their_own_are_the_same_for_all_data():
    one, other = (trained((12,), seed=seed, options={"feature_seed": 5}) for seed in (1, 2))
    assert np.array_equal(one.feature_weight, other.feature_weight)
    assert not np.array_equal(one.output_weight, other.output_weight)
    assert not np.array_equal(trained((12,), seed=2).feature_weight, trained((12,)).feature_weight)


def generated(bias: float, start: np.ndarray, sign: float) -> np.ndarray:
    """Points of DDIM from sign times a start."""
    found = trained((20,), options={"bias": bias})
    times = jnp.asarray(time_grid(**GRID))
    *_, denoiser = read_models("random_features", GRID | {"bias": bias}, found, samples()).of_size(20)
    x = sign * jnp.asarray(start)
    for t, t_next in itertools.pairwise(times):
        x = ddim_step(denoiser, x, t, t_next)
    return np.asarray(x)


@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_without_bias_and_only_so_points_have_their_exact_mirror_images(bias):
    start = np.random.default_rng(4).normal(size=(9, 3))
    with jax.enable_x64(True):
        point, mirrored = (generated(bias, start, sign) for sign in (1.0, -1.0))
    assert np.array_equal(point, -mirrored) == (bias == 0)


def test_a_size_is_a_number_of_features_with_weights_at_each_time():
    start = RandomFeatures.start("zero", samples(), 9, key=jr.key(0), **GRID)
    assert start.output_weight.shape == (6, 3, 9)
    assert RandomFeatures.n_parameters(9, 3, **GRID) == 27
