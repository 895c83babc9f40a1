"""Keys, which tell files of the same setting, seed and model apart by what made them."""

import hashlib
import json

import pytest

from edgemem import pieces
from edgemem.config.base import key
from edgemem.config.evaluate import EvaluateSpec, Evaluation
from edgemem.config.protocol import Protocol
from edgemem.config.train import TrainSpec


PROTOCOL = {"steps": 10, "draws": 2, "peak_lr": 0.1, "final_lr": 0.01}
CASE = {
    "setting": {"family": "gaussian", "N": 12, "d": 3, "K": 2},
    "seed": 1,
    "model": "m",
    "denoiser": "isotropic_mixture",
}
TRAIN = CASE | {"sizes": [3], "protocol": PROTOCOL, "time_grid": {"times": 3}}
EVALUATE = CASE | {"sampling": {"times": 3}, "evaluation": {"draws": 5}}


def test_key_is_the_hash_of_what_made_a_file():
    """Of the canonical JSON of its specs, without setting, seed and model, and without what is at its default."""
    train = (
        '{"denoiser":"isotropic_mixture","protocol":{"draws":2,"final_lr":0.01,"peak_lr":0.1,"steps":10},'
        '"sizes":[3],"time_grid":{"times":3}}'
    )
    evaluate = '{"denoiser":"isotropic_mixture","evaluation":{"draws":5},"sampling":{"times":3}}'
    specs = TrainSpec.model_validate(TRAIN), EvaluateSpec.model_validate(EVALUATE)
    assert key(specs[0]) == hashlib.sha256(f"[{train}]".encode()).hexdigest()[:8]
    assert key(*specs) == hashlib.sha256(f"[{train},{evaluate}]".encode()).hexdigest()[:8]


def test_key_that_is_added_with_a_default_renames_no_file():
    """A later version of the code has one more key in each of the models that a spec is made of."""

    class LaterProtocol(Protocol):
        momentum: float = 0.9

    class LaterTrainSpec(TrainSpec):
        protocol: LaterProtocol
        precision: str = "float32"

    class LaterEvaluation(Evaluation):
        bins: int = 10

    class LaterEvaluateSpec(EvaluateSpec):
        evaluation: LaterEvaluation

    now = TrainSpec.model_validate(TRAIN), EvaluateSpec.model_validate(EVALUATE)
    later = LaterTrainSpec.model_validate(TRAIN), LaterEvaluateSpec.model_validate(EVALUATE)
    assert later[0].canonical() != now[0].canonical()
    assert key(later[0]) == key(now[0])
    assert key(*later) == key(*now)
    assert key(LaterTrainSpec.model_validate(TRAIN | {"precision": "float64"})) != key(now[0])


def test_key_is_the_same_for_all_settings_and_seeds(load):
    """They stand in the path, so a key says what is the same for all of a campaign's files of a model."""
    campaign = load(overlay="models: {mixture: {families: null}}")
    jobs = [(case.setting.name, seed, case.model) for case in campaign.cases for seed in campaign.seeds]
    assert len(jobs) == 18
    for setting, seed, model in jobs:
        train = campaign.train_spec(setting, seed, model)
        assert key(train) == campaign.study.model_keys[model]
        evaluate = campaign.evaluate_spec(setting, seed, model)
        assert key(train, evaluate) == campaign.study.evaluation_keys[model]


def test_values_at_their_defaults_may_be_left_out(load):
    spelled = """
        denoiser: isotropic_mixture
        options: {}
        sizes: {coarse: 10, fine: 10, probe: 500}
        protocol: long
        snapshots: 1
        families: [gaussian]
        settings: null
    """
    long = """
        steps: 100
        draws: 1
        points_per_step: null
        peak_lr: 1e-2
        final_lr: 0.001
        warmup: 0.1
        decay: null
        lr_multipliers: {}
        clip_norm: null
        update_ema: null
        weighting: eps
        initialization: training_samples
        initial_variance: null
        times: independent
        minibatch: null
    """
    overlay = f"""
models:
  short: {{denoiser: isotropic_mixture, protocol: short}}
  spelled: {spelled}
protocols:
  short: {{steps: 100, draws: 1, peak_lr: 0.01, final_lr: 0.001}}
  long: {long}
"""
    study = load(overlay=overlay).study
    assert study.model_keys["short"] == study.model_keys["spelled"]
    assert study.evaluation_keys["short"] == study.evaluation_keys["spelled"]


