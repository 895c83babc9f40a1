"""Losses at different times, and of training and test samples, are measured on noise of their own."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from edgemem.engine.evaluation import _Job, _noise


def noise(split: str, time: float) -> np.ndarray:
    spec = SimpleNamespace(seed=1, setting=SimpleNamespace(name="made-up"), evaluation=SimpleNamespace(draws=2))
    job = _Job(cast(Any, spec), *cast(Any, [None] * 5))
    return np.asarray(_noise(job, split, time, (3, 4)))


def test_noise_is_of_one_time_and_split():
    """Times that differ by little differ; the same time and split have the same noise again."""
    first = noise("train", 0.36)
    assert first.shape == (2, 3, 4)
    np.testing.assert_array_equal(noise("train", 0.36), first)
    for split, time in (("test", 0.36), ("train", 0.4), ("train", 0.36000001)):
        assert np.all(noise(split, time) != first)
