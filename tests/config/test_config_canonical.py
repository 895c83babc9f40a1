"""The canonical form of what a stage reads, the names of settings, and the order of grids."""

import itertools
import json
from typing import Any

import pytest

from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.plot import PlotSpec
from edgemem.config.regress import RegressSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.settings import GaussianSetting, ImageSetting
from edgemem.config.train import TrainSpec
from edgemem.errors import EdgememError


SETTING = {"family": "gaussian", "N": 12, "d": 3, "K": 2}
PROTOCOL = {"steps": 10, "draws": 2, "peak_lr": 0.1, "final_lr": 0.01}
SPECS = [
    (SampleSpec, {"setting": SETTING, "seed": 1}),
    (SampleSpec, {"setting": {"family": "image", "templates": "a/b.npy", "N": 12, "K": 2, "size": 4}, "seed": 1}),
    (SampleSpec, {"setting": SETTING | {"variance": 0.25, "separation": 3}, "seed": 2**32 - 1}),
    (
        TrainSpec,
        {"setting": SETTING, "seed": 1, "protocol": PROTOCOL, "model_sizes": {"coarse": 3}, "time_grid": {"times": 3}},
    ),
    (
        TrainSpec,
        {
            "setting": SETTING,
            "seed": 1,
            "protocol": PROTOCOL | {"weighting": [1, 0.5, 0], "clip_norm": 1, "minibatch": 4},
            "model_sizes": [7, 2],
            "time_grid": {"times": 3},
        },
    ),
    (EvaluateSpec, {"setting": SETTING, "seed": 1, "sampling": {}, "evaluation": {"threshold": "1/3"}}),
    (RegressSpec, {"campaign": "c", "settings": [SETTING, SETTING | {"N": 10}], "seeds": [3, 1], "regression": {}}),
    (PlotSpec, {"figure": {"figure": "losses", "time": 0.5}, "setting": "gaussian_N12_d3_K2"}),
    (PlotSpec, {"figure": {"figure": "prediction"}, "setting": None}),
]


@pytest.mark.parametrize(("spec", "values"), SPECS)
def test_spec_survives_its_canonical_form(spec, values):
    parsed = spec.parse(json.dumps(values))
    text = parsed.canonical()
    assert spec.parse(text) == parsed
    assert spec.parse(text).canonical() == text


@pytest.mark.parametrize(("spec", "values"), SPECS)
def test_canonical_form_has_sorted_keys_and_no_spaces(spec, values):
    text = spec.parse(json.dumps(values)).canonical()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


@pytest.mark.parametrize(("spec", "values"), SPECS)
def test_order_of_keys_does_not_matter(spec, values):
    def reversed_keys(value):
        return {k: reversed_keys(v) for k, v in reversed(value.items())} if isinstance(value, dict) else value

    assert spec.parse(json.dumps(reversed_keys(values))).canonical() == spec.parse(json.dumps(values)).canonical()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("protocols: {fast: {clip_norm: 100}}", "protocols: {fast: {clip_norm: 100.0}}"),
        ("protocols: {fast: {steps: 100}}", "protocols: {fast: {steps: 100.0}}"),
        ("protocols: {fast: {peak_lr: 6e-3}}", "protocols: {fast: {peak_lr: 0.006}}"),
        ("evaluation: {threshold: 1/3}", "evaluation: {threshold: 0.3333333333333333}"),
        ("evaluation: {threshold: 1/2}", "evaluation: {threshold: 0.5}"),
        ("model_sizes: [20, 5]", "model_sizes: [5, 20]"),
        (
            "settings: [{family: gaussian, N: 50, d: 2, K: 2, variance: 1}]",
            "settings: [{family: gaussian, N: [50], d: 2, K: 2}]",
        ),
        ("figures: [losses, mechanism]", "figures: [{figure: losses}, {figure: mechanism, settings: null}]"),
    ],
)
def test_equal_values_spelled_differently_are_the_same(load, one: str, other: str):
    first, second = load(overlay=one), load(overlay=other)
    assert specs(first) == specs(second)


def test_negative_zero_is_zero(load):
    grid = "settings: [{{family: gaussian, N: 50, d: 2, K: 2, separation: {}}}]"
    assert specs(load(overlay=grid.format("-0.0"))) == specs(load(overlay=grid.format("0")))


