"""Figures of models in closed form draw their exact losses, eigenvalues and times, each beside its theory."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib.figure import Figure

from edgemem import pieces
from edgemem.config.loading import read_campaign
from edgemem.errors import EdgememError
from edgemem.figures.flows import times_of
from edgemem.numerics.random_features_theory import constants, generalizing_bulk, two_channels

from .conftest import data, labelled
from .flows import DIM, N_SAMPLES, READS, SEEDS, drawn, evaluation, mean_of_logs, table


ROOT = Path(__file__).parents[2]


def test_every_figure_of_flows_is_tested():
    for figure, reads in READS.items():
        assert pieces.figure_options(figure).reads == (reads,)


def test_losses_are_drawn_at_all_finite_times_beside_two_channels():
    figure = drawn("flow", "noise")
    assert [axes.get_title() for axes in figure.axes] == ["t = 0.426", "t = 0.141"]
    for axes, t in zip(figure.axes, (0.4258, 0.1407), strict=True):
        own = [evaluation("noise", 10, seed).flow_loss.sel(model_size=40, time=t) for seed in SEEDS]
        tau = own[0].tau.values[:-1]
        for split in ("train", "test"):
            line = labelled(axes, f"{split} loss")
            np.testing.assert_allclose(
                data(line), [tau, mean_of_logs([one.sel(split=split).values[:-1] for one in own])], rtol=1e-9
            )
        # The clock of the noise is faster by t^2.
        expected = two_channels(constants(t), 10 / DIM, 40 / DIM, tau / t**2)
        dashed = [line.get_ydata() for line in axes.lines if line.get_label() == "two channels"]
        np.testing.assert_allclose(dashed, expected, rtol=1e-9)


def test_a_model_with_bias_has_no_theory():
    labels = {line.get_label() for axes in drawn("flow", "biased").axes for line in axes.lines}
    assert labels == {"train loss", "test loss"}
    assert len(drawn("spectrum", "biased").axes[0].collections) == 1


def test_a_size_can_be_chosen():
    assert drawn("flow", size=22).get_suptitle().endswith("size 20")


def test_spectrum_has_ranks_and_bulks():
    axes = drawn("spectrum").axes[0]
    values = [evaluation("time", 10, seed).eigenvalue.sel(model_size=40, time=0.4258).values for seed in SEEDS]
    line = labelled(axes, "eigenvalues")
    np.testing.assert_allclose(data(line), [np.arange(1, 41), mean_of_logs(values)], rtol=1e-9)
    (shade,) = (one for one in axes.collections if one.get_label() == "data distribution")
    band = shade.get_paths()[0].vertices
    bulk = generalizing_bulk(constants(0.4258), 40 / DIM)
    assert (band[:, 0].min(), band[:, 0].max()) == (1, DIM)
    assert (band[:, 1].min(), band[:, 1].max()) == (pytest.approx(bulk.low), pytest.approx(bulk.high))


def test_times_and_local_exponents_are_those_of_the_table():
    figure = drawn("flow_times")
    left, right = figure.axes[:2]
    own = table().sel(model="time", model_size=40, time=0.4258)
    half = own.flow_tau.sel(flow_event="half").transpose("seed", "setting").values
    line = labelled(left, "half apart")
    np.testing.assert_allclose(data(line), [N_SAMPLES, mean_of_logs(list(half))], rtol=1e-9)
    published = labelled(left, "published")
    np.testing.assert_allclose(data(published)[1], own.published_tau)
    exponent = np.diff(np.log(half), axis=1) / np.diff(np.log(N_SAMPLES))
    np.testing.assert_allclose(data(labelled(right, "half apart"))[1], exponent.mean(axis=0), rtol=1e-9)


def test_final_losses_are_drawn_over_features_a_sample():
    axes = drawn("draws").axes[0]
    own = table().sel(setting="gaussian_N10_d5_K1_sep0", time=0.4258, split="test")
    own = own.sel(model="draws1", model_size=[5, 10, 40])
    final = list(own.final_flow_loss.transpose("seed", "model_size").values)
    line = labelled(axes, "draws1")
    np.testing.assert_allclose(data(line), [[0.5, 1, 4], mean_of_logs(final)], rtol=1e-9)
    (dashed,) = (line for line in axes.lines if line.get_label() == "_asymptotic draws1")
    np.testing.assert_allclose(data(dashed)[1], own.asymptotic_loss)


def test_of_many_times_one_is_drawn():
    assert times_of(np.array([0.4258, 0.1407])) == [0.4258, 0.1407]
    assert times_of(np.array([0.999, 0.4, 0.3, 0.001])) == [0.4]


@pytest.mark.parametrize("figure", READS)
def test_figures_are_whole(figure: str):
    found = drawn(figure)
    assert isinstance(found, Figure)
    assert found.legends[0].get_texts()


FLOW = "{denoiser: random_features, sizes: [50], protocol: flow, families: [gaussian]"
PROTOCOL = "protocols: {flow: {steps: 10, clock: eps}}"


@pytest.mark.parametrize(
    ("figure", "models", "where"),
    [
        ("flow_times", "", ""),
        ("draws", "", ""),
        ("{figure: flow_times, model: mixture}", f"rf: {FLOW}}}", r"\.model"),
        ("flow_times", f"rf: {FLOW}, settings: [gaussian_N50_d30_K3]}}", ""),
    ],
)
def test_figures_that_have_nothing_to_draw_are_refused(figure: str, models: str, where: str):
    overlay = f"{{figures: [{figure}], models: {{{models}}}, {PROTOCOL}}}"
    values = [f"{key}={json.dumps(value)}" for key, value in yaml.safe_load(overlay).items()]
    with pytest.raises(EdgememError, match=rf"figures\[0\]{where}: .*closed form"):
        read_campaign(ROOT / "config.yaml", values=values)
