"""Stage 3: measure the losses, the memorization and the distances of trained models."""

import argparse

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr

from edgemem.compilation_cache import shared_compilation_cache
from edgemem.config.evaluate import EvaluateSpec
from edgemem.families.data import DATA
from edgemem.families.denoisers import DENOISERS
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import signal_to_noise, time_grid
from edgemem.numerics.losses import denoising_loss, nested_memorizing_loss
from edgemem.numerics.memorization import memorized, wasserstein2
from edgemem.numerics.randomness import named_generator, named_key
from edgemem.numerics.sampling import SAMPLERS
from edgemem.progress import Progress
from edgemem.storage import read_dataset, require_same, write_dataset


COMPARED = ("generalizing", "memorizing", "partially_memorizing", "trained")
SPLITS = ("train", "test")
# Generated points that are kept, to be looked at.
SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file of the models")
    parser.add_argument("models", metavar="MODELS.nc", help="models file to measure")
    parser.add_argument("output", metavar="OUT.nc", help="evaluation file to write")
    parser.add_argument("--spec", required=True, metavar="JSON", help="setting, seed, sampling and evaluation")


def run(options: argparse.Namespace) -> None:
    """Write the evaluation file."""
    spec = EvaluateSpec.parse(options.spec)
    samples = read_dataset(options.samples, "samples")
    models = read_dataset(options.models, "models")
    require_same(options.samples, samples, spec)
    require_same(options.models, models, spec)
    with shared_compilation_cache():
        evaluation = evaluate(spec, samples, models)
    write_dataset(
        evaluation,
        options.output,
        kind="evaluations",
        spec=spec,
        inputs=[options.samples, options.models],
        title=f"Evaluation of {spec.setting.name}, seed {spec.seed}",
    )


def evaluate(spec: EvaluateSpec, samples: xr.Dataset, models: xr.Dataset) -> xr.Dataset:
    """Return all measurements, computed in float64: at t = 0.001 the logits are of order 1e7."""
    progress = Progress(f"evaluate {spec.setting.name} seed {spec.seed}")
    with jax.enable_x64(True):
        times = time_grid(spec.sampling.times, spec.sampling.t_min, spec.sampling.t_max)
        snr = np.asarray(signal_to_noise(jnp.asarray(times)))
        dataset = xr.Dataset(
            coords={
                "model_size": models.model_size,
                "subset_size": (
                    "subset_size",
                    np.arange(1, spec.setting.N + 1),
                    {"long_name": "number M of memorized training samples", "units": "1"},
                ),
                "time": ("time", times, {"long_name": "diffusion time t", "units": "1"}),
                "snr": (
                    "time",
                    snr,
                    {"long_name": "signal-to-noise ratio psi", "units": "1"},
                ),
                "denoiser": ("denoiser", list(COMPARED), {"long_name": "denoiser that is measured"}),
                "split": ("split", list(SPLITS), {"long_name": "samples on which it is measured"}),
            }
        )
        dataset = dataset.merge(_losses(spec, samples, models, times, progress))
        dataset = dataset.merge(_memorization(spec, samples, models, times, progress))
        dataset = dataset.merge(_learned(spec, samples, models))
    return dataset


def _key(spec: EvaluateSpec, *use: str | int) -> jax.Array:
    return named_key(spec.seed, "evaluate", spec.setting.name, *use)


def _samples_by_split(spec: EvaluateSpec, samples: xr.Dataset) -> dict[str, np.ndarray]:
    return {"train": rows(samples.x_train), "test": rows(samples.x_test)[: spec.evaluation.test_samples]}


