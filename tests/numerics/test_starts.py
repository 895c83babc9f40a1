"""Where training starts, and how a model of one size goes on from one of another."""

import functools
import json
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import cdist

from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.denoisers.isotropic_mixture import IsotropicMixture
from edgemem.denoisers.padding import padded_size
from edgemem.denoisers.starts import STARTS
from edgemem.engine.data import draw
from edgemem.engine.trainer import Trainer
from edgemem.runtime.checkpoints import Checkpoints


SETTING = {"family": "gaussian", "N": 12, "d": 3, "K": 2, "separation": 4}
CASE = {"setting": SETTING, "seed": 1, "model": "m", "denoiser": "isotropic_mixture", "time_grid": {"times": 3}}
ANY_DATA = sorted(set(STARTS) - {"fresh_samples"})


@functools.cache
def samples(seed: int = 1) -> xr.Dataset:
    return draw(SampleSpec.parse(json.dumps({"setting": SETTING, "seed": seed})))


def start(name: str, size: int, seed: int = 0, **options) -> IsotropicMixture:
    return IsotropicMixture.start(name, samples(), size, key=jr.key(seed), **options)


@functools.cache
def trained(
    initialization: str, sizes: tuple = (3, 6, 12), steps: int = 20, variance: float | None = None
) -> xr.Dataset:
    """Models of some sizes after hardly any training: each step moves a mean by a millionth."""
    protocol = {"steps": steps, "draws": 1, "peak_lr": 1e-6, "final_lr": 1e-6, "initialization": initialization}
    spec = CASE | {"sizes": list(sizes), "protocol": protocol | {"initial_variance": variance}}
    return Trainer(TrainSpec.parse(json.dumps(spec)), samples(), together=False).train_all()


@pytest.mark.parametrize("size", [1, 5, 12, 30])
@pytest.mark.parametrize("name", ANY_DATA)
def test_every_start_has_as_many_different_components_as_asked_for(name: str, size: int):
    """Also beyond N: equal components would have equal gradients for ever."""
    begun = start(name, size)
    assert begun.mean.shape == (size, 3) and begun.mean.dtype == begun.standard_deviation.dtype == np.float32
    assert len(np.unique(np.asarray(begun.mean), axis=0)) == size
    assert begun.log_weight is None and float(begun.variance) > 0


def test_samples_that_occur_twice_start_apart():
    data = draw(SampleSpec.parse(json.dumps({"setting": SETTING | {"duplicated": 3, "occurrences": 2}, "seed": 1})))
    mean = np.asarray(IsotropicMixture.start("training_samples", data, 12, key=jr.key(0)).mean)
    assert len(np.unique(mean, axis=0)) == 12
    np.testing.assert_allclose(mean, data.x_train, atol=5e-3)
    first = data.copies_of.values == np.arange(12)
    np.testing.assert_array_equal(mean[first], data.x_train.values[first].astype(np.float32))


def test_kmeans_starts_at_the_centres_of_two_clusters():
    """Of two groups far apart its centres are their means, and its variance that around them."""
    begun, data = start("kmeans", 2), samples()
    x, component = data.x_train.values, data.component_train.values
    means = np.array([x[component == k].mean(axis=0) for k in (0, 1)])
    np.testing.assert_allclose(cdist(np.asarray(begun.mean), means).min(axis=0), 0, atol=1e-5)
    assert float(begun.variance) == pytest.approx(np.mean((x - means[component]) ** 2), rel=1e-5)


def test_kmeans_of_as_many_clusters_as_samples_are_the_samples():
    begun = start("kmeans", 12)
    assert cdist(np.asarray(begun.mean), samples().x_train.values).min(axis=0).max() < 1e-5
    assert float(begun.variance) == pytest.approx(1e-6, rel=1e-3)


