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
from edgemem.analysis.published import RATIO_POINTS
from edgemem.config.agreement import AgreementSpec
from edgemem.config.barrier import BarrierSpec
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.geometry import GeometrySpec
from edgemem.config.regress import PREDICTORS, RegressSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.train import TrainSpec
from edgemem.families.gaussian.setting import GaussianSetting

from .conftest import (
    EVALUATION,
    MODEL,
    NAME,
    PROTOCOL,
    SEEDS,
    SETTING,
    SIZES,
    SNAPSHOTS,
    TIMES,
    agreement_spec,
    barrier_spec,
    evaluate_spec,
    geometry_spec,
    regress_spec,
    sample_spec,
    sensitivity_spec,
    train_spec,
)


ENDS = ("", "_stderr", "_df", "_low", "_high")
KINDS = (
    "samples",
    "models",
    "grid_models",
    "snapshot_models",
    "geometry",
    "evaluations",
    "snapshot_evaluations",
    "sensitivity",
    "barriers",
    "agreements",
    "transition",
    "regression",
)
N, D, K = (SETTING[key] for key in ("N", "d", "K"))


def require(dataset: xr.Dataset, sizes: dict[str, int], variables: dict[str, tuple[str, ...]]) -> None:
    """Check that a file has these dimensions, and at least these variables with their dimensions."""
    assert dict(dataset.sizes) == sizes
    assert {name: dataset[name].dims for name in variables if name in dataset} == variables


def test_samples(made):
    require(
        made.read("samples"),
        {"sample": N, "test_sample": 1000, "component": K, "feature": D, "direction": D},
        {
            "x_train": ("sample", "feature"),
            "x_test": ("test_sample", "feature"),
            "component_train": ("sample",),
            "component_test": ("test_sample",),
            "copies_of": ("sample",),
            "true_mean": ("component", "feature"),
            "true_variance": (),
            "true_weight": ("component",),
            "true_eigenvalue": ("component", "direction"),
            "log_density": ("sample",),
        },
    )


def test_samples_follow_their_distribution(made):
    samples = made.read("samples")
    radius = np.linalg.norm(samples.true_mean, axis=1)
    np.testing.assert_allclose(radius, SETTING["separation"] * np.sqrt(D), rtol=1e-12)
    assert samples.true_variance == SETTING["variance"]
    noise = samples.x_test.values - samples.true_mean.values[samples.component_test.values]
    # 1000 samples of 2 features: the variance of the mean square is 2 sigma^4 / 2000; five standard errors.
    assert np.mean(noise**2) == pytest.approx(SETTING["variance"], abs=5 * SETTING["variance"] * np.sqrt(2 / 2000))
    share = (samples.component_test == 0).mean().item()
    assert share == pytest.approx(1 / K, abs=5 * np.sqrt(0.25 / 1000))


@pytest.mark.parametrize(("kind", "steps"), [("models", [PROTOCOL["steps"]]), ("snapshot_models", SNAPSHOTS)])
def test_models(made, kind: str, steps: list[int]):
    models = made.read(kind)
    require(
        models,
        {
            "model_size": len(SIZES),
            "step": len(steps),
            "component": max(SIZES),
            "feature": D,
            "log_step": 20,
            "time": TIMES["times"],
        },
        {
            "mean": ("model_size", "step", "component", "feature"),
            "standard_deviation": ("model_size", "step"),
            "points": ("step",),
            "training_loss": ("model_size", "log_step"),
            "parameters": ("model_size",),
            "train_seconds": ("model_size",),
            "grid": ("model_size",),
            "probe_ratio": ("model_size",),
            "converged": ("model_size",),
            "still_falling": ("model_size",),
            "training_weight": ("time",),
        },
    )
    assert models.model_size.values.tolist() == SIZES
    assert models.step.values.tolist() == steps
    assert models.points.values.tolist() == [step * PROTOCOL["draws"] * N for step in steps]
    assert models.parameters.values.tolist() == [size * D + 1 for size in SIZES]
    assert set(models.grid.values) == {"listed"}
    assert np.isnan(models.probe_ratio).all()
    assert set(models.still_falling.values) <= {0, 1}
    # Twenty steps are too few to tell.
    assert not models.converged.any()
    assert np.isfinite(models.standard_deviation).all()
    for size in SIZES:
        mean = models["mean"].sel(model_size=size).values
        assert np.isfinite(mean[:, :size]).all()
        assert np.isnan(mean[:, size:]).all()


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


