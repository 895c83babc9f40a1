"""Stage 1: draw the data of one setting and seed."""

import argparse
from pathlib import Path

from edgemem.config.sample import SampleSpec
from edgemem.engine.data import draw
from edgemem.files.netcdf import write_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("output", metavar="OUT.nc", help="samples file to write")
    parser.add_argument("--sources", nargs="*", default=[], metavar="FILE", help="files that the data are made of")
    parser.add_argument("--spec", required=True, metavar="JSON", help="setting and seed")


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
