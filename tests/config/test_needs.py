"""What jobs ask of a cluster follows the size of their problem, and covers the times that were measured."""

import json

import pytest

from edgemem.config import needs
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.train import TrainSpec


PROTOCOL = {"steps": 100_000, "draws": 4, "peak_lr": 0.01, "final_lr": 0.001}
SETTING = {"family": "gaussian", "N": 200, "d": 50, "K": 3}


def train_spec(setting: dict | None = None, sizes: object = (100,), **protocol: object) -> TrainSpec:
    """Return a training job."""
    spec = {
        "setting": SETTING | (setting or {}),
        "seed": 1,
        "protocol": PROTOCOL | protocol,
        "model_sizes": sizes,
        "time_grid": {},
    }
    return TrainSpec.parse(json.dumps(spec))


def evaluate_spec(setting: dict | None = None, times: int = 26, **evaluation: object) -> EvaluateSpec:
    """Return an evaluation job."""
    spec = {"setting": SETTING | (setting or {}), "seed": 1, "sampling": {"times": times}, "evaluation": evaluation}
    return EvaluateSpec.parse(json.dumps(spec))


# Seconds of docs/performance.md, on one core of its machine.
IMAGE = {"setting": {"family": "image", "N": 100, "K": 4, "size": 15}, "seed": 1, "time_grid": {}}
MEASURED_TRAINING = [
    (train_spec({"N": 100, "d": 30}, [50]), 100_000 * 0.240e-3),
    (train_spec(), 100_000 * 0.979e-3),
    (train_spec(draws=100), 100_000 * 25.650e-3),
    (train_spec({"N": 2000, "d": 100}, [1000]), 100_000 * 125.135e-3),
    (
        TrainSpec.parse(
            json.dumps(
                IMAGE
                | {
                    "protocol": PROTOCOL | {"steps": 16_000, "draws": 1},
                    "model_sizes": {"coarse": 10, "fine": 0},
                }
            )
        ),
        187,
    ),
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
    asked = 60 * needs.train_minutes(spec, 1)
    assert 2 * seconds <= asked <= 8 * seconds + 60 * needs.START


@pytest.mark.parametrize(("spec", "sizes", "seconds"), MEASURED_EVALUATION, ids=["subsets", "wide", "generated"])
def test_minutes_of_evaluation_cover_what_was_measured(spec: EvaluateSpec, sizes: list[int], seconds: float):
    """As of training."""
    asked = 60 * needs.evaluate_minutes(spec, sizes, 1)
    assert 2 * seconds <= asked <= 8 * seconds + 60 * needs.START


def test_minutes_of_training_grow_with_each_of_its_numbers():
    """Ten times the samples, features, sizes, steps or draws is about ten times the work."""
    work = needs.train_minutes(train_spec(steps=10_000_000), 1)
    for more in (
        train_spec({"N": 2000}, steps=10_000_000),
        train_spec({"d": 500}, steps=10_000_000),
        train_spec(sizes=[1000], steps=10_000_000),
        train_spec(steps=100_000_000),
        train_spec(draws=40, steps=10_000_000),
    ):
        assert 8 * work < needs.train_minutes(more, 1) < 11 * work
    assert needs.train_minutes(train_spec({"N": 2000}, steps=10_000_000, minibatch=200), 1) == work


def test_megabytes_of_training_grow_with_samples_features_and_models():
    """Of a large problem they do; the steps and the draws, which are made in blocks, take none."""
    large = {"N": 500_000, "d": 500}
    asked = needs.train_memory(train_spec(large), 1)
    assert needs.train_memory(train_spec(large | {"N": 1_000_000}), 1) > 1.5 * asked
    assert needs.train_memory(train_spec(large | {"d": 1000}), 1) > 1.5 * asked
    assert needs.train_memory(train_spec(large, [500_000]), 1) > 1.5 * asked
    assert needs.train_memory(train_spec(large, {"coarse": 10, "fine": 10}), 1) > 5 * asked
    assert needs.train_memory(train_spec(large, steps=1000, draws=1000), 1) == asked


def test_megabytes_of_an_evaluation_grow_with_samples_draws_and_generated_points():
    """Whichever of the errors of all subsets and the generated points takes more decides."""
    large = {"N": 5000, "d": 500}
    asked = needs.evaluate_memory(evaluate_spec(large), [100], 1)
    assert needs.evaluate_memory(evaluate_spec(large | {"N": 10_000}), [100], 1) > 2 * asked
    assert needs.evaluate_memory(evaluate_spec(large, draws=100), [100], 1) > 3 * asked
    assert needs.evaluate_memory(evaluate_spec(large, generated=10_000), [100], 1) == asked
    assert needs.evaluate_memory(evaluate_spec(large, generated=1_000_000), [100], 1) > 5 * asked


def sensitivity_spec(**changes: object) -> SensitivitySpec:
    """Return a sensitivity job."""
    spec = {"setting": SETTING, "seed": 1, "generated": 2000, "sampling": [{}, {"sampler": "ddpm"}]}
    return SensitivitySpec.parse(json.dumps(spec | {"thresholds": [0.5], "points": [100]} | changes))


def test_every_need_doubles_at_the_second_attempt():
    """So that a job that was ended for it gets through; all needs are whole numbers above zero."""
    train, evaluate, sensitivity, sizes = train_spec(), evaluate_spec(), sensitivity_spec(), [100]
    setting = train.setting
    for first, second in (
        [needs.sample_memory(setting, attempt) for attempt in (1, 2)],
        [needs.train_memory(train, attempt) for attempt in (1, 2)],
        [needs.train_minutes(train, attempt) for attempt in (1, 2)],
        [needs.evaluate_memory(evaluate, sizes, attempt) for attempt in (1, 2)],
        [needs.evaluate_minutes(evaluate, sizes, attempt) for attempt in (1, 2)],
        [needs.sensitivity_memory(sensitivity, sizes, attempt) for attempt in (1, 2)],
        [needs.sensitivity_minutes(sensitivity, sizes, attempt) for attempt in (1, 2)],
        [needs.tables_memory([setting], 5, 26, attempt) for attempt in (1, 2)],
        [needs.tables_minutes(64, 5, attempt) for attempt in (1, 2)],
    ):
        assert isinstance(first, int)
        assert first > 0
        assert second == 2 * first


def test_more_ways_to_generate_take_longer():
    """The minutes of a sensitivity job follow its ways and its points."""
    few = needs.sensitivity_minutes(sensitivity_spec(generated=50_000_000), [100], 1)
    assert needs.sensitivity_minutes(sensitivity_spec(generated=50_000_000, sampling=[{}] * 4), [100], 1) > 1.5 * few
    assert needs.sensitivity_minutes(sensitivity_spec(generated=5_000_000), [100], 1) < few / 5
