"""One training job: the models of all sizes of a setting and seed."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.checkpoints import Checkpoints
from edgemem.compilation_cache import shared_compilation_cache
from edgemem.config.train import SizeGrid, TrainSpec
from edgemem.errors import EdgememError
from edgemem.families.denoisers import DENOISERS
from edgemem.families.rows import rows
from edgemem.lineage import sha256
from edgemem.numerics.denoisers import AbstractDenoiser, padded_size
from edgemem.numerics.diffusion import loss_weight, time_grid
from edgemem.numerics.memorization import memorized
from edgemem.numerics.model_sizes import coarse_sizes, fine_grid
from edgemem.numerics.points import Problem
from edgemem.numerics.randomness import named_key
from edgemem.numerics.sampling import ddim
from edgemem.numerics.training import Diverged, Snapshot, log_steps, optimizer, still_falling, train_together
from edgemem.progress import Progress


# The probe that places the fine grid must not move when the memorization threshold of the evaluation does.
PROBE_THRESHOLD = 1 / 3


class Trainer:
    """Trains the sizes of one job, and remembers what each of them gave.

    On a GPU all sizes of a grid are trained in one program, which costs as much as one of them as long as they are
    small. On a CPU they are trained one after the other, which is faster there; sizes of one padded shape share a
    compiled program.

    **Arguments:** `together`: whether sizes are trained in one program; `checkpoints`: where the job's state is kept,
    and from where it goes on, with the same bits as if it had never stopped.
    """

    def __init__(self, spec: TrainSpec, samples: xr.Dataset, *, together: bool, checkpoints: Checkpoints | None = None):
        self.together, self.checkpoints = together, checkpoints
        self.spec, self.samples = spec, samples
        self.family = DENOISERS[spec.setting.family]
        self.progress = Progress(f"train {spec.setting.name} seed {spec.seed}")
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
        # What an earlier process has left.
        self.restored = checkpoints.load() if checkpoints else {}
        self.elapsed_before = float(self.restored.get("elapsed", 0.0))
        self.denoisers: dict[int, AbstractDenoiser] = {}
        self.loss: dict[int, np.ndarray] = {}
        self.seconds: dict[int, float] = {}
        self.grid: dict[int, str] = {}
        self.probe_ratio: dict[int, float] = {}

    def train_all(self) -> xr.Dataset:
        """Return the models of all sizes that the spec asks for."""
        with shared_compilation_cache():
            return self._train_all()

    def _train_all(self) -> xr.Dataset:
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
        initial = [
            self.family.initial(protocol.initialization, self.samples, size, rows, key=self._key("initial", size))
            for size in sizes
        ]
        if self._restore(grid, sizes, initial):
            return
        resume, seconds_before = self._interrupted(sizes)
        started -= seconds_before
        try:
            trained = train_together(
                initial,
                self.problem,
                self.rule,
                steps=protocol.steps,
                draws=protocol.draws,
                minibatch=protocol.minibatch,
                keys=[self._key("noise", size) for size in sizes],
                resume=resume,
                progress=lambda snapshot: self._heed(grid, sizes, snapshot, started, planned),
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

    def _heed(self, grid: str, sizes: list[int], snapshot: Snapshot, started: float, planned: int) -> None:
        """Report on training, and keep its state if it is time."""
        self._report(grid, sizes, snapshot.step, started, planned)
        if self.checkpoints:
            self.checkpoints.offer(lambda: self._state(sizes, snapshot, time.monotonic() - started))

    def _state(self, sizes: list[int], snapshot: Snapshot, seconds: float) -> dict[str, Any]:
        """Return all that is done, by name: models that are trained, and those that are being trained."""
        state: dict[str, Any] = {"elapsed": self._elapsed()}
        for size, denoiser in self.denoisers.items():
            state |= _numbered(f"{size}/denoiser", jax.tree.leaves(denoiser))
            state |= {f"{size}/loss": self.loss[size], f"{size}/seconds": self.seconds[size]}
        state |= _numbered("training/array", snapshot.arrays)
        return state | {
            "training/sizes": sizes,
            "training/step": snapshot.step,
            "training/loss": np.stack(snapshot.loss),
            "training/seconds": seconds,
        }

    def _restore(self, grid: str, sizes: list[int], like: list[AbstractDenoiser]) -> bool:
        """Take over models that an earlier process has trained, if these sizes are among them."""
        if not all(f"{size}/loss" in self.restored for size in sizes):
            return False
        for size, denoiser in zip(sizes, like, strict=True):
            leaves = [jnp.asarray(array) for array in _in_order(self.restored, f"{size}/denoiser")]
            self.denoisers[size] = jax.tree.unflatten(jax.tree.structure(denoiser), leaves)
            self.loss[size] = self.restored[f"{size}/loss"]
            self.seconds[size] = float(self.restored[f"{size}/seconds"])
            self.grid[size] = grid
        return True

    def _interrupted(self, sizes: list[int]) -> tuple[Snapshot | None, float]:
        """Return where an earlier process stood with these sizes, and the seconds it had taken for them."""
        state = self.restored
        if "training/sizes" not in state or state["training/sizes"].tolist() != sizes:
            return None, 0.0
        step = int(state["training/step"])
        self.progress.say(f"goes on from a checkpoint: {len(self.denoisers)} sizes done, M = {sizes[0]} at step {step}")
        snapshot = Snapshot(step, _in_order(state, "training/array"), list(state["training/loss"]))
        return snapshot, float(state["training/seconds"])

    def _elapsed(self) -> float:
        """Return the seconds that the job has taken, in all processes."""
        return self.elapsed_before + self.progress.elapsed()

    def _report(self, grid: str, sizes: list[int], step: int, started: float, planned: int) -> None:
        """Print where training stands; the first size's time, mostly compilation, says nothing of the others."""
        finished = len(self.denoisers)
        rate = step / (time.monotonic() - started)
        left = ""
        if finished:
            part = (finished + len(sizes) * step / self.spec.protocol.steps) / planned
            left = f", about {self._elapsed() * (1 - part) / part:.0f} s left"
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


def on_gpu() -> bool:
    """Return whether JAX computes on a GPU."""
    return jax.default_backend() != "cpu"


def training_checkpoints(
    output: str | Path, samples: str | Path, spec: TrainSpec, say: Callable[[str], None]
) -> Checkpoints:
    """Return the checkpoints of a training job, which belong to all that its numbers depend on.

    **Arguments:** `output`: models file it writes; `samples`: samples file it reads; `say`: prints a line.
    """
    code = hashlib.sha256()
    for module in sorted(Path(__file__).parent.rglob("*.py")):
        code.update(module.read_bytes())
    identity = {
        "spec": spec.canonical(),
        "samples file": sha256(samples),
        "version of edgemem's code": code.hexdigest(),
        "version of JAX": jax.__version__,
        "device": jax.devices()[0].device_kind,
    }
    return Checkpoints(output, identity, say)


def _numbered(name: str, arrays: Iterable[Any]) -> dict[str, np.ndarray]:
    return {f"{name}/{number:03}": np.asarray(array) for number, array in enumerate(arrays)}


def _in_order(state: Mapping[str, np.ndarray], name: str) -> list[Any]:
    """Return the arrays that were numbered under a name."""
    return [state[key] for key in sorted(state) if key.startswith(f"{name}/")]
