"""The Gaussian mixture: its data distribution, its denoisers, and numbers that belong to one model."""

import functools
import json

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal

from edgemem import pieces
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.denoisers.isotropic_mixture import IsotropicMixture
from edgemem.denoisers.padding import padded_size
from edgemem.denoisers.storage import from_dataset, stored, to_dataset
from edgemem.engine.data import draw
from edgemem.engine.evaluation import evaluate
from edgemem.engine.trainer import Trainer
from edgemem.families.gaussian.setting import GaussianSetting
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.references import memorizing

from . import oracle


SETTING = {"family": "gaussian", "N": 12, "d": 3, "K": 2}
CASE = {"setting": SETTING, "seed": 1, "model": "mixture", "denoiser": "isotropic_mixture"}
PROTOCOL = {"steps": 12, "draws": 2, "peak_lr": 6e-3, "final_lr": 6e-6, "clip_norm": 100, "update_ema": 0.99}


def start(name: str, size: int, *, seed: int = 0) -> IsotropicMixture:
    """A start of training, as large as it is padded to."""
    return IsotropicMixture.start(name, samples(), size, key=jr.key(seed)).padded(padded_size(size))


def samples(seed: int = 1, **changes) -> xr.Dataset:
    return draw(SampleSpec.parse(json.dumps({"setting": {**SETTING, **changes}, "seed": seed})))


@functools.cache
def trained(*sizes: int, seed: int = 1, coarse: int = 0, together: bool = False) -> xr.Dataset:
    """Models of the listed sizes, or of a coarse grid, trained by one job; each job is run once."""
    spec = CASE | {
        "seed": seed,
        "protocol": PROTOCOL,
        "sizes": {"coarse": coarse, "fine": 0, "probe": 50} if coarse else sizes,
        "time_grid": {"times": 5, "t_min": 0.001, "t_max": 0.999},
    }
    return Trainer(TrainSpec.parse(json.dumps(spec)), samples(seed), together=together).train_all()


def on_grid(models: xr.Dataset, times: int) -> xr.Dataset:
    """The same models as if they had been trained on other times, all of equal weight."""
    weight = xr.DataArray(np.ones(times), {"time": time_grid(times, 0.001, 0.999)}, ["time"])
    return models.drop_dims("time").assign(training_weight=weight)


def measured(models: xr.Dataset, times: int = 3) -> xr.Dataset:
    """A small evaluation of some models."""
    spec = CASE | {
        "sampling": {"sampler": "ddim", "times": times, "t_min": 0.001, "t_max": 0.999},
        "evaluation": {"generated": 50, "threshold": 1 / 3, "draws": 3, "test_samples": 12},
    }
    return evaluate(EvaluateSpec.parse(json.dumps(spec)), samples(), on_grid(models, times))


# ------------------------------------------------------------------------------------------------ the data distribution


@pytest.mark.parametrize(("variance", "separation"), [(1.0, 1.0), (0.25, 2.0)])
def test_data_distribution(variance, separation):
    """Means on the sphere of radius separation sqrt(d), equal weights, covariance sigma*^2 I about the means."""
    data = samples(N=6000, d=5, K=3, variance=variance, separation=separation)
    np.testing.assert_allclose(np.linalg.norm(data.true_mean, axis=1), separation * np.sqrt(5), rtol=1e-12)
    residual = data.x_train.values - data.true_mean.values[data.component_train.values]
    covariance = residual.T @ residual / len(residual)
    # Five standard errors of covariances, of means and of frequencies from 6,000 samples.
    np.testing.assert_allclose(covariance, variance * np.eye(5), atol=5 * variance * np.sqrt(2 / 6000))
    np.testing.assert_allclose(residual.mean(axis=0), 0, atol=5 * np.sqrt(variance / 6000))
    np.testing.assert_allclose(np.bincount(data.component_train) / 6000, 1 / 3, atol=5 * 0.0061)


def test_directions_of_the_means_are_uniform():
    """No direction of the sphere is preferred: the means average to zero with covariance I."""
    mean = samples(N=4000, d=3, K=4000).true_mean.values
    np.testing.assert_allclose(mean.mean(axis=0), 0, atol=5 / np.sqrt(4000))
    np.testing.assert_allclose(mean.T @ mean / 4000, np.eye(3), atol=5 * np.sqrt(0.8 / 4000))


