"""Stage 2: train a model of all sizes on one set of samples."""

import argparse

import xarray as xr

from edgemem import pieces
from edgemem.config.train import TrainSpec
from edgemem.files.netcdf import read_dataset, require_same, write_dataset
from edgemem.runtime.devices import lease_gpu
from edgemem.runtime.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file to train on")
    parser.add_argument("output", metavar="OUT.nc", help="models file to write")
    parser.add_argument(
        "--spec", required=True, metavar="JSON", help="setting, seed, denoiser, sizes, snapshots, protocol, time grid"
    )


def run(options: argparse.Namespace) -> None:
    """Write the models file."""
    spec = TrainSpec.parse(options.spec)
    log = Progress(f"train {spec.model} on {spec.setting.name} seed {spec.seed}").log
    samples = read_dataset(options.samples, "samples")
    require_same(options.samples, samples, spec)

    def write(models: xr.Dataset) -> None:
        write_dataset(
            models,
            options.output,
            kind="models",
            spec=spec,
            inputs=[options.samples],
            title=f"{spec.model} trained on {spec.setting.name}, seed {spec.seed}",
        )

    in_closed_form = "closed_form" in pieces.declared(spec.denoiser).provides
    gpu = None if in_closed_form else lease_gpu(log)
    # Only now, since what they import is JAX, which opens all GPUs that it sees.
    from edgemem.engine.closed_form import train_in_closed_form
    from edgemem.engine.job_state import training_checkpoints
    from edgemem.engine.trainer import Trainer, on_gpu

    if in_closed_form:
        write(train_in_closed_form(spec, samples))
        return
    if gpu is not None and not on_gpu():
        log(f"GPU {gpu} is there, but this JAX computes on the CPU; type make env DEVICE=cuda")
    checkpoints = training_checkpoints(options.output, options.samples, spec, log)
    with checkpoints.kept():
        write(Trainer(spec, samples, together=on_gpu(), checkpoints=checkpoints).train_all())
