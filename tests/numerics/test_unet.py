"""The U-Net: its estimates are those of its definition, and it learns, is stored and is measured."""

import functools
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
from edgemem.denoisers.storage import from_dataset, real_arrays, stored, to_dataset
from edgemem.denoisers.unet import Unet
from edgemem.engine.data import draw
from edgemem.engine.evaluation import evaluate
from edgemem.engine.trainer import Trainer
from edgemem.errors import EdgememError
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import loss_weight, time_grid
from edgemem.numerics.memorization import memorized
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem
from edgemem.numerics.sampling import ddim
from edgemem.numerics.training import train

from . import oracle


SETTING = {"family": "image", "templates": "digits", "N": 10, "K": 2, "size": 4}
CASE = {"setting": SETTING, "seed": 1, "model": "network", "denoiser": "unet"}
GRID = {"times": 5, "t_min": 0.001, "t_max": 0.999}
PROTOCOL = {"steps": 6, "draws": 1, "peak_lr": 1e-2, "final_lr": 1e-3, "clip_norm": 9, "initialization": "random"}
TIMES = (0.001, 0.36, 0.999)


@functools.cache
def samples() -> xr.Dataset:
    return draw(SampleSpec.parse(json.dumps({"setting": SETTING, "seed": 1})))


def some_images(channels: int, size: int, count: int = 4) -> xr.Dataset:
    x = np.random.default_rng(size).normal(size=(count, channels, size, size))
    return xr.Dataset({"x_train": (("sample", "channel", "row", "column"), x)})


def anywhere(size: int, data: xr.Dataset, channels: int, dtype=np.float64) -> Unet:
    """A network all of whose numbers are drawn, of the size that they may have after training."""
    rng = np.random.default_rng(size)
    begun = Unet.start("random", data, size, key=jr.key(0), channels=channels)
    leaves, structure = jax.tree.flatten(begun)
    moved = [leaf + 0.2 * rng.normal(size=leaf.shape) for leaf in leaves]
    return jax.tree.unflatten(structure, [jnp.asarray(np.asarray(leaf, np.float64).astype(dtype)) for leaf in moved])


def silu(x):
    return x / (1 + np.exp(-x))


