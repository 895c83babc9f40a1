"""The residual network: its estimates and loss are those of the formula, and it learns, is stored and is measured."""

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
from edgemem.denoisers.mlp import Mlp
from edgemem.denoisers.storage import from_dataset, real_arrays, stored, to_dataset
from edgemem.engine.data import draw
from edgemem.engine.evaluation import evaluate
from edgemem.engine.models import read_models
from edgemem.engine.trainer import Trainer
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import loss_weight, time_grid
from edgemem.numerics.memorization import memorized
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Points, Problem
from edgemem.numerics.sampling import ddim
from edgemem.numerics.training import State, train, train_together

from . import oracle


SETTING = {"family": "gaussian", "N": 10, "d": 3, "K": 2}
CASE = {"setting": SETTING, "seed": 1, "model": "network", "denoiser": "mlp"}
GRID = {"times": 6, "t_min": 0.001, "t_max": 0.999}
PROTOCOL = {"steps": 12, "draws": 2, "minibatch": 8, "peak_lr": 1e-2, "final_lr": 1e-3, "clip_norm": 3}
PROTOCOL |= {"initialization": "random", "times": "stratified", "update_ema": 0.9}
TIMES = (0.001, 0.041, 0.36, 0.999)


@functools.cache
def samples() -> xr.Dataset:
    return draw(SampleSpec.parse(json.dumps({"setting": SETTING, "seed": 1})))


def start(size: int, *, seed: int = 0, **options) -> Mlp:
    return Mlp.start("random", samples(), size, key=jr.key(seed), **options)


def anywhere(size: int, blocks: int, dtype=np.float64) -> Mlp:
    """A network all of whose numbers are drawn, of the size that they may have after training."""
    rng = np.random.default_rng(size)
    begun = start(size, blocks=blocks)
    leaves, structure = jax.tree.flatten(begun)
    moved = [leaf + 0.3 * rng.normal(size=leaf.shape) for leaf in leaves]
    return jax.tree.unflatten(structure, [jnp.asarray(np.asarray(leaf, np.float64).astype(dtype)) for leaf in moved])


def silu(x):
    return x / (1 + np.exp(-x))


def expected(network: Mlp, x: np.ndarray, t: float) -> np.ndarray:
    """The estimate of one point, from the formula."""
    w = {name: array.astype(np.float64) for name, array in real_arrays(network).items()}
    u = (np.log(oracle.snr(t)) + 6.5) / 20.5
    waves = [np.cos(np.pi * k * u) for k in range(1, 9)] + [np.sin(np.pi * k * u) for k in range(1, 9)]
    embedding = silu(w["time_weight"] @ waves + w["time_bias"])
    variance = w["mean_square"]
    total = oracle.alpha(t) ** 2 * variance + t**2
    h = w["input_weight"] @ (x / np.sqrt(total)) + w["input_bias"]
    for block in range(len(w["first_bias"])):
        norm = (h - h.mean()) / np.sqrt(h.var() + 1e-5)
        inner = w["first_weight"][block] @ norm + w["first_bias"][block] + w["modulation"][block] @ embedding
        h = h + w["second_weight"][block] @ silu(inner) + w["second_bias"][block]
    output = w["output_weight"] @ h + w["output_bias"]
    return oracle.alpha(t) * variance / total * x + t * np.sqrt(variance / total) * output


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("blocks", [1, 3])
def test_estimate(float64, t: float, blocks: int):
    network = anywhere(5, blocks)
    x = np.random.default_rng(1).normal(size=(4, 3))
    found = network(jnp.asarray(x), jnp.full(4, t))
    np.testing.assert_allclose(found, [expected(network, row, t) for row in x], rtol=1e-10)


def test_loss_in_float32_at_the_smallest_time():
    """At psi = 1e6 the error of the estimate is a thousandth of the sample, and is known to three digits still."""
    network, rng = anywhere(8, 3, np.float32), np.random.default_rng(2)
    t = np.array([0.001, 0.001, 0.036, 0.999])
    x0, noise = rng.normal(scale=2, size=(2, 4, 3)).astype(np.float32)
    points = Points(*(jnp.asarray(value, jnp.float32) for value in (x0.T, t, oracle.snr(t), noise.T)))
    loss = 0.0
    for x, eps, time in zip(x0.astype(np.float64), noise.astype(np.float64), t, strict=True):
        error = expected(network, oracle.alpha(time) * x + time * eps, time) - x
        loss += oracle.snr(time) * np.sum(error**2)
    assert float(network.loss(points)) == pytest.approx(loss, rel=2e-3)


