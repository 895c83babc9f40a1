"""Stage 2: train the models of all sizes on one set of samples."""

import argparse
import json
import time
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.compilation_cache import shared_compilation_cache
from edgemem.config.train import SizeGrid, TrainSpec
from edgemem.errors import EdgememError
from edgemem.families.denoisers import DENOISERS
from edgemem.families.rows import rows
from edgemem.numerics.denoisers import AbstractDenoiser, padded_size
from edgemem.numerics.diffusion import loss_weight, time_grid
from edgemem.numerics.memorization import memorized
from edgemem.numerics.model_sizes import coarse_sizes, fine_grid
from edgemem.numerics.points import Problem
from edgemem.numerics.randomness import named_key
from edgemem.numerics.sampling import ddim
from edgemem.numerics.training import Diverged, log_steps, optimizer, still_falling, train_together
from edgemem.stages.progress import Progress
from edgemem.storage import read_dataset, require_same, write_dataset


# The probe that places the fine grid must not move when the memorization threshold of the evaluation does.
PROBE_THRESHOLD = 1 / 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file to train on")
    parser.add_argument("output", metavar="OUT.nc", help="models file to write")
    parser.add_argument("--spec", required=True, metavar="JSON", help="setting, seed, protocol, sizes and time grid")


def run(options: argparse.Namespace) -> None:
    """Write the models file."""
    spec = TrainSpec.parse(options.spec)
    samples = read_dataset(options.samples, "samples")
    require_same(options.samples, samples, spec)
    with shared_compilation_cache():
        models = Trainer(spec, samples, together=jax.default_backend() != "cpu").train_all()
    write_dataset(
        models,
        options.output,
        kind="models",
        spec=spec,
        inputs=[options.samples],
        title=f"Denoisers trained on {spec.setting.name}, seed {spec.seed}",
    )