def test_fresh_samples_are_neither_training_nor_test_samples():
    """But of the same distribution; each size has its own."""
    models = trained("fresh_samples", (6, 12))
    mean = models["mean"].sel(model_size=12, step=20).values
    for known in (samples().x_train, samples().x_test):
        assert cdist(mean, known.values).min() > 1e-3
    assert cdist(mean, samples().true_mean.values).min(axis=1).max() < 5
    assert cdist(models["mean"].sel(model_size=6, step=20).values[:6], mean).min() > 1e-3
    assert float(models.standard_deviation.sel(model_size=6, step=20)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("variance", [1e-4, 2.0])
def test_variance_at_the_start_can_be_chosen(variance: float):
    models = trained("training_samples", (5,), variance=variance)
    assert models.standard_deviation.item() ** 2 == pytest.approx(variance, rel=1e-2)
    np.testing.assert_allclose(models["mean"].values[0, 0], samples().x_train.values[:5], atol=1e-3)


def test_a_sweep_down_goes_on_with_the_first_components_of_the_next_larger_model():
    mean = trained("continued_down")["mean"].isel(step=0)
    np.testing.assert_allclose(mean.sel(model_size=12), samples().x_train, atol=1e-3)
    for smaller, larger in ((6, 12), (3, 6)):
        kept, before = (mean.sel(model_size=size).values[:smaller] for size in (smaller, larger))
        np.testing.assert_allclose(kept, before, atol=1e-3)


def test_a_sweep_up_splits_components_of_the_next_smaller_model():
    """The smallest starts at training samples; each of the others at what was there and one copy each of components."""
    mean = trained("continued_up")["mean"].isel(step=0)
    np.testing.assert_allclose(mean.sel(model_size=3).values[:3], samples().x_train.values[:3], atol=1e-3)
    six = mean.sel(model_size=6).values[:6]
    nearest = cdist(six, mean.sel(model_size=3).values[:3]).argmin(axis=1)
    assert sorted(nearest) == [0, 0, 1, 1, 2, 2]
    assert cdist(six, mean.sel(model_size=3).values[:3]).min(axis=1).max() < 1e-2


def test_a_split_model_is_the_model_that_it_was():
    """Copies share the weight of what they are copies of, so that a denoiser hardly changes when it grows."""
    begun = start("training_samples", 5, weights="learned")
    begun = eqx.tree_at(lambda m: m.log_weight, begun, jnp.asarray([0.0, -1, 1, 0.5, -2])).with_variance(0.3)
    grown = begun.padded(padded_size(5)).resized(8, key=jr.key(1))
    x, t = jnp.asarray(samples().x_test.values[:20], jnp.float32), jnp.full(20, 0.4)
    np.testing.assert_allclose(grown(x, t), begun(x, t), atol=2e-2)
    assert grown.mean.shape == (8, 3) and len(np.unique(np.asarray(grown.mean), axis=0)) == 8


class Stopped(Exception):
    """What ends a training in a test."""


@pytest.mark.parametrize("name", ["continued_down", "continued_up"])
def test_a_sweep_that_was_stopped_goes_on_with_the_same_bits(name: str, tmp_path: Path, monkeypatch):
    """It is a chain of trainings: a size goes on from one that an earlier process has trained."""
    monkeypatch.setenv("EDGEMEM_CHECKPOINT_MINUTES", "0")
    protocol = {"steps": 40, "draws": 1, "peak_lr": 1e-2, "final_lr": 1e-3, "initialization": name}
    spec = TrainSpec.parse(json.dumps(CASE | {"sizes": [3, 6, 9], "protocol": protocol}))
    whole = Trainer(spec, samples(), together=False).train_all()

    def trainer() -> Trainer:
        return Trainer(
            spec, samples(), together=False, checkpoints=Checkpoints(tmp_path / "m.nc", {}, lambda line: None)
        )

    offer, offered = Checkpoints.offer, []

    def stopping(self: Checkpoints, arrays) -> None:
        offer(self, arrays)
        offered.append(0)
        if len(offered) == 50:  # in the middle of the second of three sizes, of 40 blocks each
            raise Stopped

    with monkeypatch.context() as patched, pytest.raises(Stopped):
        patched.setattr(Checkpoints, "offer", stopping)
        trainer().train_all()
    again = trainer().train_all()
    assert again.drop_vars("train_seconds").identical(whole.drop_vars("train_seconds"))
