"""Before evaluate: the geometry of the training samples, once for all models with components."""

import argparse

from edgemem.config.geometry import GeometrySpec
from edgemem.engine.sample_geometry import sample_geometry
from edgemem.files.netcdf import read_dataset, require_same, write_dataset
from edgemem.runtime.compilation_cache import shared_compilation_cache


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file")
    parser.add_argument("output", metavar="OUT.nc", help="geometry file to write")
    parser.add_argument("--spec", required=True, metavar="JSON", help="setting, seed, sampling, draws, threshold")


def run(options: argparse.Namespace) -> None:
    """Write the geometry file."""
    spec = GeometrySpec.parse(options.spec)
    samples = read_dataset(options.samples, "samples")
    require_same(options.samples, samples, spec)
    with shared_compilation_cache():
        geometry = sample_geometry(spec, samples)
    write_dataset(
        geometry,
        options.output,
        kind="geometry",
        spec=spec,
        inputs=[options.samples],
        title=f"Geometry of the training samples of {spec.setting.name}, seed {spec.seed}",
    )
