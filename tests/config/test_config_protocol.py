"""How many points a step has of how many samples, as protocols say it."""

import pytest

from edgemem.config.protocol import Protocol


def protocol(**points: int) -> Protocol:
    return Protocol(steps=12, peak_lr=0.1, final_lr=0.1, **points)


@pytest.mark.parametrize(
    ("points", "batch", "of_each"),
    [
        ({"draws": 3}, (10, 3), 36),
        ({"draws": 3, "minibatch": 4}, (4, 3), 14),  # 14.4
        ({"draws": 3, "minibatch": 400}, (10, 3), 36),
        ({"points_per_step": 4}, (4, 1), 5),  # 4.8
        ({"points_per_step": 10}, (10, 1), 12),
        ({"points_per_step": 128}, (128, 1), 154),  # 153.6
    ],
)
def test_points_of_a_step_and_of_training(points: dict[str, int], batch: tuple[int, int], of_each: int):
    """Of ten samples: the points of a step, and in twelve steps of each sample."""
    assert protocol(**points).batch(10) == batch
    assert protocol(**points).points(10) == of_each


def test_points_per_step_do_not_depend_on_the_number_of_samples():
    for n_samples in (1, 7, 128, 1000):
        assert protocol(points_per_step=128).batch(n_samples) == (128, 1)
