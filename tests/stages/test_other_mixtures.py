"""Mixtures other than the paper's are trained, evaluated and sampled in other ways like any denoiser."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.train import TrainSpec
from edgemem.engine.data import draw
from edgemem.engine.evaluation import evaluate
from edgemem.engine.sensitivity import count_copies
from edgemem.engine.trainer import Trainer

from .conftest import PROTOCOL, SETTING, TIMES, evaluate_spec, sample_spec, sensitivity_spec, train_spec


OPTIONS = {"per_time_mixture": TIMES, "low_rank_mixture": {"rank": 2}}


def measured(denoiser: str, options: dict[str, Any]) -> tuple[xr.Dataset, xr.Dataset]:
    """The evaluation, and copies among points generated in other ways, of models that hardly leave their start."""
    samples = draw(SampleSpec.model_validate(sample_spec()))
    protocol = PROTOCOL | {"steps": 2, "peak_lr": 1e-6, "final_lr": 1e-6}
    model: dict[str, Any] = {"denoiser": denoiser, "options": options}
    spec = TrainSpec.model_validate(train_spec(sizes=[3, SETTING["N"]], protocol=protocol, **model))
    models = Trainer(spec, samples, together=False).train_all()
    evaluation = evaluate(EvaluateSpec.model_validate(evaluate_spec(**model)), samples, models)
    return evaluation, count_copies(SensitivitySpec.model_validate(sensitivity_spec(**model)), samples, models)


@pytest.fixture(scope="module")
def isotropic() -> tuple[xr.Dataset, xr.Dataset]:
    return measured("isotropic_mixture", {})


@pytest.mark.parametrize("denoiser", OPTIONS)
def test_all_stages_serve_it(isotropic, denoiser: str):
    """Where it starts it is the isotropic mixture, almost; also at the times of other grids."""
    evaluation, ways = measured(denoiser, OPTIONS[denoiser])
    expected, expected_ways = isotropic
    np.testing.assert_allclose(evaluation.loss, expected.loss, rtol=0.05, atol=1e-5)
    np.testing.assert_allclose(evaluation.distance_to_nearest_mean, expected.distance_to_nearest_mean, atol=1e-4)
    assert np.all(np.abs(evaluation.memorized_count - expected.memorized_count) <= 2)
    assert np.all(np.abs(ways.memorized_count - expected_ways.memorized_count) <= 2)
    assert expected_ways.memorized_count.max() > 10
    assert set(evaluation.data_vars) == set(expected.data_vars)
