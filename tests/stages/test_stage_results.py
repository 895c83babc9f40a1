"""What the stages compute: the same again, in common noise, and independent of what else is computed."""

import numpy as np
import pytest
import xarray as xr

from edgemem import pieces
from edgemem.analysis.copies import memorization_ratio
from edgemem.cli import main
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.engine.data import draw
from edgemem.engine.evaluation import evaluate
from edgemem.engine.trainer import Trainer
from edgemem.errors import EdgememError
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.randomness import named_generator

from .conftest import (
    EVALUATION,
    NAME,
    PROTOCOL,
    SETTING,
    SNAPSHOTS,
    TIMES,
    command,
    evaluate_spec,
    geometry_spec,
    sample_spec,
    train_spec,
)


N = SETTING["N"]


def models_with(made, means: dict[int, np.ndarray], variance: float) -> xr.Dataset:
    """Return a models file with these parameters, by size, at one step."""
    filled = np.full((len(means), 1, max(means), SETTING["d"]), np.nan)
    for row, (size, mean) in enumerate(means.items()):
        filled[row, 0, :size] = mean
    return xr.Dataset(
        {
            "mean": (("model_size", "step", "component", "feature"), filled),
            "standard_deviation": (("model_size", "step"), np.full((len(means), 1), np.sqrt(variance))),
            **dict.fromkeys(("converged", "still_falling"), ("model_size", np.zeros(len(means), np.int8))),
            "training_weight": ("time", np.ones(TIMES["times"])),
        },
        coords={
            "model_size": list(means),
            "step": [1],
            "points": ("step", [1]),
            "time": time_grid(TIMES["times"], 0.001, 0.999),
        },
    )


def measured(made, models: xr.Dataset) -> xr.Dataset:
    """Return an evaluation of models, as the stage makes it."""
    return evaluate(EvaluateSpec.model_validate(evaluate_spec()), made.read("samples"), models, made.read("geometry"))


def test_memorizing_denoiser_has_the_least_training_loss(made):
    """It is the posterior mean of the training samples, which no denoiser beats, but for the noise of 20 draws."""
    train = made.read("snapshot_evaluations").sel(split="train")
    memorizing, stderr = (
        train[name].sel(reference="memorizing") for name in ("reference_loss", "reference_loss_stderr")
    )
    for loss in ("loss", "reference_loss", "partially_memorizing_loss"):
        margin = 4 * np.sqrt(train[f"{loss}_stderr"] ** 2 + stderr**2) + 1e-12
        assert (memorizing <= train[loss] + margin).all()
    # Where the signal is strong it is all but zero, and no other is.
    strong = train.reference_loss.isel(time=-1)
    assert strong.sel(reference="memorizing") < 1e-9
    assert (strong.sel(reference=["generalizing", "linear"]) > 1e-9).all()


def test_generalizing_denoiser_is_best_on_test_samples_at_the_noise_end(made):
    """Near t = 1 the best estimate is the mean of the true distribution, here of means that hardly cancel."""
    test = made.read("evaluations").sel(split="test").isel(time=0)
    expected = ((made.read("samples").x_test[:10] - made.read("samples").true_mean.mean("component")) ** 2).sum(
        "feature"
    )
    loss = test.reference_loss.sel(reference="generalizing").item()
    assert loss == pytest.approx(expected.mean().item(), rel=0.05)


def test_losses_of_references_do_not_depend_on_what_is_trained(made):
    """Other sizes and other steps are compared with the same losses."""
    evaluation = measured(made, models_with(made, {3: np.zeros((3, SETTING["d"]))}, 1.0))
    for name in ("reference_loss", "partially_memorizing_loss"):
        for quantity in (name, f"{name}_stderr"):
            xr.testing.assert_equal(evaluation[quantity], made.read("evaluations")[quantity])


def test_partially_memorizing_loss_is_that_of_a_model_of_the_subset(made):
    """The first M training samples as components without variance: the same noise again, by another way."""
    x = made.read("samples").x_train.values
    evaluation = measured(made, models_with(made, {size: x[:size] for size in (1, 4, 7)}, 0.0))
    for size in (1, 4, 7):
        subset = evaluation.partially_memorizing_loss.sel(subset_size=size)
        loss = evaluation.loss.sel(model_size=size, step=1).transpose(*subset.dims)
        np.testing.assert_allclose(loss, subset, rtol=1e-9, atol=1e-12)


