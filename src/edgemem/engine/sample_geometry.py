"""Geometry of the training samples: at which times and at which model sizes points become copies, without any model."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.config.geometry import AROUND, DRAWN, PATHS, GeometrySpec
from edgemem.engine.evaluation_noise import evaluation_noise
from edgemem.families.rows import rows
from edgemem.numerics.bisection import bisected_size
from edgemem.numerics.centres import Centres, drawn, fixed, likelihood, ward
from edgemem.numerics.copy_geometry import copy_variance
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.memorization import THRESHOLDS, Nearest, copies, two_nearest
from edgemem.numerics.memorizing_posterior import danger, decided
from edgemem.numerics.randomness import named_generator, named_key
from edgemem.numerics.references import MixturePosterior
from edgemem.numerics.sampling import SAMPLERS


# How centres are found and where points come from, by the predictor that they give.
CENTRES = ("fixed_centres", "ward", "ward_sampled", "likelihood", "likelihood_sampled")


def sample_geometry(spec: GeometrySpec, samples: xr.Dataset) -> xr.Dataset:
    """Return what follows from training samples, the threshold of copies and the sampler alone, in float64."""
    with jax.enable_x64(True):
        return _sample_geometry(spec, rows(samples.x_train))


def _sample_geometry(spec: GeometrySpec, training: np.ndarray) -> xr.Dataset:
    times = time_grid(spec.sampling.times, spec.sampling.t_min, spec.sampling.t_max)

    def noise(time: float) -> np.ndarray:
        return np.asarray(evaluation_noise(spec.seed, spec.setting.name, "train", time, spec.draws, training.shape))

    posterior, coverage = np.transpose([danger(training, float(t), noise(t)) for t in times])
    start = _generator(spec, "paths").standard_normal((PATHS, training.shape[1]))
    around = _generator(spec, "copies").standard_normal((AROUND, *training.shape))
    thresholds = (spec.threshold, *THRESHOLDS)
    variance = {threshold: copy_variance(training, threshold, around) for threshold in dict.fromkeys(thresholds)}
    half = _half_copies(spec, training, times, variance)
    variances, sizes = ([of[threshold] for threshold in thresholds] for of in (variance, half))
    around_samples = "variance around training samples at which half of the points are copies"
    of_centres = "number M of centres at which half of what comes from them are copies"
    variables = {
        "posterior_weight": (
            "time",
            posterior,
            "mean largest posterior weight of the memorizing denoiser at noised training samples",
        ),
        "shell_coverage": ("time", coverage, "fraction of noised training samples in the shell of another one"),
        "decided": ("time", decided(training, times, start), "fraction of its DDIM paths whose sample is decided then"),
        "copy_variance": ((), variances[0], around_samples),
        "copy_variance_by_threshold": ("threshold", variances[1:], f"{around_samples}, by another threshold"),
        "half_copies": ("centres", sizes[0], of_centres),
        "half_copies_by_threshold": (("threshold", "centres"), sizes[1:], f"{of_centres}, by another threshold"),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()},
        coords={
            "time": ("time", times, {"long_name": "diffusion time t", "units": "1"}),
            "centres": ("centres", list(CENTRES), {"long_name": "centres that are not trained"}),
            "threshold": (
                "threshold",
                list(THRESHOLDS),
                {"long_name": "threshold of the memorization test", "units": "1"},
            ),
        },
    )


def _half_copies(
    spec: GeometrySpec, training: np.ndarray, times: np.ndarray, variances: dict[float, float]
) -> dict[float, list[float]]:
    """Return the sizes at which half are copies by each threshold, as `CENTRES`.

    **Arguments:** `variances`: what `copy_variance` says of each threshold.
    """
    count = len(training)

    def exactly(centres: Centres, size: int) -> np.ndarray:
        return drawn(centres, DRAWN, _generator(spec, "drawn", size))

    def sampled(centres: Centres, size: int) -> np.ndarray:
        # Rows that pad them give all sizes one compiled program.
        mean = np.zeros_like(training)
        mean[:size] = centres.mean
        exists = np.arange(count) < size
        denoiser = MixturePosterior(jnp.asarray(mean), jnp.asarray(np.sqrt(centres.variance)), jnp.asarray(exists))
        key = named_key(spec.seed, "evaluate", spec.setting.name, "geometry", "sampled")
        return np.asarray(SAMPLERS[spec.sampling.sampler](denoiser, jnp.asarray(times), DRAWN, mean.shape[1], key=key))

    found = {}
    for threshold, variance in variances.items():

        def wider(size: int, variance: float = variance) -> float:
            return fixed(training, size).variance - variance

        found[threshold] = [bisected_size(wider, count)]
    for of_size in (ward, likelihood):
        centres = functools.cache(functools.partial(of_size, training))
        for points in (exactly, sampled):

            @functools.cache  # thresholds differ in what they make of the same points
            def distances(size: int, centres=centres, points=points) -> Nearest:  # type: ignore[no-untyped-def]
                return two_nearest(points(centres(size), size), training)

            for threshold, sizes in found.items():

                def missing(size: int, distances=distances, threshold=threshold) -> float:  # type: ignore[no-untyped-def]
                    nearest, second, _ = distances(size)
                    return 0.5 - float(copies(nearest, second, threshold).mean())

                sizes.append(bisected_size(missing, count))
    return found


def _generator(spec: GeometrySpec, *use: str | int) -> np.random.Generator:
    return named_generator(spec.seed, "evaluate", spec.setting.name, "geometry", *use)
