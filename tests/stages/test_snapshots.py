"""Models that are kept during training, and what is measured of them."""

import numpy as np
import pytest
import xarray as xr

from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.models import snapshot_steps
from edgemem.config.train import TrainSpec
from edgemem.engine import evaluation as engine
from edgemem.engine.evaluation import evaluate
from edgemem.engine.trainer import Trainer

from .conftest import evaluate_spec, train_spec


SIZES = [2, 10]


def trained(samples: xr.Dataset, snapshots: int | list[int], *, together: bool = False) -> xr.Dataset:
    """Models of two sizes, kept at some steps of twenty."""
    spec = TrainSpec.model_validate(train_spec(sizes=SIZES, snapshots=snapshots))
    return Trainer(spec, samples, together=together).train_all()


@pytest.fixture(scope="module")
def samples(made) -> xr.Dataset:
    return made.read("samples")


@pytest.fixture(scope="module")
def kept(samples: xr.Dataset) -> xr.Dataset:
    return trained(samples, [1, 7, 20])


def measured(samples: xr.Dataset, models: xr.Dataset) -> xr.Dataset:
    """Return the evaluation, without the geometry of the samples."""
    return evaluate(EvaluateSpec.model_validate(evaluate_spec()), samples, models)


@pytest.mark.parametrize(
    ("snapshots", "steps", "expected"),
    [
        (1, 4000, [4000]),
        (2, 10_000, [100, 10_000]),
        (3, 1000, [10, 100, 1000]),
        (5, 3, [1, 2, 3]),
        ([3, 9], 10, [3, 9]),
    ],
)
def test_steps_are_even_in_their_logarithm(snapshots: int | list[int], steps: int, expected: list[int]):
    assert snapshot_steps(snapshots, steps) == expected


def test_keeping_models_changes_none(samples: xr.Dataset, kept: xr.Dataset):
    """What is kept beside changes no bit of a model, nor of the trace of the loss."""
    for other in (trained(samples, 1), trained(samples, [7, 20]), trained(samples, list(range(1, 21)))):
        steps = sorted(set(other.step.values) & {1, 7, 20})
        for name in ("mean", "standard_deviation"):
            xr.testing.assert_equal(other[name].sel(step=steps), kept[name].sel(step=steps))
        xr.testing.assert_equal(other.training_loss, kept.training_loss)
        xr.testing.assert_equal(other.converged, kept.converged)
    assert not np.array_equal(kept["mean"].sel(step=1), kept["mean"].sel(step=7), equal_nan=True)
    assert kept.points.values.tolist() == [20, 140, 400]  # ten samples, two draws


def test_models_trained_in_one_program_are_kept_alike(samples: xr.Dataset, kept: xr.Dataset):
    together = trained(samples, [1, 7, 20], together=True)
    np.testing.assert_allclose(together["mean"], kept["mean"], atol=1e-4)


def test_each_step_is_measured_as_if_alone(samples: xr.Dataset, kept: xr.Dataset):
    """Noise, starting points and references are the same for all steps."""
    all_steps = measured(samples, kept)
    assert all_steps.loss.dims == ("split", "model_size", "step", "time")
    for k in range(kept.sizes["step"]):
        alone = measured(samples, kept.isel(step=[k]))
        xr.testing.assert_identical(alone, all_steps.isel(step=[k]))


def test_references_and_noise_cost_once(samples: xr.Dataset, kept: xr.Dataset, monkeypatch: pytest.MonkeyPatch):
    """More steps draw no more noise and measure no reference again; only models and their points are more."""
    counts: dict[str, int] = {}

    def counted(name: str):
        function = getattr(engine, name)

        def count(*arguments, **options):
            counts[name] = counts.get(name, 0) + 1
            return function(*arguments, **options)

        monkeypatch.setattr(engine, name, count)

    for name in ("evaluation_noise", "_references", "nested_memorizing_loss", "denoising_loss"):
        counted(name)
    found = []
    for steps in (1, 3):
        counts.clear()
        measured(samples, kept.isel(step=slice(0, steps)))
        found.append(dict(counts))
    one, three = found
    assert {name: one[name] for name in one if name != "denoising_loss"} == {
        name: three[name] for name in three if name != "denoising_loss"
    }
    splits, times = 2, kept.sizes["model_size"] * 0 + len(measured(samples, kept).time)
    models = splits * times * len(SIZES)
    assert three["denoising_loss"] - one["denoising_loss"] == 2 * models
    assert one["nested_memorizing_loss"] == splits * times
    assert one["evaluation_noise"] == splits * times
    assert one["_references"] == 1


def test_copies_are_counted_for_each_training_sample(samples: xr.Dataset, kept: xr.Dataset):
    """The points that are kept are the first of those counted; a model that memorizes copies many samples."""
    result = measured(samples, kept)
    np.testing.assert_array_equal(result.copied.sum("sample"), result.memorized_count)
    x = samples.x_train.values
    point = result.generated.values.reshape(-1, x.shape[1]).astype(float)
    distance = np.sort(np.linalg.norm(point[:, None] - x, axis=2), axis=1)
    copies = (distance[:, 0] <= distance[:, 1] / 3).reshape(result.generated.shape[:3]).sum(axis=2)
    assert (result.memorized_count.values >= copies).all()
    assert (result.copied.sel(model_size=10) > 0).any("step").sum() >= 5