@pytest.mark.parametrize(
    ("width", "count"), [(4, 1322), (8, 2262), (24, 7942), (32, 11934), (48, 22222), (128, 119742)]
)
def test_number_of_parameters(width: int, count: int):
    """In 30 dimensions, as agreed on; and as many numbers are what training moves."""
    assert Mlp.n_parameters(width, 30) == count
    wide = xr.Dataset({"x_train": (("sample", "feature"), np.ones((2, 30)))})
    for blocks in (1, 3):
        moved = real_arrays(Mlp.start("random", wide, width, key=jr.key(0), blocks=blocks))
        del moved["mean_square"]
        assert sum(array.size for array in moved.values()) == Mlp.n_parameters(width, 30, blocks=blocks)


def test_start():
    """The posterior mean under N(0, v_d I); weights have variance 1 / fan-in, W2 a quarter of that over the blocks."""
    network = start(64, blocks=2)
    variance = np.mean(samples().x_train.values ** 2)
    x = np.random.default_rng(3).normal(size=(5, 3)).astype(np.float32)
    for t in TIMES:
        a = oracle.alpha(t)
        found = network(jnp.asarray(x), jnp.full(5, t, jnp.float32))
        np.testing.assert_allclose(found, a * variance / (a**2 * variance + t**2) * x, rtol=1e-5)
    # 4,096 numbers or more: the standard deviation of their mean square is 2 % of it.
    assert 64 * np.mean(network.first_weight**2) == pytest.approx(1, abs=0.08)
    assert 64 * np.mean(network.second_weight**2) == pytest.approx(0.25 / 2, rel=0.08)
    assert 32 * np.mean(network.modulation**2) == pytest.approx(1, abs=0.1)


def test_numbers_of_the_start_belong_to_their_names():
    """Another number of blocks leaves the ends as they are; another key leaves nothing."""
    one, three, other = start(6, blocks=1), start(6), start(6, seed=1)
    for name in ("input_weight", "time_weight"):
        np.testing.assert_array_equal(getattr(one, name), getattr(three, name))
    for name in ("input_weight", "time_weight", "first_weight", "second_weight", "modulation"):
        assert not np.any(getattr(three, name) == getattr(other, name))
    assert not np.any(three.first_weight == three.second_weight)


# ---------------------------------------------------------------------------------------------------------- training


def problem(x: np.ndarray) -> Problem:
    times = jnp.asarray(time_grid(26, 0.001, 0.999), jnp.float32)
    return Problem(jnp.asarray(x, jnp.float32), times, loss_weight("eps", times), stratified=True)


def adam(steps: int, clip_norm: float = 4.0):
    return optimizer(
        steps=steps, peak_lr=3e-3, final_lr=1e-4, warmup=0.0, decay=0.5, clip_norm=clip_norm, update_ema=None
    )


def test_it_memorizes_a_few_samples():
    """Soon its loss is below that of its start, the linear denoiser's; in the end it generates the samples alone."""
    x = np.random.default_rng(4).normal(size=(4, 4))
    data = xr.Dataset({"x_train": (("sample", "feature"), x)})
    begun = Mlp.start("random", data, 32, key=jr.key(1))
    steps = 2000
    trained = train(begun, problem(x), adam(steps), steps=steps, draws=16, minibatch=None, key=jr.key(2))
    assert np.all(trained.loss[5:] < 0.8 * trained.loss[0])
    assert trained.loss[-1] < 0.3 * trained.loss[0]
    generated = ddim(trained.denoiser, problem(x).times, 100, 4, key=jr.key(3))
    assert memorized(np.asarray(generated, np.float64), x, 1 / 3).mean() > 0.9


