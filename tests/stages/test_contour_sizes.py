"""Sizes placed by bisection: where the memorization ratio passes one half at the steps that are kept."""

import json

import numpy as np
import pytest
import xarray as xr

from edgemem.config.train import TrainSpec
from edgemem.engine import trainer as engine
from edgemem.engine.trainer import Trainer

from .conftest import train_spec


SNAPSHOTS = [2, 10, 20]
# Where the ratio passes one half at these steps, in place of a training that takes long enough to have one.
PLACES = {2: 3.5, 10: 6.5, 20: 6.5}


@pytest.fixture
def samples(made) -> xr.Dataset:
    return made.read("samples")


@pytest.fixture(autouse=True)
def placed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each model kept have the ratio of its place, told by how far its variance has come."""

    def probe(self: Trainer, denoiser: object, size: int, points: int) -> float:
        kept = self.trained[size].snapshots
        step = SNAPSHOTS[next(i for i, one in enumerate(kept) if one is denoiser)]
        return float(size > PLACES[step])

    monkeypatch.setattr(engine.Trainer, "_probe", probe)


def trained(samples: xr.Dataset, **sizes: int | str) -> xr.Dataset:
    """Models with sizes between two ends."""
    spec = TrainSpec.model_validate(train_spec(sizes=sizes, snapshots=SNAPSHOTS))
    return Trainer(spec, samples, together=False).train_all()


def test_the_place_at_every_step_is_found(samples: xr.Dataset):
    """Both neighbours of each place, and the ends, are trained; then it ends, and says so."""
    models = trained(samples, smallest=1, largest="N", count=10)
    sizes = models.model_size.values.tolist()
    assert {1, 3, 4, 6, 7, 10} <= set(sizes)
    assert len(sizes) < 10
    assert set(models.grid.values) == {"contour"}
    np.testing.assert_array_equal(models.probe_ratio, models.model_size > PLACES[20])
    assert "between 1 and 10 is left" in json.loads(models.attrs["fine_grid"])["note"]


def test_no_more_sizes_than_asked_for(samples: xr.Dataset):
    """The second is the middle of where the ratio passes one half at all three steps."""
    models = trained(samples, smallest=2, largest=10, count=3)
    assert models.model_size.values.tolist() == [2, 4, 10]
    assert json.loads(models.attrs["fine_grid"])["note"] == ""


def test_models_are_those_of_a_list(samples: xr.Dataset):
    """Where sizes come from changes no bit of them."""
    models = trained(samples, smallest=2, largest=10, count=3)
    spec = TrainSpec.model_validate(train_spec(sizes=[2, 4, 10], snapshots=SNAPSHOTS))
    listed = Trainer(spec, samples, together=False).train_all()
    for name in ("mean", "standard_deviation", "training_loss"):
        xr.testing.assert_equal(models[name], listed[name])
