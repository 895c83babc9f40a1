"""What models reach from different starts, and which of them is the best known minimum at each size."""

import json

import numpy as np
import pytest
import xarray as xr

from edgemem.analysis.starts import ratios_at_n, starts_metrics, starts_table
from edgemem.config.regress import RegressSpec


N, SEEDS, POINTS = 10, [1, 2], 1000
SIZES = np.array([4, 6, 8, 10, 20])
TIMES, WEIGHT = np.array([0.9, 0.5, 0.1]), np.array([1.0, 3.0, 9.0])
# Ratio and loss of each start by size. From samples the loss is the least but for the largest size, where that of
# `means` is: the ratio of the best known minimum falls there.
RATIOS = {"samples": [0.0, 0.2, 0.6, 1.0, 1.0], "means": [0.0, 0.1, 0.3, 0.4, 0.5], "random": [0.0] * 5}
LOSSES = {"samples": [5, 4, 3, 0.1, 0.3], "means": [6, 5, 4, 3, 0.2], "random": [7, 7, 7, 7, 7]}


SETTINGS = {"gaussian_N10_d2_K2": 1.0, "gaussian_N10_d2_K2_var4": 4.0}


def spec(**changes) -> RegressSpec:
    values = {
        "campaign": "c",
        "settings": [{"family": "gaussian", "N": N, "d": 2, "K": 2, "variance": v} for v in (1, 4)],
        "models": {
            name: {"provides": ["components"], "settings": list(SETTINGS), "start": f"from_{name}"} for name in RATIOS
        },
        "seeds": SEEDS,
        "regression": {"best_of": list(RATIOS)},
    }
    return RegressSpec.parse(json.dumps(values | changes))


def evaluation(model: str, variance: float, seed: int) -> xr.Dataset:
    """Losses that differ between times, so that their weights count; of a sample the nearest mean is at 0.1 or 10."""
    loss = np.array(LOSSES[model])[:, None] * np.array([1.0, 2.0, 0.5]) + 0.01 * seed
    ratio = np.array(RATIOS[model]) * (1 - 0.1 * (seed == 2))
    held = np.arange(N)[None, :] < np.array([1, 2, 3, 4, 5])[:, None]
    return xr.Dataset(
        {
            "loss": (("split", "model_size", "step", "time"), np.stack([loss, loss + 1])[:, :, None]),
            "reference_loss": (("split", "reference", "time"), np.tile(np.array([0.0, 50.0])[:, None], (2, 1, 3))),
            "memorization_ratio": (("model_size", "step"), ratio[:, None]),
            "generated_count": ((), POINTS),
            "learned_variance": (("model_size", "step"), variance * (1 - SIZES / 40)[:, None]),
            "distance_to_nearest_mean": (
                ("model_size", "step", "sample"),
                np.where(held, 0.1, 10 * np.sqrt(variance))[:, None],
            ),
            "training_weight": ("time", WEIGHT),
            "true_variance": ((), variance),
            "converged": ("model_size", np.ones(len(SIZES), np.int8)),
        },
        {
            "model_size": SIZES,
            "fraction": ("model_size", SIZES / N),
            "step": [100],
            "time": TIMES,
            "split": ["train", "test"],
            "reference": ["memorizing", "linear"],
        },
    )


def evaluations() -> dict:
    return {
        (name, model, seed): evaluation(model, variance, seed)
        for name, variance in SETTINGS.items()
        for model in RATIOS
        for seed in SEEDS
    }


def test_what_each_start_reaches():
    table = starts_table(spec(), evaluations()).isel(setting=1, seed=0)
    np.testing.assert_allclose(table.start_fraction, SIZES / N)
    for name in RATIOS:
        own = table.sel(start=name)
        np.testing.assert_allclose(own.start_ratio, RATIOS[name])
        np.testing.assert_allclose(own.start_variance, 4 * (1 - SIZES / 40))
        np.testing.assert_allclose(own.start_held, [0.1, 0.2, 0.3, 0.4, 0.5])
        weighted = (1 * 1 + 3 * 2 + 9 * 0.5) / 3
        np.testing.assert_allclose(own.start_objective, np.array(LOSSES[name]) * weighted + 0.01 * WEIGHT.mean())


def test_the_best_known_minimum_is_the_one_with_the_least_training_loss():
    """Where it copies less than a smaller one, the monotone curve nearest to its ratios gives the places."""
    table = starts_table(spec(), evaluations()).isel(setting=0, seed=0)
    assert table.start.values[table.least_loss.values].tolist() == ["samples"] * 4 + ["means"]
    np.testing.assert_allclose(table.best_ratio, [0.0, 0.2, 0.6, 1.0, 0.5])
    # One half lies between 0.2 at 0.6 N and 0.6 at 0.8 N, on the scale of the logit.
    logit = np.log(np.array([0.2, 0.6, 0.5]) / (1 - np.array([0.2, 0.6, 0.5])))
    expected = 0.6 + 0.2 * (logit[2] - logit[0]) / (logit[1] - logit[0])
    assert table.best_m50.item() == pytest.approx(expected, abs=0.005)


