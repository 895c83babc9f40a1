"""Follow two paths from a model to another: the training loss along them, and where copies appear."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.config.barrier import BarrierSpec
from edgemem.denoisers.matching import matched
from edgemem.engine.evaluation_noise import evaluation_noise
from edgemem.engine.models import TrainedModels, parameter_coordinates, read_models
from edgemem.engine.problem import training_problem
from edgemem.errors import EdgememError
from edgemem.families.rows import rows
from edgemem.numerics.arrays import arrays_of, with_arrays
from edgemem.numerics.denoiser import Denoiser
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.losses import sample_errors
from edgemem.numerics.memorization import copies, two_nearest
from edgemem.numerics.paths import Barrier, Curve, barrier_along, straight_line, trained_curve
from edgemem.numerics.randomness import named_key
from edgemem.numerics.sampling import SAMPLERS
from edgemem.numerics.training import Diverged
from edgemem.runtime.progress import Progress


PATHS = ("line", "curve")


def find_barriers(spec: BarrierSpec, samples: xr.Dataset, models: xr.Dataset, others: xr.Dataset) -> xr.Dataset:
    """Return the training loss and the copies along the straight line and along a trained curve, by model size.

    Ends are the models of the last step. Losses are float64, with the weights of training at all its times, on the
    noise that evaluations measure losses on; points start from the noise of evaluations: so at the ends both are what
    the evaluations of the two models say.

    **Arguments:** `models`: where paths begin; `others`: where they end.

    **Raises:** EdgememError if one of the files lacks a model size, or the training of a curve diverges.
    """
    progress = Progress(f"barrier from {spec.model} to {spec.to} on {spec.setting.name} seed {spec.seed}")
    first, last = (_of_last_step(spec, dataset, samples) for dataset in (models, others))
    _require_sizes(spec, {spec.model: first, spec.to: last})
    places = np.linspace(0, 1, spec.places)
    barriers: list[list[Barrier]] = []
    counts = np.empty((len(PATHS), len(spec.sizes), spec.places), np.int64)
    for m, size in enumerate(spec.sizes):
        progress.update(f"size {m + 1} of {len(spec.sizes)}")
        with jax.enable_x64(True):
            (start,), (end,) = (list(trained.unpadded(size)) for trained in (first, last))
            start, end = start.canonical(), end.canonical()
            line = straight_line(start, matched(end, start))
        curve = _trained(spec, samples, line, size)
        with jax.enable_x64(True):  # at t = 0.001 the logits are of order 1e7
            paths = [[path.at(place) for place in places.tolist()] for path in (line, curve)]
            barriers.append([barrier_along(_errors(spec, samples, denoisers)) for denoisers in paths])
            counts[:, m] = [[_copies(spec, samples, denoiser, size) for denoiser in path] for path in paths]
    return _dataset(spec, barriers, counts, places)


def _of_last_step(spec: BarrierSpec, models: xr.Dataset, samples: xr.Dataset) -> TrainedModels:
    return read_models(spec.denoiser, spec.options, models.isel(step=[-1]), samples)


def _require_sizes(spec: BarrierSpec, ends: dict[str, TrainedModels]) -> None:
    """Check that both ends have all model sizes: some are placed while training, where nobody knew them before."""
    for name, trained in ends.items():
        for size in spec.sizes:
            if size not in trained.sizes:
                raise EdgememError(
                    f"{name} on {spec.setting.name}, seed {spec.seed}, has no model of size {size}, which the figure "
                    f"'barrier' asks for by `fractions` or `sizes` (allowed: {', '.join(map(str, trained.sizes))})"
                )


def _trained(spec: BarrierSpec, samples: xr.Dataset, line: Curve, size: int) -> Curve:
    """Return the trained curve between the ends of a line; it is trained in float32 as models are."""
    protocol = spec.protocol
    _, problem, optimizer = training_problem(spec, samples)
    samples_of_step, draws = protocol.batch(spec.setting.N)
    single = Curve(*(with_arrays(end, [_single(array) for array in arrays_of(end)]) for end in line))
    try:
        trained = trained_curve(
            single,
            problem,
            optimizer,
            steps=protocol.steps,
            draws=draws,
            minibatch=samples_of_step,
            key=named_key(spec.seed, "barrier", spec.setting.name, "curve", size),
        )
    except Diverged as error:
        raise EdgememError(
            f"training of the path from {spec.model} to {spec.to} on {spec.setting.name}, seed {spec.seed}, model size "
            f"{size} diverged: the loss at step {error.step} is not finite; lower peak_lr or clip_norm of the protocol "
            f"of {spec.model}"
        ) from None
    bends = trained.bend, line.bend
    with jax.enable_x64(True):
        wide = [jnp.asarray(np.asarray(array), like.dtype) for array, like in zip(*map(arrays_of, bends), strict=True)]
        return line._replace(bend=with_arrays(line.bend, wide))


def _single(array: jax.Array | np.ndarray) -> jax.Array:
    """Return an array with floats in float32."""
    values = np.asarray(array)
    return jnp.asarray(values.astype(np.float32) if np.issubdtype(values.dtype, np.floating) else values)


def _errors(spec: BarrierSpec, samples: xr.Dataset, denoisers: Sequence[Denoiser]) -> np.ndarray:
    """Return the weighted squared error of each noise draw of each sample, a mean over times: place, draw, sample."""
    grid = spec.time_grid
    times = time_grid(grid.times, grid.t_min, grid.t_max)
    weights = np.asarray(training_problem(spec, samples)[1].weight, np.float64)
    x0 = jnp.asarray(rows(samples.x_train))
    total = np.zeros((len(denoisers), spec.draws, len(x0)))
    for time, weight in zip(times, weights, strict=True):
        noise = evaluation_noise(spec.seed, spec.setting.name, "train", time, spec.draws, x0.shape)
        for place, denoiser in enumerate(denoisers):
            total[place] += weight * np.asarray(sample_errors(denoiser, x0, jnp.asarray(time), noise))
    return total / len(times)


def _copies(spec: BarrierSpec, samples: xr.Dataset, denoiser: Denoiser, size: int) -> int:
    """Return how many generated points are copies."""
    sampling, training = spec.sampling, rows(samples.x_train)
    times = jnp.asarray(time_grid(sampling.times, sampling.t_min, sampling.t_max))
    key = named_key(spec.seed, "evaluate", spec.setting.name, "generate", size)
    generated = SAMPLERS[sampling.sampler](denoiser, times, spec.generated, training.shape[1], key=key)
    nearest, second, _ = two_nearest(np.asarray(generated), training)
    # As evaluations keep them.
    return int(np.sum(copies(nearest.astype(np.float32), second.astype(np.float32), spec.threshold)))


def _dataset(spec: BarrierSpec, barriers: list[list[Barrier]], counts: np.ndarray, places: np.ndarray) -> xr.Dataset:
    along, of_path, of_size = ("path", "model_size", "place"), ("path", "model_size"), ("model_size",)

    def of(name: str) -> np.ndarray:
        return np.moveaxis(np.array([[getattr(one, name) for one in of_size] for of_size in barriers]), 1, 0)

    higher, lower = of("higher")[0], of("lower")[0]
    variables = {
        "loss": (along, of("loss"), "training loss on fixed noise at the times and weights of training"),
        "loss_stderr": (along, of("stderr"), "Monte-Carlo standard error of loss minus higher_end_loss"),
        "barrier": (of_path, of("height"), "largest loss along the path minus higher_end_loss"),
        "barrier_stderr": (of_path, of("height_stderr"), "Monte-Carlo standard error of barrier"),
        "higher_end_loss": (of_size, higher, "loss of the end with the higher loss"),
        "lower_end_loss": (of_size, lower, "loss of the end with the lower loss"),
        "memorized_count": (along, counts, "generated points that are copies"),
        "generated_count": ((), spec.generated, "points generated at each place"),
    }
    sizes = np.array(spec.sizes)
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()},
        coords={
            "path": ("path", list(PATHS), {"long_name": "straight line, or trained curve"}),
            "place": ("place", places, {"long_name": "place along the path, 0 at its beginning", "units": "1"}),
            "model_size": ("model_size", sizes, {"long_name": "model size", "units": "1"}),
            **parameter_coordinates(spec.denoiser, spec.options, sizes, n_samples=spec.setting.N, dim=spec.setting.dim),
        },
    )
