"""The default campaign is complete, and its protocols are those that were measured and published."""

import re

import pytest
import yaml

from edgemem.config import reference
from edgemem.config.campaign import GRIDS, Campaign

from .conftest import ROOT


def test_default_campaign_is_valid(load):
    campaign = load()
    assert campaign.campaign == "quick"
    assert {name: campaign.protocol_of(name) for name in campaign.by_name} == {
        **dict.fromkeys(campaign.by_name, "fast"),
        "image_digits_N30_K4_size8": "image",
    }
    figures = ["losses", "transition", "mechanism", "prediction", "samples", "gallery", "templates"]
    assert [figure.figure for figure in campaign.figures] == figures


def test_default_campaign_names_every_key(default_text: str):
    """Every key of the model stands in the file; the options of figures stand in a comment, as names are shorter."""
    config = yaml.safe_load(default_text)
    example = re.search(r"^# +- (\{figure: .*\})$", default_text, re.MULTILINE)
    assert example
    figure = yaml.safe_load(example[1])
    Campaign.model_validate(config | {"figures": [figure]})
    # Figures that need work of their own belong to experiments.
    comparison, sensitivity, templates = (
        yaml.safe_load((ROOT / f"experiments/{name}.yaml").read_text(encoding="utf-8"))["figures"][place]
        for name, place in (("protocols", -1), ("paper-figures", -1), ("images", 3))
    )

    # Families differ in their keys.
    missing = [
        f"settings[].{key}"
        for setting in config["settings"]
        for key in GRIDS[setting["family"]].model_fields
        if key not in setting
    ]
    for key in reference.all_keys():
        place, _, name = key.path.rpartition(".")
        holders = {
            "": [config],
            "settings[]": [{key: value for setting in config["settings"] for key, value in setting.items()}],
            "protocols.NAME": list(config["protocols"].values()),
            "figures[]": [figure | comparison | sensitivity | templates],
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
    common = {"warmup": 0.1, "weighting": "eps", "initialization": "partial_memorization", "minibatch": None}
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
    assert campaign.model_sizes.model_dump() == {"coarse": 10, "fine": 10, "probe": 500}


def test_default_campaign_varies_what_predictions_depend_on(load):
    """With one variance the paper's prediction is one number for all settings, and cannot be refuted."""
    settings = load().by_name.values()
    assert len({setting.variance for setting in settings}) > 1
    assert len({setting.N for setting in settings}) > 1


def test_defaults_of_the_model_are_those_of_the_default_campaign(load):
    """What a file leaves out is what the default campaign says."""
    campaign, defaults = load(), Campaign.model_fields
    for key in ("model_sizes", "sampling", "evaluation", "datasets", "regression"):
        assert getattr(campaign, key) == defaults[key].default


@pytest.mark.parametrize("file", sorted((ROOT / "experiments").glob("*.yaml")), ids=lambda file: file.stem)
def test_experiments_are_valid_overlays_with_names_of_their_own(load, file):
    assert load(experiment=file.read_text(encoding="utf-8")).campaign != load().campaign


@pytest.mark.parametrize(
    ("name", "points", "published"),
    [("paper", 4000, 5_000_000), ("images", 16_000, 10_000_000), (None, None, None)],
)
def test_collected_costs_are_compared_with_the_protocol_of_the_paper(load, name, points, published):
    """Each family has a published protocol of its own; where two protocols are used there is nothing to compare."""
    overlays = {name: (ROOT / f"experiments/{name}.yaml").read_text(encoding="utf-8")} if name else {}
    spec = load(**overlays).collect_spec()
    assert (spec.points, spec.published_points) == (points, published)
    assert set(spec.protocols) == set(load(**overlays).by_name)


def test_family_without_a_protocol_is_refused(problems, default_text: str):
    (message,) = problems(default=default_text.replace("{gaussian: fast, image: image}", "{gaussian: fast}"))
    assert message.startswith("config.yaml: protocol: settings[2] is of the family 'image', which has no protocol")
    assert "protocol: {image: fast}" in message