def test_subset_of_all_samples_is_the_memorizing_denoiser(made):
    evaluation = made.read("evaluations")
    subset = evaluation.partially_memorizing_loss.sel(subset_size=N)
    memorizing = evaluation.reference_loss.sel(reference="memorizing").transpose(*subset.dims)
    np.testing.assert_allclose(subset, memorizing, rtol=1e-9, atol=1e-12)


def test_linear_denoiser_is_that_of_the_samples_mean_and_covariance(made):
    """Its training loss without noise of drawing: with S = cov of the samples, sum_k s_k t^2 / (alpha^2 s_k + t^2)."""
    evaluation = made.read("evaluations").sel(split="train", reference="linear")
    spectrum = np.linalg.eigvalsh(np.cov(made.read("samples").x_train.values.T, ddof=0))
    time = evaluation.time.values[:, None]
    expected = (spectrum * time**2 / ((1 - time**2) * spectrum + time**2)).sum(axis=1)
    error = np.abs(evaluation.reference_loss - expected)
    # The noise of 20 draws of 10 samples; where t is small the samples' share of it is nothing but their distance.
    assert (error <= 4 * evaluation.reference_loss_stderr + 1e-9).all()


def test_subsets_are_nested_and_the_first_samples(made):
    """The subset of one sample maps everything to it: its loss is the mean distance to that sample."""
    x = made.read("samples").x_train.values
    alone = made.read("evaluations").partially_memorizing_loss.sel(split="train", subset_size=1)
    np.testing.assert_allclose(alone, np.mean(np.sum((x - x[0]) ** 2, axis=1)), rtol=1e-12)


def test_losses_use_common_noise(made):
    """A mixture with every component twice is the same denoiser; with other noise its loss would differ."""
    mean = made.read("samples").x_train.values[:4] + 0.1
    loss = measured(made, models_with(made, {4: mean, 8: np.tile(mean, (2, 1))}, 0.3)).loss
    np.testing.assert_allclose(loss.sel(model_size=4), loss.sel(model_size=8), rtol=1e-9)


def test_trained_model_that_memorizes_has_the_memorizing_loss(made):
    """The same noise again, and the same denoiser by another way."""
    evaluation = measured(made, models_with(made, {N: made.read("samples").x_train.values}, 0.0))
    memorizing = evaluation.reference_loss.sel(reference="memorizing")
    np.testing.assert_allclose(evaluation.loss.sel(model_size=N, step=1), memorizing, rtol=1e-9, atol=1e-12)
    assert (evaluation.distance_to_nearest_sample < 1e-9).all()
    held = evaluation.distance_to_nearest_mean.isel(step=-1) < 1e-6
    np.testing.assert_array_equal(held.sum("sample"), evaluation.model_size)
    assert (evaluation.learned_variance == 0).all()


def test_trained_model_with_the_true_law_has_the_generalizing_loss(made):
    samples = made.read("samples")
    evaluation = measured(made, models_with(made, {2: samples.true_mean.values}, samples.true_variance.item()))
    generalizing = evaluation.reference_loss.sel(reference="generalizing")
    np.testing.assert_allclose(evaluation.loss.sel(model_size=2, step=1), generalizing, rtol=1e-9)
    assert (evaluation.distance_to_nearest_true_mean < 1e-9).all()


def test_ratio_is_the_count_over_the_generated_points(made):
    evaluation = made.read("evaluations")
    np.testing.assert_allclose(evaluation.memorization_ratio, evaluation.memorized_count / evaluation.generated_count)
    assert evaluation.generated_count == 60
    assert ((evaluation.memorized_count >= 0) & (evaluation.memorized_count <= 60)).all()


def test_evaluation_carries_what_is_known_of_the_data_and_how_training_ended(made):
    xr.testing.assert_equal(made.read("evaluations").true_mean, made.read("samples").true_mean)
    assert made.read("evaluations").true_variance == SETTING["variance"]
    for name in ("converged", "still_falling", "training_weight"):
        np.testing.assert_array_equal(made.read("evaluations")[name], made.read("models")[name])


