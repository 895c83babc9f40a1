"""The default campaign is complete, and its protocols are those that were measured and published."""

import re

import pytest
import yaml

from edgemem import pieces
from edgemem.analysis.published import TRAINING_POINTS
from edgemem.config import reference
from edgemem.config.campaign import Campaign
from edgemem.config.file_list import files_of
from edgemem.config.models import ModelEntry

from .conftest import ROOT


def test_default_campaign_is_valid(load):
    campaign = load()
    assert campaign.campaign == "quick"
    assert [(case.setting.name, case.model) for case in campaign.cases] == [
        *((name, "mixture") for name in campaign.by_name if name.startswith("gaussian")),
        ("image_digits_N30_K4_size8", "templates"),
    ]
    trained = {name: (model.denoiser, model.protocol_name) for name, model in campaign.study.models.items()}
    assert trained == {"mixture": ("isotropic_mixture", "fast"), "templates": ("coloured_templates", "image")}
    figures = ["transition", "losses", "mechanism", "prediction", "samples", "gallery", "templates"]
    assert [figure.figure for figure in campaign.figures] == figures


# Keys of entries of `models` that stand only in the example of a comment.
COMMENTED = {"options", "settings"}
# Axes at their defaults, which a comment names: of mixtures, and of all families.
OTHER_SHAPES = {
    *("weight_exponent", "variance_ratio", "spectrum_exponent", "spectrum_ratio", "duplicated", "occurrences"),
    "part",
}


def test_default_campaign_names_every_key(default_text: str):
    """Every key of the model stands in the file; the options of figures stand in a comment, as names are shorter."""
    config = yaml.safe_load(default_text)
    example = re.search(r"^# +- (\{figure: .*\})$", default_text, re.MULTILINE)
    assert example
    figure = yaml.safe_load(example[1])
    Campaign.model_validate(config | {"figures": [figure]})
    # Figures that need work of their own belong to experiments.
    comparison, sensitivity, templates, barrier, course = (
        yaml.safe_load((ROOT / f"experiments/{name}.yaml").read_text(encoding="utf-8"))["figures"][place]
        for name, place in (("protocols", -1), ("paper-figures", -1), ("images", 3), ("barrier", 0), ("time", 0))
    )
    (another,) = re.findall(r"^ +# (\w+: \{denoiser: .*\})$", default_text, re.MULTILINE)
    Campaign.model_validate(config | {"models": config["models"] | yaml.safe_load(another)})
    assert next(iter(yaml.safe_load(another).values())).keys() >= COMMENTED

    weighting = yaml.safe_load(re.search(r"^ +#   (weighting: \{.*\})$", default_text, re.MULTILINE)[1])
    Campaign.model_validate(config | {"protocols": {name: p | weighting for name, p in config["protocols"].items()}})

    flow = yaml.safe_load(re.search(r"^ +#   (flow: \{.*\})$", default_text, re.MULTILINE)[1])
    Campaign.model_validate(config | {"protocols": config["protocols"] | flow})

    contour = yaml.safe_load(re.search(r"^# +(sizes: \{.*\})$", default_text, re.MULTILINE)[1])
    Campaign.model_validate(config | {"models": {name: m | contour for name, m in config["models"].items()}})

    (shapes,) = re.findall(r"^# +(weight_exponent.*\n# +part:.*)$", default_text, re.MULTILINE)
    assert set(re.findall(r"\w+", shapes)) >= OTHER_SHAPES

    # Families differ in their keys.
    missing = [
        f"settings[].{key}"
        for setting in config["settings"]
        for key in pieces.setting_class(setting["family"]).model_fields
        if key not in setting and key not in OTHER_SHAPES
    ]
    for key in reference.all_keys():
        place, _, name = key.path.rpartition(".")
        holders = {
            "": [config],
            "settings[]": [{key for setting in config["settings"] for key in setting} | OTHER_SHAPES],
            "models.NAME": [model | dict.fromkeys(COMMENTED) for model in config["models"].values()],
            "models.NAME.sizes": [model["sizes"] | contour["sizes"] for model in config["models"].values()],
            "protocols.NAME": [protocol | flow["flow"] for protocol in config["protocols"].values()],
            "protocols.NAME.weighting": [weighting["weighting"]],
            "figures[]": [figure | comparison | sensitivity | templates | barrier | course],
        }.get(place) or [config[place]]
        missing += [key.path for holder in holders if name not in holder]
    assert missing == []


