"""Every file follows the contract: dimensions, variables, units, lineage."""

import datetime
import hashlib
import json
import re

import netCDF4
import numpy as np
import pytest
import xarray as xr

from edgemem import __version__
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.regress import RegressSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.train import TrainSpec

from .conftest import (
    NAME,
    SEEDS,
    SETTING,
    SIZES,
    TIMES,
    evaluate_spec,
    regress_spec,
    sample_spec,
    sensitivity_spec,
    train_spec,
)


KINDS = ("samples", "models", "grid_models", "evaluations", "sensitivity", "transition", "regression")
N, D, K = (SETTING[key] for key in ("N", "d", "K"))


def require(dataset: xr.Dataset, sizes: dict[str, int], variables: dict[str, tuple[str, ...]]) -> None:
    """Check that a file has these dimensions, and at least these variables with their dimensions."""
    assert dict(dataset.sizes) == sizes
    assert {name: dataset[name].dims for name in variables if name in dataset} == variables


def test_samples(made):
    require(
        made.read("samples"),
        {"sample": N, "test_sample": 1000, "component": K, "feature": D},
        {
            "x_train": ("sample", "feature"),
            "x_test": ("test_sample", "feature"),
            "component_train": ("sample",),
            "component_test": ("test_sample",),
            "true_mean": ("component", "feature"),
            "true_variance": (),
        },
    )


def test_samples_follow_their_law(made):
    samples = made.read("samples")
    radius = np.linalg.norm(samples.true_mean, axis=1)
    np.testing.assert_allclose(radius, SETTING["separation"] * np.sqrt(D), rtol=1e-12)
    assert samples.true_variance == SETTING["variance"]
    noise = samples.x_test.values - samples.true_mean.values[samples.component_test.values]
    # 1000 samples of 2 features: the variance of the mean square is 2 sigma^4 / 2000; five standard errors.
    assert np.mean(noise**2) == pytest.approx(SETTING["variance"], abs=5 * SETTING["variance"] * np.sqrt(2 / 2000))
    share = (samples.component_test == 0).mean().item()
    assert share == pytest.approx(1 / K, abs=5 * np.sqrt(0.25 / 1000))


def test_models(made):
    models = made.read("models")
    require(
        models,
        {"model_size": len(SIZES), "component": max(SIZES), "feature": D, "log_step": 20},
        {
            "mean": ("model_size", "component", "feature"),
            "variance": ("model_size",),
            "training_loss": ("model_size", "log_step"),
            "train_seconds": ("model_size",),
            "grid": ("model_size",),
            "probe_ratio": ("model_size",),
            "converged": ("model_size",),
        },
    )
    assert models.model_size.values.tolist() == SIZES
    assert set(models.grid.values) == {"listed"}
    assert np.isnan(models.probe_ratio).all()
    assert set(models.converged.values) <= {0, 1}
    assert (models.variance >= 0).all()
    for size in SIZES:
        mean = models["mean"].sel(model_size=size).values
        assert np.isfinite(mean[:size]).all()
        assert np.isnan(mean[size:]).all()


def test_models_on_a_grid(made):
    models = made.read("grid_models")
    sizes = models.model_size.values
    assert (np.diff(sizes) > 0).all()
    coarse = models.grid.values == "coarse"
    assert sizes[coarse].tolist() == [5, 10]
    assert set(models.grid.values[~coarse]) <= {"fine"}
    assert np.isfinite(models.probe_ratio[coarse]).all()
    assert np.isnan(models.probe_ratio[~coarse]).all()
    decision = json.loads(models.attrs["fine_grid"])
    assert set(decision) == {"start", "end", "note"}
    fine = sizes[~coarse]
    assert np.floor(decision["start"]) <= fine.min()
    assert fine.max() <= np.ceil(decision["end"])