@pytest.mark.parametrize(("kind", "steps"), [("evaluations", [PROTOCOL["steps"]]), ("snapshot_evaluations", SNAPSHOTS)])
def test_evaluations(made, kind: str, steps: list[int]):
    evaluation = made.read(kind)
    by_model = (
        "memorized_count",
        "memorization_ratio",
        "learned_variance",
        "distance_to_nearest_sample",
        "distance_to_nearest_true_mean",
    )
    losses = {
        "loss": ("split", "model_size", "step", "time"),
        "reference_loss": ("split", "reference", "time"),
        "partially_memorizing_loss": ("split", "subset_size", "time"),
    }
    require(
        evaluation,
        {
            "model_size": len(SIZES),
            "step": len(steps),
            "sample": N,
            "subset_size": N,
            "time": TIMES["times"],
            "reference": 3,
            "split": 2,
            "component": K,
            "feature": D,
            "point": 10,
            "generated_point": 60,
            "centres": 5,
            "threshold": 5,
        },
        {
            "generated": ("model_size", "step", "point", "feature"),
            **dict.fromkeys(
                ("nearest_distance", "second_distance", "nearest_sample"), ("model_size", "step", "generated_point")
            ),
            "distance_to_nearest_mean": ("model_size", "step", "sample"),
            **dict.fromkeys(("null_nearest_distance", "null_second_distance"), ("generated_point",)),
            **dict.fromkeys(("converged", "still_falling"), ("model_size",)),
            **dict.fromkeys(("training_weight", "posterior_weight", "shell_coverage", "decided"), ("time",)),
            "copy_variance": (),
            "half_copies": ("centres",),
            "copy_variance_by_threshold": ("threshold",),
            "half_copies_by_threshold": ("threshold", "centres"),
            **losses,
            **{f"{name}_stderr": dims for name, dims in losses.items()},
            "copied": ("sample", "model_size", "step"),
            "generated_count": (),
            "null_memorization_ratio": (),
            "wasserstein2": ("split", "model_size", "step"),
            "null_wasserstein2": ("split",),
            "snr": ("time",),
            "parameters": ("model_size",),
            "fraction": ("model_size",),
            "points": ("step",),
            "true_mean": ("component", "feature"),
            "true_variance": (),
            **dict.fromkeys(by_model, ("model_size", "step")),
        },
    )
    assert evaluation.reference.values.tolist() == ["generalizing", "memorizing", "linear"]
    assert evaluation.step.values.tolist() == steps
    assert evaluation.points.values.tolist() == [step * PROTOCOL["draws"] * N for step in steps]
    assert evaluation.parameters.values.tolist() == [size * D + 1 for size in SIZES]
    assert evaluation.fraction.values.tolist() == [size / N for size in SIZES]
    assert evaluation.fraction.long_name == "model size M / N"
    assert evaluation.split.values.tolist() == ["train", "test"]
    assert evaluation.subset_size.values.tolist() == list(range(1, N + 1))
    assert evaluation.model_size.values.tolist() == SIZES
    times = np.linspace(0.999, 0.001, TIMES["times"])
    np.testing.assert_allclose(evaluation.time, times, rtol=1e-12)
    np.testing.assert_allclose(evaluation.snr, (1 - times**2) / times**2, rtol=1e-9)


def test_geometry(made):
    """What evaluations take over, number for number."""
    geometry = made.read("geometry")
    require(
        geometry,
        {"time": TIMES["times"], "centres": 5, "threshold": 5},
        {
            **dict.fromkeys(("posterior_weight", "shell_coverage", "decided"), ("time",)),
            "copy_variance": (),
            "half_copies": ("centres",),
            "copy_variance_by_threshold": ("threshold",),
            "half_copies_by_threshold": ("threshold", "centres"),
        },
    )
    xr.testing.assert_equal(made.read("evaluations")[list(geometry.data_vars)].drop_vars("snr"), geometry)


def test_sensitivity(made):
    require(
        made.read("sensitivity"),
        {"variant": 3, "threshold": 2, "model_size": len(SIZES), "criterion": 2, "points": 2},
        {
            "memorized_count": ("variant", "threshold", "model_size"),
            "generated_count": (),
            **dict.fromkeys(("m50", "m50_low", "m50_high"), ("variant", "threshold")),
            **dict.fromkeys(("binomial_mean", "binomial_variance"), ("criterion", "points")),
            **dict.fromkeys(("parameters", "fraction"), ("model_size",)),
            **dict.fromkeys(("sampler", "times", "t_min"), ("variant",)),
        },
    )
    assert made.read("sensitivity").criterion.values.tolist() == ["fitted", "first"]