def test_every_key_of_the_default_campaign_has_a_comment(default_text: str):
    """Beside it or above it, for the top level; a comment above a list speaks for its keys."""
    lines = default_text.splitlines()
    top = [i for i, line in enumerate(lines) if re.match(r"\w+:", line)]
    assert [lines[i] for i in top if "#" not in lines[i] + lines[i - 1] and lines[i] != "protocols:"] == []


# Section 6 of the paper's summary, and the measurements that led to `fast` (docs/protocols.md).
PROTOCOLS = {
    "fast": {
        "steps": 4000,
        "draws": 1,
        "peak_lr": 1e-2,
        "final_lr": 1e-5,
        "decay": 0.5,
        "clip_norm": 100,
        "update_ema": None,
        "times": "stratified",
    },
    "image": {
        "steps": 16_000,
        "draws": 1,
        "peak_lr": 1e-2,
        "final_lr": 1e-5,
        "decay": 0.5,
        "clip_norm": 30,
        "update_ema": None,
        "times": "stratified",
        "lr_multipliers": {"template": 0.01, "colour_mean": 0.3},
    },
    "image_paper": {
        "steps": 100_000,
        "draws": 100,
        "peak_lr": 1e-3,
        "final_lr": 1e-6,
        "decay": None,
        "clip_norm": None,
        "update_ema": 0.1,
        "times": "independent",
    },
    "paper": {
        "steps": 50_000,
        "draws": 100,
        "peak_lr": 1e-3,
        "final_lr": 1e-6,
        "decay": None,
        "clip_norm": None,
        "update_ema": 0.99,
        "times": "independent",
    },
}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_protocols_have_the_published_values(load, name: str):
    common = {"warmup": 0.1, "weighting": "eps", "minibatch": None, "points_per_step": None}
    common |= {"initialization": "training_samples", "initial_variance": None}
    assert load().protocols[name].model_dump() == {"lr_multipliers": {}} | PROTOCOLS[name] | common


def test_the_comparison_of_protocols_is_of_this_one(load):
    """What was found to be the cheapest is what is the default."""
    experiment = load(experiment=(ROOT / "experiments/protocols.yaml").read_text(encoding="utf-8"))
    assert experiment.protocols["even-4000"] == load().protocols["fast"]
    experiment = load(experiment=(ROOT / "experiments/image-protocols.yaml").read_text(encoding="utf-8"))
    assert experiment.protocols["image-16000"] == load().protocols["image"]


def test_time_grid_and_measurements_have_the_published_values(load):
    campaign = load()
    assert campaign.sampling.model_dump() == {"sampler": "ddim", "times": 26, "t_min": 0.001, "t_max": 0.999}
    assert campaign.evaluation.threshold == 1 / 3
    assert campaign.evaluation.test_samples == 100
    for model in campaign.entries.values():
        assert model.sizes.model_dump() == {"coarse": 10, "fine": 10, "probe": 500}


def test_default_campaign_varies_what_predictions_depend_on(load):
    """With one variance the paper's prediction is one number for all settings, and cannot be refuted."""
    settings = load().by_name.values()
    assert len({setting.variance for setting in settings}) > 1
    assert len({setting.N for setting in settings}) > 1


def test_defaults_of_the_model_are_those_of_the_default_campaign(load):
    """What a file leaves out is what the default campaign says."""
    campaign, defaults = load(), Campaign.model_fields
    for key in ("sampling", "evaluation", "datasets", "regression", "extensions"):
        assert getattr(campaign, key) == defaults[key].default
    for model in campaign.entries.values():
        for key in ("sizes", "snapshots", "options", "settings"):
            assert getattr(model, key) == ModelEntry.model_fields[key].default


