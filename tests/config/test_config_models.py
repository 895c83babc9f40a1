"""Models in the configuration: what is trained on which data, at which sizes and steps."""

import json
from pathlib import Path

import pytest

from edgemem.config.models import SizeContour, SizeGrid, snapshot_steps
from edgemem.config.train import TrainSpec


IMAGE = "image_digits_N30_K4_size8"
RANDOM = "{steps: 10, draws: 1, peak_lr: 0.1, final_lr: 0.1, initialization: random}"


def trained(campaign) -> dict[str, list[str]]:
    """Return the settings that each model is trained on."""
    return {name: model.settings for name, model in campaign.study.models.items()}


def test_model_without_families_is_trained_on_all_that_it_can_serve(load):
    """A mixture of Gaussians needs nothing of its data, so that images are data as any; templates need templates."""
    overlay = "models: {mixture: {families: null}, templates: {families: null}}"
    campaign = load(overlay=overlay)
    assert trained(campaign) == {"mixture": list(campaign.by_name), "templates": [IMAGE]}
    train = campaign.train_spec(IMAGE, 1, "mixture")
    assert (train.denoiser, train.setting.family) == ("isotropic_mixture", "image")


def test_null_takes_out_a_model(load):
    campaign = load(overlay="models: {templates: null, mixture: {families: null}}")
    assert trained(campaign) == {"mixture": list(campaign.by_name)}
    assert "templates" not in campaign.entries


def test_null_takes_out_a_protocol(load):
    campaign = load(overlay="protocols: {paper: null, image_paper: null}")
    assert list(campaign.protocols_by_name) == ["fast", "image"]


def test_model_of_families_that_a_campaign_lacks_is_not_trained(load):
    """So a campaign of one family need not take out the default models of the others."""
    campaign = load(overlay="settings: [{family: gaussian, N: 50, d: 2, K: 2}]")
    assert trained(campaign) == {"mixture": ["gaussian_N50_d2_K2"]}


def test_several_models_on_one_setting(load):
    overlay = f"""
        models:
          random: {{denoiser: isotropic_mixture, protocol: random, sizes: [10, 20], settings: [{IMAGE}]}}
          often: {{denoiser: isotropic_mixture, protocol: fast, snapshots: 4, families: [image]}}
        protocols: {{random: {RANDOM}}}
    """
    campaign = load(overlay=overlay)
    assert [case.model for case in campaign.cases if case.setting.name == IMAGE] == ["templates", "random", "often"]
    specs = {model: campaign.train_spec(IMAGE, 2, model) for model in ("templates", "random", "often")}
    assert [spec.denoiser for spec in specs.values()] == ["coloured_templates", *["isotropic_mixture"] * 2]
    assert specs["random"].sizes == [10, 20]
    assert specs["often"].sizes == SizeGrid()
    assert specs["often"].snapshots == 4
    assert specs["random"].protocol.initialization == "random"
    assert {spec.seed for spec in specs.values()} == {2}


def test_overlay_of_a_model_keeps_its_other_keys(load):
    campaign = load(overlay="models: {mixture: {sizes: [10, 20]}}")
    assert campaign.entries["mixture"].model_dump() == load().entries["mixture"].model_dump() | {"sizes": [10, 20]}
    assert campaign.entries["templates"] == load().entries["templates"]


@pytest.mark.parametrize(
    ("snapshots", "steps", "kept"),
    [
        (1, 4000, [4000]),
        (2, 10_000, [100, 10_000]),
        (3, 1000, [10, 100, 1000]),
        (4, 16, [2, 4, 8, 16]),
        # 3^(k/5) is 1.2, 1.6, 1.9, 2.4, 3.
        (5, 3, [1, 2, 3]),
        (1000, 2, [1, 2]),
        ([3, 7], 10, [3, 7]),
    ],
)
def test_snapshots_are_evenly_spaced_in_the_logarithm_of_the_step(snapshots, steps: int, kept: list[int]):
    assert snapshot_steps(snapshots, steps) == kept


def test_mixtures_for_each_time_have_the_times_of_the_campaign(load):
    """In all that reads a model, also where points are generated on other times; other models have no such option."""
    one = "mixture: {denoiser: per_time_mixture}, plain: {denoiser: isotropic_mixture, protocol: fast}"
    overlay = f"models: {{{one}}}\nfigures: [{{figure: sensitivity, times: [40]}}]\n"
    job = "gaussian_N50_d30_K3", 1, "mixture"
    usual, other = load(overlay=overlay), load(overlay=overlay + "sampling: {times: 12, t_max: 0.9}")
    for campaign, options in ((usual, {}), (other, {"times": 12, "t_max": 0.9})):
        specs = campaign.train_spec(*job), campaign.evaluate_spec(*job), campaign.sensitivity_spec(*job)
        assert [spec.options for spec in specs] == [options] * 3
        assert TrainSpec.parse(specs[0].canonical()) == specs[0]
        assert campaign.study.models["plain"].options == {}


