"""What jobs ask of a cluster follows the size of their problem, and covers the times that were measured."""

import json
from pathlib import Path

import pytest

from edgemem import pieces
from edgemem.config.agreement import AgreementSpec
from edgemem.config.barrier import BarrierSpec
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.geometry import GeometrySpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.train import TrainSpec
from edgemem.workflow import resources


PROTOCOL = {"steps": 100_000, "draws": 4, "peak_lr": 0.01, "final_lr": 0.001}
SETTING = {"family": "gaussian", "N": 200, "d": 50, "K": 3}
MODEL = {"seed": 1, "model": "mixture", "denoiser": "isotropic_mixture"}


def train_spec(setting: dict | None = None, sizes: object = (100,), **changes: object) -> TrainSpec:
    """Return a training job; changes are of the protocol, or of the model."""
    model = {name: changes.pop(name) for name in ("denoiser", "options", "snapshots") if name in changes}
    spec = {
        "setting": SETTING | (setting or {}),
        "sizes": sizes,
        "protocol": PROTOCOL | changes,
        "time_grid": {},
    }
    return TrainSpec.parse(json.dumps(MODEL | spec | model))


def evaluate_spec(setting: dict | None = None, times: int = 26, **evaluation: object) -> EvaluateSpec:
    """Return an evaluation job."""
    spec = {"setting": SETTING | (setting or {}), "sampling": {"times": times}, "evaluation": evaluation}
    return EvaluateSpec.parse(json.dumps(MODEL | spec))


def sensitivity_spec(**changes: object) -> SensitivitySpec:
    """Return a sensitivity job."""
    spec = {"setting": SETTING, "generated": 2000, "sampling": [{}, {"sampler": "ddpm"}]}
    return SensitivitySpec.parse(json.dumps(MODEL | spec | {"thresholds": [0.5], "points": [100]} | changes))


def barrier_spec(**changes: object) -> BarrierSpec:
    """Return a barrier job."""
    measured = {"places": 21, "draws": 20, "sampling": {}, "generated": 500, "threshold": 0.5}
    paths = {"setting": SETTING, "to": "other", "protocol": PROTOCOL, "sizes": [100]}
    return BarrierSpec.parse(json.dumps(MODEL | paths | measured | changes))


def agreement_spec(**changes: object) -> AgreementSpec:
    """Return an agreement job."""
    measured = {"setting": SETTING, "time_grid": {}, "generated": 2000, "threshold": 0.5}
    return AgreementSpec.parse(json.dumps(MODEL | measured | changes))


def trained(spec: EvaluateSpec | SensitivitySpec, sizes: object = (100,), **changes: object) -> TrainSpec:
    """Return the training job of the models that a job reads."""
    return train_spec(spec.setting.model_dump(), sizes, denoiser=spec.denoiser, **changes)


def minutes(stage: str, *problem: object) -> int:
    """Return the minutes that a job of a stage asks for; the last argument is the attempt."""
    *of, attempt = problem
    return resources.minutes(getattr(resources, f"{stage}_seconds")(*of), attempt)


# Seconds of docs/performance.md, on one core of its machine.
IMAGE = {
    "setting": {"family": "image", "N": 100, "K": 4, "size": 15},
    "seed": 1,
    "model": "templates",
    "denoiser": "coloured_templates",
    "sizes": {"coarse": 10, "fine": 0},
    "protocol": PROTOCOL | {"steps": 16_000, "draws": 1},
    "time_grid": {},
}
MEASURED_TRAINING = [
    (train_spec({"N": 100, "d": 30}, [50]), 100_000 * 0.240e-3),
    (train_spec(), 100_000 * 0.979e-3),
    (train_spec(draws=100), 100_000 * 25.650e-3),
    (train_spec({"N": 2000, "d": 100}, [1000]), 100_000 * 125.135e-3),
    (TrainSpec.parse(json.dumps(IMAGE)), 187),
]
# Seconds of whole commands with few times, and compiling in them.
MEASURED_EVALUATION = [
    (evaluate_spec({"N": 1000}, 4, generated=500), [100, 500], 20.5),
    (evaluate_spec({"N": 500, "d": 2000}, 4, generated=500), [100, 500], 75.1),
    (evaluate_spec({"N": 100, "d": 10}, 4, generated=200_000, draws=2, test_samples=10), [100], 18.9),
]


