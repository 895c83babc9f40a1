"""The table of flows: times and ends of exact losses beside their theory, and the numbers made of it."""

import numpy as np
import pytest
import xarray as xr

from edgemem.analysis.flows import EVENTS, flow_metrics, flow_of, flow_table, has_theory
from edgemem.numerics.loss_times import loss_times
from edgemem.numerics.random_features_theory import constants, final_losses, memorizing_time, slow_time, two_channels

from .flows import DIM, N_SAMPLES, SEEDS, evaluation, name, spec, table


def test_measured_times_and_ends_are_those_of_the_losses():
    own = table().sel(setting=name(15), model="time", model_size=20, time=0.1407)
    for seed in SEEDS:
        losses = evaluation("time", 15, seed).flow_loss.sel(model_size=20, time=0.1407)
        train, test = (losses.sel(split=split).values for split in ("train", "test"))
        at = own.isel(seed=SEEDS.index(seed))
        expected = loss_times(losses.tau.values, train, test)
        assert [at.flow_tau.sel(flow_event=event).item() for event in EVENTS] == list(expected)
        assert at.final_flow_loss.sel(split="test").item() == test[-1]
        assert at.least_flow_loss.item() == test.min()


@pytest.mark.parametrize(("model", "rate"), [("time", 1.0), ("noise", 1 / 0.4258**2)])
def test_theory_is_on_the_clock_of_the_model(model: str, rate: float):
    """A unit of the time of the noise's clock is 1 / t^2 of the score's."""
    own, of = table().sel(setting=name(10), model=model, model_size=40, time=0.4258), constants(0.4258)
    psi_n, psi_p, tau = 10 / DIM, 40 / DIM, evaluation(model, 10, 1).tau.values
    assert own.published_tau.item() == pytest.approx(memorizing_time(of, psi_n, psi_p) / rate)
    assert own.slow_tau.item() == pytest.approx(slow_time(of, psi_n, psi_p) / rate)
    expected = loss_times(tau, *two_channels(of, psi_n, psi_p, rate * tau))
    assert own.two_channel_tau.values.tolist() == pytest.approx(list(expected))


def test_ends_of_drawn_noise_have_their_own_theory():
    own = table().sel(setting=name(10), model="draws1", time=0.4258)
    for size in (5, 10, 40):
        expected = final_losses(constants(0.4258), 10 / DIM, size / DIM, draws=1.0, ridge=1e-3)
        found = own.sel(model_size=size).asymptotic_loss
        assert found.values.tolist() == pytest.approx([float(expected.train), float(expected.test)])


def test_theory_speaks_of_normal_data_and_features_without_bias_alone():
    assert has_theory(evaluation("time", 10, 1))
    assert not has_theory(evaluation("biased", 10, 1))
    assert not has_theory(evaluation("time", 10, 1, components=2))
    own = table().sel(setting=name(10), model="biased", model_size=20)
    assert own.slow_tau.isnull().all()
    assert own.flow_tau.notnull().all()
    assert flow_of(evaluation("biased", 10, 1), 10, DIM, 20, 0.4258).theory is None


def test_nothing_is_found_without_such_models():
    other = spec().model_copy(update={"models": {}})
    assert not flow_table(other, {})
    assert flow_metrics(other, xr.Dataset()) == {}


def test_metrics_are_of_the_models_of_which_theory_speaks():
    found = flow_metrics(spec(), table())
    models = {key.split("/")[2] for key in found}
    assert models == {"time", "noise", "draws1"}


def test_metrics_of_a_setting_are_means_of_its_data_sets():
    found, own = flow_metrics(spec(), table()), table().sel(setting=name(20), model="time", model_size=40, time=0.4258)
    where = f"flow/{name(20)}/time/40/t0.426"
    half = own.flow_tau.sel(flow_event="half").values
    assert found[f"{where}/half"] == pytest.approx(np.sqrt(half[0] * half[1]))
    assert found[f"{where}/half_low"] < half.min() < half.max() < found[f"{where}/half_high"]
    assert found[f"{where}/two_channels_half"] == own.two_channel_tau.sel(flow_event="half").item()
    assert found[f"{where}/final_test"] == pytest.approx(own.final_flow_loss.sel(split="test").mean().item())
    assert found[f"{where}/published"] == own.published_tau.item()


def test_metrics_of_a_family_are_exponents_and_spreads():
    found = flow_metrics(spec(), table())
    own = table().sel(setting=[name(n) for n in N_SAMPLES], model="time", model_size=40, time=0.4258)
    where = "flow/gaussian_d5_K1_sep0/time/40/t0.426"
    tau = own.flow_tau.sel(flow_event="half").transpose("seed", "setting").values
    slope = np.mean([np.polyfit(np.log(N_SAMPLES), np.log(one), 1)[0] for one in tau])
    assert found[f"{where}/half_on_n"] == pytest.approx(slope)
    local = np.log(tau[:, 1] / tau[:, 0]) / np.log(1.5)
    assert found[f"{where}/half_on_n_10"] == pytest.approx(local.mean())
    # All three N have at least two features each of 40, but 40 is more than d^2: nothing is asked of theory there.
    assert f"{where}/half_spread_over_n" not in found
    within = "flow/gaussian_d5_K1_sep0/time/20/t0.426"
    assert not any(key.startswith(f"{within}/half_spread") for key in found)


def test_spreads_are_of_what_times_are_divided_by(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("edgemem.analysis.flows.LEAST_FEATURES", 1)
    found = flow_metrics(spec(), table())
    own = table().sel(setting=[name(n) for n in N_SAMPLES], model="time", model_size=20, time=0.4258)
    tau = own.flow_tau.sel(flow_event="half").transpose("seed", "setting").values
    for clock, values in (("n", N_SAMPLES), ("slow", own.slow_tau.values)):
        expected = np.log10(tau / values).std(axis=1, ddof=1).mean()
        assert found[f"flow/gaussian_d5_K1_sep0/time/20/t0.426/half_spread_over_{clock}"] == pytest.approx(expected)


def test_the_peak_is_the_size_of_the_largest_final_loss():
    found, own = flow_metrics(spec(), table()), table().sel(setting=name(10), model="draws1", time=0.4258, split="test")
    sizes = np.array([5, 10, 40])
    final = own.sel(model_size=sizes).final_flow_loss.transpose("seed", "model_size").values
    expected = np.exp(np.log(sizes[final.argmax(axis=1)] / 10).mean())
    assert found[f"flow/{name(10)}/draws1/t0.426/peak"] == pytest.approx(expected)
    rise = np.log(final[:, 2]) - np.log(np.maximum(final[:, 0], final[:, 1]))
    assert found[f"flow/{name(10)}/draws1/t0.426/rise_at_end"] == pytest.approx(rise.mean())