@pytest.mark.parametrize("weighting", ["x0", "eps", "v", [0.0, 1.0, 2.0, 0.5]])
def test_weights_of_training_are_known(made, weighting: str | list[float]):
    """On the x_0 scale at each time, t_max first, whether a vector field or numbers are given."""
    spec = train_spec(sizes=[2], protocol=PROTOCOL | {"weighting": weighting, "steps": 1})
    models = Trainer(TrainSpec.model_validate(spec), made.read("samples"), together=False).train_all()
    t = np.linspace(0.999, 0.001, TIMES["times"])
    np.testing.assert_array_equal(models.time, t)
    fields = {"x0": np.ones(4), "eps": (1 - t**2) / t**2, "v": 1 / (t**2 * (1 - t**2))}
    expected = fields[weighting] if isinstance(weighting, str) else weighting
    np.testing.assert_allclose(models.training_weight, expected, rtol=1e-4)  # of float32, near t = 1 times 1 / (1 - t)


def test_stages_repeat_themselves(made, tmp_path):
    """The same spec gives the same numbers; only the seconds of training differ."""
    again = [tmp_path / f"{name}.nc" for name in ("samples", "models", "evaluation", "geometry")]
    for line in (
        command("sample", again[0], spec=sample_spec()),
        command("train", again[0], again[1], spec=train_spec()),
        command("geometry", again[0], again[3], spec=geometry_spec()),
        command("evaluate", *again[:3], "--geometry", again[3], spec=evaluate_spec()),
    ):
        assert main(line) == 0
    for kind, path in zip(("samples", "models", "evaluations", "geometry"), again, strict=True):
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
    xr.testing.assert_equal(draw(spec), draw(spec))
    other = SampleSpec.model_validate(sample_spec(setting=SETTING | {"N": 11}))
    assert not np.array_equal(draw(spec).true_mean, draw(other).true_mean)


@pytest.mark.parametrize("setting", [SETTING, {"family": "image", "N": 10, "K": 2, "size": 4}])
def test_parts_have_the_truth_and_the_test_samples_in_common_and_no_training_sample(setting: dict):
    """Part 1 is drawn as if there were no parts: by the numbers of its name alone."""
    one, two, three = (
        draw(SampleSpec.model_validate({"setting": setting | {"part": part}, "seed": 1})) for part in (1, 2, 3)
    )
    xr.testing.assert_identical(one, draw(SampleSpec.model_validate({"setting": setting, "seed": 1})))
    own = ["x_train", "component_train", "log_density"]
    for other in (two, three):
        xr.testing.assert_identical(one.drop_vars(own), other.drop_vars(own))
    for x, y in ((one, two), (one, three), (two, three)):
        assert not np.isin(x.x_train.values[x.x_train.values != 0], y.x_train.values).any()


def test_numbers_of_a_setting_are_those_of_its_name():
    """They were the same before settings had parts."""
    setting = SampleSpec.model_validate(sample_spec()).setting
    family, dataset = pieces.data("gaussian"), draw(SampleSpec.model_validate(sample_spec()))

    def rng(use: str) -> np.random.Generator:
        return named_generator(1, "sample", NAME, use)

    truth = family.draw_truth(setting, [], rng=rng("truth"))
    np.testing.assert_array_equal(dataset.true_mean, truth.true_mean)
    for split, count in (("train", setting.N), ("test", 1000)):
        np.testing.assert_array_equal(dataset[f"x_{split}"], family.draw_samples(truth, count, rng=rng(split))[0])


def test_sizes_do_not_depend_on_each_other(made):
    """A size more changes no number of the others: not the models, not their losses, not their generated points."""
    spec = TrainSpec.model_validate(train_spec(sizes=[5, 12]))
    models = Trainer(spec, made.read("samples"), together=False).train_all()
    for name in ("mean", "standard_deviation", "training_loss", "converged"):
        xr.testing.assert_equal(models[name], made.read("models")[name].sel(model_size=[5, 12]))
    few, all_sizes = measured(made, models), made.read("evaluations").sel(model_size=[5, 12])
    xr.testing.assert_allclose(few, all_sizes, rtol=1e-12)


def test_sizes_of_a_grid_are_those_of_a_list(made):
    """How a size came to be trained does not change it."""
    grid, listed = made.read("grid_models"), made.read("models")
    common = sorted(set(grid.model_size.values) & set(listed.model_size.values))
    assert {5, 10} <= set(common)
    for name in ("standard_deviation", "training_loss"):
        xr.testing.assert_equal(grid[name].sel(model_size=common), listed[name].sel(model_size=common))


