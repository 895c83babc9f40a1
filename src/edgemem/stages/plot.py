"""Stage 5: draw one figure."""

import argparse
import importlib
from pathlib import Path

import matplotlib.pyplot as plt
import xarray as xr

from edgemem.config.plot import FIGURES, PlotSpec
from edgemem.errors import EdgememError
from edgemem.storage import read_dataset, write_whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", metavar="NAME", choices=FIGURES, help=f"figure: {', '.join(FIGURES)}")
    parser.add_argument("inputs", nargs="+", metavar="IN.nc", help="evaluation, transition and regression files")
    parser.add_argument("--out", nargs="+", required=True, metavar="FILE", help="files to write, .pdf or .png")
    parser.add_argument("--spec", required=True, metavar="JSON", help="the figure's options and its setting")


def run(options: argparse.Namespace) -> None:
    """Write the figure in every format asked for."""
    spec = PlotSpec.parse(options.spec)
    if spec.figure.figure != options.name:
        raise EdgememError(f"--spec is for the figure '{spec.figure.figure}', not '{options.name}'")
    inputs: dict[str, list[xr.Dataset]] = {}
    for path in options.inputs:
        kind = next((kind for kind in spec.figure.reads if _is_kind(path, kind)), spec.figure.reads[0])
        inputs.setdefault(kind, []).append(read_dataset(path, kind=kind))
    for kind in spec.figure.reads:
        if kind not in inputs:
            raise EdgememError(f"the figure '{options.name}' needs a {kind} file, and none was given")
    # A figure's module is imported by name: the code of one figure is no input of another.
    module = importlib.import_module(f"edgemem.figures.{options.name}")
    figure = module.draw(spec.figure, spec.setting, inputs)
    for path in map(Path, options.out):
        # No date in the file: equal data give equal bytes.
        metadata = {"CreationDate": None} if path.suffix == ".pdf" else None
        write_whole(path, lambda temporary: figure.savefig(temporary, metadata=metadata))  # noqa: B023
    plt.close(figure)


def _is_kind(path: str, kind: str) -> bool:
    """Tell a file's kind; what is wrong with a file is for its reader to say."""
    try:
        with xr.open_dataset(path, engine="netcdf4") as dataset:
            return dataset.attrs.get("edgemem_file") == kind
    except (OSError, RuntimeError, ValueError):
        return False
