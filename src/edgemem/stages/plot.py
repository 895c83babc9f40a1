"""Stage 5: draw one figure."""

import argparse
import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.config.plot import PlotSpec
from edgemem.errors import EdgememError
from edgemem.figures.column import one_column
from edgemem.figures.drawn_values import drawn_values
from edgemem.figures.style import fixed_layout
from edgemem.files.atomic_write import atomic_write
from edgemem.files.attributes import figure_metadata, table_comment
from edgemem.files.lineage import lineage_attributes
from edgemem.files.netcdf import read_dataset


if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS, TABLE = (".pdf", ".png"), ".csv"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    # Not among fixed choices: a figure may be an extension of the user's own.
    parser.add_argument("name", metavar="NAME", help=f"figure: {', '.join(pieces.names('figure'))}, or one of your own")
    parser.add_argument("inputs", nargs="+", metavar="IN.nc", help="files of the kinds that the figure reads")
    parser.add_argument("--out", nargs="+", required=True, metavar="FILE", help="files to write: .pdf, .png, or .csv")
    parser.add_argument("--column", nargs="*", default=[], metavar="FILE", help="the same for one column of text")
    parser.add_argument("--spec", required=True, metavar="JSON", help="the figure's options, its setting and its model")


def run(options: argparse.Namespace) -> None:
    """Write the figure in every format asked for."""
    spec = PlotSpec.parse(options.spec)
    if spec.figure.figure != options.name:
        raise EdgememError(f"--spec is for the figure '{spec.figure.figure}', not '{options.name}'")
    out, column = list(map(Path, options.out)), list(map(Path, options.column))
    for path in (*out, *column):
        if path.suffix not in (allowed := FORMATS if path in column else (*FORMATS, TABLE)):
            raise EdgememError(f"{path}: a figure is written as {' or '.join(allowed)}")
    inputs: dict[str, list[xr.Dataset]] = {}
    for path in options.inputs:
        dataset = read_dataset(path, *spec.figure.reads)
        _require_names(path, dataset, spec)
        inputs.setdefault(dataset.attrs["edgemem_file"], []).append(dataset)
    for kind in spec.figure.reads:
        if kind not in inputs:
            raise EdgememError(f"the figure '{options.name}' needs a {kind} file, and none was given")
    module = pieces.figure_module(options.name)
    figure = module.draw(spec.figure, spec.subject, inputs)
    of = "/".join(str(name) for name in spec.names.values())
    attributes = {
        "title": f"Figure {options.name}" + (f" of {of}" if of else ""),
        **lineage_attributes("figure", spec.canonical(), options.inputs, spec.names),
    }
    with fixed_layout(figure):
        for path in out:
            if path.suffix == TABLE:
                own = getattr(module, "drawn_values", None)
                rows = own(spec.figure, spec.subject, inputs) if own else drawn_values(figure)
                _write(path, _table(rows, attributes).encode())
            else:
                _write(path, _image(figure, path.suffix, attributes))
    if column:
        one_column(figure)
        with fixed_layout(figure):
            for path in column:
                _write(path, _image(figure, path.suffix, attributes))


def _image(figure: "Figure", suffix: str, attributes: Mapping[str, object]) -> bytes:
    """Return a figure as a file; in memory, since what Matplotlib says of a full disk depends on the format."""
    content = io.BytesIO()
    figure.savefig(content, format=suffix[1:], metadata=figure_metadata(suffix, attributes))
    return content.getvalue()


def _table(rows: Iterable[Mapping[str, Any]], attributes: Mapping[str, object]) -> str:
    """Return what is drawn as comma-separated values, below a comment with the attributes."""
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, dict.fromkeys(name for row in rows for name in row), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return f"{table_comment(attributes)}\n{text.getvalue()}"


def _write(path: Path, content: bytes) -> None:
    atomic_write(path, lambda temporary: temporary.write_bytes(content))


def _require_names(path: str, dataset: xr.Dataset, spec: PlotSpec) -> None:
    """Check that a file speaks of what the figure is drawn of: a table has names among its coordinates.

    **Raises:** EdgememError naming the file, and what it is of.
    """
    for name, wanted in spec.names.items():
        if name in dataset.coords or name in dataset.attrs:
            found = np.atleast_1d(dataset[name] if name in dataset.coords else dataset.attrs[name]).astype(str)
            if wanted not in found:
                raise EdgememError(f"{path} is of {name} {', '.join(found)}, but --spec says {wanted}")
