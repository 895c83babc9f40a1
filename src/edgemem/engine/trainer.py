"""One training job: the models of all sizes of a setting and seed."""

import json
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.config.models import SizeContour, SizeGrid, listed_sizes, snapshot_steps
from edgemem.config.protocol import CONTINUED, FRESH, Protocol
from edgemem.config.train import TrainSpec
from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.padding import padded_size
from edgemem.engine.job_state import done_state, kept_arrays, training_state, unfinished
from edgemem.engine.models_dataset import Size, models_dataset
from edgemem.engine.problem import training_problem
from edgemem.errors import EdgememError
from edgemem.families.rows import rows
from edgemem.numerics.arrays import arrays_of
from edgemem.numerics.contour import next_size
from edgemem.numerics.loss_trace import can_tell, log_steps, still_falling
from edgemem.numerics.memorization import memorized
from edgemem.numerics.model_sizes import coarse_sizes, fine_grid
from edgemem.numerics.randomness import named_generator, named_key
from edgemem.numerics.sampling import ddim
from edgemem.numerics.training import Diverged, State, Trained, train_together
from edgemem.runtime.checkpoints import Checkpoints
from edgemem.runtime.compilation_cache import shared_compilation_cache
from edgemem.runtime.progress import Progress


# The probe that places the fine grid must not move when the memorization threshold of the evaluation does.
PROBE_THRESHOLD = 1 / 3


