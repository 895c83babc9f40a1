"""Paths between models: their ends are the models as evaluations see them, and both paths are measured alike."""

import numpy as np
import pytest
import xarray as xr

from edgemem.config.barrier import BarrierSpec
from edgemem.engine.barrier import find_barriers

from .conftest import barrier_spec


def spec(**changes) -> BarrierSpec:
    return BarrierSpec.model_validate(barrier_spec(**changes))


def test_ends_are_what_the_evaluation_says(made):
    """From the same noise come the evaluation's training loss, weighted as in training, and its copies."""
    barriers, evaluation = made.read("barriers"), made.read("evaluations").isel(step=-1).sel(model_size=[5, 10])
    expected = (evaluation.loss.sel(split="train") * evaluation.snr).mean("time")
    for path in ("line", "curve"):
        begin = barriers.sel(path=path, place=0)
        np.testing.assert_allclose(begin.loss, expected, rtol=1e-6)  # weights of training are float32
        np.testing.assert_array_equal(begin.memorized_count, evaluation.memorized_count)
    end = barriers.sel(place=1)
    np.testing.assert_allclose(end.loss.sel(path="line"), end.loss.sel(path="curve"), rtol=1e-12)


def test_barrier_is_that_of_the_losses(made):
    barriers = made.read("barriers")
    ends = barriers.loss.sel(path="line").isel(place=[0, -1])
    np.testing.assert_allclose(barriers.higher_end_loss, ends.max("place"), rtol=1e-12)
    np.testing.assert_allclose(barriers.lower_end_loss, ends.min("place"), rtol=1e-12)
    above = (barriers.loss - barriers.higher_end_loss).max("place")
    np.testing.assert_allclose(barriers.barrier, above, rtol=1e-6, atol=1e-9)
    higher = barriers.loss.sel(path="line") == barriers.higher_end_loss
    assert (barriers.loss_stderr.sel(path="line").where(higher).sum() == 0).item()


def test_trained_curve_is_lower_than_the_line(made):
    """Where it is free to bend: in the mean over its places, on the noise of the measurement."""
    longer = spec(protocol=barrier_spec()["protocol"] | {"steps": 300}, sizes=[5])
    found = find_barriers(longer, *(made.read(kind) for kind in ("samples", "models", "others"))).loss.mean("place")
    assert (found.sel(path="curve") < found.sel(path="line")).all()


def test_a_model_and_itself_have_no_barrier(made):
    """Whatever order its components are in: those of the other end are matched."""
    models = made.read("models")
    turned = models.sel(model_size=[5]).copy()
    turned["mean"] = turned["mean"].copy(data=turned["mean"].values[:, :, [2, 0, 4, 1, 3, *range(5, 12)]])
    found = find_barriers(spec(sizes=[5]), made.read("samples"), models, turned)
    assert found.barrier.sel(path="line").item() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(found.loss.sel(path="line"), found.higher_end_loss.item(), rtol=1e-9)


def test_a_size_does_not_depend_on_the_others(made):
    found = find_barriers(spec(sizes=[10]), *(made.read(kind) for kind in ("samples", "models", "others")))
    xr.testing.assert_equal(found.loss, made.read("barriers").loss.sel(model_size=[10]))
