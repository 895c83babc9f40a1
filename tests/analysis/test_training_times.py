"""Courses of training and the times on them, in the table of transitions and in metrics."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from edgemem.analysis.evaluations import case_coordinates
from edgemem.analysis.time_scaling import families, times_metrics
from edgemem.analysis.training_times import training_times
from edgemem.config.regress import RegressSpec

from . import courses
from .courses import BATCH, N_SAMPLES, SEEDS, SIZES, STEPS, evaluation, evaluations, name, spec, tau50, tau_test


def table(of: RegressSpec, made: dict | None = None) -> xr.Dataset:
    """Return the table of a campaign with its coordinates, as the regress stage makes it."""
    seed = {"seed": of.seeds}
    return case_coordinates(of).assign_coords(seed).merge(training_times(of, made or evaluations(of)))


def test_times_are_those_of_the_courses():
    """Between the ratios 0 and 1 each course is a line in log step, but for counts that are whole."""
    found = table(spec())
    for n in N_SAMPLES:
        for size in SIZES:
            own = found.tau.sel(setting=name(n), model="mlp", model_size=size)
            for seed in SEEDS:
                middle = tau50(n, size, seed)
                expected = {"tau10": middle * 8**-0.8, "tau50": middle, "tau90": middle * 8**0.8}
                for event, time in expected.items():
                    value = own.sel(event=event, seed=seed).item()
                    assert value == pytest.approx(time, rel=0.02) if time < STEPS[-1] else value == np.inf
                assert own.sel(event="tau_test", seed=seed).item() == pytest.approx(tau_test(seed))
                late = own.sel(event="tau_5", seed=seed).item()
                assert late == pytest.approx(tau_test(seed) * np.exp(np.sqrt(0.05 * 4.2 / 0.1)), rel=0.03)


def test_what_is_not_reached_stays_in_the_table():
    found = table(spec())
    of_large = found.sel(setting=name(128), model_size=32, seed=1, model="mlp")
    assert of_large.tau.sel(event=["tau10", "tau50", "tau90"]).values.tolist() == [
        pytest.approx(tau50(128, 32, 1) * 8**-0.8, rel=0.02),
        pytest.approx(tau50(128, 32, 1), rel=0.02),
        np.inf,
    ]
    assert of_large.tau_censored.values.tolist() == [0, 0, 1, 0, 0]
    assert of_large.loss_at_tau.sel(event="tau50").item() == pytest.approx(2.02, rel=0.02)
    assert np.isnan(of_large.loss_at_tau.sel(event="tau90").item())
    assert (found.tau_low <= found.tau).all() and (found.tau <= found.tau_high).all()


def test_a_ratio_that_is_high_from_the_start_was_there_before():
    """As of mixtures that start at the training samples."""
    made = evaluations(spec())
    at = name(16), "mlp", 1
    high = made[at].memorized_count.copy(data=np.full((len(SIZES), len(STEPS)), 1500))
    found = table(spec(), made | {at: made[at].assign(memorized_count=high)})
    own = found.sel(setting=at[0], model="mlp", seed=1, model_size=64)
    assert own.tau.values[:3].tolist() == [0, 0, np.inf]
    assert own.tau_censored.values[:3].tolist() == [-1, -1, 1]


def test_courses_are_those_of_the_evaluations():
    """The losses are those of the time nearest to psi = 6.7; sizes and steps of all models have their places."""
    of = spec(mlp=[name(16)], other=[name(32)])
    few = evaluation(32, 1, (64, 200), STEPS[::2])
    made = {(name(16), "mlp", seed): evaluation(16, seed) for seed in SEEDS}
    made |= {(name(32), "other", seed): few for seed in SEEDS}
    found = table(of, made)
    assert found.model_size.values.tolist() == [32, 64, 128, 200]
    own = found.sel(setting=name(32), model="other", seed=2, model_size=[64, 200], step=STEPS[::2])
    np.testing.assert_array_equal(own.course_ratio, few.memorization_ratio)
    for split in ("train", "test"):
        np.testing.assert_array_equal(own[f"course_{split}_loss"], few.loss.sel(split=split).isel(time=courses.SHOWN))
    np.testing.assert_array_equal(own.parameters, few.parameters)
    assert own.draws_per_step.item() == BATCH / 32
    assert np.isnan(found.course_ratio.sel(setting=name(32), model="mlp")).all()
    assert np.isnan(found.course_ratio.sel(setting=name(32), model="other", step=STEPS[1])).all()


def test_models_that_are_kept_once_have_no_courses():
    last = {key: one.isel(step=[-1]) for key, one in evaluations(spec()).items()}
    assert not training_times(spec(), last)
    assert times_metrics(table(spec(), last)) == {}
    both = spec(mlp=[name(16)], once=[name(16)])
    made = {(name(16), "mlp", seed): evaluation(16, seed) for seed in SEEDS}
    found = table(both, made | {(name(16), "once", seed): last[name(16), "mlp", seed] for seed in SEEDS})
    assert (
        np.isnan(found.tau.sel(model="once")).all() and np.isfinite(found.tau.sel(model="mlp", setting=name(16))).any()
    )


def test_families_differ_in_the_number_of_samples_alone():
    values = {"campaign": "c", "seeds": [1], "regression": {}}
    settings = [courses.setting(n, variance=v) for v in (1, 4) for n in (64, 16)]
    names = [name(n, variance=v) for v in (1, 4) for n in (64, 16)]
    of = RegressSpec.model_validate(
        values | {"settings": settings, "models": {"mlp": {"provides": [], "settings": names}}}
    )
    first, second = families(case_coordinates(of))
    assert first[:2] == ("gaussian_d30_K3", [name(16), name(64)]) and first.n_samples.tolist() == [16, 64]
    assert second[:2] == ("gaussian_d30_K3_var4", [name(16, variance=4), name(64, variance=4)])


def test_times_in_metrics():
    """Geometric means over data sets with Student's intervals of logarithms; unknown where one is censored."""
    found = times_metrics(table(spec()))
    logs = np.log(
        [table(spec()).tau.sel(setting=name(32), model_size=64, event="tau50", seed=seed).item() for seed in SEEDS]
    )
    at = f"times/{name(32)}/mlp/64/tau50"
    assert found[at] == pytest.approx(np.exp(logs.mean()))
    half = stats.t.ppf(0.975, 2) * stats.sem(logs)
    assert (found[f"{at}_low"], found[f"{at}_high"]) == pytest.approx(
        (np.exp(logs.mean() - half), np.exp(logs.mean() + half))
    )
    assert found[f"{at}_censored"] == 0
    assert np.isnan(found[f"times/{name(128)}/mlp/32/tau90"])
    assert found[f"times/{name(128)}/mlp/32/tau90_censored"] == 3
    assert found[f"times/{name(32)}/mlp/64/loss_at_tau50"] == pytest.approx(2.02, rel=0.01)


