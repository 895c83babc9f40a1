"""A denoiser that is trained in closed form goes through the stages like any other, and leases no GPU."""

import numpy as np
import pytest

from edgemem.cli import main
from edgemem.files.netcdf import read_dataset

from .conftest import (
    EVALUATION,
    NAME,
    TIMES,
    case,
    command,
    evaluate_spec,
    regress_spec,
    sample_spec,
    sensitivity_spec,
    train_spec,
)


MODEL = {"denoiser": "random_features", "options": TIMES}
FLOW = {"steps": 10**6, "clock": "eps"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory):
    """The files of both seeds by their kind."""
    folder = tmp_path_factory.mktemp("flow")

    def made(kind: str, seed: int):
        return folder / f"{kind}{seed}.nc"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("edgemem.stages.train.lease_gpu", lambda log: pytest.fail("a flow needs no GPU"))
        for seed in (1, 2):
            assert main(command("sample", made("samples", seed), spec=sample_spec(seed=seed))) == 0
            own = {"seed": seed, **MODEL}
            spec = train_spec(sizes=[8, 20], snapshots=[10, 10**6], protocol=FLOW, **own)
            assert main(command("train", made("samples", seed), made("models", seed), spec=spec)) == 0
            paths = made("samples", seed), made("models", seed), made("evaluations", seed)
            assert main(command("evaluate", *paths, spec=evaluate_spec(**own))) == 0
    return made


def test_models_are_kept_at_training_times(files):
    models = read_dataset(files("models", 1), "models")
    assert models.step.values.tolist() == models.points.values.tolist() == [10, 10**6]
    assert models.output_weight.dtype == np.float64
    assert models.output_weight.sel(model_size=8).isel(unit=slice(8, None)).isnull().all()


def test_evaluations_have_exact_losses_beside_those_of_sampling(files):
    models, evaluation = (read_dataset(files(kind, 1), kind) for kind in ("models", "evaluations"))
    np.testing.assert_array_equal(evaluation.flow_loss, models.flow_loss)
    assert evaluation.flow_loss.attrs["clock"] == "eps"
    assert evaluation.fraction.values.tolist() == [0.8, 2.0]
    assert evaluation.sizes["generated_point"] == EVALUATION["generated"]


def test_other_samplers_and_tables_read_them(files, tmp_path):
    ways, transition = tmp_path / "ways.nc", tmp_path / "transition.nc"
    paths = files("samples", 1), files("models", 1), ways
    assert main(command("sensitivity", *paths, spec=sensitivity_spec(**MODEL))) == 0
    model = {"provides": ["closed_form"], "settings": [NAME], "start": "zero"}
    evaluations = files("evaluations", 1), files("evaluations", 2)
    words = *evaluations, "--transition", transition, "--regression", tmp_path / "regression.nc"
    spec = regress_spec(models={case()["model"]: model})
    assert main(command("regress", *words, "--metrics", tmp_path / "metrics.json", spec=spec)) == 0
    table = read_dataset(transition, "transition")
    assert table.flow_tau.notnull().all()
    assert table.slow_tau.isnull().all()