def test_samples_belong_to_their_name():
    """Samples are a function of setting and seed; training and test samples have nothing in common."""
    data = samples()
    xr.testing.assert_identical(data, samples())
    assert not np.isin(data.x_train, data.x_test).any()
    assert not np.isin(data.x_train, samples(seed=2).x_train).any()


def test_fresh_samples_follow_the_stored_distribution():
    """A samples file alone is enough to draw more of its distribution."""
    data = samples()
    x, component = pieces.data("gaussian").draw_samples(data, 3000, rng=np.random.default_rng(0))
    residual = x - data.true_mean.values[component]
    np.testing.assert_allclose(residual.T @ residual / 3000, np.eye(3), atol=5 * np.sqrt(2 / 3000))


# -------------------------------------------------------------------------------------- components that are not alike


@pytest.mark.parametrize(("variance", "separation"), [(1.0, 1.0), (0.3, 0.7)])
def test_plain_data_are_the_numbers_that_they_were_before_there_were_other_axes(variance, separation):
    """Bit for bit: K directions, then of each split components and noise, each from the generator of its name."""
    data = samples(variance=variance, separation=separation)
    name = GaussianSetting(**SETTING, variance=variance, separation=separation).name
    normal = named_generator(1, "sample", name, "truth").standard_normal((2, 3))
    mean = separation * np.sqrt(3) * (normal / np.linalg.norm(normal, axis=1, keepdims=True))
    np.testing.assert_array_equal(data.true_mean, mean)
    for split, count in (("train", 12), ("test", 1000)):
        rng = named_generator(1, "sample", name, split)
        component = rng.integers(2, size=count)
        np.testing.assert_array_equal(data[f"component_{split}"], component)
        expected = mean[component] + np.sqrt(variance) * rng.standard_normal((count, 3))
        np.testing.assert_array_equal(data[f"x_{split}"], expected)
    np.testing.assert_array_equal(data.copies_of, np.arange(12))


def test_weights_fall_as_a_power():
    data = samples(N=20_000, K=3, weight_exponent=1.0)
    weight = np.array([6, 3, 2]) / 11
    np.testing.assert_allclose(data.true_weight, weight)
    share = np.bincount(data.component_train) / 20_000
    np.testing.assert_allclose(share, weight, atol=5 * np.sqrt(0.25 / 20_000))


@pytest.mark.parametrize("weights", [0.0, 1.0])
def test_variances_are_geometric_and_their_mean_is_the_variance(weights):
    """sigma*^2 is the mean over samples: that of the components by their weights."""
    data = samples(N=30_000, K=3, variance=2.0, variance_ratio=9.0, weight_exponent=weights)
    residual = data.x_train.values - data.true_mean.values[data.component_train.values]
    found = np.array([np.mean(residual[data.component_train.values == k] ** 2) for k in range(3)])
    # Mean squares of 3 x 5,000 normal numbers at least.
    np.testing.assert_allclose(found[1:] / found[:-1], 3, rtol=10 * np.sqrt(2 / 15_000))
    assert np.mean(residual**2) == pytest.approx(2, rel=10 * np.sqrt(2 / 90_000))
    assert data.true_variance == 2


@pytest.mark.parametrize(
    ("axis", "spectrum"),
    [({"spectrum_ratio": 3.0}, [1.5, 1.5, 0.5, 0.5]), ({"spectrum_exponent": 1.0}, np.array([12, 6, 4, 3]) / 6.25)],
)
def test_covariances_have_their_spectrum(axis, spectrum):
    """Each component has the eigenvalues, mean one, times sigma*^2, along directions of its own."""
    data = samples(N=40_000, d=4, K=2, variance=0.5, **axis)
    bases = data.true_eigenvector.values
    np.testing.assert_allclose(bases @ np.swapaxes(bases, 1, 2), np.stack([np.eye(4)] * 2), atol=1e-12)
    assert np.abs(bases[0] - bases[1]).max() > 0.1
    residual = data.x_train.values - data.true_mean.values[data.component_train.values]
    for k, base in enumerate(bases):
        own = residual[data.component_train.values == k] @ base.T
        covariance = own.T @ own / len(own)
        # Entries of a covariance from 20,000 samples, the largest variance 0.96.
        np.testing.assert_allclose(covariance, np.diag(0.5 * np.array(spectrum)), atol=6 * 0.96 * np.sqrt(2 / 20_000))