def test_test_samples_are_the_first_of_the_pool(made):
    """What lies behind them is not read."""
    samples = made.read("samples")
    samples["x_test"] = samples.x_test.where(samples.test_sample < 10)
    spec = EvaluateSpec.model_validate(evaluate_spec())
    again = evaluate(spec, samples, made.read("models"), made.read("geometry"))
    xr.testing.assert_equal(again, made.read("evaluations"))


def test_steps_that_are_kept_change_nothing(made):
    """The last of several steps is the one that is kept alone, to the bit, in models and in all that is measured."""
    for kind in ("models", "evaluations"):
        every, last = made.read(f"snapshot_{kind}"), made.read(kind)
        assert every.step.values.tolist() == SNAPSHOTS
        assert last.step.values.tolist() == SNAPSHOTS[-1:]
        xr.testing.assert_equal(
            every.isel(step=[-1]).drop_vars("train_seconds", errors="ignore"),
            last.drop_vars("train_seconds", errors="ignore"),
        )


def test_a_step_that_is_kept_is_the_end_of_a_shorter_training(made):
    """With a rate that does not fall: training that ends at step 10 gives what is kept of one that goes on to 20."""
    constant = PROTOCOL | {"warmup": 0, "final_lr": PROTOCOL["peak_lr"]}

    def trained(steps: int, snapshots: list[int]) -> xr.Dataset:
        spec = train_spec(protocol=constant | {"steps": steps}, snapshots=snapshots, sizes=[5])
        return Trainer(TrainSpec.model_validate(spec), made.read("samples"), together=False).train_all()

    long, short = trained(20, [10, 20]), trained(10, [10])
    for name in ("mean", "standard_deviation", "points"):
        xr.testing.assert_equal(long[name].sel(step=[10]), short[name])


@pytest.mark.parametrize("threshold", [0.2, 1 / 3, 0.6])
def test_another_threshold_costs_no_generation(made, threshold):
    """The distances that are kept give the counts of an evaluation with that threshold, of each sample too."""
    other = EVALUATION | {"threshold": threshold}
    spec = EvaluateSpec.model_validate(evaluate_spec(evaluation=other))
    again = evaluate(spec, made.read("samples"), made.read("snapshot_models"))
    kept = made.read("snapshot_evaluations")
    np.testing.assert_array_equal(memorization_ratio(kept, threshold), again.memorization_ratio)
    is_copy = kept.nearest_distance.values.astype(float) <= threshold * kept.second_distance.values.astype(float)
    for m, s in np.ndindex(is_copy.shape[:2]):
        counts = np.bincount(kept.nearest_sample.values[m, s][is_copy[m, s]], minlength=N)
        np.testing.assert_array_equal(counts, again.copied.values[:, m, s])
    null = kept.null_nearest_distance.values.astype(float) <= threshold * kept.null_second_distance.values.astype(float)
    assert null.mean() == again.null_memorization_ratio


def test_fewer_points_are_the_first(made):
    """The paper's number of points is a part of those generated; more than there are is refused."""
    kept = made.read("evaluations")
    ratio = memorization_ratio(kept, points=10)
    first = kept.nearest_distance.values[..., :10] <= kept.second_distance.values[..., :10] / 3
    np.testing.assert_allclose(ratio, first.mean(axis=-1))
    np.testing.assert_array_equal(memorization_ratio(kept), kept.memorization_ratio)
    with pytest.raises(EdgememError, match=r"points must be 1 to 60, the points generated from each model \(got 61\)"):
        memorization_ratio(kept, points=61)
    with pytest.raises(EdgememError, match="threshold must be between 0 and 1"):
        memorization_ratio(kept, 1.5)


def test_copies_are_counted_by_sample(made):
    """Each generated point that is a copy is one of its nearest training sample."""
    evaluation = made.read("snapshot_evaluations")
    xr.testing.assert_equal(evaluation.copied.sum("sample"), evaluation.memorized_count)
    # A model that knows but one sample copies no other.
    x = made.read("samples").x_train.values
    alone = measured(made, models_with(made, {1: x[3:4]}, 0.0)).copied.sel(model_size=1, step=1)
    assert alone.values.tolist() == [60 * (i == 3) for i in range(N)]


def test_no_sample_is_a_copy_of_another(made):
    assert made.read("samples").copies_of.values.tolist() == list(range(N))