def specs(campaign) -> dict[tuple, str]:
    """Return the canonical form of all that the stages of a campaign read, by stage and what it is for."""
    jobs = list(itertools.product(campaign.by_name, campaign.seeds))
    return (
        {("sample", *job): campaign.sample_spec(*job).canonical() for job in jobs}
        | {("train", *job): campaign.train_spec(*job, campaign.protocol_of(job[0])).canonical() for job in jobs}
        | {("evaluate", *job): campaign.evaluate_spec(*job).canonical() for job in jobs}
        | {("regress",): campaign.regress_spec().canonical()}
        | {
            ("plot", options.figure, setting): campaign.plot_spec(options.figure, setting).canonical()
            for options in campaign.figures
            for setting in campaign.figure_settings(options)
        }
    )


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "image_digits_N12_K2"),
        ({"size": 15, "variance": 1.0}, "image_digits_N12_K2"),
        ({"size": 8, "templates": "fashion-mnist"}, "image_fashion-mnist_N12_K2_size8"),
        ({"variance": 0.5}, "image_digits_N12_K2_var0.5"),
        ({"templates": "../my data/some.faces_v2"}, "image_some-faces-v2_N12_K2"),
        ({"templates": "写真/"}, "image_写真_N12_K2"),
        ({"templates": "/data/cats_and dogs.npz"}, "image_cats-and-dogs_N12_K2"),
    ],
)
def test_name_of_pictures_says_where_they_are_from(values: dict[str, Any], name: str):
    """A name has no underscores and no spaces from a path, since it is one itself."""
    assert ImageSetting(family="image", N=12, K=2, **values).name == name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "gaussian_N12_d3_K2"),
        ({"variance": 1.0, "separation": 1}, "gaussian_N12_d3_K2"),
        ({"variance": 4}, "gaussian_N12_d3_K2_var4"),
        ({"variance": 0.25}, "gaussian_N12_d3_K2_var0.25"),
        ({"separation": 0.5}, "gaussian_N12_d3_K2_sep0.5"),
        ({"separation": 0}, "gaussian_N12_d3_K2_sep0"),
        ({"variance": 2.0, "separation": 3.0}, "gaussian_N12_d3_K2_var2_sep3"),
    ],
)
def test_name_shows_an_axis_only_where_it_is_not_the_default(values: dict[str, float], name: str):
    assert GaussianSetting(**SETTING | values).name == name


def test_grids_expand_in_order_the_last_key_fastest(load):
    overlay = """
        settings:
          - {family: gaussian, N: [50, 20], d: 2, K: [3, 1]}
          - {family: gaussian, N: 10, d: [4, 3], K: 2, variance: [4, 1], separation: [1, 0.5]}
    """
    assert list(load(overlay=overlay).by_name) == [
        "gaussian_N50_d2_K3",
        "gaussian_N50_d2_K1",
        "gaussian_N20_d2_K3",
        "gaussian_N20_d2_K1",
        "gaussian_N10_d4_K2_var4",
        "gaussian_N10_d4_K2_var4_sep0.5",
        "gaussian_N10_d4_K2",
        "gaussian_N10_d4_K2_sep0.5",
        "gaussian_N10_d3_K2_var4",
        "gaussian_N10_d3_K2_var4_sep0.5",
        "gaussian_N10_d3_K2",
        "gaussian_N10_d3_K2_sep0.5",
    ]


def test_order_of_keys_in_an_entry_does_not_change_the_order_of_its_grid(load):
    one = load(overlay="settings: [{family: gaussian, N: [50, 20], d: [2, 3], K: 1}]")
    other = load(overlay="settings: [{K: 1, d: [2, 3], N: [50, 20], family: gaussian}]")
    assert list(one.by_name) == list(other.by_name)


def test_figures_are_drawn_for_the_settings_asked_for(load):
    overlay = "figures: [{figure: losses, settings: [gaussian_N50_d30_K3_var4]}, mechanism, prediction]"
    campaign = load(overlay=overlay)
    drawn = {options.figure: campaign.figure_settings(options) for options in campaign.figures}
    assert drawn == {
        "losses": ["gaussian_N50_d30_K3_var4"],
        "mechanism": list(campaign.by_name),
        "prediction": [None],
    }


def test_spec_says_which_key_is_wrong():
    good = {"setting": SETTING, "seed": 1}
    for text, said in (
        ("{", "--spec"),
        ("[]", "--spec"),
        (json.dumps(good | {"sed": 2}), "sed: unknown key; did you mean 'seed'?"),
        (json.dumps({"setting": SETTING}), "seed: this key is required"),
        (json.dumps(good | {"setting": SETTING | {"N": 3}}), "setting.N: must be greater than or equal to 10 (got 3)"),
        (json.dumps(good | {"seed": float("nan")}), "seed"),
    ):
        with pytest.raises(EdgememError) as caught:
            SampleSpec.parse(text)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)


def test_train_spec_refuses_lambda_of_another_length():
    values = {
        "setting": SETTING,
        "seed": 1,
        "protocol": PROTOCOL | {"weighting": [1, 2]},
        "model_sizes": [2],
        "time_grid": {"times": 3},
    }
    with pytest.raises(EdgememError, match=r"weighting has 2 values, but sampling\.times is 3"):
        TrainSpec.parse(json.dumps(values))