@pytest.mark.parametrize(("spec", "seconds"), MEASURED_TRAINING, ids=["small", "usual", "draws", "large", "image"])
def test_minutes_of_training_cover_what_was_measured(spec: TrainSpec, seconds: float):
    """The first attempt has at least twice the measured time, and at most eight times beside what starting takes."""
    asked = 60 * minutes("train", spec, 1)
    assert 2 * seconds <= asked <= 8 * seconds + 60 * resources.START


@pytest.mark.parametrize(("spec", "sizes", "seconds"), MEASURED_EVALUATION, ids=["subsets", "wide", "generated"])
def test_minutes_of_evaluation_cover_what_was_measured(spec: EvaluateSpec, sizes: list[int], seconds: float):
    """As of training."""
    asked = 60 * minutes("evaluate", spec, trained(spec, sizes), 1)
    assert 2 * seconds <= asked <= 8 * seconds + 60 * resources.START


def test_minutes_of_training_grow_with_each_of_its_numbers():
    """Ten times the samples, features, sizes, steps or draws is about ten times the work."""
    work = minutes("train", train_spec(steps=10_000_000), 1)
    for more in (
        train_spec({"N": 2000}, steps=10_000_000),
        train_spec({"d": 500}, steps=10_000_000),
        train_spec(sizes=[1000], steps=10_000_000),
        train_spec(steps=100_000_000),
        train_spec(draws=40, steps=10_000_000),
    ):
        assert 8 * work < minutes("train", more, 1) < 11 * work
    assert minutes("train", train_spec({"N": 2000}, steps=10_000_000, minibatch=200), 1) == work
    assert minutes("train", train_spec({"N": 2000}, steps=10_000_000, draws=None, points_per_step=800), 1) == work


def test_megabytes_of_training_grow_with_samples_features_and_models():
    """Of a large problem they do; the steps and the draws, which are made in blocks, take none."""
    large = {"N": 500_000, "d": 500}
    asked = resources.train_memory(train_spec(large), 1)
    assert resources.train_memory(train_spec(large | {"N": 1_000_000}), 1) > 1.5 * asked
    assert resources.train_memory(train_spec(large | {"d": 1000}), 1) > 1.5 * asked
    assert resources.train_memory(train_spec(large, [500_000]), 1) > 1.5 * asked
    assert resources.train_memory(train_spec(large, {"coarse": 10, "fine": 10}), 1) > 5 * asked
    assert resources.train_memory(train_spec(large, steps=1000, draws=1000), 1) == asked


def test_megabytes_of_an_evaluation_grow_with_samples_draws_and_generated_points():
    """Whichever of the errors of all subsets and the generated points takes more decides."""
    large = {"N": 5000, "d": 500}

    def megabytes(spec: EvaluateSpec) -> int:
        return resources.evaluate_memory(spec, trained(spec), 1)

    asked = megabytes(evaluate_spec(large))
    assert megabytes(evaluate_spec(large | {"N": 10_000})) > 2 * asked
    assert megabytes(evaluate_spec(large, draws=100)) > 3 * asked
    assert megabytes(evaluate_spec(large, generated=10_000)) == asked
    assert megabytes(evaluate_spec(large, generated=1_000_000)) > 5 * asked


# Rows of docs/slurm.md: setting, model sizes, evaluation; peak megabytes of sample, train and evaluate.
MEASURED_MEMORY = [
    ({"N": 10, "d": 2}, [5], {"draws": 2, "generated": 50}, (114, 406, 417)),
    ({"N": 1000, "d": 50}, [100, 500], {"generated": 500}, (117, 463, 748)),
    ({"N": 500, "d": 2000}, [100, 500], {"generated": 500}, (208, 577, 1061)),
    ({"N": 100, "d": 10}, [100], {"draws": 2, "generated": 200_000}, (115, 437, 831)),
    ({"N": 200, "d": 32 * 32 * 3}, [100, 200], {"generated": 500}, (267, 598, 817)),
    ({"N": 20_000, "d": 500}, [10_000], None, (338, 786, None)),
    ({"N": 10_000, "d": 500}, list(range(500, 5001, 500)), None, (227, 1030, None)),
]
# Two Snakemakes start a job on a node.
STARTERS = 2 * 138