def test_models_that_have_not_converged_are_no_minimum():
    changed = evaluations()
    for seed in SEEDS:
        own = changed["gaussian_N10_d2_K2", "samples", seed]
        changed["gaussian_N10_d2_K2", "samples", seed] = own.assign(converged=own.converged.where(SIZES != 8, 0))
    table = starts_table(spec(), changed)
    of_first = table.isel(setting=0, seed=0)
    assert of_first.start.values[of_first.least_loss.values[2]] == "means"
    assert np.isnan(of_first.start_ratio.sel(start="samples").values[2])
    assert table.isel(setting=1, seed=0).start.values[table.isel(setting=1, seed=0).least_loss.values[2]] == "samples"


def test_a_start_that_a_setting_lacks_is_unknown_there():
    models = {
        name: {
            "provides": ["components"],
            "settings": ["gaussian_N10_d2_K2"] + ["gaussian_N10_d2_K2_var4"] * (name != "means"),
            "start": f"from_{name}",
        }
        for name in RATIOS
    }
    table = starts_table(spec(models=models), evaluations())
    assert np.isnan(table.isel(setting=1).sel(start="means").start_ratio).all()
    assert np.isfinite(table.isel(setting=0).sel(start="means").start_ratio).all()


def test_without_models_to_compare_there_is_no_table():
    assert not starts_table(spec(regression={}), evaluations())


def test_metrics_of_starts():
    """Differences are taken data set by data set; shares are of the data sets and sizes up to N that are known."""
    table = starts_table(spec(), evaluations())
    places = np.array([[[0.75, 0.77], [0.95, 0.93], [np.nan, np.nan]]] * 2)
    table = table.assign(m50=(("setting", "model", "seed"), places)).assign_coords(model=list(RATIOS))
    found = starts_metrics(spec(), table)
    name = "starts/gaussian_N10_d2_K2_var4"
    assert found[f"{name}/best_m50"] == pytest.approx(table.best_m50.isel(setting=1).mean().item())
    low, mean, high = (found[f"{name}/from_means/means/m50_from_first{end}"] for end in ("_low", "", "_high"))
    assert mean == pytest.approx(0.18)
    # Two data sets, 0.20 and 0.16: Student's quantile of one degree of freedom times their standard error.
    assert (high - low) / 2 == pytest.approx(12.7062 * 0.02, rel=1e-4)
    assert np.isnan(found[f"{name}/from_random/random/m50_from_first"])
    assert found[f"{name}/from_means/means/ratio_at_n"] == pytest.approx(0.95 * 0.4)
    assert found[f"{name}/from_samples/samples/least_loss_share"] == 1
    assert found[f"{name}/from_means/means/least_loss_share"] == 0


def test_without_models_to_compare_there_are_no_metrics():
    assert starts_metrics(spec(regression={}), xr.Dataset()) == {}


def test_sweeps_up_and_down_are_compared_over_sizes_up_to_n():
    """Their ratios' difference, mean over sizes up to N, data set by data set."""
    starts = {"samples": "continued_down", "means": "continued_up", "random": "random"}
    models = {
        name: {"provides": ["components"], "settings": list(SETTINGS), "start": start} for name, start in starts.items()
    }
    table = starts_table(spec(models=models), evaluations())
    places = np.full((2, 3, 2), 0.8)
    table = table.assign(m50=(("setting", "model", "seed"), places)).assign_coords(model=list(RATIOS))
    found = starts_metrics(spec(models=models), table)
    difference = np.mean(np.array(RATIOS["means"][:4]) - RATIOS["samples"][:4])
    name = "starts/gaussian_N10_d2_K2/up_minus_down"
    assert found[name] == pytest.approx(difference * 0.95)
    assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]


def test_ratios_at_n_are_told_of_every_model_where_starts_are_compared():
    """A setting with one start has nothing to compare."""
    models = {
        name: {"provides": [], "settings": list(SETTINGS)[: 1 + (name == "means")], "start": f"from_{name}"}
        for name in RATIOS
    }
    found = ratios_at_n(
        spec(models=models), {f"{name}/means": np.array([0.4, 0.6]) for name in SETTINGS} | {"other": np.zeros(2)}
    )
    name = "starts/gaussian_N10_d2_K2/from_means/means/ratio_at_n"
    assert set(found) == {name, f"{name}_low", f"{name}_high"}
    assert found[name] == pytest.approx(0.5)
    # A ratio is in [0, 1], and its interval need not be: what it is uncertain by is its width.
    assert found[f"{name}_high"] == pytest.approx(0.5 + 12.7062 * 0.1)