def test_evaluations(made):
    evaluation = made.read("evaluations")
    by_size = (
        "memorized_count",
        "memorization_ratio",
        "learned_variance",
        "distance_to_nearest_sample",
        "distance_to_nearest_true_mean",
    )
    losses = ("split", "denoiser", "model_size", "time")
    require(
        evaluation,
        {
            "model_size": len(SIZES),
            "subset_size": N,
            "time": TIMES["times"],
            "denoiser": 4,
            "split": 2,
            "component": K,
            "feature": D,
            "point": 10,
        },
        {
            "generated": ("model_size", "point", "feature"),
            "loss": losses,
            "loss_stderr": losses,
            "partially_memorizing_loss": ("split", "subset_size", "time"),
            "generated_count": (),
            "null_memorization_ratio": (),
            "wasserstein2": ("split", "model_size"),
            "snr": ("time",),
            **dict.fromkeys(by_size, ("model_size",)),
        },
    )
    assert evaluation.denoiser.values.tolist() == ["generalizing", "memorizing", "partially_memorizing", "trained"]
    assert evaluation.split.values.tolist() == ["train", "test"]
    assert evaluation.subset_size.values.tolist() == list(range(1, N + 1))
    assert evaluation.model_size.values.tolist() == SIZES
    times = np.linspace(0.999, 0.001, TIMES["times"])
    np.testing.assert_allclose(evaluation.time, times, rtol=1e-12)
    np.testing.assert_allclose(evaluation.snr, (1 - times**2) / times**2, rtol=1e-9)


def test_transition(made):
    transition = made.read("transition")
    levels = [f"m{level}{end}" for level in (10, 50, 90) for end in ("", "_low", "_high")]
    pooled = [f"m{level}_pooled{end}" for level in (10, 50, 90) for end in ("", "_low", "_high")]
    require(
        transition,
        {"setting": 1, "seed": len(SEEDS), "fraction": transition.sizes["fraction"], "rule": 2, "points": 2},
        {
            **dict.fromkeys(levels, ("setting", "seed")),
            **dict.fromkeys(pooled, ("setting",)),
            **dict.fromkeys(("family", "N", "d", "K", "variance", "separation"), ("setting",)),
        },
    )
    assert transition.setting.values.tolist() == [NAME]
    assert transition.seed.values.tolist() == SEEDS
    assert {axis: transition[axis].item() for axis in SETTING} == SETTING


def test_regression(made):
    regression = made.read("regression")
    assert regression.predicted_fraction.dims == ("predictor", "setting")
    assert regression.squared_error.dims == ("predictor", "fold")
    assert regression.holdout.dims == ("setting",)
    assert regression.sizes["time"] == TIMES["times"]
    predictors = ["constant", "c1", "c2", "snr_weight", "finite_size", "exact_losses", "fitted"]
    assert regression.predictor.values.tolist() == predictors
    assert regression.lambda_tilde.dims == ("time",)
    assert regression.fold.values.tolist() == ["train", "holdout"]
    assert regression.setting.values.tolist() == [NAME]


def test_metrics_are_flat_numbers_or_null(made):
    text = made.metrics.read_text()
    metrics = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert f"{NAME}/m50_pooled" in metrics
    assert f"{NAME}/memorization_ratio_at_0.8" in metrics
    assert "predictor/constant/squared_error_train" in metrics
    assert {type(value) for value in metrics.values()} <= {float, type(None)}
    assert list(metrics) == sorted(metrics)


@pytest.mark.parametrize("kind", KINDS)
def test_every_variable_says_what_it_is(made, kind: str):
    """Every variable has a name in words, and a unit, which only labels of a coordinate have not."""
    dataset = made.read(kind)
    labels = {name for name, variable in dataset.coords.items() if variable.dtype.kind in "OUT"}
    lacking = {
        name: {"long_name", "units"} - set(variable.attrs) - ({"units"} if name in labels else set())
        for name, variable in dataset.variables.items()
    }
    assert {name: attributes for name, attributes in lacking.items() if attributes} == {}
    assert all(variable.attrs["long_name"] for variable in dataset.variables.values())