@pytest.mark.parametrize(("setting", "sizes", "evaluation", "peaks"), MEASURED_MEMORY)
def test_megabytes_cover_what_was_measured(setting: dict, sizes: list[int], evaluation: dict | None, peaks: tuple):
    """At the first attempt, with what starts the job; and not four times as much beside what a process takes."""
    train = train_spec(setting, sizes)
    asked = [resources.sample_memory(train.setting, 1), resources.train_memory(train, 1)]
    if evaluation is not None:
        asked.append(resources.evaluate_memory(evaluate_spec(setting, **evaluation), train, 1))
    for megabytes, peak in zip(asked, peaks, strict=False):
        assert peak + STARTERS <= megabytes <= 4 * peak + resources.TRAINING_PROCESS


def test_steps_that_are_kept_are_measured_each():
    """Models of eight steps take eight times the time of one, where the models decide, and more memory."""
    spec = evaluate_spec({"N": 100, "d": 500}, generated=1_000_000)
    one, eight = trained(spec, [1000]), trained(spec, [1000], snapshots=8)
    first, later = (minutes("evaluate", spec, train, 1) - resources.START for train in (one, eight))
    assert 7 * first < later <= 8 * first
    assert minutes("train", eight, 1) == minutes("train", one, 1)
    assert resources.train_memory(eight, 1) > resources.train_memory(one, 1)
    assert resources.evaluate_memory(spec, eight, 1) > resources.evaluate_memory(spec, one, 1)
    # Steps of a list that are as many ask for as much.
    listed = trained(spec, [1000], snapshots=[1, 2, 3, 4, 5, 6, 7, 8])
    assert resources.train_memory(listed, 1) == resources.train_memory(eight, 1)


# A denoiser whose size is a width: two layers, and an option that makes it twice as deep.
NETWORK = """
from edgemem.denoisers.abstract import AbstractDenoiser


class Network(AbstractDenoiser):
    starts = {"random": ()}
    options = {"layers": 2}

    @staticmethod
    def n_parameters(size, dim, layers):
        return layers * size * dim
"""


def test_training_in_closed_form_asks_by_its_matrices():
    """Measured: 11 s for two models of 26 times, 50 and 800 features of 20 samples in 20 dimensions."""
    flow = {"steps": 10**12, "clock": "eps"}
    own = {"denoiser": "random_features", "sizes": [50, 800], "snapshots": [100, 10**9, 10**12], "protocol": flow}
    grid = {"times": 26, "t_min": 0.001, "t_max": 0.999}
    setting = {"family": "gaussian", "N": 20, "d": 20, "K": 3}
    case = {"setting": setting, "seed": 1, "model": "features", "time_grid": grid}
    spec = TrainSpec.model_validate(case | own)
    assert resources.train_seconds(spec) > 11
    assert resources.train_seconds(TrainSpec.model_validate(case | own | {"sizes": [1600]})) > 3 * 11
    larger = TrainSpec.model_validate(case | own | {"sizes": [3200]})
    # Eight matrices of features x features, in float64.
    assert resources.train_memory(larger, 1) > resources.train_memory(spec, 1) + 8 * 8 * 3200**2 // 2**20 / 2
    # Kept are three models of 26 times, in float64.
    assert resources.train_bytes(spec) > 8 * 3 * 26 * 850 * 20


def test_denoiser_without_components_asks_by_its_parameters(tmp_path: Path):
    """As much as a mixture with as many components as have its number of parameters."""
    (tmp_path / "network.py").write_text(NETWORK, encoding="utf-8")
    pieces.register([tmp_path / "network.py"])
    large, random = {"N": 5000, "d": 500}, {"initialization": "random"}
    network = train_spec(large, [5000], denoiser="network", **random)
    assert resources.train_memory(network, 1) == resources.train_memory(train_spec(large, [10_000]), 1)
    assert minutes("train", network, 1) == minutes("train", train_spec(large, [10_000]), 1)
    deeper = train_spec(large, [5000], denoiser="network", options={"layers": 4}, **random)
    assert minutes("train", deeper, 1) == minutes("train", train_spec(large, [20_000]), 1)


def test_denoiser_with_components_asks_by_them():
    """A coloured template is a component as any: it is as much work as a mean, though it has fewer parameters."""
    templates = TrainSpec.parse(json.dumps(IMAGE | {"sizes": [100]}))
    mixture = TrainSpec.parse(json.dumps(IMAGE | {"sizes": [100], "denoiser": "isotropic_mixture"}))
    assert minutes("train", templates, 1) == minutes("train", mixture, 1)