def test_exponents_in_metrics():
    """tau ~ N / W up to what seeds differ by, and the least test loss is where it is."""
    found = times_metrics(table(spec()))
    family = "times/gaussian_d30_K3/mlp"
    for size in SIZES:
        own = np.log([[tau50(n, size, seed) for n in N_SAMPLES] for seed in SEEDS])
        slopes = np.polyfit(np.log(N_SAMPLES), own.T, 1)[0]
        assert found[f"{family}/{size}/tau50_on_n"] == pytest.approx(slopes.mean(), abs=0.01)
        upper = np.polyfit(np.log(N_SAMPLES[1:]), own.T[1:], 1)[0].mean()
        assert found[f"{family}/{size}/tau50_on_n_upper_half"] == pytest.approx(upper, abs=0.02)
        assert found[f"{family}/{size}/tau_test_on_n"] == pytest.approx(0, abs=1e-6)
        assert found[f"{family}/{size}/tau50_on_n_places"] == 4
    assert found[f"{family}/32/tau90_on_n_left_out"] == 1
    for n in N_SAMPLES:
        own = np.log([[tau50(n, size, seed) for size in SIZES] for seed in SEEDS])
        slopes = np.polyfit(np.log(SIZES), own.T, 1)[0]
        assert found[f"times/{name(n)}/mlp/tau50_on_size"] == pytest.approx(slopes.mean(), abs=0.01)


def test_what_the_ratio_is_a_function_of():
    """Of the training loss, exactly; of points times size but for what seeds differ by, and of points it is not."""
    found = times_metrics(table(spec()))
    family = "times/gaussian_d30_K3/mlp"
    on = {axis: found[f"{family}/residual_on_{axis}"] for axis in ("train_loss", "points", "points_times_size")}
    assert on["train_loss"] < 0.3 * on["points_times_size"] < on["points"]
    assert found[f"{family}/loss_gain_over_points_low"] > 0.9
    assert found[f"{family}/loss_gain_over_points"] == pytest.approx(1 - (on["train_loss"] / on["points"]) ** 2)


def test_of_one_run_nothing_is_compared():
    of = spec((16,))
    made = {(name(16), "mlp", seed): evaluation(16, seed, (32,)) for seed in SEEDS}
    found = times_metrics(table(of, made))
    assert np.isnan(found["times/gaussian_d30_K3/mlp/residual_on_points"])
    assert np.isnan(found["times/gaussian_d30_K3/mlp/loss_gain_over_points"])