def test_networks_trained_in_one_program_are_those_trained_alone():
    x = rows(samples().x_train)
    begun, keys = [start(6, seed=seed, blocks=1) for seed in (1, 2)], [jr.key(seed) for seed in (3, 4)]
    how = {"steps": 10, "draws": 2, "minibatch": 8}
    together = train_together(begun, problem(x), adam(10), keys=keys, **how)
    for one, key, other in zip(begun, keys, together, strict=True):
        alone = train(one, problem(x), adam(10), key=key, **how)
        np.testing.assert_allclose(other.loss, alone.loss, rtol=1e-3)
        for name, array in real_arrays(alone.denoiser).items():
            np.testing.assert_allclose(real_arrays(other.denoiser)[name], array, atol=1e-3, err_msg=name)


def test_training_that_was_stopped_ends_with_the_same_bits():
    """Of 12 steps the first 6 in one process, the rest in another: what is carried is all that a step depends on."""
    states: list[State] = []

    def keep(state: State) -> None:
        states.append(state._replace(arrays=[np.array(array) for array in state.arrays]))

    x, how = rows(samples().x_train), {"steps": 12, "draws": 2, "minibatch": 8, "keys": [jr.key(5)]}
    (whole,) = train_together([start(6, blocks=1)], problem(x), adam(12), progress=keep, **how)
    (resumed,) = train_together([start(6, blocks=1)], problem(x), adam(12), resume=states[5], **how)
    for name, array in real_arrays(whole.denoiser).items():
        np.testing.assert_array_equal(real_arrays(resumed.denoiser)[name], array, err_msg=name)


# ------------------------------------------------------------------------------------------------ storage and engine


def test_storage(float64):
    """Two widths in one file are read back as they were, with the scale of the data, which is marked as frozen."""
    like = {size: start(size) for size in (2, 7)}
    networks = {size: anywhere(size, 3, np.float32) for size in like}
    models = to_dataset(Mlp, {size: [stored(one, like[size])] for size, one in networks.items()})
    models = models.assign_coords(model_size=[2, 7], step=[1])
    for size, network in networks.items():
        again = real_arrays(from_dataset(models, size, 1, like[size]))
        for name, array in real_arrays(network).items():
            np.testing.assert_array_equal(again[name], array, err_msg=name)
    assert models.first_weight.dims == ("model_size", "step", "block", "hidden", "unit")
    assert models.first_weight.long_name.startswith("learned first weight")
    assert models.mean_square.long_name.startswith("frozen mean square")


def test_whole_chain():
    """It is trained, stored, read and measured by the stages of any denoiser; its scale is that of the samples."""
    spec = CASE | {"sizes": [8], "options": {"blocks": 2}, "snapshots": [1, 12]}
    spec |= {"protocol": PROTOCOL, "time_grid": GRID}
    models = Trainer(TrainSpec.parse(json.dumps(spec)), samples(), together=False).train_all()
    assert models.sizes["block"] == 2
    assert models.parameters.values.tolist() == [Mlp.n_parameters(8, 3, blocks=2)]
    np.testing.assert_allclose(models.mean_square, np.mean(samples().x_train.values ** 2), rtol=1e-6)
    with jax.enable_x64(True):
        trained = read_models("mlp", {"blocks": 2}, models, samples())
        first, last = (real_arrays(one) for one in trained.unpadded(8))
    assert {name for name in first if not np.any(first[name] != last[name])} == {"mean_square"}
    spec = CASE | {"options": {"blocks": 2}, "sampling": GRID}
    spec |= {"evaluation": {"generated": 60, "draws": 2, "test_samples": 10}}
    measured = evaluate(EvaluateSpec.parse(json.dumps(spec)), samples(), models)
    np.testing.assert_allclose(measured.fraction, models.parameters / (10 * 3))
    assert np.isfinite(measured.loss).all() and measured.loss.dtype == np.float64
    # After one step all but nothing has moved: the loss is that of the posterior mean under N(0, v_d I).
    variance, t = np.mean(samples().x_train.values ** 2), measured.time.values
    skip = oracle.alpha(t) * variance / (oracle.alpha(t) ** 2 * variance + t**2)
    exact = 3 * ((skip * oracle.alpha(t) - 1) ** 2 * variance + skip**2 * t**2)
    begun = measured.sel(split="train", model_size=8, step=1)
    assert np.all(np.abs(begun.loss - exact) < 0.1 * exact + 5 * begun.loss_stderr)