def test_larger_components_ask_for_more():
    """Directions are as much work as means; mixtures for each time take their space, but a point meets one of them."""
    large = {"N": 5000, "d": 500}
    mixture, many = train_spec(large, [1000]), train_spec(large, [3000])
    directions = train_spec(large, [1000], denoiser="low_rank_mixture", options={"rank": 2})
    assert minutes("train", directions, 1) == minutes("train", many, 1)
    assert resources.train_memory(directions, 1) == resources.train_memory(many, 1)
    times = train_spec(large, [1000], denoiser="per_time_mixture")
    assert minutes("train", times, 1) == minutes("train", mixture, 1)
    assert resources.train_memory(times, 1) == resources.train_memory(train_spec(large, [26_000]), 1)
    assert resources.train_bytes(times) == resources.train_bytes(train_spec(large, [26_000]))


def test_every_request_doubles_at_the_second_attempt():
    """So that a job that was ended for it gets through; all requests are whole numbers above zero."""
    train, evaluate, sensitivity = train_spec(), evaluate_spec(), sensitivity_spec()
    setting, barrier, agreement = train.setting, barrier_spec(), agreement_spec()
    geometry = GeometrySpec.of(setting, evaluate.seed, evaluate.sampling, evaluate.evaluation)
    for first, second in (
        [resources.sample_memory(setting, attempt) for attempt in (1, 2)],
        [minutes("sample", setting, attempt) for attempt in (1, 2)],
        [resources.geometry_memory(geometry, attempt) for attempt in (1, 2)],
        [minutes("geometry", geometry, attempt) for attempt in (1, 2)],
        [resources.train_memory(train, attempt) for attempt in (1, 2)],
        [minutes("train", train, attempt) for attempt in (1, 2)],
        [resources.evaluate_memory(evaluate, train, attempt) for attempt in (1, 2)],
        [minutes("evaluate", evaluate, train, attempt) for attempt in (1, 2)],
        [resources.sensitivity_memory(sensitivity, train, attempt) for attempt in (1, 2)],
        [minutes("sensitivity", sensitivity, train, attempt) for attempt in (1, 2)],
        [resources.barrier_memory(barrier, train, attempt) for attempt in (1, 2)],
        [minutes("barrier", barrier, train, attempt) for attempt in (1, 2)],
        [resources.agreement_memory(agreement, train, attempt) for attempt in (1, 2)],
        [minutes("agreement", agreement, train, attempt) for attempt in (1, 2)],
        [resources.tables_memory([setting], 5, 26, attempt) for attempt in (1, 2)],
        [minutes("tables", 320, attempt) for attempt in (1, 2)],
    ):
        assert isinstance(first, int)
        assert first > 0
        assert second == 2 * first


def test_more_ways_to_generate_take_longer():
    """The minutes of a sensitivity job follow its ways and its points."""

    def asked(**changes: object) -> int:
        spec = sensitivity_spec(**changes)
        return minutes("sensitivity", spec, trained(spec), 1)

    few = asked(generated=50_000_000)
    assert asked(generated=50_000_000, sampling=[{}] * 4) > 1.5 * few
    assert asked(generated=5_000_000) < few / 5


def test_models_that_are_compared_take_as_long_as_their_points():
    """The minutes of an agreement job follow points, steps and times; it holds the models of both parts."""
    few = agreement_spec(generated=10_000_000)
    usual = minutes("agreement", few, train_spec(), 1)
    assert minutes("agreement", agreement_spec(generated=40_000_000), train_spec(), 1) > 3 * usual
    assert minutes("agreement", few, train_spec(snapshots=4), 1) > 1.5 * usual
    assert minutes("agreement", agreement_spec(generated=10_000_000, time_grid={"times": 101}), train_spec(), 1) > usual
    many = train_spec(snapshots=1000, sizes=[100, 200])
    alone = resources.sensitivity_memory(sensitivity_spec(generated=2000), many, 1)
    assert resources.agreement_memory(agreement_spec(), many, 1) > alone + 0.9 * (alone - resources.PROCESS)


def test_longer_paths_take_longer():
    """The minutes of a barrier job follow the training of its curve, its places and its points."""

    def asked(**changes: object) -> int:
        return minutes("barrier", barrier_spec(**changes), train_spec(), 1)

    usual = asked()
    assert asked(protocol=PROTOCOL | {"steps": 1_000_000}) > 2 * usual
    assert asked(places=1001) > 2 * usual
    assert asked(generated=1_000_000) > 2 * usual
    assert asked(sizes=[50, 100]) > usual