class Trainer:
    """Trains the sizes of one job, and remembers what each of them gave.

    On a GPU all sizes of a grid that have one padded shape are trained in one program, which costs as much as one of
    them as long as they are small. On a CPU they are trained one after the other, which is faster there; sizes of one
    padded shape share a compiled program.

    **Arguments:** `together`: whether sizes are trained in one program; `checkpoints`: where the job's state is kept,
    and from where it goes on, with the same bits as if it had never stopped.
    """

    def __init__(self, spec: TrainSpec, samples: xr.Dataset, *, together: bool, checkpoints: Checkpoints | None = None):
        self.together, self.checkpoints = together, checkpoints
        assert isinstance(spec.protocol, Protocol)  # what is trained in closed form is trained by `closed_form`
        self.spec, self.samples, self.protocol = spec, samples, spec.protocol
        self.kind = pieces.denoiser_class(spec.denoiser)
        self.declared = pieces.declared(spec.denoiser)
        self.options = self.declared.defaults() | spec.options
        self.progress = Progress(f"train {spec.model} on {spec.setting.name} seed {spec.seed}")
        self.keep = snapshot_steps(spec.snapshots, spec.protocol.steps)
        self.times, self.problem, self.optimizer = training_problem(spec, samples)
        # What an earlier process has left.
        self.restored = checkpoints.load() if checkpoints else {}
        self.elapsed_before = float(self.restored.get("elapsed", 0.0))
        self.trained: dict[int, Trained] = {}
        self.unpadded: dict[int, AbstractDenoiser] = {}
        self.seconds: dict[int, float] = {}
        self.grid: dict[int, str] = {}
        self.probe_ratio: dict[int, float] = {}

    def train_all(self) -> xr.Dataset:
        """Return the models of all sizes that the spec asks for."""
        with shared_compilation_cache():
            return self._train_all()

    def _train_all(self) -> xr.Dataset:
        sizes = self.spec.sizes
        decision: dict[str, object] = {}
        if isinstance(sizes, SizeGrid):
            coarse = coarse_sizes(self.spec.setting.N, sizes.coarse)
            planned = len(coarse) + sizes.fine
            self._train_sizes("coarse", coarse, planned)
            for size in coarse:
                self.probe_ratio[int(size)] = self._probe(self.trained[int(size)].denoiser, int(size), sizes.probe)
            fine = fine_grid(coarse, np.array([self.probe_ratio[int(m)] for m in coarse]), sizes.fine, sizes.probe)
            decision = {"start": fine.start, "end": fine.end, "note": fine.note}
            self.progress.log(f"transition from M = {fine.start:.1f} to {fine.end:.1f}; {fine.note or 'as planned'}")
            self._train_sizes("fine", fine.sizes, planned)
        elif isinstance(sizes, SizeContour):
            decision = {"note": self._train_contour(sizes)}
        else:
            listed = listed_sizes(sizes, self.spec.setting.N)
            self._train_sizes("listed", np.array(listed), len(listed))
        return self._dataset().assign_attrs(fine_grid=json.dumps(decision))

    def _train_contour(self, sizes: SizeContour) -> str:
        """Train the two ends, and where bisection asks for it between them; return why it ended early, if it did."""
        ratio: dict[int, list[float]] = {}
        chosen: list[int] = sizes.ends(self.spec.setting.N)
        while True:
            self._train_sizes("contour", np.array(chosen), sizes.count)
            for size in chosen:
                kept = self.trained[size].snapshots
                ratio[size] = [self._probe(denoiser, size, sizes.probe) for denoiser in kept]
                self.probe_ratio[size] = ratio[size][-1]
            known = sorted(ratio)
            following = next_size(np.array(known), np.array([ratio[size] for size in known]))
            if following is None:
                return f"no size between {known[0]} and {known[-1]} is left at which the ratio passes one half"
            if len(known) == sizes.count:
                return ""
            chosen = [following]

    def _train_sizes(self, grid: str, sizes: np.ndarray, planned: int) -> None:
        self.grid |= dict.fromkeys(sizes.tolist(), grid)
        # In one program one shape for all sizes up to N, so that no number depends on which of them are asked for.
        largest = max([self.spec.setting.N, *sizes.tolist()])
        if self.protocol.initialization in CONTINUED:
            self._train_in_order(sizes, largest, planned)
            return
        groups: dict[Any, list[tuple[int, AbstractDenoiser]]] = {}
        for size in sizes.tolist():
            padded = self._padded(size, self._start(self.protocol.initialization, size), largest)
            shape = tuple(array.shape for array in arrays_of(padded)) if self.together else size
            groups.setdefault(shape, []).append((size, padded))
        for group in groups.values():
            self._train_group(group, planned)

    def _train_in_order(self, sizes: np.ndarray, largest: int, planned: int) -> None:
        """Train each size from where the one before it has ended, up or down, the first of all from its own start."""
        before: int | None = None
        for size in sorted(sizes.tolist(), reverse=self.protocol.initialization == "continued_down"):
            if before is None:
                start = self._start(next(iter(self.declared.starts)), size)
            else:
                start = self._last(before).resized(size, key=self._key("resized", size))
            self._train_group([(size, self._padded(size, start, largest))], planned)
            before = size

    def _start(self, name: str, size: int) -> AbstractDenoiser:
        """Return the start of a size, not padded."""
        samples, setting = self.samples, self.spec.setting
        if name == FRESH:
            rng = named_generator(self.spec.seed, "train", setting.name, "fresh", size)
            x, _ = pieces.data(setting.family).draw_samples(samples, size, rng=rng)
            samples = samples.assign(x_fresh=(("fresh", "coordinate"), x.reshape(size, -1)))
        start = self.kind.start(name, samples, size, key=self._key("initial", size), **self.options)
        variance = self.protocol.initial_variance
        return start if variance is None else start.with_variance(variance)

    def _padded(self, size: int, start: AbstractDenoiser, largest: int) -> AbstractDenoiser:
        """Return the start of a size as it is trained, and remember it as it is."""
        self.unpadded[size] = start
        return start.padded(padded_size(largest if self.together else size))

    def _train_group(self, group: list[tuple[int, AbstractDenoiser]], planned: int) -> None:
        protocol, started = self.protocol, time.monotonic()
        samples_of_step, draws = protocol.batch(self.spec.setting.N)
        sizes, initial = [size for size, _ in group], [denoiser for _, denoiser in group]
        if self._restore(sizes, initial):
            return
        resume, seconds_before = self._interrupted(sizes)
        started -= seconds_before
        try:
            trained = train_together(
                initial,
                self.problem,
                self.optimizer,
                steps=protocol.steps,
                draws=draws,
                minibatch=samples_of_step,
                keys=[self._key("noise", size) for size in sizes],
                keep=self.keep,
                resume=resume,
                progress=lambda state: self._handle(sizes, state, started, planned),
            )
        except Diverged as error:
            raise EdgememError(
                f"training of {self.spec.model} on {self.spec.setting.name}, seed {self.spec.seed}, model size "
                f"{sizes[error.model]} diverged: the loss at step {error.step} is not finite; lower peak_lr or "
                "clip_norm of the protocol"
            ) from None
        for size, of_size in zip(sizes, trained, strict=True):
            self.trained[size] = of_size
            self.seconds[size] = (time.monotonic() - started) / len(sizes)

    def _handle(self, sizes: list[int], state: State, started: float, planned: int) -> None:
        """Report on training, and keep its state if it is time."""
        self._report(sizes, state.step, started, planned)
        if self.checkpoints:
            self.checkpoints.offer(lambda: self._state(sizes, state, time.monotonic() - started))

    def _state(self, sizes: list[int], state: State, seconds: float) -> dict[str, Any]:
        """Return all that is done, by name: models that are trained, and those that are being trained."""
        done = {"elapsed": self._elapsed()}
        return done | done_state(self.trained, self.seconds) | training_state(sizes, state, seconds)

    def _restore(self, sizes: list[int], like: Sequence[AbstractDenoiser]) -> bool:
        """Take over models that an earlier process has trained, if these sizes are among them."""
        if not all(f"{size}/loss" in self.restored for size in sizes):
            return False
        for size, denoiser in zip(sizes, like, strict=True):
            self.trained[size] = kept_arrays(self.restored, size, denoiser)
            self.seconds[size] = float(self.restored[f"{size}/seconds"])
        return True

    def _interrupted(self, sizes: list[int]) -> tuple[State | None, float]:
        """Return where an earlier process stood with these sizes, and the seconds it had taken for them."""
        found = unfinished(self.restored, sizes)
        if found is None:
            return None, 0.0
        state, seconds = found
        self.progress.log(
            f"goes on from a checkpoint: {len(self.trained)} sizes done, M = {sizes[0]} at step {state.step}"
        )
        return state, seconds

    def _elapsed(self) -> float:
        """Return the seconds that the job has taken, in all processes."""
        return self.elapsed_before + self.progress.elapsed()

    def _report(self, sizes: list[int], step: int, started: float, planned: int) -> None:
        """Print where training stands; the first size's time, mostly compilation, says nothing of the others."""
        finished = len(self.trained)
        rate = step / (time.monotonic() - started)
        left = ""
        if finished:
            part = (finished + len(sizes) * step / self.protocol.steps) / planned
            left = f", about {self._elapsed() * (1 - part) / part:.0f} s left"
        which = f"size M = {sizes[0]}" if len(sizes) == 1 else f"sizes M = {sizes[0]} to {sizes[-1]}"
        self.progress.update(
            f"{self.grid[sizes[0]]} {which} ({finished + len(sizes)} of {planned}), step {step} of "
            f"{self.protocol.steps}, {rate:,.0f} steps/s{left}"
        )

    def _probe(self, denoiser: Any, size: int, points: int) -> float:
        """Return the memorization ratio of a model among a few generated points."""
        training = rows(self.samples.x_train)
        # One shape for all sizes: compiling takes longer than the work that is saved with small ones.
        denoiser = denoiser.padded(padded_size(max(self.spec.setting.N, size)))
        generated = ddim(denoiser, self.times, points, training.shape[1], key=self._key("probe", size))
        return float(memorized(np.asarray(generated, np.float64), training, PROBE_THRESHOLD).mean())

    def _last(self, size: int) -> Any:
        """Return the denoiser of a size at the end of training."""
        return self.trained[size].denoiser

    def _key(self, use: str, size: int) -> jax.Array:
        return named_key(self.spec.seed, "train", self.spec.setting.name, use, size)

    def _dataset(self) -> xr.Dataset:
        """Return everything, sizes ascending."""
        sizes = {}
        for size, of_size in sorted(self.trained.items()):
            probe = self.probe_ratio.get(size)
            falling = still_falling(of_size.loss)
            converged = can_tell(self.protocol.steps) and not falling
            sizes[size] = Size(
                of_size, self.unpadded[size], self.seconds[size], self.grid[size], probe, falling, converged
            )
        return models_dataset(self.spec, sizes, np.asarray(self.problem.weight), log_steps(self.protocol.steps))


def on_gpu() -> bool:
    """Return whether JAX computes on a GPU."""
    return jax.default_backend() != "cpu"
