"""Losses at different times, and of training and test samples, are measured on noise of their own."""

import numpy as np

from edgemem.engine.evaluation_noise import evaluation_noise


def noise(split: str, time: float) -> np.ndarray:
    return np.asarray(evaluation_noise(1, "made-up", split, time, 2, (3, 4)))


def test_noise_is_of_one_time_and_split():
    """Times that differ by little differ; the same time and split have the same noise again."""
    first = noise("train", 0.36)
    assert first.shape == (2, 3, 4)
    np.testing.assert_array_equal(noise("train", 0.36), first)
    for split, time in (("test", 0.36), ("train", 0.4), ("train", 0.36000001)):
        assert np.all(noise(split, time) != first)
