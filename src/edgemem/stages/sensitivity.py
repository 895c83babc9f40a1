"""Beside evaluate: generate points in other ways, and find the transition by other criteria."""

import argparse

from edgemem.config.sensitivity import SensitivitySpec
from edgemem.engine.sensitivity import count_copies, find_transitions
from edgemem.files.netcdf import read_dataset, require_same, write_dataset
from edgemem.runtime.compilation_cache import shared_compilation_cache


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file of the models")
    parser.add_argument("models", metavar="MODELS.nc", help="models file to generate points from")
    parser.add_argument("output", metavar="OUT.nc", help="sensitivity file to write")
    parser.add_argument(
        "--spec", required=True, metavar="JSON", help="setting, seed, denoiser, samplings, thresholds and points"
    )


def run(options: argparse.Namespace) -> None:
    """Write the sensitivity file."""
    spec = SensitivitySpec.parse(options.spec)
    samples = read_dataset(options.samples, "samples")
    models = read_dataset(options.models, "models")
    require_same(options.samples, samples, spec)
    require_same(options.models, models, spec)
    with shared_compilation_cache():
        counts = count_copies(spec, samples, models)
    write_dataset(
        find_transitions(spec, counts),
        options.output,
        kind="sensitivity",
        spec=spec,
        inputs=[options.samples, options.models],
        title=f"Sensitivity of {spec.model} on {spec.setting.name}, seed {spec.seed}",
    )
