"""Mixtures other than the paper's are trained, evaluated and sampled in other ways like any denoiser."""

import numpy as np
import pytest

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


@pytest.mark.parametrize("denoiser", OPTIONS)
def test_all_stages_serve_it(denoiser: str):
    """With as many components as samples, at their start, it memorizes; and so it does on other times."""
    samples, model = (
        draw(SampleSpec.model_validate(sample_spec())),
        {"denoiser": denoiser, "options": OPTIONS[denoiser]},
    )
    n_samples = SETTING["N"]
    protocol = PROTOCOL | {"steps": 5, "peak_lr": 1e-5, "final_lr": 1e-5}
    spec = TrainSpec.model_validate(train_spec(sizes=[3, n_samples], protocol=protocol, **model))
    models = Trainer(spec, samples, together=False).train_all()
    evaluation = evaluate(EvaluateSpec.model_validate(evaluate_spec(**model)), samples, models)
    last = evaluation.isel(step=-1).sel(model_size=n_samples)
    assert last.memorization_ratio > 0.9
    assert last.learned_variance < 1e-4
    memorizing = last.reference_loss.sel(reference="memorizing")
    np.testing.assert_allclose(last.loss.sel(split="train"), memorizing.sel(split="train"), rtol=0.02, atol=1e-4)
    ways = count_copies(SensitivitySpec.model_validate(sensitivity_spec(**model)), samples, models)
    assert np.all(ways.memorized_count.sel(model_size=n_samples) > 0.8 * ways.generated_count)
