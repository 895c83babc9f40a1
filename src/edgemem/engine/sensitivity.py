"""Generate points in other ways, and find the transition by other criteria."""

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.config.sensitivity import SensitivitySpec
from edgemem.engine.models import parameter_coordinates, read_models
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.memorization import copies, two_nearest
from edgemem.numerics.randomness import named_generator, named_key
from edgemem.numerics.sampling import SAMPLERS
from edgemem.numerics.statistics import binomial_spread, crossing_estimates
from edgemem.runtime.progress import Progress


def count_copies(spec: SensitivitySpec, samples: xr.Dataset, models: xr.Dataset) -> xr.Dataset:
    """Return how many points generated at the last step are copies, by way to generate them, threshold and model size.

    A model starts from the same noise as in its evaluation: the first way with the first threshold gives the counts
    of the evaluation again, and all others are compared with it on common random numbers.
    """
    progress = Progress(f"sensitivity of {spec.model} on {spec.setting.name} seed {spec.seed}")
    trained = read_models(spec.denoiser, spec.options, models.isel(step=[-1]), samples)
    training, sizes = rows(samples.x_train), trained.sizes
    counts = np.empty((len(spec.sampling), len(spec.thresholds), len(sizes)), np.int64)
    with jax.enable_x64(True):  # at t = 0.001 the logits are of order 1e7
        for m, size in enumerate(sizes):
            (denoiser,) = trained.of_size(size)
            key = named_key(spec.seed, "evaluate", spec.setting.name, "generate", size)
            for v, sampling in enumerate(spec.sampling):
                times = jnp.asarray(time_grid(sampling.times, sampling.t_min, sampling.t_max))
                sampler = SAMPLERS[sampling.sampler]
                generated = np.asarray(sampler(denoiser, times, spec.generated, training.shape[1], key=key))
                nearest, second, _ = two_nearest(generated, training)
                nearest, second = nearest.astype(np.float32), second.astype(np.float32)  # as evaluations keep them
                counts[v, :, m] = [np.sum(copies(nearest, second, threshold)) for threshold in spec.thresholds]
            progress.update(f"generated points, size {m + 1} of {len(sizes)}")
    what = "of a way to generate points"
    return xr.Dataset(
        {
            "memorized_count": (
                ("variant", "threshold", "model_size"),
                counts,
                {"long_name": "generated points that are copies", "units": "1"},
            ),
            "generated_count": (
                (),
                spec.generated,
                {"long_name": "points generated from each model in each way", "units": "1"},
            ),
        },
        coords={
            "model_size": models.model_size,
            **parameter_coordinates(
                spec.denoiser, spec.options, models.model_size.values, n_samples=spec.setting.N, dim=spec.setting.dim
            ),
            "threshold": ("threshold", spec.thresholds, {"long_name": "of the memorization test", "units": "1"}),
            "sampler": (
                "variant",
                [sampling.sampler for sampling in spec.sampling],
                {"long_name": f"sampler {what}"},
            ),
            "times": (
                "variant",
                [sampling.times for sampling in spec.sampling],
                {"long_name": f"number of times {what}", "units": "1"},
            ),
            "t_min": (
                "variant",
                [sampling.t_min for sampling in spec.sampling],
                {"long_name": f"last time {what}", "units": "1"},
            ),
        },
    )


def find_transitions(spec: SensitivitySpec, counts: xr.Dataset) -> xr.Dataset:
    """Return the counts with M50 / N of each way and threshold, and its scatter by criterion and number of points."""
    fractions = counts.fraction.values
    copies, total = counts.memorized_count.values, spec.generated
    m50 = np.empty((*copies.shape[:2], 3))
    for v, sampling in enumerate(spec.sampling):
        for t, threshold in enumerate(spec.thresholds):
            way = (sampling.sampler, sampling.times, f"{sampling.t_min:.12g}", f"{threshold:.12g}")
            rng = named_generator(spec.seed, "sensitivity", spec.setting.name, "bootstrap", *way)
            m50[v, t] = crossing_estimates(fractions, copies[v, t], total, (0.5,), rng=rng)[0]
    spread = np.empty((2, len(spec.points), 2))
    for n, points in enumerate(spec.points):
        rng = named_generator(spec.seed, "sensitivity", spec.setting.name, "points", points)
        spread[:, n] = binomial_spread(fractions, copies[0, 0], total, points, rng=rng)
    dataset = counts.assign_coords(
        criterion=("criterion", ["fitted", "first"], {"long_name": "criterion by which M50 is found"}),
        points=("points", spec.points, {"long_name": "generated points that are counted", "units": "1"}),
    )
    what, why = "fraction M/N at which the memorization ratio reaches 0.5", "over repeated counts, the same models"
    for name, dims, values, text in (
        ("m50", ("variant", "threshold"), m50[..., 0], what),
        ("m50_low", ("variant", "threshold"), m50[..., 1], f"{what}, lower 95 % end, binomial error alone"),
        ("m50_high", ("variant", "threshold"), m50[..., 2], f"{what}, upper 95 % end, binomial error alone"),
        ("binomial_mean", ("criterion", "points"), spread[..., 0], f"mean of M50 / N {why}"),
        ("binomial_variance", ("criterion", "points"), spread[..., 1], f"variance of M50 / N {why}"),
    ):
        dataset[name] = (dims, values, {"long_name": text, "units": "1"})
    return dataset