# What makes other models, and so other evaluations.
TRAINING = [
    *(
        f"protocols: {{fast: {{{changed}}}}}"
        for changed in (
            *("steps: 4001", "draws: 2", "peak_lr: 0.02", "final_lr: 0.0001", "warmup: 0.2", "decay: 0.4"),
            *("clip_norm: 99", "update_ema: 0.5", "weighting: x0", "initialization: random", "initial_variance: 0.1"),
            *(
                "weighting: {preset: min_snr, gamma: 4}",
                "weighting: {preset: eps, interval: [0.1, 0.5]}",
                "times: independent",
            ),
            *("minibatch: 20", "lr_multipliers: {mean: 2}", "points_per_step: 64, draws: null"),
        )
    ),
    *(
        f"models: {{mixture: {{{changed}}}}}"
        for changed in (
            *("sizes: {coarse: 9}", "sizes: {fine: 9}", "sizes: {probe: 501}", "sizes: [10, 20]"),
            *("sizes: [0.5 N, N]", "options: {weights: learned}"),
            *("snapshots: 2", "snapshots: [10, 4000]", "protocol: paper"),
        )
    ),
    *(f"sampling: {{{changed}}}" for changed in ("times: 25", "t_min: 0.002", "t_max: 0.99")),
]
# What measures the same models otherwise.
MEASURING = [
    "sampling: {sampler: ddpm}",
    *(
        f"evaluation: {{{changed}}}"
        for changed in ("generated: 100", "threshold: 1/2", "draws: 21", "test_samples: 99")
    ),
]
# What no file of a model is made of.
NEITHER = [
    "campaign: other",
    "seeds: [7]",
    "settings: [{family: gaussian, N: 60, d: 3, K: 2}]",
    "models: {few: {denoiser: isotropic_mixture, protocol: paper}}",
    "models: {mixture: {settings: [gaussian_N50_d30_K3]}, rest: {denoiser: isotropic_mixture, protocol: fast}}",
    "protocols: {paper: {steps: 7}, mine: {steps: 1, draws: 1, peak_lr: 1, final_lr: 1}}",
    "datasets: {fashion_mnist: elsewhere}",
    "regression: {holdout: 0.5}",
    "figures: [losses]",
]


@pytest.mark.parametrize("overlay", [*TRAINING, *MEASURING, *NEITHER])
def test_key_follows_what_made_the_file_and_nothing_else(load, overlay: str):
    before, after = load().study, load(overlay=overlay).study
    other_models = before.model_keys["mixture"] != after.model_keys["mixture"]
    other_evaluations = before.evaluation_keys["mixture"] != after.evaluation_keys["mixture"]
    assert other_models == (overlay in TRAINING)
    assert other_evaluations == (overlay in TRAINING + MEASURING)


def test_every_key_of_a_protocol_is_among_those_tried():
    tried = " ".join(TRAINING)
    assert [name for name in Protocol.model_fields if f"{{{name}: " not in tried] == []


def test_models_that_differ_in_nothing_but_their_name_are_other_files_with_one_key(load):
    campaign = load(overlay="models: {again: {denoiser: isotropic_mixture, protocol: fast}}")
    assert campaign.study.model_keys["again"] == campaign.study.model_keys["mixture"]


def test_sensitivity_has_a_key_of_its_own(load):
    figure = "figures: [{figure: sensitivity, points: [70]}]"
    before = load(overlay=figure)
    assert set(before.sensitivity_keys) == {"mixture", "templates"}
    for changed, renamed in (
        ("figures: [{figure: sensitivity, points: [70, 80]}]", True),
        (f"{figure}\nevaluation: {{generated: 100}}", True),
        (f"{figure}\nprotocols: {{fast: {{steps: 7}}}}", True),
        # Losses alone are other ones.
        (f"{figure}\nevaluation: {{draws: 30}}", False),
    ):
        after = load(overlay=changed)
        assert (before.sensitivity_keys["mixture"] != after.sensitivity_keys["mixture"]) == renamed
    assert load().sensitivity_keys == {}


