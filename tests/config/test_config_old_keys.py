"""Configurations of earlier versions are refused with the text of today, and that text is accepted in their place."""

import re

import pytest
import yaml

from edgemem.config.old_keys import RENAMED


# An overlay as it was written for an earlier version; the same for this one.
OVERLAYS = {
    "sizes": (
        "model_sizes: {coarse: 6, fine: 0}",
        "models: {mixture: {sizes: {coarse: 6, fine: 0}}, templates: {sizes: {coarse: 6, fine: 0}}}",
    ),
    "list of sizes": (
        "{model_sizes: [10, 20], settings: [{family: gaussian, N: 50, d: 2, K: 2}]}",
        "{models: {mixture: {sizes: [10, 20]}}, settings: [{family: gaussian, N: 50, d: 2, K: 2}]}",
    ),
    "one protocol": (
        "{protocol: paper, settings: [{family: gaussian, N: 50, d: 2, K: 2}]}",
        "{models: {mixture: {protocol: paper}}, settings: [{family: gaussian, N: 50, d: 2, K: 2}]}",
    ),
    "protocol for all families": (
        "protocol: paper",
        "models: {mixture: {protocol: paper}, templates: {protocol: paper}}",
    ),
    "protocol of a family": (
        "protocol: {image: image_paper}",
        "models: {mixture: {}, templates: {protocol: image_paper}}",
    ),
    "sizes and protocol of a family": (
        "{model_sizes: {coarse: 5}, protocol: {image: image_paper}, settings: [{family: image, N: 30, K: 4}]}",
        "{models: {templates: {sizes: {coarse: 5}, protocol: image_paper}}, settings: [{family: image, N: 30, K: 4}]}",
    ),
    "names": (
        "{protocols: {fast: {peak_rate: 0.02, final_rate: 1.0e-6, relative_rates: {mean: 0.5}}, "
        "image: {relative_rates: {template: 0.1}}}, regression: {quoted: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.68, 0.7, "
        "0.72, 0.76, 0.79, 0.8, 0.84, 0.88, 0.9, 0.92, 0.96, 1]}}",
        "{protocols: {fast: {peak_lr: 0.02, final_lr: 1.0e-6, lr_multipliers: {mean: 0.5}}, "
        "image: {lr_multipliers: {template: 0.1}}}, regression: {report_fractions: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, "
        "0.68, 0.7, 0.72, 0.76, 0.79, 0.8, 0.84, 0.88, 0.9, 0.92, 0.96, 1]}}",
    ),
    "all at once": (
        "{model_sizes: [10], protocol: mine, settings: [{family: gaussian, N: 50, d: 2, K: 2}], "
        "protocols: {mine: {steps: 10, draws: 1, peak_rate: 1.0e-2, final_rate: 1.0e-3}}}",
        "{models: {mixture: {sizes: [10], protocol: mine}}, settings: [{family: gaussian, N: 50, d: 2, K: 2}], "
        "protocols: {mine: {steps: 10, draws: 1, peak_lr: 1.0e-2, final_lr: 1.0e-3}}}",
    ),
}


def pasted(overlay: str, lines: list[str]) -> dict:
    """Return an overlay in which old keys are replaced by the text of the messages about them."""
    config = yaml.safe_load(overlay)
    for line in lines:
        file, path, message = line.split(": ", 2)
        assert file == "overlay.yaml"
        *above, key = path.split(".")
        place = config
        for name in above:
            place = place[name]
        if not above:
            (old,) = re.findall("instead of (.*) write ", message)
            for name in old.split(" and "):
                del place[name]
        else:
            del place[key]
        place |= yaml.safe_load(message.partition("write ")[2])
    return config


@pytest.mark.parametrize(("old", "new"), OVERLAYS.values(), ids=OVERLAYS)
def test_text_of_the_message_is_accepted_in_place_of_the_old_keys(load, problems, old: str, new: str):
    lines = problems(overlay=old)
    config = pasted(old, lines)
    assert config == yaml.safe_load(new)
    assert load(overlay=yaml.safe_dump(config)) == load(overlay=new)


def test_every_old_key_is_among_those_tried():
    text = " ".join(old for old, _ in OVERLAYS.values())
    assert [key for key in (*RENAMED, "model_sizes", "protocol") if f"{key}: " not in text] == []


def test_message_reads_well(problems):
    lines = problems(overlay="model_sizes: [10]\nprotocol: paper\nregression: {quoted: [0.5]}")
    assert lines == [
        "overlay.yaml: model_sizes: each model has its own sizes and protocol now; instead of model_sizes and protocol "
        "write models: {mixture: {sizes: [10], protocol: paper}, templates: {sizes: [10], protocol: paper}}",
        "overlay.yaml: regression.quoted: has another name now; write report_fractions: [0.5]",
    ]


def test_whole_file_of_an_earlier_version_is_told_its_models(load, problems, default_text: str):
    """A copy of an earlier config.yaml had no `models`: the text has all keys that one needs."""
    config = yaml.safe_load(default_text)
    del config["models"]
    old = config | {"model_sizes": {"coarse": 4}, "protocol": {"gaussian": "fast", "image": "image"}}
    (line,) = problems(default=yaml.safe_dump(old))
    assert line.startswith("config.yaml: model_sizes: ")
    models = yaml.safe_load(line.partition("write ")[2])["models"]
    assert load(default=yaml.safe_dump(config | {"models": models})).cases == load().cases
    assert {name: model["sizes"] for name, model in models.items()} == {
        "mixture": {"coarse": 4},
        "templates": {"coarse": 4},
    }
