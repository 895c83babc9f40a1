"""Stage 5: draw one figure."""

import argparse
import importlib
import io
import json
from pathlib import Path

import matplotlib.pyplot as plt
import xarray as xr

from edgemem.attributes import figure_metadata
from edgemem.config.plot import FIGURES, PlotSpec, SettingFigure
from edgemem.config.settings import SETTINGS
from edgemem.errors import EdgememError
from edgemem.lineage import lineage_attributes
from edgemem.storage import read_dataset
from edgemem.writing import write_whole


FORMATS = (".pdf", ".png")


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
    if isinstance(spec.figure, SettingFigure) == (spec.setting is None):
        needed = "needs the name of a setting" if spec.setting is None else "is drawn over all settings"
        raise EdgememError(f"--spec: the figure '{options.name}' {needed} (got setting {spec.setting!r})")
    for path in map(Path, options.out):
        if path.suffix not in FORMATS:
            raise EdgememError(f"{path}: a figure is written as {' or '.join(FORMATS)}")
    inputs: dict[str, list[xr.Dataset]] = {}
    for path in options.inputs:
        dataset = read_dataset(path, *spec.figure.reads)
        if spec.setting is not None and spec.setting not in _settings_of(dataset):
            raise EdgememError(f"{path} holds {', '.join(_settings_of(dataset))}, but --spec says {spec.setting}")
        inputs.setdefault(dataset.attrs["edgemem_file"], []).append(dataset)
    for kind in spec.figure.reads:
        if kind not in inputs:
            raise EdgememError(f"the figure '{options.name}' needs a {kind} file, and none was given")
    # A figure's module is imported by name: the code of one figure is no input of another.
    module = importlib.import_module(f"edgemem.figures.{options.name}")
    figure = module.draw(spec.figure, spec.setting, inputs)
    title = f"Figure {options.name}" + (f" of {spec.setting}" if spec.setting else "")
    attributes = {"title": title, **lineage_attributes("figure", spec.canonical(), options.inputs)}
    for path in map(Path, options.out):
        # In memory first: what Matplotlib says of a full disk depends on the format.
        content = io.BytesIO()
        figure.savefig(content, format=path.suffix[1:], metadata=figure_metadata(path.suffix, attributes))
        write_whole(path, lambda temporary: temporary.write_bytes(content.getvalue()))  # noqa: B023
    plt.close(figure)


def _settings_of(dataset: xr.Dataset) -> list[str]:
    """Return the names of the settings that a file speaks of."""
    if "setting" in dataset.coords:
        return [str(name) for name in dataset.setting.values]
    setting = json.loads(dataset.attrs["spec"])["setting"]
    return [SETTINGS[setting["family"]](**setting).name]
