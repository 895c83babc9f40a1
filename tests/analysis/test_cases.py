"""Tables over several models: each case is itself, whatever else is trained, and what does not apply is left out."""

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import xarray as xr

from edgemem import pieces
from edgemem.analysis.evaluations import Evaluations, of_cases, over_cases, read_evaluations
from edgemem.analysis.metrics import metrics
from edgemem.analysis.prediction import predict_transitions
from edgemem.analysis.theory import CENTRES, CROSSINGS
from edgemem.analysis.transition import find_transitions
from edgemem.config.regress import RegressSpec
from edgemem.config.sample import SampleSpec
from edgemem.errors import EdgememError
from edgemem.files.netcdf import write_dataset
from edgemem.numerics.memorization import THRESHOLDS


N, D, TIMES = 20, 3, np.array([0.999, 0.36, 0.001])
SETTINGS = [{"family": "gaussian", "N": N, "d": D, "K": 2, "variance": variance} for variance in (1.0, 4.0)]
ONE, OTHER = (pieces.setting_class("gaussian")(**setting).name for setting in SETTINGS)
SEEDS = [1, 2, 3]
# Where the transition of each model is, by setting; `network` has no components.
MIDDLE = {"mixture": {ONE: 0.5, OTHER: 0.7}, "second": {ONE: 0.8}, "network": {OTHER: 0.6}}


def spec(*models: str, **changes: Any) -> RegressSpec:
    """Return what the regress stage reads of some models."""
    trained = {
        name: {"provides": [] if name == "network" else ["components"], "settings": list(MIDDLE[name])}
        for name in models
    }
    common = {"campaign": "tiny", "settings": SETTINGS, "seeds": SEEDS, "models": trained, "regression": {"holdout": 0}}
    return RegressSpec.model_validate(common | changes)