def test_rotations_prefer_no_direction():
    """Entries of a rotation have mean zero and mean square 1/d, the first of each row as any other."""
    bases = samples(N=3000, d=3, K=3000, spectrum_ratio=3.0).true_eigenvector.values
    np.testing.assert_allclose(bases.mean(axis=0), 0, atol=5 / np.sqrt(3 * 3000))
    np.testing.assert_allclose((bases**2).mean(axis=0), 1 / 3, atol=5 * 0.3 / np.sqrt(3000))


@pytest.mark.parametrize(
    "axes",
    [
        {"weight_exponent": 2.0},
        {"variance_ratio": 5.0},
        {"spectrum_exponent": 1.0, "variance_ratio": 0.2, "weight_exponent": 1.0},
    ],
)
def test_true_denoiser_and_density_are_those_of_the_drawn_distribution(float64, axes):
    """From the samples file alone: Bayes with the covariances that it tells of, and the density of the same mixture."""
    data = samples(N=30, **axes)
    bases = data.true_eigenvector.values if "true_eigenvector" in data else np.stack([np.eye(3)] * 2)
    covariance = np.einsum("kjf,kj,kjg->kfg", bases, data.true_eigenvalue.values, bases)
    weight, mean = data.true_weight.values, data.true_mean.values
    x, t = np.random.default_rng(0).normal(size=(6, 3)), np.array([0.001, 0.1, 0.3, 0.5, 0.9, 0.999])
    expected = [oracle.general_posterior_mean(weight, mean, covariance, *pair) for pair in zip(x, t, strict=True)]
    result = eqx.filter_jit(pieces.true_denoiser("gaussian")(data))(jnp.asarray(x), jnp.asarray(t))
    np.testing.assert_allclose(result, expected, atol=1e-8)
    density = [
        weight[k] * multivariate_normal(mean[k], covariance[k]).pdf(data.x_train.values) for k in range(len(weight))
    ]
    np.testing.assert_allclose(data.log_density, np.log(np.sum(density, axis=0)), rtol=1e-9)


# ---------------------------------------------------------------------------------------- samples that occur repeatedly


def test_duplicates_are_rows_among_the_n():
    """Ten samples occur four times, sixty once; a row repeats the first that equals it, in value and in component."""
    data = samples(N=100, duplicated=10, occurrences=4)
    copies_of, x = data.copies_of.values, data.x_train.values
    assert len(x) == 100
    assert np.bincount(np.bincount(copies_of, minlength=100)).tolist() == [30, 60, 0, 0, 10]
    np.testing.assert_array_equal(x, x[copies_of])
    np.testing.assert_array_equal(data.component_train, data.component_train[copies_of])
    # The first of equal rows, by which the memorization test calls them, too.
    equal = (x[:, None] == x).all(axis=2)
    np.testing.assert_array_equal(copies_of, equal.argmax(axis=1))
    assert not np.isin(data.x_test, x).any()


def test_duplicates_stand_in_random_order():
    """The first M rows are a random subset: of rows that repeat as many as of all rows are in the first half."""
    shares = []
    for seed in range(40):
        copies_of = samples(seed, N=40, duplicated=5, occurrences=4).copies_of.values
        shares.append(np.isin(copies_of[:20], np.flatnonzero(np.bincount(copies_of, minlength=40) > 1)).sum())
    # Of 20 rows that repeat, 10 are expected; hypergeometric, standard deviation 1.6.
    assert np.mean(shares) == pytest.approx(10, abs=5 * 1.6 / np.sqrt(40))


