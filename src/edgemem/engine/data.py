"""Draw the data of one setting and seed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.config.sample import TEST_POOL, SampleSpec
from edgemem.families.rows import rows
from edgemem.numerics.density import neighbour_log_density
from edgemem.numerics.randomness import named_generator


# The neighbour whose distance tells the local density where the distribution's own is unknown.
NEIGHBOUR = 5


def draw(spec: SampleSpec, sources: Sequence[Path] = ()) -> xr.Dataset:
    """Return the true data distribution, the training samples and the pool of test samples, all float64.

    **Arguments:** `sources`: files that the data distribution is made of.
    """
    family = pieces.data(spec.setting.family)
    rng = named_generator(spec.seed, "sample", spec.setting.truth_name, "truth")
    truth = family.draw_truth(spec.setting, sources, rng=rng)
    shape = family.shape(truth)
    dataset = truth.copy()
    rng = named_generator(spec.seed, "sample", spec.setting.name, "copies")
    copies_of = family.copies_of(spec.setting, rng=rng)
    for split, name, dimension, count in (
        ("train", spec.setting.name, "sample", spec.setting.N),
        ("test", spec.setting.truth_name, "test_sample", TEST_POOL),
    ):
        rng = named_generator(spec.seed, "sample", name, split)
        x, component = family.draw_samples(truth, count, rng=rng)
        if split == "train":
            x, component = x[copies_of], component[copies_of]
        x = x.reshape(count, *shape.values())
        dataset[f"x_{split}"] = ((dimension, *shape), x, {"long_name": f"{split} samples", "units": "1"})
        dataset[f"component_{split}"] = (
            dimension,
            component.astype(np.int32),
            {"long_name": f"true component of each {split} sample", "units": "1"},
        )
    text = "index of the training sample that each repeats, its own where it repeats none"
    dataset["copies_of"] = ("sample", copies_of.astype(np.int32), {"long_name": text, "units": "1"})
    if "log_density" in spec.setting.abilities:
        text, density = "log density of the data distribution", family.log_density(truth, rows(dataset.x_train))
    else:
        text = f"log density by the distance to neighbour number {NEIGHBOUR}, but for a constant"
        density = neighbour_log_density(rows(dataset.x_train), NEIGHBOUR)
    dataset["log_density"] = ("sample", density, {"long_name": f"{text}, at each training sample", "units": "1"})
    return dataset
