"""Beside evaluate: the training loss along paths between two models that started in different places."""

import argparse

from edgemem.config.barrier import BarrierSpec
from edgemem.engine.barrier import find_barriers
from edgemem.files.netcdf import read_dataset, require_same, write_dataset
from edgemem.runtime.compilation_cache import shared_compilation_cache


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file of both models")
    parser.add_argument("models", metavar="MODELS.nc", help="models file in which paths begin")
    parser.add_argument("others", metavar="OTHERS.nc", help="models file in which paths end")
    parser.add_argument("output", metavar="OUT.nc", help="barriers file to write")
    parser.add_argument(
        "--spec", required=True, metavar="JSON", help="setting, seed, both models, sizes, places and protocol"
    )


def run(options: argparse.Namespace) -> None:
    """Write the barriers file."""
    spec = BarrierSpec.parse(options.spec)
    samples = read_dataset(options.samples, "samples")
    models, others = (read_dataset(path, "models") for path in (options.models, options.others))
    require_same(options.samples, samples, spec)
    require_same(options.models, models, spec)
    require_same(options.others, others, spec.model_copy(update={"model": spec.to}))
    with shared_compilation_cache():
        barriers = find_barriers(spec, samples, models, others)
    write_dataset(
        barriers,
        options.output,
        kind="barriers",
        spec=spec,
        inputs=[options.samples, options.models, options.others],
        title=f"Barriers from {spec.model} to {spec.to} on {spec.setting.name}, seed {spec.seed}",
    )