def test_a_copy_of_a_duplicate_counts_for_its_first_row():
    """The memorizing denoiser of duplicated data generates copies, of a sample that occurs four times four times as
    many; rows that repeat another have none, and the second nearest sample is a different one."""
    changes = {"N": 20, "duplicated": 3, "occurrences": 4}
    data = samples(**changes)
    models = trained(3).copy(deep=True).isel(component=slice(0, 1)).assign_coords(model_size=[20])
    mean = data.x_train.values[None, None].astype(np.float32)
    models = models.drop_vars(["mean"]).assign(
        mean=(("model_size", "step", "component", "feature"), mean), standard_deviation=models.standard_deviation * 0
    )
    spec = CASE | {
        "setting": SETTING | changes,
        "sampling": {"sampler": "ddim", "times": 26, "t_min": 0.001, "t_max": 0.999},
        "evaluation": {"generated": 1500, "threshold": 1 / 3, "draws": 2, "test_samples": 12},
    }
    found = evaluate(EvaluateSpec.parse(json.dumps(spec)), data, on_grid(models, 26)).isel(model_size=0, step=0)
    copies_of = found.copies_of.values
    np.testing.assert_array_equal(copies_of, data.copies_of)
    copied, occurrences = found.copied.values, np.bincount(copies_of, minlength=20)
    assert copied[occurrences == 0].sum() == 0
    assert found.memorization_ratio > 0.95
    share = copied[occurrences == 4].mean() / copied[occurrences == 1].mean()
    assert share == pytest.approx(4, rel=0.5)
    assert (found.second_distance.values > found.nearest_distance.values).all()


# ------------------------------------------------------------------------------------------------------- the denoisers


def test_reference_denoisers(float64):
    """Generalizing means the true means and variance, memorizing all samples and no variance."""
    data = samples(variance=0.5)
    x, t = np.random.default_rng(0).normal(size=(6, 3)), np.array([0.001, 0.1, 0.3, 0.5, 0.9, 0.999])
    for denoiser, mean, variance in (
        (pieces.true_denoiser("gaussian")(data), data.true_mean.values, 0.5),
        (memorizing(data.x_train.values), data.x_train.values, 0.0),
    ):
        result = eqx.filter_jit(denoiser)(jnp.asarray(x), jnp.asarray(t))
        np.testing.assert_allclose(result, oracle.denoise(mean, variance, x, t), atol=1e-8)


@pytest.mark.parametrize("size", [1, 5, 12])
def test_start_of_training(size):
    """The means start at M distinct samples, nested in M, each exactly, with variance 1e-6, in float32."""
    data, first = samples(), start("training_samples", size)
    assert first.mean.dtype == first.standard_deviation.dtype == np.float32
    np.testing.assert_array_equal(first.mean[:size], data.x_train.values[:size].astype(np.float32))
    assert len(np.unique(first.mean[:size], axis=0)) == size
    assert float(first.variance) == pytest.approx(1e-6)
    assert np.sum(first.exists) == size


def test_start_of_training_with_more_components_than_samples():
    """Beyond M = N the samples are repeated in turn, moved a little: equal ones would have equal gradients."""
    expected = samples().x_train.values.astype(np.float32)
    mean = np.asarray(start("training_samples", 15).mean[:15])
    np.testing.assert_array_equal(mean[:12], expected)
    np.testing.assert_allclose(mean[12:], expected[:3], atol=5e-3)
    assert len(np.unique(mean, axis=0)) == 15


def test_models_survive_storage(float64):
    """What was trained is what is read back: every size with its own means and variance, NaN beyond them."""
    unpadded = {size: IsotropicMixture.start("random", samples(), size, key=jr.key(size)) for size in (2, 7)}
    padded = {size: denoiser.padded(padded_size(size)) for size, denoiser in unpadded.items()}
    arrays = {size: [stored(padded[size], unpadded[size])] for size in unpadded}
    models = to_dataset(IsotropicMixture, arrays).assign_coords(model_size=[2, 7], step=[1])
    assert models["mean"].dims == ("model_size", "step", "component", "feature")
    np.testing.assert_array_equal(np.isnan(models["mean"].sel(model_size=2, step=1)).all("feature"), np.arange(7) >= 2)
    for size, denoiser in padded.items():
        again = from_dataset(models, size, 1, unpadded[size]).padded(padded_size(size))
        np.testing.assert_array_equal(again.mean, denoiser.mean)
        np.testing.assert_array_equal(again.exists, denoiser.exists)
        assert float(again.variance) == pytest.approx(float(denoiser.variance), rel=1e-6)


