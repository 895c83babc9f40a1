"""The canonical form of what a stage reads, the names of settings, and the order of grids."""

import json
from typing import Any

import pytest

from edgemem.config.agreement import AgreementSpec
from edgemem.config.barrier import BarrierSpec
from edgemem.config.collect import CollectSpec
from edgemem.config.compare import CompareSpec
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.plot import PlotSpec
from edgemem.config.regress import RegressSpec
from edgemem.config.report import ReportSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.study import Study
from edgemem.config.train import TrainSpec
from edgemem.errors import EdgememError
from edgemem.families.gaussian.setting import GaussianSetting
from edgemem.families.image.setting import ImageSetting


SETTING = {"family": "gaussian", "N": 12, "d": 3, "K": 2}
NAME = "gaussian_N12_d3_K2"
PROTOCOL = {"steps": 10, "draws": 2, "peak_lr": 0.1, "final_lr": 0.01}
CASE = {"setting": SETTING, "seed": 1, "model": "m", "denoiser": "isotropic_mixture"}
MEASURED = {"provides": ["components"], "settings": [NAME]}
TRAINED = MEASURED | {"denoiser": "isotropic_mixture", "sizes": [3], "protocol_name": "p", "protocol": PROTOCOL}
STUDY = {
    "campaign": "c",
    "seeds": [3, 1],
    "settings": [SETTING, SETTING | {"N": 10}],
    "models": {"m": TRAINED, "few": TRAINED | {"snapshots": [9, 3], "sizes": {"coarse": 4}}},
    "sampling": {"times": 3},
    "evaluation": {"threshold": "1/3"},
}
SPECS = [
    (SampleSpec, {"setting": SETTING, "seed": 1}),
    (SampleSpec, {"setting": {"family": "image", "templates": "a/b.npy", "N": 12, "K": 2, "size": 4}, "seed": 1}),
    (SampleSpec, {"setting": SETTING | {"variance": 0.25, "separation": 3}, "seed": 2**32 - 1}),
    (TrainSpec, CASE | {"protocol": PROTOCOL, "sizes": {"coarse": 3}, "time_grid": {"times": 3}}),
    (
        TrainSpec,
        CASE
        | {
            "protocol": PROTOCOL | {"weighting": [1, 0.5, 0], "clip_norm": 1, "minibatch": 4},
            "sizes": [7, 2],
            "snapshots": [10, 5],
            "time_grid": {"times": 3},
        },
    ),
    (EvaluateSpec, CASE | {"sampling": {}, "evaluation": {"threshold": "1/3"}}),
    (
        SensitivitySpec,
        CASE | {"generated": 60, "sampling": [{}, {"times": 4}], "thresholds": [0.5, 0.25], "points": [10]},
    ),
    (
        BarrierSpec,
        CASE
        | {
            "to": "n",
            "protocol": PROTOCOL,
            "sizes": [7, 12],
            "places": 5,
            "draws": 2,
            "sampling": {"times": 3},
            "generated": 50,
            "threshold": "1/3",
        },
    ),
    (AgreementSpec, CASE | {"time_grid": {"times": 3}, "generated": 50, "threshold": "1/3"}),
    (
        RegressSpec,
        {"campaign": "c", "settings": STUDY["settings"], "models": {"m": MEASURED}, "seeds": [3, 1], "regression": {}},
    ),
    (
        CompareSpec,
        {
            "campaign": "c",
            "settings": [SETTING],
            "seeds": [3, 1],
            "candidates": {"m": PROTOCOL},
            "references": {NAME: "long"},
        },
    ),
    (Study, STUDY),
    (
        CollectSpec,
        STUDY
        | {"sensitivity_keys": {"m": "01234567"}, "barrier_keys": {f"{NAME}/m": "01234567"}}
        | {"agreement_keys": {f"{NAME}/m": "01234567"}},
    ),
    (ReportSpec, STUDY | {"regression": {}, "figures": [{"figure": {"figure": "regression"}}]}),
    (PlotSpec, {"figure": {"figure": "losses", "time": 0.5}, "setting": SETTING, "model": "m"}),
    (PlotSpec, {"figure": {"figure": "samples"}, "setting": {"family": "image", "N": 12, "K": 2}}),
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
        ("models: {mixture: {sizes: [20, 5]}}", "models: {mixture: {sizes: [5, 20.0]}}"),
        ("models: {mixture: {sizes: {probe: 600}}}", "models: {mixture: {sizes: {probe: 600.0, coarse: 10}}}"),
        ("models: {mixture: {snapshots: [20, 5, 4000]}}", "models: {mixture: {snapshots: [4000, 20, 5]}}"),
        (
            "models: {mixture: {families: null}, templates: null}",
            "models: {mixture: {families: [image, gaussian]}, templates: null}",
        ),
        ("models: {mixture: {options: {}}}", "models: {mixture: {settings: null}}"),
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
    """Return the canonical form of all that the stages of a campaign read, by stage and what it is for.

    Of a file with a key, what was read before is part of what made it.
    """
    samples = [(setting, seed) for setting in campaign.by_name for seed in campaign.seeds]
    jobs = [(case.setting.name, seed, case.model) for case in campaign.cases for seed in campaign.seeds]
    study = campaign.study
    return (
        {("sample", *data): campaign.sample_spec(*data).canonical() for data in samples}
        | {
            ("geometry", *data): campaign.geometry_spec(*data).canonical() + study.geometry_key
            for data in samples
            if data[0] in study.with_geometry
        }
        | {("train", *job): campaign.train_spec(*job).canonical() + study.model_keys[job[2]] for job in jobs}
        | {("evaluate", *job): campaign.evaluate_spec(*job).canonical() + study.evaluation_keys[job[2]] for job in jobs}
        | {("regress",): campaign.regress_spec().canonical()}
        | {
            ("plot", plot.figure.figure, plot.setting, plot.model): campaign.plot_spec(
                plot.figure.figure, plot.setting, plot.model
            ).canonical()
            for plot in campaign.plots
        }
    )


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "image_digits_N12_K2"),
        ({"size": 15, "variance": 1.0}, "image_digits_N12_K2"),
        ({"size": 8, "templates": "fashion-mnist"}, "image_fashion-mnist_N12_K2_size8"),
        ({"variance": 0.5}, "image_digits_N12_K2_var0.5"),
        # Of a path: printf %s PATH | sha256sum | head -c 6.
        ({"templates": "../my data/some.faces_v2"}, "image_some-faces-v2-b8500f_N12_K2"),
        ({"templates": "写真/"}, "image_写真-887d50_N12_K2"),
        ({"templates": "/data/cats_and dogs.npz"}, "image_cats-and-dogs-97d243_N12_K2"),
    ],
)
def test_name_of_images_says_where_they_are_from(values: dict[str, Any], name: str):
    """A name has no underscores and no spaces from a path, since it is one itself."""
    assert ImageSetting(family="image", N=12, K=2, **values).name == name


