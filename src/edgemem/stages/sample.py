"""Stage 1: draw the data of one setting and seed."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem.config.sample import TEST_POOL, SampleSpec
from edgemem.families.data import DATA
from edgemem.numerics.randomness import named_generator
from edgemem.storage import write_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("output", metavar="OUT.nc", help="samples file to write")
    parser.add_argument("--sources", nargs="*", default=[], metavar="FILE", help="files with the setting's pictures")
    parser.add_argument("--spec", required=True, type=str, metavar="JSON", help="setting and seed")


def run(options: argparse.Namespace) -> None:
    """Write the samples file."""
    spec = SampleSpec.parse(options.spec)
    write_dataset(
        draw(spec, [Path(source) for source in options.sources]),
        options.output,
        kind="samples",
        spec=spec,
        inputs=options.sources,
        title=f"Samples of {spec.setting.name}, seed {spec.seed}",
    )


def draw(spec: SampleSpec, sources: Sequence[Path] = ()) -> xr.Dataset:
    """Return the true law, the training samples and the pool of test samples, all float64."""
    family = DATA[spec.setting.family]
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
    return dataset