# Settings, seeds, and models with the number of settings that each is trained on.
EXPERIMENTS = {
    "image-protocols": (1, 3, dict.fromkeys(
        ["image-long", "image-16000", "image-8000", "image-4000", "clip-1000", "fast-templates", "one-rate"], 1
    )),
    "barrier": (1, 5, {"from_samples": 1, "from_means": 1}),
    "images": (1, 5, {"templates": 1}),
    "paper": (64, 3, {"mixture": 64}),
    "paper-figures": (1, 10, {"mixture": 1}),
    "paper-seeds": (8, 5, {"mixture": 8}),
    "protocols": (5, 3, {"paper": 1, "long": 4} | dict.fromkeys(
        ["draws-4-5000", "even-4000", "even-2500", "even-2000", "even-1500", "independent-2500"], 5
    )),
    "refute": (42, 5, {"mixture": 42}),
    "copies": (6, 5, {"mixture": 6}),
    "starts": (4, 5, dict.fromkeys(
        ["samples", "samples-small", "samples-wide", "fresh", "means", "random", "kmeans", "up", "down"], 4
    ) | dict.fromkeys(["learned", "learned-fresh"], 1) | dict.fromkeys(
        [f"{start}-{how}" for start in ("means", "fresh", "random") for how in ("long", "hot", "noisy")], 1
    )),
    "networks-images": (6, 3, {"unet": 6}),
    "network-protocols": (3, 3, dict.fromkeys(
        ["rate-1e-3", "rate-3e-4", "rate-3e-3", "rate-1e-2", "points-32", "points-512", "times-independent",
         "unclipped", "falling"], 3
    )),
    **dict.fromkeys(["per-time-protocols", "low-rank-protocols"], (2, 3, dict.fromkeys(
        ["even-4000", "even-8000", "even-16000", "draws-4-4000", "draws-4-8000", "long"], 2
    ))),
    "random-features": (11, 5, {"features": 8, "samples": 4} | dict.fromkeys(
        ["score", "unbiased", "drawn1", "drawn2"], 2
    )),
    "random-features-ddpm": (11, 5, {"features": 8, "samples": 4, "unbiased": 2}),
    "random-features-losses": (7, 5, {"time": 6} | dict.fromkeys(["draws1", "draws2", "draws4", "all_draws"], 1)),
    "size-time": (4, 3, {"mlp": 4, "from_samples": 4, "from_means": 4}),
    "agreement": (8, 3, {"mlp": 8}),
    "time": (5, 4, {"mlp": 5}),
    "weights": (4, 3, dict.fromkeys(["eps", "v", "x0", "min-snr", "edm", "log-snr", "low", "mid", "high"], 4)),
}  # fmt: skip


def test_every_experiment_is_known():
    assert sorted(file.stem for file in (ROOT / "experiments").glob("*.yaml")) == sorted(EXPERIMENTS)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments_are_valid_overlays_with_names_of_their_own(load, name: str):
    experiment = load(experiment=(ROOT / f"experiments/{name}.yaml").read_text(encoding="utf-8"))
    assert experiment.campaign == name
    settings, seeds, models = EXPERIMENTS[name]
    assert len(experiment.by_name) == settings
    assert len(experiment.seeds) == seeds
    trained = experiment.study.models
    assert {name: len(model.settings) for name, model in trained.items()} == models
    # Tables and figures apart, the campaign makes a data set, models and evaluations of each.
    with_components = {of for model in trained.values() if "components" in model.provides for of in model.settings}
    count = {
        "sample": settings,
        "geometry": len(with_components),
        "train": sum(models.values()),
        "evaluate": sum(models.values()),
    }
    for stage, of_stage in count.items():
        assert len([file for file in files_of(experiment) if file.stage == stage]) == of_stage * seeds


def test_experiments_that_compare_protocols_train_a_model_with_each(load):
    """Models differ in nothing but their protocols, whose names they have."""
    for name in ("protocols", "image-protocols", "per-time-protocols", "low-rank-protocols"):
        experiment = load(experiment=(ROOT / f"experiments/{name}.yaml").read_text(encoding="utf-8"))
        models = experiment.study.models
        assert all(model.protocol_name == name for name, model in models.items())
        assert (
            len({(model.denoiser, str(model.sizes), model.snapshots, str(model.options)) for model in models.values()})
            == 1
        )
        compared = experiment.compare_spec()
        assert {*compared.candidates, *compared.references.values()} == set(models)


@pytest.mark.parametrize(
    ("name", "trained"),
    [
        ("paper", {"isotropic_mixture": (4000, 5_000_000)}),
        ("images", {"coloured_templates": (16_000, 10_000_000)}),
        (None, {"isotropic_mixture": (4000, 5_000_000), "coloured_templates": (16_000, 10_000_000)}),
    ],
)
def test_collected_costs_are_compared_with_the_protocol_of_the_paper(load, name, trained):
    """Each denoiser has a published protocol of its own, in the default campaign too; points that training sees."""
    overlays = {name: (ROOT / f"experiments/{name}.yaml").read_text(encoding="utf-8")} if name else {}
    models = load(**overlays).collect_spec().models.values()
    assert {model.denoiser: (model.protocol.points(50), TRAINING_POINTS[model.denoiser]) for model in models} == trained
    protocols = load().protocols_by_name
    assert [protocols[name].points(50) for name in ("paper", "image_paper")] == [5_000_000, 10_000_000]
