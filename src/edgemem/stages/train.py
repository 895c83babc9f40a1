"""Stage 2: train the models of all sizes on one set of samples."""

import argparse

from edgemem.config.train import TrainSpec
from edgemem.devices import lease_gpu
from edgemem.progress import Progress
from edgemem.storage import read_dataset, require_same, write_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file to train on")
    parser.add_argument("output", metavar="OUT.nc", help="models file to write")
    parser.add_argument("--spec", required=True, metavar="JSON", help="setting, seed, protocol, sizes and time grid")


def run(options: argparse.Namespace) -> None:
    """Write the models file."""
    spec = TrainSpec.parse(options.spec)
    say = Progress(f"train {spec.setting.name} seed {spec.seed}").say
    samples = read_dataset(options.samples, "samples")
    require_same(options.samples, samples, spec)
    gpu = lease_gpu(say)
    # Only now, since what it imports is JAX, which opens all GPUs that it sees.
    from edgemem.trainer import Trainer, on_gpu, training_checkpoints

    if gpu is not None and not on_gpu():
        say(f"GPU {gpu} is there, but this JAX computes on the CPU; type make env DEVICE=cuda")
    checkpoints = training_checkpoints(options.output, options.samples, spec, say)
    with checkpoints.kept():
        write_dataset(
            Trainer(spec, samples, together=on_gpu(), checkpoints=checkpoints).train_all(),
            options.output,
            kind="models",
            spec=spec,
            inputs=[options.samples],
            title=f"Denoisers trained on {spec.setting.name}, seed {spec.seed}",
        )
