"""Draw the data of one setting and seed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.config.sample import TEST_POOL, SampleSpec
from edgemem.numerics.randomness import named_generator


def draw(spec: SampleSpec, sources: Sequence[Path] = ()) -> xr.Dataset:
    """Return the true data distribution, the training samples and the pool of test samples, all float64.

    **Arguments:** `sources`: files that the data distribution is made of.
    """
    family = pieces.data(spec.setting.family)
    rng = named_generator(spec.seed, "sample", spec.setting.name, "truth")
    truth = family.draw_truth(spec.setting, sources, rng=rng)
    shape = family.shape(truth)
    dataset = truth.copy()
    for split, dimension, count in (("train", "sample", spec.setting.N), ("test", "test_sample", TEST_POOL)):
        rng = named_generator(spec.seed, "sample", spec.setting.name, split)
        x, component = family.draw_samples(truth, count, rng=rng)
        x = x.reshape(count, *shape.values())
        dataset[f"x_{split}"] = ((dimension, *shape), x, {"long_name": f"{split} samples", "units": "1"})
        dataset[f"component_{split}"] = (
            dimension,
            component.astype(np.int32),
            {"long_name": f"true component of each {split} sample", "units": "1"},
        )
    dataset["copies_of"] = (
        "sample",
        np.arange(spec.setting.N, dtype=np.int32),
        {"long_name": "index of the training sample that each repeats, its own where it repeats none", "units": "1"},
    )
    return dataset
