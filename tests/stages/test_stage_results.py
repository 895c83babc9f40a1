"""What the stages compute: the same again, in common noise, and independent of what else is computed."""

import numpy as np
import pytest
import xarray as xr

from edgemem.cli import main
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.stages import evaluate, sample
from edgemem.engine.trainer import Trainer

from .conftest import SETTING, SIZES, command, evaluate_spec, sample_spec, train_spec


N = SETTING["N"]


def models_with(made, means: dict[int, np.ndarray], variance: float) -> xr.Dataset:
    """Return a models file with these parameters, by size."""
    filled = np.full((len(means), max(means), SETTING["d"]), np.nan)
    for row, (size, mean) in enumerate(means.items()):
        filled[row, :size] = mean
    return xr.Dataset(
        {
            "mean": (("model_size", "component", "feature"), filled),
            "variance": ("model_size", np.full(len(means), variance)),
        },
        coords={"model_size": list(means)},
    )


def measured(made, models: xr.Dataset) -> xr.Dataset:
    """Return an evaluation of models, as the stage makes it."""
    return evaluate.evaluate(EvaluateSpec.model_validate(evaluate_spec()), made.read("samples"), models)


def test_memorizing_denoiser_has_the_least_training_loss(made):
    """It is the posterior mean of the training samples, which no denoiser beats, but for the noise of 20 draws."""
    train_losses = made.read("evaluations").sel(split="train")
    loss, stderr = train_losses.loss, train_losses.loss_stderr
    margin = 4 * np.sqrt(stderr**2 + stderr.sel(denoiser="memorizing") ** 2) + 1e-12
    assert (loss.sel(denoiser="memorizing") <= loss + margin).all()
    # Where the signal is strong it is all but zero, and no other is.
    strong = loss.isel(time=-1)
    assert (strong.sel(denoiser="memorizing") < 1e-9).all()
    assert (strong.sel(denoiser="generalizing") > 1e-9).all()


def test_generalizing_denoiser_is_best_on_test_samples_at_the_noise_end(made):
    """Near t = 1 the best estimate is the mean of the true law, here of means that cancel no more than they must."""
    test = made.read("evaluations").sel(split="test").isel(time=0, model_size=0)
    expected = ((made.read("samples").x_test[:10] - made.read("samples").true_mean.mean("component")) ** 2).sum(
        "feature"
    )
    assert test.loss.sel(denoiser="generalizing").item() == pytest.approx(expected.mean().item(), rel=0.05)


def test_denoisers_without_parameters_do_not_depend_on_model_size(made):
    for quantity in ("loss", "loss_stderr"):
        values = made.read("evaluations")[quantity]
        for denoiser in ("generalizing", "memorizing"):
            same = values.sel(denoiser=denoiser)
            xr.testing.assert_equal(
                same, xr.broadcast(same.isel(model_size=0, drop=True), same)[0].transpose(*same.dims)
            )


def test_partially_memorizing_loss_is_that_of_the_subset(made):
    """With more components than samples there are no more samples to memorize."""
    evaluation = made.read("evaluations")
    loss = evaluation.loss.sel(denoiser="partially_memorizing")
    for size in SIZES:
        subset = evaluation.partially_memorizing_loss.sel(subset_size=min(size, N))
        np.testing.assert_array_equal(loss.sel(model_size=size).transpose(*subset.dims), subset)


def test_subset_of_all_samples_is_the_memorizing_denoiser(made):
    evaluation = made.read("evaluations")
    subset = evaluation.partially_memorizing_loss.sel(subset_size=N)
    memorizing = evaluation.loss.sel(denoiser="memorizing").isel(model_size=0).transpose(*subset.dims)
    np.testing.assert_allclose(subset, memorizing, rtol=1e-9, atol=1e-12)


def test_subsets_are_nested_and_the_first_samples(made):
    """The subset of one sample maps everything to it: its loss is the mean distance to that sample."""
    x = made.read("samples").x_train.values
    alone = made.read("evaluations").partially_memorizing_loss.sel(split="train", subset_size=1)
    np.testing.assert_allclose(alone, np.mean(np.sum((x - x[0]) ** 2, axis=1)), rtol=1e-12)


def test_losses_use_common_noise(made):
    """A mixture with every component twice is the same denoiser; with other noise its loss would differ."""
    mean = made.read("samples").x_train.values[:4] + 0.1
    loss = measured(made, models_with(made, {4: mean, 8: np.tile(mean, (2, 1))}, 0.3)).loss.sel(denoiser="trained")
    np.testing.assert_allclose(loss.sel(model_size=4), loss.sel(model_size=8), rtol=1e-9)