def test_folders_of_one_name_are_two_settings():
    """The last part of a path does not determine the data; the path does, and so does the name."""
    one, other = (ImageSetting(family="image", N=12, K=2, templates=f"{folder}/images") for folder in ("cats", "dogs"))
    assert one.name != other.name
    assert [name.partition("-")[0] for name in (one.name, other.name)] == ["image_images"] * 2


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
        (
            {"weight_exponent": 0, "variance_ratio": 1, "spectrum_exponent": -0.0, "occurrences": 1},
            "gaussian_N12_d3_K2",
        ),
        ({"weight_exponent": 1, "variance_ratio": 0.25}, "gaussian_N12_d3_K2_wexp1_vratio0.25"),
        ({"spectrum_exponent": 1.5}, "gaussian_N12_d3_K2_sexp1.5"),
        (
            {"separation": 2, "spectrum_ratio": 3, "duplicated": 2, "occurrences": 4},
            "gaussian_N12_d3_K2_sep2_sratio3_dup2x4",
        ),
        ({"part": 1}, "gaussian_N12_d3_K2"),
        ({"duplicated": 2, "occurrences": 4, "part": 3}, "gaussian_N12_d3_K2_dup2x4_part3"),
    ],
)
def test_name_shows_an_axis_only_where_it_is_not_the_default(values: dict[str, float], name: str):
    assert GaussianSetting(**SETTING | values).name == name


def test_parts_of_the_samples_have_the_name_of_their_distribution_in_common(load):
    """Part 1 is called what the setting was called before there were parts; all abilities stay."""
    overlay = """
        settings:
          - {family: gaussian, N: 12, d: 3, K: 2, variance: 2, part: [1, 2]}
          - {family: image, N: 12, K: 2, size: 4, part: [1, 2]}
    """
    settings = load(overlay=overlay).by_name
    names = ["gaussian_N12_d3_K2_var2", "image_digits_N12_K2_size4"]
    assert list(settings) == [names[0], f"{names[0]}_part2", names[1], f"{names[1]}_part2"]
    assert [setting.truth_name for setting in settings.values()] == [name for name in names for _ in range(2)]
    for name in names:
        one, other = settings[name], settings[f"{name}_part2"]
        assert other.title == f"{one.title}, part 2"
        assert other.abilities == one.abilities
        assert one.of_part(2) == other