# -------------------------------------------------------------------------------------- numbers belong to one model


def test_a_model_does_not_depend_on_what_is_trained_beside_it():
    """A size gets the same numbers alone and among the others of a grid, and whatever seeds are trained."""
    alone, among = trained(3).sel(model_size=3), trained(coarse=4).sel(model_size=3)
    np.testing.assert_array_equal(among["mean"][:, :3], alone["mean"])
    assert among.standard_deviation.item() == alone.standard_deviation.item()
    np.testing.assert_array_equal(among.training_loss, alone.training_loss)


def test_sizes_trained_in_one_program_are_those_trained_one_by_one():
    """Where all sizes share a program, as on a GPU, each sees its own noise and ends the same but for rounding."""
    one_by_one, together = trained(coarse=4), trained(coarse=4, together=True)
    np.testing.assert_allclose(together.training_loss, one_by_one.training_loss, rtol=1e-3)
    np.testing.assert_allclose(together["mean"], one_by_one["mean"], atol=1e-4)
    np.testing.assert_allclose(together.standard_deviation**2, one_by_one.standard_deviation**2, rtol=1e-2)


def test_one_program_does_not_mix_models():
    """Also there a size gets the same numbers whichever others are asked for."""
    few, many = trained(3, 6, together=True), trained(3, 6, 12, together=True)
    np.testing.assert_allclose(many["mean"].sel(model_size=[3, 6])[:, :, :6], few["mean"], atol=1e-6)
    np.testing.assert_allclose(many.training_loss.sel(model_size=[3, 6]), few.training_loss, rtol=1e-5)


def test_seeds_and_sizes_have_noise_of_their_own():
    """Another seed has other samples and another size other noise: no run repeats another's numbers."""
    losses = np.concatenate([job.training_loss.values.ravel() for job in (trained(coarse=4), trained(3, seed=2))])
    assert len(np.unique(losses)) == len(losses)


MEASURES = (
    *("loss", "loss_stderr", "memorized_count", "wasserstein2", "generated", "learned_variance"),
    *("distance_to_nearest_sample", "distance_to_nearest_true_mean"),
)


def test_an_evaluation_does_not_depend_on_other_models():
    """A model's losses, copies and distances stay the same when other models are evaluated beside it."""
    models = trained(coarse=4)
    both, alone = measured(models.sel(model_size=[3, 6])), measured(models.sel(model_size=[6]))
    for name in MEASURES:
        np.testing.assert_array_equal(both[name].sel(model_size=[6]), alone[name])
    for name in ("reference_loss", "partially_memorizing_loss"):
        np.testing.assert_array_equal(both[name], alone[name])


def test_all_denoisers_see_the_same_noise():
    """Common random numbers: two denoisers that agree have equal losses, not only in expectation."""
    models = trained(3)
    # A model of one component without variance is the partially memorizing denoiser of size M = 1.
    one = models.assign_coords(model_size=[1]).isel(component=slice(0, 1)).copy(deep=True)
    one["mean"][:] = samples().x_train.values[0]
    one["standard_deviation"][:] = 0.0
    result = measured(one)
    subset = result.partially_memorizing_loss
    # Means are stored in float32.
    np.testing.assert_allclose(result.loss.sel(model_size=1).squeeze("step"), subset.sel(subset_size=1), rtol=1e-5)
    np.testing.assert_allclose(
        result.reference_loss.sel(reference="memorizing"), subset.sel(subset_size=12), rtol=1e-8, atol=1e-12
    )


def test_a_loss_does_not_depend_on_the_other_times():
    """The loss at a time uses the noise of that time, whatever other times are on the grid."""
    models = trained(3)
    few, many = measured(models, times=3), measured(models, times=5)
    shared = [0.999, 0.5, 0.001]
    for name in ("loss", "reference_loss", "partially_memorizing_loss"):
        np.testing.assert_allclose(many[name].sel(time=shared, method="nearest"), few[name], rtol=1e-9)