class Trainer:
    """Trains the sizes of one job, and remembers what each of them gave.

    On a GPU all sizes of a grid are trained in one program, which costs as much as one of them as long as they are
    small. On a CPU they are trained one after the other, which is faster there; sizes of one padded shape share a
    compiled program.

    **Arguments:** `together`: whether sizes are trained in one program.
    """

    def __init__(self, spec: TrainSpec, samples: xr.Dataset, *, together: bool):
        self.together = together
        self.spec, self.samples = spec, samples
        self.family = DENOISERS[spec.setting.family]
        self.job = f"train {spec.setting.name} seed {spec.seed}"
        self.progress = Progress(self.job)
        protocol, grid = spec.protocol, spec.time_grid
        # In float32 throughout: half the time of float64, and the noise of a step is far above its rounding.
        self.times = jnp.asarray(time_grid(grid.times, grid.t_min, grid.t_max), jnp.float32)
        weighting = protocol.weighting
        weight = (
            jnp.asarray(weighting, jnp.float32) if isinstance(weighting, list) else loss_weight(weighting, self.times)
        )
        self.problem = Problem(
            jnp.asarray(rows(samples.x_train), jnp.float32), self.times, weight, protocol.times == "stratified"
        )
        self.rule = optimizer(
            steps=protocol.steps,
            peak_rate=protocol.peak_rate,
            final_rate=protocol.final_rate,
            warmup=protocol.warmup,
            decay=protocol.decay,
            clip_norm=protocol.clip_norm,
            update_ema=protocol.update_ema,
            relative_rates=protocol.relative_rates,
        )
        self.denoisers: dict[int, AbstractDenoiser] = {}
        self.loss: dict[int, np.ndarray] = {}
        self.seconds: dict[int, float] = {}
        self.grid: dict[int, str] = {}
        self.probe_ratio: dict[int, float] = {}

    def train_all(self) -> xr.Dataset:
        """Return the models of all sizes that the spec asks for."""
        sizes = self.spec.model_sizes
        decision: dict[str, object] = {}
        if isinstance(sizes, SizeGrid):
            coarse = coarse_sizes(self.spec.setting.N, sizes.coarse)
            planned = len(coarse) + sizes.fine
            self._train_sizes("coarse", coarse, planned)
            for size in coarse:
                self.probe_ratio[int(size)] = self._probe(int(size), sizes.probe)
            fine = fine_grid(coarse, np.array([self.probe_ratio[int(m)] for m in coarse]), sizes.fine, sizes.probe)
            decision = {"start": fine.start, "end": fine.end, "note": fine.note}
            self.progress.say(f"transition from M = {fine.start:.1f} to {fine.end:.1f}; {fine.note or 'as planned'}")
            self._train_sizes("fine", fine.sizes, planned)
        else:
            self._train_sizes("listed", np.array(sizes), len(sizes))
        return self._dataset().assign_attrs(fine_grid=json.dumps(decision))

    def _train_sizes(self, grid: str, sizes: np.ndarray, planned: int) -> None:
        if self.together and len(sizes):
            # One shape for all sizes up to N, so that no number depends on which of them are asked for.
            self._train_group(grid, sizes.tolist(), padded_size(max(self.spec.setting.N, sizes.max())), planned)
        else:
            for size in sizes.tolist():
                self._train_group(grid, [size], padded_size(size), planned)

    def _train_group(self, grid: str, sizes: list[int], rows: int, planned: int) -> None:
        protocol, started = self.spec.protocol, time.monotonic()
        try:
            trained = train_together(
                [
                    self.family.initial(
                        protocol.initialization, self.samples, size, rows, key=self._key("initial", size)
                    )
                    for size in sizes
                ],
                self.problem,
                self.rule,
                steps=protocol.steps,
                draws=protocol.draws,
                minibatch=protocol.minibatch,
                keys=[self._key("noise", size) for size in sizes],
                progress=lambda step: self._report(grid, sizes, step, started, planned),
            )
        except Diverged as error:
            raise EdgememError(
                f"training of {self.spec.setting.name}, seed {self.spec.seed}, model size {sizes[error.model]} "
                f"diverged: the loss at step {error.step} is not finite; lower peak_rate or clip_norm of the protocol"
            ) from None
        for size, (denoiser, loss) in zip(sizes, trained, strict=True):
            self.denoisers[size], self.loss[size] = denoiser, loss
            self.seconds[size] = (time.monotonic() - started) / len(sizes)
            self.grid[size] = grid

    def _report(self, grid: str, sizes: list[int], step: int, started: float, planned: int) -> None:
        """Print where training stands; the first size's time, mostly compilation, says nothing of the others."""
        finished = len(self.denoisers)
        rate = step / (time.monotonic() - started)
        left = ""
        if finished:
            part = (finished + len(sizes) * step / self.spec.protocol.steps) / planned
            left = f", about {self.progress.elapsed() * (1 - part) / part:.0f} s left"
        which = f"size M = {sizes[0]}" if len(sizes) == 1 else f"sizes M = {sizes[0]} to {sizes[-1]}"
        count = finished + len(sizes)
        self.progress.update(
            f"{grid} {which} ({count} of {planned}), step {step} of {self.spec.protocol.steps}, "
            f"{rate:,.0f} steps/s{left}"
        )

    def _probe(self, size: int, points: int) -> float:
        """Return the memorization ratio of a model among a few generated points."""
        training = rows(self.samples.x_train)
        # One shape for all sizes: compiling takes longer than the work that is saved with small ones.
        denoiser = self.family.padded(self.denoisers[size], padded_size(self.spec.setting.N))
        generated = ddim(denoiser, self.times, points, training.shape[1], key=self._key("probe", size))
        return float(memorized(np.asarray(generated, np.float64), training, PROBE_THRESHOLD).mean())

    def _key(self, use: str, size: int) -> jax.Array:
        return named_key(self.spec.seed, "train", self.spec.setting.name, use, size)

    def _dataset(self) -> xr.Dataset:
        """Return everything, sizes ascending."""
        sizes = sorted(self.denoisers)
        dataset = self.family.to_dataset({size: self.denoisers[size] for size in sizes}, self.samples)
        steps = log_steps(self.spec.protocol.steps)
        dataset = dataset.assign_coords(
            model_size=("model_size", sizes, {"long_name": "number of components M", "units": "1"}),
            log_step=("log_step", steps, {"long_name": "last optimizer step of a block", "units": "1"}),
        )

        def by_size(
            values: Mapping[int, Any], long_name: str, units: str = "1"
        ) -> tuple[str, list[Any], dict[str, str]]:
            return "model_size", [values.get(size, np.nan) for size in sizes], {"long_name": long_name, "units": units}

        dataset["training_loss"] = (
            ("model_size", "log_step"),
            np.stack([self.loss[size] for size in sizes]),
            {"long_name": "training loss on the protocol's scale, mean over a block of steps", "units": "1"},
        )
        dataset["train_seconds"] = by_size(self.seconds, "wall-clock time of training", "s")
        dataset["grid"] = by_size(self.grid, "grid the size belongs to: coarse, fine or listed")
        dataset["probe_ratio"] = by_size(self.probe_ratio, "memorization ratio of the probe of a coarse model")
        dataset["converged"] = by_size(
            {size: np.int8(not still_falling(loss)) for size, loss in self.loss.items()},
            "1 if the training loss was no longer falling at the end, else 0",
        )
        return dataset
