"""Stage 5: draw one figure."""

import argparse
import io
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.config.plot import PlotSpec
from edgemem.errors import EdgememError
from edgemem.files.atomic_write import atomic_write
from edgemem.files.attributes import figure_metadata
from edgemem.files.lineage import lineage_attributes
from edgemem.files.netcdf import read_dataset


FORMATS = (".pdf", ".png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    # Not among fixed choices: a figure may be an extension of the user's own.
    parser.add_argument("name", metavar="NAME", help=f"figure: {', '.join(pieces.names('figure'))}, or one of your own")
    parser.add_argument("inputs", nargs="+", metavar="IN.nc", help="files of the kinds that the figure reads")
    parser.add_argument("--out", nargs="+", required=True, metavar="FILE", help="files to write, .pdf or .png")
    parser.add_argument("--spec", required=True, metavar="JSON", help="the figure's options, its setting and its model")


def run(options: argparse.Namespace) -> None:
    """Write the figure in every format asked for."""
    spec = PlotSpec.parse(options.spec)
    if spec.figure.figure != options.name:
        raise EdgememError(f"--spec is for the figure '{spec.figure.figure}', not '{options.name}'")
    for path in map(Path, options.out):
        if path.suffix not in FORMATS:
            raise EdgememError(f"{path}: a figure is written as {' or '.join(FORMATS)}")
    inputs: dict[str, list[xr.Dataset]] = {}
    for path in options.inputs:
        dataset = read_dataset(path, *spec.figure.reads)
        _require_names(path, dataset, spec)
        inputs.setdefault(dataset.attrs["edgemem_file"], []).append(dataset)
    for kind in spec.figure.reads:
        if kind not in inputs:
            raise EdgememError(f"the figure '{options.name}' needs a {kind} file, and none was given")
    figure = pieces.figure_module(options.name).draw(spec.figure, spec.subject, inputs)
    of = "/".join(str(name) for name in spec.names.values())
    attributes = {
        "title": f"Figure {options.name}" + (f" of {of}" if of else ""),
        **lineage_attributes("figure", spec.canonical(), options.inputs, spec.names),
    }
    for path in map(Path, options.out):
        # In memory first: what Matplotlib says of a full disk depends on the format.
        content = io.BytesIO()
        figure.savefig(content, format=path.suffix[1:], metadata=figure_metadata(path.suffix, attributes))
        atomic_write(path, lambda temporary: temporary.write_bytes(content.getvalue()))  # noqa: B023


def _require_names(path: str, dataset: xr.Dataset, spec: PlotSpec) -> None:
    """Check that a file speaks of what the figure is drawn of: a table has names among its coordinates.

    **Raises:** EdgememError naming the file, and what it is of.
    """
    for name, wanted in spec.names.items():
        if name in dataset.coords or name in dataset.attrs:
            found = np.atleast_1d(dataset[name] if name in dataset.coords else dataset.attrs[name]).astype(str)
            if wanted not in found:
                raise EdgememError(f"{path} is of {name} {', '.join(found)}, but --spec says {wanted}")
