"""Beside evaluate: whether models trained on different samples make the same points of the same noise."""

import argparse

from edgemem.config.agreement import PARTS, AgreementSpec
from edgemem.engine.agreement import find_agreement
from edgemem.files.netcdf import read_dataset, require_same, write_dataset
from edgemem.runtime.compilation_cache import shared_compilation_cache


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file of part 1")
    parser.add_argument("models", metavar="MODELS.nc", help="models file of part 1")
    parser.add_argument("other_samples", metavar="OTHER_SAMPLES.nc", help="samples file of part 2")
    parser.add_argument("other_models", metavar="OTHER_MODELS.nc", help="models file of part 2")
    parser.add_argument("output", metavar="OUT.nc", help="agreements file to write")
    parser.add_argument(
        "--spec", required=True, metavar="JSON", help="setting of part 1, seed, denoiser, times, points and threshold"
    )


def run(options: argparse.Namespace) -> None:
    """Write the agreements file."""
    spec = AgreementSpec.parse(options.spec)
    paths = (options.samples, options.models), (options.other_samples, options.other_models)
    files = [[read_dataset(path, kind) for path, kind in zip(own, ("samples", "models"), strict=True)] for own in paths]
    for part, own, datasets in zip(PARTS, paths, files, strict=True):
        of_part = spec.model_copy(update={"setting": spec.setting.of_part(part)})
        for path, dataset in zip(own, datasets, strict=True):
            require_same(path, dataset, of_part)
    samples, models = zip(*files, strict=True)
    with shared_compilation_cache():
        found = find_agreement(spec, samples, models)
    write_dataset(
        found,
        options.output,
        kind="agreements",
        spec=spec,
        inputs=[path for own in paths for path in own],
        title=f"Agreement of {spec.model} on two parts of {spec.setting.name}, seed {spec.seed}",
    )