def convolution(weight: np.ndarray, bias: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The sum over patches, of an image channel x row x column."""
    channels, height, width = image.shape
    kernel = weight.reshape(len(weight), 3, 3, channels)
    result = np.tile(bias[:, None, None], (1, height, width))
    for row, column, i, j in np.ndindex(height, width, 3, 3):
        if 0 <= row + i - 1 < height and 0 <= column + j - 1 < width:
            result[:, row, column] += kernel[:, i, j] @ image[:, row + i - 1, column + j - 1]
    return result


def expected(network: Unet, x: np.ndarray, t: float, groups: int) -> np.ndarray:
    """The estimate of one point, from the definition."""
    w = {name: array.astype(np.float64) for name, array in real_arrays(network).items()}
    u = (np.log(oracle.snr(t)) + 6.5) / 20.5
    waves = [np.cos(np.pi * k * u) for k in range(1, 9)] + [np.sin(np.pi * k * u) for k in range(1, 9)]
    embedding = silu(w["time_weight"] @ waves + w["time_bias"])
    variance = w["mean_square"]
    total = oracle.alpha(t) ** 2 * variance + t**2

    def moved(h, block):
        grouped = h.reshape(groups, -1)
        norm = (grouped - grouped.mean(axis=1, keepdims=True)) / np.sqrt(grouped.var(axis=1, keepdims=True) + 1e-5)
        inner = convolution(w["first_weight"][block], w["first_bias"][block], norm.reshape(h.shape))
        inner += (w["modulation"][block] @ embedding)[:, None, None]
        return h + convolution(w["second_weight"][block], w["second_bias"][block], silu(inner))

    _, height, width = network.shape
    h = moved(convolution(w["input_weight"], w["input_bias"], x.reshape(network.shape) / np.sqrt(total)), 0)
    even = np.pad(h, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    half = (even[:, ::2, ::2] + even[:, 1::2, ::2] + even[:, ::2, 1::2] + even[:, 1::2, 1::2]) / 4
    below = moved(half, 1)
    h = moved(h + np.kron(below, np.ones((1, 2, 2)))[:, :height, :width], 2)
    output = convolution(w["output_weight"], w["output_bias"], h).ravel()
    return oracle.alpha(t) * variance / total * x + t * np.sqrt(variance / total) * output


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize(("channels", "size", "width", "groups"), [(3, 4, 4, 4), (1, 7, 3, 1)])
def test_estimate(float64, t: float, channels: int, size: int, width: int, groups: int):
    """Of colours and of grey images, of even and odd sizes."""
    data = some_images(channels, size)
    network, x = anywhere(width, data, channels), rows(data.x_train)
    found = network(jnp.asarray(x), jnp.full(4, t))
    np.testing.assert_allclose(found, [expected(network, row, t, groups) for row in x], rtol=1e-9, atol=1e-9)


def test_estimate_in_float32():
    """At psi = 1e6 the estimate is known to the digits of float32, beside what noise leaves unknown."""
    data = some_images(3, 8)
    network, x = anywhere(16, data, 3, np.float32), rows(data.x_train)
    found = network(jnp.asarray(x, jnp.float32), jnp.full(4, 0.001, jnp.float32))
    np.testing.assert_allclose(found, [expected(network, row, 0.001, 8) for row in x], atol=2e-6)


@pytest.mark.parametrize(("channels", "size"), [(3, 8), (1, 5)])
@pytest.mark.parametrize("width", [1, 6, 16])
def test_number_of_parameters(channels: int, size: int, width: int):
    moved = real_arrays(Unet.start("random", some_images(channels, size), width, key=jr.key(0), channels=channels))
    del moved["mean_square"]
    count = sum(array.size for array in moved.values())
    assert Unet.n_parameters(width, channels * size**2, channels=channels) == count


def test_start():
    """The posterior mean under N(0, v_d I), and weights of variance 1 / fan-in."""
    network = Unet.start("random", samples(), 16, key=jr.key(0))
    variance, x = np.mean(samples().x_train.values ** 2), rows(samples().x_train).astype(np.float32)
    for t in TIMES:
        a = oracle.alpha(t)
        found = network(jnp.asarray(x), jnp.full(len(x), t, jnp.float32))
        np.testing.assert_allclose(found, a * variance / (a**2 * variance + t**2) * x, rtol=1e-5)
    assert 9 * 16 * np.mean(network.first_weight**2) == pytest.approx(1, abs=0.08)
    assert 9 * 16 * np.mean(network.second_weight**2) == pytest.approx(0.25 / 3, rel=0.08)


def test_channels_that_are_not_those_of_the_images_are_refused():
    with pytest.raises(EdgememError, match=r"options.channels: images have 1 channels \(got 3\)"):
        Unet.start("random", some_images(1, 5), 2, key=jr.key(0))


def test_it_memorizes_two_images():
    """Its loss is soon below that of its start, and in the end it generates its samples alone."""
    data = some_images(1, 3, count=2)
    x = rows(data.x_train)
    times = jnp.asarray(time_grid(26, 0.001, 0.999), jnp.float32)
    problem = Problem(jnp.asarray(x, jnp.float32), times, loss_weight("eps", times), stratified=True)
    steps = 1000
    adam = optimizer(steps=steps, peak_lr=3e-3, final_lr=1e-4, warmup=0.0, decay=0.5, clip_norm=9.0, update_ema=None)
    begun = Unet.start("random", data, 8, key=jr.key(1), channels=1)
    trained = train(begun, problem, adam, steps=steps, draws=26, minibatch=None, key=jr.key(2))
    assert trained.loss[-1] < 0.3 * trained.loss[0]
    generated = ddim(trained.denoiser, times, 100, 9, key=jr.key(3))
    assert memorized(np.asarray(generated, np.float64), x, 1 / 3).mean() > 0.9


def test_storage(float64):
    like = {size: Unet.start("random", samples(), size, key=jr.key(0)) for size in (2, 5)}
    networks = {size: anywhere(size, samples(), 3, np.float32) for size in like}
    models = to_dataset(Unet, {size: [stored(one, like[size])] for size, one in networks.items()})
    models = models.assign_coords(model_size=[2, 5], step=[1])
    for size, network in networks.items():
        again = from_dataset(models, size, 1, like[size])
        assert again.shape == (3, 4, 4)
        for name, array in real_arrays(network).items():
            np.testing.assert_array_equal(real_arrays(again)[name], array, err_msg=name)


def test_whole_chain():
    """It is trained, stored, read and measured by the stages of any denoiser."""
    spec = CASE | {"sizes": [4], "snapshots": [1, 6], "protocol": PROTOCOL, "time_grid": GRID}
    models = Trainer(TrainSpec.parse(json.dumps(spec)), samples(), together=True).train_all()
    assert models.parameters.values.tolist() == [Unet.n_parameters(4, 48)]
    np.testing.assert_allclose(models.mean_square, np.mean(samples().x_train.values ** 2), rtol=1e-6)
    spec = CASE | {"sampling": GRID, "evaluation": {"generated": 60, "draws": 2, "test_samples": 10}}
    measured = evaluate(EvaluateSpec.parse(json.dumps(spec)), samples(), models)
    np.testing.assert_allclose(measured.fraction, models.parameters / (10 * 48))
    assert np.isfinite(measured.loss).all() and measured.loss.dtype == np.float64
