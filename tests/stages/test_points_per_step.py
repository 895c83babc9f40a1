"""Training whose steps have so many points, whatever the number of samples."""

import numpy as np
import pytest
import xarray as xr

from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.engine.data import draw
from edgemem.engine.trainer import Trainer

from .conftest import PROTOCOL, SETTING, sample_spec, train_spec


N = SETTING["N"]


def trained(samples: xr.Dataset, **points: int | None) -> xr.Dataset:
    """One model, kept at two of twenty steps."""
    asked = train_spec(sizes=[3], snapshots=[1, 20], protocol=PROTOCOL | {"draws": None} | points)
    return Trainer(TrainSpec.model_validate(asked), samples, together=False).train_all()


@pytest.fixture(scope="module")
def samples() -> xr.Dataset:
    return draw(SampleSpec.model_validate(sample_spec()))


@pytest.mark.parametrize("points", [4, N])
def test_up_to_one_point_a_sample_it_is_what_there_was(samples: xr.Dataset, points: int):
    """As many points as samples are one draw of each, fewer are a minibatch: the same bits."""
    found, expected = trained(samples, points_per_step=points), trained(samples, draws=1, minibatch=points)
    xr.testing.assert_identical(found.drop_vars("train_seconds"), expected.drop_vars("train_seconds"))


@pytest.mark.parametrize("points", [4, N, 3 * N, 3 * N + 4])
def test_points_that_training_has_seen_are_those_of_its_steps(samples: xr.Dataset, points: int):
    models = trained(samples, points_per_step=points)
    assert models.points.values.tolist() == [points, 20 * points]
    assert np.isfinite(models.training_loss).all()