def evaluation(setting: str, model: str, seed: int) -> xr.Dataset:
    """Return an evaluation; before the last step nothing is memorized."""
    sizes = np.array([2, 8, 32, 128]) if model == "network" else np.arange(2, N + 1, 2)
    fraction = sizes / sizes[-1]
    middle = MIDDLE[model][setting] + 0.01 * seed
    counts = np.round(1000 / (1 + np.exp(-(fraction - middle) / 0.05))).astype(int)
    variance = 4.0 if setting == OTHER else 1.0
    subset = np.arange(1, N + 1)
    snr = (1 - TIMES) ** 2 / TIMES**2
    partially = D * variance * (1.2 - subset / N)[:, None] + 1e-3 * np.arange(1, 4)
    generalizing = D * variance / (1 + snr * variance)
    by_step = np.stack([0 * counts, counts], axis=1)
    nearest = np.where(np.arange(1000) < by_step[..., None], 0.1, 0.9)
    loss = np.broadcast_to((2 - fraction)[:, None, None] * np.array([3.0, 1.0])[:, None], (len(sizes), 2, len(TIMES)))
    dataset = xr.Dataset(
        {
            "loss": (("split", "model_size", "step", "time"), np.stack([loss, 2 * loss])),
            "reference_loss": (
                ("split", "reference", "time"),
                np.stack([[generalizing, 0 * generalizing, 4 * generalizing]] * 2),
            ),
            "partially_memorizing_loss": (("split", "subset_size", "time"), np.stack([partially, 2 * partially])),
            "memorized_count": (("model_size", "step"), by_step),
            "memorization_ratio": (("model_size", "step"), by_step / 1000),
            "generated_count": ((), 1000),
            "nearest_distance": (("model_size", "step", "generated_point"), nearest),
            "second_distance": (("model_size", "step", "generated_point"), np.ones_like(nearest)),
            "converged": ("model_size", np.ones(len(sizes), np.int8)),
            "still_falling": ("model_size", np.zeros(len(sizes), np.int8)),
            "training_weight": ("time", np.array([3.0, 1.0, 0.5])),
            "null_memorization_ratio": ((), 0.01),
            "true_mean": (("component", "feature"), np.array([[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0]])),
            "true_variance": ((), variance),
            "copied": (("sample", "model_size", "step"), np.stack([by_step // N] * N)),
            "copies_of": ("sample", np.arange(N)),
            "log_density": ("sample", -1.0 * np.arange(N)),
        },
        coords={
            "model_size": sizes,
            "fraction": ("model_size", fraction),
            "step": [10, 100],
            "subset_size": subset,
            "time": TIMES,
            "snr": ("time", snr),
            "split": ["train", "test"],
            "reference": ["generalizing", "memorizing", "linear"],
        },
    )
    if model != "network":
        for name in ("posterior_weight", "shell_coverage", "decided"):
            dataset[name] = ("time", np.array([0.2, 0.7, 0.1]))
        dataset["copy_variance"] = ((), 0.2)
        dataset["half_copies"] = ("centres", np.full(len(CENTRES), 0.7 * N))
        dataset["copy_variance_by_threshold"] = ("threshold", np.full(len(THRESHOLDS), 0.2))
        by_threshold = np.full((len(THRESHOLDS), len(CENTRES)), 0.7 * N)
        dataset["half_copies_by_threshold"] = (("threshold", "centres"), by_threshold)
        dataset = dataset.assign_coords(centres=list(CENTRES), threshold=list(THRESHOLDS))
        dataset["learned_variance"] = (("model_size", "step"), np.stack([0 * fraction, 1 - fraction], axis=1))
    return dataset


def evaluations(spec: RegressSpec) -> Evaluations:
    """Return the evaluations of a campaign."""
    return {
        (case.setting.name, case.model, seed): evaluation(case.setting.name, case.model, seed)
        for case in spec.cases
        for seed in spec.seeds
    }


@functools.cache
def tables(*models: str) -> tuple[xr.Dataset, xr.Dataset, Mapping[str, float | None]]:
    """Return the transitions, the predictions and the metrics of a campaign with some models."""
    campaign = spec(*models)
    found = evaluations(campaign)
    transition = find_transitions(campaign, found)
    regression = predict_transitions(campaign, found, transition)
    return transition, regression, metrics(campaign, found, transition, regression)


def test_each_case_is_itself():
    """A second model on a setting changes no number of the first, and is where it was put, at the last step."""
    together, alone = tables("mixture", "second"), tables("mixture")
    names = ["m10", "m50", "m90_pooled", "ratio_curve", "binomial_variance"]
    xr.testing.assert_identical(together[0].sel(model="mixture")[names], alone[0].sel(model="mixture")[names])
    m50 = together[0].m50_pooled
    assert m50.sel(setting=ONE, model="mixture") == pytest.approx(0.52, abs=0.02)
    assert m50.sel(setting=ONE, model="second") == pytest.approx(0.82, abs=0.02)
    # Fitted weights alone are of all cases together.
    weights = ("_m50_fitted", "_m50_simplex", "_m50_exact_fitted")
    own = {name for name in alone[2] if "/mixture/" in name and not name.endswith(weights)}
    assert own
    assert {name: alone[2][name] for name in own} == {name: together[2][name] for name in own}


def test_what_is_not_trained_is_unknown_and_counts_nowhere():
    """Where a model is not trained on a setting there is NaN, and no mean over all cases has it."""
    transition, regression, found = tables("mixture", "second")
    assert np.isnan(transition.m50_pooled.sel(setting=OTHER, model="second"))
    assert np.isnan(regression.predicted_fraction.sel(setting=OTHER, model="second")).all()
    assert not any(name.startswith(f"{OTHER}/second") for name in found)
    known = [0.52, 0.72, 0.82]
    assert transition.m50_mean == pytest.approx(np.mean(known), abs=0.02)
    assert transition.m50_stddev == pytest.approx(np.std(known, ddof=1), abs=0.02)
    assert found["campaign/settings"] == 2
    assert found["campaign/seed_variance"] is not None


def test_a_constant_is_of_one_family_and_model():
    """Models are not averaged with each other: on the same data they may differ by more than settings do."""
    transition, regression, _ = tables("mixture", "second")
    constant = regression.predicted_fraction.sel(predictor="constant")
    mean = transition.m50_pooled.sel(model="mixture").mean()
    np.testing.assert_allclose(constant.sel(model="mixture"), mean)
    np.testing.assert_allclose(constant.sel(setting=ONE, model="second"), transition.m50_pooled.sel(model="second")[0])


def test_of_models_without_components_there_is_what_was_measured():
    """No predictor speaks of them, nothing learned is reported, and they are no part of any fit."""
    transition, regression, found = tables("mixture", "network")
    _, alone, before = tables("mixture")
    network = regression.sel(model="network", setting=OTHER)
    assert network.measured_fraction == pytest.approx(transition.m50_pooled.sel(setting=OTHER, model="network").item())
    assert np.isnan(network.predicted_fraction).all()
    for name in ("lambda_tilde", "squared_error", "bias", "slope", "p_value", "singular_value", "finite_size_constant"):
        xr.testing.assert_identical(regression[name].drop_vars("model", errors="ignore"), alone[name])
    own = {name.removeprefix(f"{OTHER}/network/") for name in found if name.startswith(f"{OTHER}/network/")}
    of_mixture = {name.removeprefix(f"{OTHER}/mixture/") for name in before if name.startswith(f"{OTHER}/mixture/")}
    assert {name.split("_at_")[0] for name in of_mixture - own} == {"learned_variance"}
    assert own <= of_mixture


@pytest.mark.parametrize(
    ("provides", "predictors"),
    [
        (("true_denoiser",), {"constant", "line", *CENTRES, *CROSSINGS, "exact_fitted"}),
        ((), {"constant", "line", *CENTRES}),
    ],
)
def test_only_what_is_declared_is_compared_with_theory(monkeypatch, provides, predictors):
    """Data without a true denoiser have no losses to cross; where the approximations do not hold none is used.

    The files have all of it: what they hold decides nothing.
    """
    monkeypatch.setattr(pieces.setting_class("gaussian"), "provides", provides)
    _, regression, found = tables.__wrapped__("mixture")
    known = np.isfinite(regression.predicted_fraction).any(["setting", "model"])
    assert set(regression.predictor.values[known]) == predictors
    assert np.isnan(regression.finite_size_constant).all()
    assert not any("constant_at" in name and found[name] is not None for name in found)
    assert (f"{ONE}/mixture/generalizing_loss" in found) == bool(provides)


def test_values_of_cases_go_into_tables_and_come_out_again():
    """In the order of settings and models, whatever the order of a table's dimensions."""
    both = spec("mixture", "second", "network")
    values = np.arange(8.0).reshape(4, 2)
    table = over_cases(both, values)
    assert table.shape == (2, 3, 2)
    assert np.isnan(table).sum() == 4
    array = xr.DataArray(table, dims=("setting", "model", "other")).transpose("other", "model", "setting")
    np.testing.assert_array_equal(of_cases(both, array), values)


@pytest.fixture
def written(tmp_path) -> dict[tuple[str, str, int], str]:
    """Files of two models on one setting, whose paths tell nothing."""
    paths = {}
    for model in ("mixture", "second"):
        for seed in SEEDS[:2]:
            path = tmp_path / f"{len(paths)}.nc"
            made = evaluation(ONE, model, seed).assign_attrs(model=model)
            sample = SampleSpec.model_validate({"setting": SETTINGS[0], "seed": seed})
            write_dataset(made, path, kind="evaluations", spec=sample, title="made up")
            paths[ONE, model, seed] = str(path)
    return paths


def test_files_are_found_by_what_they_say_of_themselves(written):
    """By setting, model and seed; the order in which they are given means nothing."""
    cases = [(ONE, "mixture"), (ONE, "second")]
    found = read_evaluations(reversed(written.values()), cases, SEEDS[:2])
    assert found.keys() == written.keys()
    assert all(found[name].attrs["model"] == name[1] for name in found)


def test_files_that_do_not_belong_are_named(written):
    """Missing, foreign and second files are refused with what they are."""
    paths = list(written.values())
    cases = [(ONE, "mixture"), (ONE, "second")]
    with pytest.raises(EdgememError, match=rf"no evaluation of second on {ONE}, seed 2 was given \(1 are missing\)"):
        read_evaluations(paths[:-1], cases, SEEDS[:2])
    with pytest.raises(EdgememError, match=f"{paths[0]} is a second evaluation of mixture on {ONE}, seed 1"):
        read_evaluations([*paths, paths[0]], cases, SEEDS[:2])
    with pytest.raises(EdgememError, match=f"{paths[2]} was made for second on {ONE}, seed 1, which is not among"):
        read_evaluations(paths, cases[:1], SEEDS[:2])
