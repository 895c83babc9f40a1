"""Stage 3: measure the losses, the memorization and the distances of trained models."""

import argparse

from edgemem import pieces
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.geometry import GeometrySpec
from edgemem.engine.evaluation import evaluate
from edgemem.errors import EdgememError
from edgemem.files.netcdf import read_dataset, require_same, write_dataset
from edgemem.runtime.compilation_cache import shared_compilation_cache


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file of the models")
    parser.add_argument("models", metavar="MODELS.nc", help="models file to measure")
    parser.add_argument("output", metavar="OUT.nc", help="evaluation file to write")
    parser.add_argument(
        "--geometry", nargs="?", metavar="GEOMETRY.nc", help="geometry file of the samples, for models with components"
    )
    parser.add_argument("--spec", required=True, metavar="JSON", help="setting, seed, denoiser, sampling, evaluation")


def run(options: argparse.Namespace) -> None:
    """Write the evaluation file."""
    spec = EvaluateSpec.parse(options.spec)
    samples = read_dataset(options.samples, "samples")
    models = read_dataset(options.models, "models")
    require_same(options.samples, samples, spec)
    require_same(options.models, models, spec)
    geometry = None
    if options.geometry:
        geometry = read_dataset(options.geometry, "geometry")
        wanted = GeometrySpec.of(spec.setting, spec.seed, spec.sampling, spec.evaluation)
        require_same(options.geometry, geometry, wanted)
    elif "components" in pieces.declared(spec.denoiser).provides:
        raise EdgememError(
            f"{options.models} has models with components, whose evaluation needs the geometry of their training "
            "samples; give its file with --geometry; edgemem geometry makes it"
        )
    with shared_compilation_cache():
        evaluation = evaluate(spec, samples, models, geometry)
    write_dataset(
        evaluation,
        options.output,
        kind="evaluations",
        spec=spec,
        inputs=[path for path in (options.samples, options.models, options.geometry) if path],
        title=f"Evaluation of {spec.model} on {spec.setting.name}, seed {spec.seed}",
    )