NETWORK = """
from edgemem.denoisers.abstract import AbstractDenoiser


class Network(AbstractDenoiser):
    starts = {"random": ()}
    options = {"layers": 2, "rate": 0.5, "activation": ("relu", "silu"), "bias": True}

    @staticmethod
    def n_parameters(size, dim, **options):
        return size * dim
"""


@pytest.fixture
def network(tmp_path: Path):
    """A function that returns an overlay with a denoiser that has no components, and options."""

    def overlay(**keys) -> str:
        (tmp_path / "network.py").write_text(NETWORK, encoding="utf-8")
        model = {"denoiser": "network", "protocol": "random"} | keys
        protocol = {"steps": 10, "draws": 1, "peak_lr": 0.1, "final_lr": 0.1, "initialization": "random"}
        return json.dumps(
            {"extensions": ["network.py"], "models": {"network": model}, "protocols": {"random": protocol}}
        )

    return overlay


def test_size_grid_of_a_denoiser_without_components_is_refused(problems, network):
    """Its size cannot be compared with N."""
    for keys in ({}, {"sizes": {"coarse": 5}}):
        (line,) = problems(overlay=network(**keys))
        assert line.startswith("overlay.yaml: models.network.sizes: sizes of network are no numbers of components")
        assert "list them, as in sizes: [16, 32, 64]" in line


def test_sizes_of_a_denoiser_without_components_are_listed(load, network):
    campaign = load(overlay=network(sizes=[16, 4]))
    assert campaign.study.models["network"].sizes == [4, 16]
    assert campaign.study.models["network"].provides == []


def test_start_that_a_denoiser_does_not_have_is_refused(problems, network):
    (line,) = problems(overlay=network(sizes=[16], protocol="fast"))
    assert line == (
        "config.yaml: protocols.fast.initialization: there is no start 'training_samples' (allowed: random); "
        "the model 'network' is trained with this protocol"
    )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ({}, {}),
        ({"layers": 2, "rate": 0.5, "activation": "relu", "bias": True}, {}),
        ({"layers": 3, "rate": 1, "activation": "silu"}, {"layers": 3, "rate": 1.0, "activation": "silu"}),
        ({"bias": False}, {"bias": False}),
    ],
)
def test_options_of_a_denoiser_are_kept_where_they_differ_from_their_defaults(load, network, written, kept):
    options = load(overlay=network(sizes=[16], options=written)).study.models["network"].options
    assert options == kept
    assert [type(value) for value in options.values()] == [type(value) for value in kept.values()]


@pytest.mark.parametrize(
    ("options", "key", "said"),
    [
        (
            {"layer": 3},
            "layer",
            "there is no option 'layer'; did you mean 'layers'? (allowed: activation, bias, layers,",
        ),
        ({"layers": 2.5}, "layers", "must be like its default, 2 (got 2.5)"),
        ({"layers": True}, "layers", "must be like its default, 2 (got True)"),
        ({"rate": "fast"}, "rate", "must be like its default, 0.5 (got 'fast')"),
        ({"activation": "tanh"}, "activation", "must be one of 'relu', 'silu' (got 'tanh')"),
        ({"bias": 1}, "bias", "must be like its default, True (got 1)"),
    ],
)
def test_wrong_option_of_a_denoiser_is_refused(problems, network, options: dict, key: str, said: str):
    (line,) = problems(overlay=network(sizes=[16], options=options))
    assert line.startswith(f"overlay.yaml: models.network.options.{key}: {said}")


def test_denoiser_without_components_is_no_candidate_of_a_comparison(problems, network):
    """Protocols are compared by the learned variance, too."""
    figure = {"figure": "protocols", "candidates": ["network"], "references": {}}
    overlay = json.loads(network(sizes=[16])) | {"figures": [figure]}
    (line,) = problems(overlay=json.dumps(overlay))
    assert line == (
        "overlay.yaml: figures[0].candidates: network learns no variance, by which models are compared "
        "(allowed: mixture, templates)"
    )


def test_sizes_between_two_ends(load, network):
    """Also of a denoiser without components, and as multiples of N of one with them."""
    ends = {"smallest": 4, "largest": 64}
    sizes = load(overlay=network(sizes=ends)).entries["network"].sizes
    assert sizes == SizeContour(smallest=4, largest=64, count=8, probe=500)
    assert SizeContour(smallest=2, largest="0.5 N").ends(50) == [2, 25]


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ({"smallest": 64, "largest": 64}, "sizes.smallest: smallest must be below largest (got 64 and 64 with N = "),
        ({"smallest": 4, "largest": "N"}, "sizes: sizes of network are no numbers of components"),
        ({"smallest": 4}, "sizes.largest: this key is required"),
    ],
)
def test_ends_that_hold_no_sizes_are_refused(problems, network, ends: dict[str, int | str], message: str):
    (line,) = problems(overlay=network(sizes=ends))
    assert line.startswith(f"overlay.yaml: models.network.{message}")