def test_barriers(made):
    barriers = made.read("barriers")
    along = dict.fromkeys(("loss", "loss_stderr", "memorized_count"), ("path", "model_size", "place"))
    require(
        barriers,
        {"path": 2, "model_size": 2, "place": 5},
        along
        | dict.fromkeys(("barrier", "barrier_stderr"), ("path", "model_size"))
        | dict.fromkeys(("higher_end_loss", "lower_end_loss", "parameters", "fraction"), ("model_size",))
        | {"generated_count": ()},
    )
    assert barriers.path.values.tolist() == ["line", "curve"]
    assert barriers.place.values.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert barriers.fraction.values.tolist() == [0.5, 1]


def test_agreements(made):
    agreements = made.read("agreements")
    over = ("model_size", "step")
    of_distance = ("distance", "distance_stderr", "random_distance")
    require(
        agreements,
        {"part": 2, "model_size": 2, "step": len(SNAPSHOTS)},
        dict.fromkeys((*of_distance, "agreement", "agreement_low", "agreement_high"), over)
        | {"memorized_count": ("part", *over), "points": ("step",)}
        | dict.fromkeys(("parameters", "fraction"), ("model_size",))
        | dict.fromkeys(("memorizing_agreement", "generated_count"), ()),
    )
    assert agreements.part.values.tolist() == [1, 2]
    assert agreements.fraction.values.tolist() == [0.2, 1]
    assert (agreements.agreement_low < agreements.agreement).all()
    assert (agreements.agreement < agreements.agreement_high).all()


def test_transition(made):
    transition = made.read("transition")
    places = [f"{corrected}m{level}" for corrected in ("", "corrected_") for level in (10, 50, 90)]
    levels = [f"{place}{end}" for place in places for end in ("", "_low", "_high")]
    pooled = [f"{place}_pooled{end}" for place in places for end in ("", "_low", "_high")]
    counts = ("models", "models_left_out", "models_still_falling", "models_too_short", "lowest_ratio", "highest_ratio")
    require(
        transition,
        {
            "setting": 1,
            "model": 1,
            "seed": len(SEEDS),
            "fraction": transition.sizes["fraction"],
            "threshold": 5,
            "criterion": 2,
            "points": 2,
        },
        {
            **dict.fromkeys((*levels, *counts, "corrected_width"), ("setting", "model", "seed")),
            "m50_by_threshold": ("setting", "model", "seed", "threshold"),
            **dict.fromkeys(pooled, ("setting", "model")),
            **dict.fromkeys(("m50_binomial_stderr", "m50_seed_stddev"), ("setting", "model")),
            **dict.fromkeys(("ratio_curve", "ratio_curve_low", "ratio_curve_high"), ("setting", "model", "fraction")),
            **dict.fromkeys(("binomial_mean", "binomial_variance"), ("criterion", "points", "setting", "model")),
            **dict.fromkeys(("m50_mean", "m50_mean_low", "m50_mean_high", "m50_stddev"), ()),
            **dict.fromkeys(GaussianSetting.model_fields, ("setting",)),
        },
    )
    assert transition.setting.values.tolist() == [NAME]
    assert transition.model.values.tolist() == [MODEL]
    assert transition.criterion.values.tolist() == ["fitted", "first"]
    assert transition.points.values.tolist() == sorted([RATIO_POINTS, EVALUATION["generated"]])
    assert transition.seed.values.tolist() == SEEDS
    assert {axis: transition[axis].item() for axis in SETTING} == SETTING
    assert transition.occurrences.item() == 1


def test_regression(made):
    regression = made.read("regression")
    assert regression.predicted_fraction.dims == ("predictor", "setting", "model")
    assert regression.measured_fraction.dims == ("setting", "model")
    assert regression.finite_size_constant.dims == ("setting", "fraction")
    assert regression.squared_error.dims == ("predictor", "fold")
    assert regression.holdout.dims == ("setting",)
    assert regression.sizes["time"] == TIMES["times"]
    assert regression.predictor.values.tolist() == list(PREDICTORS)
    for name in ("gain", "floor"):
        assert {regression[f"{name}{end}"].dims for end in ENDS} == {("predictor", "fold")}
    for name in ("bias", "slope", "within_slope"):
        assert {regression[f"{name}{end}"].dims for end in ENDS} == {("predictor",)}
    assert regression.lambda_tilde.dims == ("time",)
    assert regression.fold.values.tolist() == ["train", "holdout", "leave_one_threshold_out"]
    assert regression.setting.values.tolist() == [NAME]