def test_trained_model_that_memorizes_has_the_memorizing_loss(made):
    """The same noise again, and the same denoiser by another way."""
    evaluation = measured(made, models_with(made, {N: made.read("samples").x_train.values}, 0.0))
    trained, memorizing = (evaluation.loss.sel(denoiser=name) for name in ("trained", "memorizing"))
    np.testing.assert_allclose(trained, memorizing, rtol=1e-9, atol=1e-12)
    assert (evaluation.distance_to_nearest_sample < 1e-9).all()
    assert (evaluation.learned_variance == 0).all()


def test_trained_model_with_the_true_law_has_the_generalizing_loss(made):
    samples = made.read("samples")
    evaluation = measured(made, models_with(made, {2: samples.true_mean.values}, samples.true_variance.item()))
    trained, generalizing = (evaluation.loss.sel(denoiser=name) for name in ("trained", "generalizing"))
    np.testing.assert_allclose(trained, generalizing, rtol=1e-9)
    assert (evaluation.distance_to_nearest_true_mean < 1e-9).all()


def test_ratio_is_the_count_over_the_generated_points(made):
    evaluation = made.read("evaluations")
    np.testing.assert_allclose(evaluation.memorization_ratio, evaluation.memorized_count / evaluation.generated_count)
    assert evaluation.generated_count == 60
    assert ((evaluation.memorized_count >= 0) & (evaluation.memorized_count <= 60)).all()


def test_evaluation_carries_the_true_law(made):
    xr.testing.assert_equal(made.read("evaluations").true_mean, made.read("samples").true_mean)
    assert made.read("evaluations").true_variance == SETTING["variance"]


def test_stages_repeat_themselves(made, tmp_path):
    """The same spec gives the same numbers; only the seconds of training differ."""
    again = [tmp_path / f"{name}.nc" for name in ("samples", "models", "evaluation")]
    for line in (
        command("sample", again[0], spec=sample_spec()),
        command("train", again[0], again[1], spec=train_spec()),
        command("evaluate", *again, spec=evaluate_spec()),
    ):
        assert main(line) == 0
    for kind, path in zip(("samples", "models", "evaluations"), again, strict=True):
        first, second = (
            dataset.drop_vars("train_seconds", errors="ignore") for dataset in (made.read(kind), xr.load_dataset(path))
        )
        xr.testing.assert_equal(first, second)


def test_seeds_differ(made):
    for kind, name in (("samples", "x_train"), ("samples", "true_mean"), ("models", "mean"), ("evaluations", "loss")):
        one, other = (xr.load_dataset(getattr(made, kind)[seed])[name] for seed in (1, 2))
        assert not np.array_equal(one, other, equal_nan=True)


def test_training_and_test_samples_differ(made):
    samples = made.read("samples")
    assert not np.isin(samples.x_train.values, samples.x_test.values).any()


def test_number_of_samples_changes_neither_the_law_nor_the_test_samples_of_a_name():
    """Keys are made of names: another setting has other draws, and the same setting always the same."""
    spec = SampleSpec.model_validate(sample_spec())
    xr.testing.assert_equal(sample.draw(spec), sample.draw(spec))
    other = SampleSpec.model_validate(sample_spec(setting=SETTING | {"N": 11}))
    assert not np.array_equal(sample.draw(spec).true_mean, sample.draw(other).true_mean)


def test_sizes_do_not_depend_on_each_other(made):
    """A size more changes no number of the others: not the models, not their losses, not their generated points."""
    spec = TrainSpec.model_validate(train_spec(model_sizes=[5, 12]))
    models = Trainer(spec, made.read("samples"), together=False).train_all()
    for name in ("mean", "variance", "training_loss", "converged"):
        xr.testing.assert_equal(models[name], made.read("models")[name].sel(model_size=[5, 12]))
    few, all_sizes = measured(made, models), made.read("evaluations").sel(model_size=[5, 12])
    xr.testing.assert_allclose(few, all_sizes, rtol=1e-12)


def test_sizes_of_a_grid_are_those_of_a_list(made):
    """How a size came to be trained does not change it."""
    grid, listed = made.read("grid_models"), made.read("models")
    common = sorted(set(grid.model_size.values) & set(listed.model_size.values))
    assert {5, 10} <= set(common)
    for name in ("variance", "training_loss"):
        xr.testing.assert_equal(grid[name].sel(model_size=common), listed[name].sel(model_size=common))


def test_test_samples_are_the_first_of_the_pool(made):
    """What lies behind them is not read."""
    samples = made.read("samples")
    samples["x_test"] = samples.x_test.where(samples.test_sample < 10)
    spec = EvaluateSpec.model_validate(evaluate_spec())
    xr.testing.assert_equal(evaluate.evaluate(spec, samples, made.read("models")), made.read("evaluations"))
