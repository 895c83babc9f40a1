"""Measure the models of one setting and seed: losses, copies among generated points, distances, what they learned."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.config.evaluate import EvaluateSpec
from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.engine.evaluation_noise import evaluation_noise
from edgemem.engine.models import TrainedModels, parameter_coordinates, read_models
from edgemem.families.rows import rows
from edgemem.numerics.denoiser import Denoiser
from edgemem.numerics.diffusion import signal_to_noise, time_grid
from edgemem.numerics.losses import denoising_loss, nested_memorizing_loss
from edgemem.numerics.memorization import copies, two_nearest, wasserstein2
from edgemem.numerics.randomness import named_generator, named_key
from edgemem.numerics.references import linear, memorizing
from edgemem.numerics.sampling import SAMPLERS
from edgemem.runtime.progress import Progress


SPLITS = ("train", "test")
# Generated points that are kept, to be looked at.
N_KEPT = 10
# What is exact of models whose training has a closed form.
EXACT = ["eigenvalue", "flow_loss"]
LEARNED = {
    "learned_variance": "variance learned by the model",
    "distance_to_nearest_sample": "mean distance of a learned mean to its nearest training sample",
    "distance_to_nearest_true_mean": "mean distance of a learned mean to its nearest true mean",
    "distance_to_nearest_mean": "distance of each training sample to its nearest learned mean",
    "effective_components": "number of components over which learned weights are spread, exp of their entropy",
}


class _Job(NamedTuple):
    """What all measurements share; `denoisers` has a list a size, of one a step."""

    spec: EvaluateSpec
    samples: xr.Dataset
    trained: TrainedModels
    denoisers: list[list[AbstractDenoiser]]
    times: np.ndarray
    progress: Progress

    def key(self, *use: str | int) -> jax.Array:
        """Return the random key of a use."""
        return named_key(self.spec.seed, "evaluate", self.spec.setting.name, *use)

    def by_split(self) -> dict[str, np.ndarray]:
        """Return the samples on which losses and distances are measured."""
        test = rows(self.samples.x_test)[: self.spec.evaluation.test_samples]
        return {"train": rows(self.samples.x_train), "test": test}


def evaluate(
    spec: EvaluateSpec, samples: xr.Dataset, models: xr.Dataset, geometry: xr.Dataset | None = None
) -> xr.Dataset:
    """Return all measurements, computed in float64: at t = 0.001 the logits are of order 1e7.

    **Arguments:** `geometry`: of the training samples, which the evaluation of models with components includes.
    """
    with jax.enable_x64(True):
        times = time_grid(spec.sampling.times, spec.sampling.t_min, spec.sampling.t_max)
        trained = read_models(spec.denoiser, spec.options, models, samples)
        progress = Progress(f"evaluate {spec.model} on {spec.setting.name} seed {spec.seed}")
        denoisers = [list(trained.of_size(size)) for size in trained.sizes]
        job = _Job(spec, samples, trained, denoisers, times, progress)
        dataset = _coordinates(job, models).merge(_losses(job)).merge(_memorization(job))
        if "components" in trained.kind.provides:
            dataset = dataset.merge(_learned(job))
    if geometry is not None:
        dataset = dataset.merge(geometry, join="exact")
    # What is known of the data distribution, and how training ended, goes along, so that tables need no other file.
    known = [name for name in ("true_mean", "true_variance") if name in spec.setting.abilities]
    trained_by = ["converged", "still_falling", "training_weight"]
    if "closed_form" in trained.kind.provides:
        trained_by += EXACT
    return dataset.merge(samples[["copies_of", "log_density", *known]]).merge(models[trained_by], join="exact")


def _coordinates(job: _Job, models: xr.Dataset) -> xr.Dataset:
    setting, snr = job.spec.setting, np.asarray(signal_to_noise(jnp.asarray(job.times)))
    return xr.Dataset(
        coords={
            "model_size": models.model_size,
            "step": models.step,
            "points": models.points,
            "subset_size": (
                "subset_size",
                np.arange(1, setting.N + 1),
                {"long_name": "number M of memorized training samples", "units": "1"},
            ),
            "time": ("time", job.times, {"long_name": "diffusion time t", "units": "1"}),
            "snr": ("time", snr, {"long_name": "signal-to-noise ratio psi", "units": "1"}),
            "split": ("split", list(SPLITS), {"long_name": "samples on which it is measured"}),
            **parameter_coordinates(
                job.spec.denoiser, job.spec.options, models.model_size.values, n_samples=setting.N, dim=setting.dim
            ),
        }
    )


def _references(job: _Job) -> dict[str, Denoiser]:
    """Return the denoisers that trained ones are compared with."""
    training = rows(job.samples.x_train)
    found: dict[str, Denoiser] = {}
    if "true_denoiser" in job.spec.setting.abilities:
        found["generalizing"] = pieces.true_denoiser(job.spec.setting.family)(job.samples)
    return found | {"memorizing": memorizing(training), "linear": linear(training)}


def _losses(job: _Job) -> xr.Dataset:
    """Return the losses of what is trained, and once for all sizes and steps of what is not.

    At one time and split all of them see the same noise.
    """
    trained, references, memory = job.trained, _references(job), jnp.asarray(rows(job.samples.x_train))
    # split, (reference | subset size | model size, step), time, (loss, standard error)
    reference = np.empty((len(SPLITS), len(references), len(job.times), 2))
    nested = np.empty((len(SPLITS), job.spec.setting.N, len(job.times), 2))
    loss = np.empty((len(SPLITS), len(trained.sizes), len(trained.steps), len(job.times), 2))
    data = job.spec.seed, job.spec.setting.name
    for s, (split, x) in enumerate(job.by_split().items()):
        x0 = jnp.asarray(x)
        for i, time in enumerate(job.times):
            t, noise = jnp.asarray(time), evaluation_noise(*data, split, time, job.spec.evaluation.draws, x0.shape)
            nested[s, :, i] = np.stack(nested_memorizing_loss(x0, t, noise, memory), axis=-1)
            reference[s, :, i] = [denoising_loss(denoiser, x0, t, noise) for denoiser in references.values()]
            for m, of_size in enumerate(job.denoisers):
                loss[s, m, :, i] = [denoising_loss(denoiser, x0, t, noise) for denoiser in of_size]
            job.progress.update(f"losses on {split} samples, time {i + 1} of {len(job.times)}")
    scale = "squared error of the denoised sample, summed over features, mean over samples and noise"
    subsets = "loss of the denoiser that memorizes the first M training samples"
    names = {"long_name": "denoiser that is not trained"}
    return xr.merge(
        [
            _with_stderr("loss", ("split", "model_size", "step", "time"), loss, f"loss of the trained model: {scale}"),
            _with_stderr(
                "reference_loss", ("split", "reference", "time"), reference, "loss of denoisers that are not trained"
            ),
            _with_stderr("partially_memorizing_loss", ("split", "subset_size", "time"), nested, subsets),
        ]
    ).assign_coords(reference=("reference", list(references), names))


def _with_stderr(name: str, dims: tuple[str, ...], values: np.ndarray, long_name: str) -> xr.Dataset:
    """Return a loss and its Monte-Carlo standard error."""
    error = {"long_name": f"Monte-Carlo standard error of {name}", "units": "1"}
    return xr.Dataset(
        {
            name: (dims, values[..., 0], {"long_name": long_name, "units": "1"}),
            f"{name}_stderr": (dims, values[..., 1], error),
        }
    )


def _memorization(job: _Job) -> xr.Dataset:
    """Return how many generated points are copies, and how far generated points are from the data."""
    spec, trained, samples = job.spec, job.trained, job.samples
    training, reference = rows(samples.x_train), job.by_split()
    count, threshold = spec.evaluation.generated, spec.evaluation.threshold
    sampler = SAMPLERS[spec.sampling.sampler]
    shape = len(trained.sizes), len(trained.steps)
    copied = np.empty((len(training), *shape), np.int32)
    # Of every point, so that another threshold or fewer points cost no generation. What is counted are the numbers as
    # they are kept.
    nearest, second = np.empty((2, *shape, count), np.float32)
    sample = np.empty((*shape, count), np.int32)
    kept = np.empty((*shape, N_KEPT, *samples.x_train.shape[1:]), np.float32)
    distance = np.empty((len(SPLITS), *shape))
    for m, (size, of_size) in enumerate(zip(trained.sizes, job.denoisers, strict=True)):
        for s, denoiser in enumerate(of_size):
            key = job.key("generate", size)
            generated = np.asarray(sampler(denoiser, jnp.asarray(job.times), count, training.shape[1], key=key))
            nearest[m, s], second[m, s], sample[m, s] = two_nearest(generated, training)
            is_copy = copies(nearest[m, s], second[m, s], threshold)
            copied[:, m, s] = np.bincount(sample[m, s][is_copy], minlength=len(training))
            kept[m, s] = generated[:N_KEPT].reshape(kept.shape[2:])
            distance[:, m, s] = [wasserstein2(generated, reference[split]) for split in SPLITS]
        job.progress.update(f"generated points, size {m + 1} of {len(trained.sizes)}")
    rng = named_generator(spec.seed, "evaluate", spec.setting.name, "fresh")
    fresh, _ = pieces.data(spec.setting.family).draw_samples(samples, count, rng=rng)
    fresh_nearest, fresh_second = (distance.astype(np.float32) for distance in two_nearest(fresh, training)[:2])
    over_models, copies_of_all = ("model_size", "step"), copied.sum(axis=0, dtype=np.int64)
    of_points = "training sample, of each point generated from each model"
    variables = {
        "copied": (("sample", *over_models), copied, "generated points that are copies of each training sample"),
        "memorized_count": (over_models, copies_of_all, "generated points that are copies"),
        "generated_count": ((), count, "points generated from each model"),
        "memorization_ratio": (over_models, copies_of_all / count, "fraction of generated points that are copies"),
        "generated": (
            (*over_models, "point", *samples.x_train.dims[1:]),
            kept,
            f"the first {N_KEPT} points generated from each model",
        ),
        "nearest_distance": ((*over_models, "generated_point"), nearest, f"distance to the nearest {of_points}"),
        "second_distance": ((*over_models, "generated_point"), second, f"distance to the second nearest {of_points}"),
        "nearest_sample": ((*over_models, "generated_point"), sample, f"index of the nearest {of_points}"),
        "null_memorization_ratio": (
            (),
            copies(fresh_nearest, fresh_second, threshold).mean(),
            "fraction of fresh true samples that pass for copies",
        ),
        "null_nearest_distance": (
            "generated_point",
            fresh_nearest,
            "distance of each fresh true sample to the nearest training sample",
        ),
        "null_second_distance": (
            "generated_point",
            fresh_second,
            "distance of each fresh true sample to the second nearest training sample",
        ),
        "wasserstein2": (("split", *over_models), distance, "2-Wasserstein distance of generated points to samples"),
        "null_wasserstein2": (
            "split",
            [wasserstein2(fresh, reference[split]) for split in SPLITS],
            "2-Wasserstein distance of fresh true samples to samples",
        ),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()}
    )


def _learned(job: _Job) -> xr.Dataset:
    """Return what the models' components say of the data."""
    learned = [
        [denoiser.learned(job.samples, job.spec.setting.abilities) for denoiser in of_size] for of_size in job.denoisers
    ]
    found = {}
    for name in learned[0][0]:
        values = np.array([[of_step[name] for of_step in of_size] for of_size in learned])
        dims = ("model_size", "step", "sample")[: values.ndim]
        # Of each sample they are many, and float32 keeps all digits that they have.
        kept = values.astype(np.float32) if values.ndim == 3 else values
        found[name] = (dims, kept, {"long_name": LEARNED[name], "units": "1"})
    return xr.Dataset(found)