@pytest.mark.parametrize("kind", KINDS)
def test_files_follow_the_cf_conventions(made, kind: str):
    """Names, units, types and attributes are those of CF, which makes other programs understand a file."""
    with netCDF4.Dataset(made.file(kind)) as file:
        assert file.Conventions == "CF-1.11"
        # Section 2.6.2: an audit trail begins with the time.
        for line in file.history.splitlines():
            assert datetime.datetime.fromisoformat(line.split()[0])
        assert all(getattr(file, name) for name in ("title", "source", "references"))
        names = [*file.variables, *file.dimensions, *file.ncattrs()]
        for name, variable in file.variables.items():
            names += variable.ncattrs()
            # Section 2.4: no dimension twice.
            assert len(set(variable.dimensions)) == len(variable.dimensions)
            assert getattr(variable, "units", "1") in {"1", "s"}
            flags = variable.dtype == np.int8
            assert flags == ("flag_values" in variable.ncattrs()) == ("flag_meanings" in variable.ncattrs())
            if flags:
                assert variable.flag_values.dtype == variable.dtype
                assert len(variable.flag_values) == len(variable.flag_meanings.split())
            # Section 5: auxiliary coordinates are variables of the file, on dimensions of the variable.
            for other in getattr(variable, "coordinates", "").split():
                assert set(file[other].dimensions) <= set(variable.dimensions), name
            # A numeric coordinate is strictly monotonic and has no gaps.
            if variable.dimensions == (name,) and variable.dtype is not str:
                steps = np.diff(variable[:])
                assert (steps > 0).all() or (steps < 0).all()
        # Section 2.3; a file's names differ not only in case.
        assert [name for name in names if not re.fullmatch(r"[A-Za-z]\w*", name)] in ([], ["_FillValue"])
        folded = [name.lower() for name in file.variables]
        assert len(set(folded)) == len(folded)


@pytest.mark.parametrize("kind", KINDS)
def test_floats_are_float64_but_learned_means(made, kind: str):
    """Training is in float32 and its means, the only large array, stay so; generated points are only looked at."""
    dataset = made.read(kind)
    single = {name for name, variable in dataset.variables.items() if variable.dtype == np.float32}
    assert single == {"models": {"mean"}, "grid_models": {"mean"}, "evaluations": {"generated"}}.get(kind, set())


@pytest.mark.parametrize(
    ("kind", "file_kind", "spec", "inputs"),
    [
        ("samples", "samples", SampleSpec.model_validate(sample_spec()), []),
        ("models", "models", TrainSpec.model_validate(train_spec()), ["samples"]),
        ("evaluations", "evaluations", EvaluateSpec.model_validate(evaluate_spec()), ["samples", "models"]),
        ("sensitivity", "sensitivity", SensitivitySpec.model_validate(sensitivity_spec()), ["samples", "models"]),
        ("transition", "transition", RegressSpec.model_validate(regress_spec()), ["evaluations"]),
        ("regression", "regression", RegressSpec.model_validate(regress_spec()), ["evaluations"]),
    ],
)
def test_lineage(made, kind: str, file_kind: str, spec, inputs: list[str]):
    attributes = made.read(kind).attrs
    assert attributes["edgemem_file"] == file_kind
    assert attributes["edgemem_version"] == __version__
    assert attributes["schema_version"] == 1
    assert attributes["spec"] == spec.canonical()
    assert datetime.datetime.fromisoformat(attributes["created"]).tzinfo is not None
    for name in ("title", "git_commit", "git_dirty", "host_platform", "python_version", "device_kind", "jax_version"):
        assert attributes[name]

    seeds = SEEDS if inputs == ["evaluations"] else SEEDS[:1]
    files = [getattr(made, name)[seed] for name in inputs for seed in seeds]
    checksums = {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    assert json.loads(attributes["inputs"]) == checksums