def _losses(
    spec: EvaluateSpec, samples: xr.Dataset, models: xr.Dataset, times: np.ndarray, progress: Progress
) -> xr.Dataset:
    """Return the losses of all denoisers; at one time and split all of them see the same noise."""
    family = DENOISERS[spec.setting.family]
    sizes = models.model_size.values.tolist()
    trained = [family.from_dataset(models, size) for size in sizes]
    generalizing, memorizing = family.generalizing(samples), family.memorizing(samples)
    memory = jnp.asarray(rows(samples.x_train))
    x = _samples_by_split(spec, samples)

    # split, denoiser, model size, time, (loss, standard error)
    loss = np.empty((len(SPLITS), len(COMPARED), len(sizes), len(times), 2))
    nested = np.empty((len(SPLITS), spec.setting.N, len(times), 2))
    for s, split in enumerate(SPLITS):
        x0 = jnp.asarray(x[split])
        for i, time in enumerate(times):
            t = jnp.asarray(time)
            noise = jr.normal(_key(spec, "noise", split, f"{time:.12g}"), (spec.evaluation.draws, *x0.shape))
            nested[s, :, i] = np.stack(nested_memorizing_loss(x0, t, noise, memory), axis=-1)
            loss[s, 0, :, i] = denoising_loss(generalizing, x0, t, noise)
            loss[s, 1, :, i] = denoising_loss(memorizing, x0, t, noise)
            loss[s, 2, :, i] = nested[s, np.minimum(sizes, spec.setting.N) - 1, i]
            for m, denoiser in enumerate(trained):
                loss[s, 3, m, i] = denoising_loss(denoiser, x0, t, noise)
            progress.update(f"losses on {split} samples, time {i + 1} of {len(times)}")

    dims = ("split", "denoiser", "model_size", "time")
    nested_dims = ("split", "subset_size", "time")
    scale = "squared error of the denoised sample, summed over features, mean over samples and noise"
    return xr.Dataset(
        {
            "loss": (dims, loss[..., 0], {"long_name": f"loss: {scale}", "units": "1"}),
            "loss_stderr": (dims, loss[..., 1], {"long_name": "Monte-Carlo standard error of loss", "units": "1"}),
            "partially_memorizing_loss": (
                nested_dims,
                nested[..., 0],
                {"long_name": "loss of the denoiser that memorizes the first M training samples", "units": "1"},
            ),
            "partially_memorizing_loss_stderr": (
                nested_dims,
                nested[..., 1],
                {"long_name": "Monte-Carlo standard error of partially_memorizing_loss", "units": "1"},
            ),
        }
    )


def _memorization(
    spec: EvaluateSpec, samples: xr.Dataset, models: xr.Dataset, times: np.ndarray, progress: Progress
) -> xr.Dataset:
    """Return how many generated points are copies, and how far generated points are from the data."""
    family = DENOISERS[spec.setting.family]
    training = rows(samples.x_train)
    reference = _samples_by_split(spec, samples)
    count, threshold = spec.evaluation.generated, spec.evaluation.threshold
    sizes = models.model_size.values.tolist()
    sampler = SAMPLERS[spec.sampling.sampler]
    copies = np.empty(len(sizes), np.int64)
    shown = np.empty((len(sizes), SHOWN, *samples.x_train.shape[1:]), np.float32)
    distance = np.empty((len(SPLITS), len(sizes)))
    for m, size in enumerate(sizes):
        denoiser = family.from_dataset(models, size)
        generated = np.asarray(
            sampler(denoiser, jnp.asarray(times), count, training.shape[1], key=_key(spec, "generate", size))
        )
        copies[m] = memorized(generated, training, threshold).sum()
        shown[m] = generated[:SHOWN].reshape(shown.shape[1:])
        distance[:, m] = [wasserstein2(generated, reference[split]) for split in SPLITS]
        progress.update(f"generated points, size {m + 1} of {len(sizes)}")
    fresh, _ = DATA[spec.setting.family].draw_samples(
        samples, count, rng=named_generator(spec.seed, "evaluate", spec.setting.name, "fresh")
    )
    return xr.Dataset(
        {
            "memorized_count": ("model_size", copies, {"long_name": "generated points that are copies", "units": "1"}),
            "generated_count": ((), count, {"long_name": "points generated from each model", "units": "1"}),
            "memorization_ratio": (
                "model_size",
                copies / count,
                {"long_name": "fraction of generated points that are copies", "units": "1"},
            ),
            "generated": (
                ("model_size", "point", *samples.x_train.dims[1:]),
                shown,
                {"long_name": f"the first {SHOWN} points generated from each model", "units": "1"},
            ),
            "null_memorization_ratio": (
                (),
                memorized(fresh, training, threshold).mean(),
                {"long_name": "fraction of fresh true samples that pass for copies", "units": "1"},
            ),
            "wasserstein2": (
                ("split", "model_size"),
                distance,
                {"long_name": "2-Wasserstein distance of generated points to samples", "units": "1"},
            ),
            "null_wasserstein2": (
                "split",
                [wasserstein2(fresh, reference[split]) for split in SPLITS],
                {"long_name": "2-Wasserstein distance of fresh true samples to samples", "units": "1"},
            ),
        }
    )


def _learned(spec: EvaluateSpec, samples: xr.Dataset, models: xr.Dataset) -> xr.Dataset:
    """Return what the models' parameters say, beside the true parameters."""
    family = DENOISERS[spec.setting.family]
    learned = [family.learned(models, samples, size) for size in models.model_size.values.tolist()]
    names = {
        "learned_variance": "variance learned by the model",
        "distance_to_nearest_sample": "mean distance of a learned mean to its nearest training sample",
        "distance_to_nearest_true_mean": "mean distance of a learned mean to its nearest true mean",
    }
    dataset = xr.Dataset(
        {
            name: ("model_size", [values[name] for values in learned], {"long_name": long_name, "units": "1"})
            for name, long_name in names.items()
        }
    )
    # The true law goes along, so that predictions of the transition need no other file.
    return dataset.merge(samples[[name for name in samples if str(name).startswith("true_")]])