def test_barriers_have_a_key_of_both_ends_and_of_their_options(load):
    """Of each case where paths begin; what is only drawn, or trained elsewhere, renames nothing."""
    models = "models: {start: {denoiser: isotropic_mixture, protocol: slow, families: [gaussian]}}\n"
    slow = "protocols: {{slow: {{steps: {}, draws: 1, peak_lr: 0.1, final_lr: 0.1}}{}}}\n"
    figure = "figures: [{{figure: barrier, to: start{}}}]\n"
    case = "gaussian_N50_d30_K3/mixture"
    before = load(overlay=models + slow.format(9, "") + figure.format("")).barrier_keys
    assert set(before) == {f"{name}/mixture" for name in load().by_name if name.startswith("gaussian")}
    for overlay, renamed in (
        (slow.format(8, "") + figure.format(""), True),
        (slow.format(9, ", fast: {steps: 7}") + figure.format(""), True),
        (slow.format(9, ", image: {steps: 7}") + figure.format(""), False),
        (slow.format(9, "") + figure.format(", settings: [gaussian_N50_d30_K3]"), False),
        *((slow.format(9, "") + figure.format(f", {option}"), True) for option in
          ("fractions: [0.5]", "places: 11", "steps: 5", "generated: 60", "sizes: [5]")),
    ):  # fmt: skip
        after = load(overlay=models + overlay).barrier_keys
        assert (before[case] != after[case]) == renamed, overlay
    assert load().barrier_keys == {}


def test_agreement_has_a_key_of_training_and_of_what_it_generates(load):
    """Of each case of part 1; losses alone, and models trained elsewhere, rename nothing."""
    parts = "settings: [{family: gaussian, N: 50, d: 3, K: 2, part: [1, 2]}]\nfigures: [agreement]\n"
    case, models = "gaussian_N50_d3_K2/mixture", "models: {templates: null}\n"
    before = load(overlay=parts + models).agreement_keys
    assert set(before) == {case}
    for overlay, renamed in (
        ("protocols: {fast: {steps: 7}}", True),
        ("protocols: {image: {steps: 7}}", False),
        ("sampling: {times: 30}", True),
        ("evaluation: {generated: 60}", True),
        ("evaluation: {threshold: 0.4}", True),
        ("evaluation: {draws: 30}", False),
    ):
        after = load(overlay=parts + models + overlay).agreement_keys
        assert (before[case] != after[case]) == renamed, overlay
    assert load().agreement_keys == {}


NETWORK = """
from edgemem.denoisers.abstract import AbstractDenoiser


class Network(AbstractDenoiser):
    starts = {"random": ()}
    options = {OPTIONS}

    @staticmethod
    def n_parameters(size, dim, **options):
        return size * dim
"""


def test_option_of_a_denoiser_at_its_default_is_no_part_of_the_key(load, tmp_path):
    """So an option that is added to a denoiser later renames no file either."""

    def key_of(options: dict, written: str) -> str:
        file = tmp_path / "network.py"
        file.write_text(NETWORK.replace("{OPTIONS}", repr(options)), encoding="utf-8")
        overlay = {
            "extensions": [str(file)],
            "protocols": {"random": PROTOCOL | {"initialization": "random"}},
            "models": {
                "network": {"denoiser": "network", "sizes": [16], "protocol": "random", "options": json.loads(written)}
            },
        }
        return load(overlay=json.dumps(overlay)).study.model_keys["network"]

    plain = key_of({}, "{}")
    assert key_of({"layers": 2, "activation": ("relu", "silu")}, "{}") == plain
    assert key_of({"layers": 2, "activation": ("relu", "silu")}, '{"activation": "relu", "layers": 2}') == plain
    changed = key_of({"layers": 2}, '{"layers": 3}')
    assert changed != plain
    assert key_of({"layers": 3}, "{}") == plain
    assert pieces.declared("network").defaults() == {"layers": 3}