@pytest.mark.parametrize(
    "values",
    [
        {"weight_exponent": 1},
        {"variance_ratio": 2},
        {"spectrum_exponent": 1},
        {"spectrum_ratio": 3},
        {"duplicated": 1, "occurrences": 2},
    ],
)
def test_only_equal_round_components_and_different_samples_are_those_of_the_theory(values: dict[str, float]):
    """What a family provides a setting may lack; all else of a mixture stays known."""
    plain, other = GaussianSetting(**SETTING | {"variance": 2, "separation": 3}), GaussianSetting(**SETTING | values)
    assert set(plain.abilities) == set(GaussianSetting.provides)
    assert set(other.abilities) == set(GaussianSetting.provides) - {"isotropic_theory"}


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


def test_cases_are_in_the_order_of_settings_then_of_models(load):
    """Whatever order the models are trained in: the order is that of the configuration."""
    overlay = """
        models:
          random: {denoiser: isotropic_mixture, protocol: random, sizes: [10]}
          few: {denoiser: isotropic_mixture, protocol: fast, settings: [gaussian_N100_d30_K3, gaussian_N50_d30_K3]}
        protocols: {random: {steps: 10, draws: 1, peak_lr: 0.1, final_lr: 0.1, initialization: random}}
    """
    assert [case.name for case in load(overlay=overlay).cases] == [
        "gaussian_N50_d30_K3/mixture",
        "gaussian_N50_d30_K3/random",
        "gaussian_N50_d30_K3/few",
        "gaussian_N100_d30_K3/mixture",
        "gaussian_N100_d30_K3/random",
        "gaussian_N100_d30_K3/few",
        "gaussian_N50_d30_K3_var0.25/mixture",
        "gaussian_N50_d30_K3_var0.25/random",
        "gaussian_N50_d30_K3_var4/mixture",
        "gaussian_N50_d30_K3_var4/random",
        "image_digits_N30_K4_size8/templates",
        "image_digits_N30_K4_size8/random",
    ]


def test_case_provides_what_its_setting_and_its_denoiser_do(load):
    campaign = load(overlay="models: {mixture: {families: null}}")
    provided = {case.name: case.provides for case in campaign.cases}
    image = {"true_variance", "templates", "images", "true_denoiser", "components", "learned_variance"}
    assert provided["image_digits_N30_K4_size8/mixture"] == image
    overlay = "settings: [{family: gaussian, N: 20, d: 2, K: 2, spectrum_ratio: [1, 3]}]"
    plain, shaped = (set(case.provides) for case in load(overlay=overlay).cases)
    assert plain - shaped == {"isotropic_theory"}
    assert provided["image_digits_N30_K4_size8/templates"] == image | {"learned_templates"}


def drawings(campaign) -> dict[str, list[tuple[str | None, str | None]]]:
    """Return what each figure is drawn of."""
    drawn: dict[str, list[tuple[str | None, str | None]]] = {}
    for plot in campaign.plots:
        drawn.setdefault(plot.figure.figure, []).append((plot.setting, plot.model))
    return drawn


def test_figures_are_drawn_for_the_settings_asked_for(load):
    overlay = "figures: [{figure: losses, settings: [gaussian_N50_d30_K3_var4]}, mechanism, prediction]"
    campaign = load(overlay=overlay)
    assert drawings(campaign) == {
        "losses": [("gaussian_N50_d30_K3_var4", "mixture")],
        "mechanism": [(case.setting.name, case.model) for case in campaign.cases],
        "prediction": [(None, None)],
    }


def test_figures_are_drawn_for_the_models_asked_for(load):
    overlay = """
        models: {mixture: {families: null}}
        figures: [{figure: gallery, models: [mixture]}, {figure: losses, models: [templates]}, samples, templates]
    """
    image = "image_digits_N30_K4_size8"
    assert drawings(load(overlay=overlay)) == {
        "gallery": [(image, "mixture")],
        "losses": [(image, "templates")],
        # Of no model; and of the one that learns templates.
        "samples": [(image, None)],
        "templates": [(image, "templates")],
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
    values = CASE | {"protocol": PROTOCOL | {"weighting": [1, 2]}, "sizes": [2], "time_grid": {"times": 3}}
    with pytest.raises(EdgememError, match=r"weighting: one lambda for each of the 3 times is needed \(got 2\)"):
        TrainSpec.parse(json.dumps(values))