def test_metrics_are_flat_numbers_or_null(made):
    text = made.metrics.read_text()
    metrics = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert f"{NAME}/{MODEL}/m50_pooled" in metrics
    assert f"{NAME}/{MODEL}/m50_binomial_stderr" in metrics
    assert f"{NAME}/{MODEL}/memorization_ratio_at_0.8" in metrics
    assert f"campaign/binomial_variance_fitted_{EVALUATION['generated']}" in metrics
    assert "predictor/constant/squared_error_train" in metrics
    assert isinstance(metrics.pop("lineage"), dict)
    assert {type(value) for value in metrics.values()} <= {float, type(None)}
    assert list(metrics) == sorted(metrics)
    # Training of 20 steps can show nothing: models are too short to tell, and in no fit, but for those that memorize.
    models, out, short = (metrics[f"campaign/models{what}"] for what in ("", "_left_out", "_too_short"))
    assert models == len(SIZES) * len(SEEDS)
    assert out == short > models / 2


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
def test_floats_are_float64_but_learned_arrays(made, kind: str):
    """Training is in float32 and what it has learned stays so; generated points are only looked at, and many."""
    dataset = made.read(kind)
    single = {name for name, variable in dataset.variables.items() if variable.dtype == np.float32}
    distances = {f"{null}{which}_distance" for null in ("", "null_") for which in ("nearest", "second")}
    expected = {
        "models": {"mean", "standard_deviation"},
        "evaluations": {"generated", "distance_to_nearest_mean", *distances},
    }
    assert single == expected.get(dataset.attrs["edgemem_file"], set())


@pytest.mark.parametrize("kind", KINDS)
def test_attributes_name_what_a_file_is_of(made, kind: str):
    """Nobody has to parse a name: a table is of a campaign, data of a setting and seed, all else of a model, too."""
    attributes = made.read(kind).attrs
    found = {name: attributes[name] for name in ("campaign", "setting", "seed", "model") if name in attributes}
    data = {"setting": NAME, "seed": 1}
    table = {"campaign": "tiny"}
    assert found == {"samples": data, "geometry": data, "transition": table, "regression": table}.get(
        kind, data | {"model": MODEL}
    )


@pytest.mark.parametrize(
    ("kind", "file_kind", "spec", "inputs"),
    [
        ("samples", "samples", SampleSpec.model_validate(sample_spec()), []),
        ("models", "models", TrainSpec.model_validate(train_spec()), ["samples"]),
        ("snapshot_models", "models", TrainSpec.model_validate(train_spec(snapshots=SNAPSHOTS)), ["samples"]),
        ("geometry", "geometry", GeometrySpec.model_validate(geometry_spec()), ["samples"]),
        ("evaluations", "evaluations", EvaluateSpec.model_validate(evaluate_spec()), ["samples", "models", "geometry"]),
        ("sensitivity", "sensitivity", SensitivitySpec.model_validate(sensitivity_spec()), ["samples", "models"]),
        ("barriers", "barriers", BarrierSpec.model_validate(barrier_spec()), ["samples", "models", "others"]),
        (
            *("agreements", "agreements", AgreementSpec.model_validate(agreement_spec())),
            ["samples", "snapshot_models", "part_samples", "part_models"],
        ),
        ("transition", "transition", RegressSpec.model_validate(regress_spec()), ["evaluations"]),
        ("regression", "regression", RegressSpec.model_validate(regress_spec()), ["evaluations"]),
    ],
)
def test_lineage(made, kind: str, file_kind: str, spec, inputs: list[str]):
    attributes = made.read(kind).attrs
    assert attributes["edgemem_file"] == file_kind
    assert attributes["edgemem_version"] == __version__
    assert attributes["schema_version"] == 2
    assert attributes["spec"] == spec.canonical()
    assert datetime.datetime.fromisoformat(attributes["created"]).tzinfo is not None
    for name in ("title", "git_commit", "git_dirty", "host_platform", "python_version", "device_kind", "jax_version"):
        assert attributes[name]

    seeds = SEEDS if inputs == ["evaluations"] else SEEDS[:1]
    files = [made.file(name) if seeds == SEEDS[:1] else getattr(made, name)[seed] for name in inputs for seed in seeds]
    checksums = {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    assert json.loads(attributes["inputs"]) == checksums
