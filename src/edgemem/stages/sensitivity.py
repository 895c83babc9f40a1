"""Beside evaluate: generate points in other ways, and find the transition by other rules."""

import argparse

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.compilation_cache import shared_compilation_cache
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.families.denoisers import DENOISERS
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.memorization import relative_distance
from edgemem.numerics.randomness import named_generator, named_key
from edgemem.numerics.sampling import SAMPLERS
from edgemem.numerics.statistics import counting_spread, crossing_estimates
from edgemem.progress import Progress
from edgemem.storage import read_dataset, require_same, write_dataset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("samples", metavar="SAMPLES.nc", help="samples file of the models")
    parser.add_argument("models", metavar="MODELS.nc", help="models file to generate points from")
    parser.add_argument("output", metavar="OUT.nc", help="sensitivity file to write")
    parser.add_argument("--spec", required=True, metavar="JSON", help="setting, seed, samplings, thresholds and points")


def run(options: argparse.Namespace) -> None:
    """Write the sensitivity file."""
    spec = SensitivitySpec.parse(options.spec)
    samples = read_dataset(options.samples, "samples")
    models = read_dataset(options.models, "models")
    require_same(options.samples, samples, spec)
    require_same(options.models, models, spec)
    with shared_compilation_cache():
        counts = count_copies(spec, samples, models)
    write_dataset(
        find_transitions(spec, counts),
        options.output,
        kind="sensitivity",
        spec=spec,
        inputs=[options.samples, options.models],
        title=f"Sensitivity of {spec.setting.name}, seed {spec.seed}",
    )


def count_copies(spec: SensitivitySpec, samples: xr.Dataset, models: xr.Dataset) -> xr.Dataset:
    """Return how many generated points are copies, for each way to generate them, threshold and model size.

    A model starts from the same noise as in its evaluation: the first way with the first threshold gives the counts
    of the evaluation again, and all others are compared with it on common random numbers.
    """
    progress = Progress(f"sensitivity {spec.setting.name} seed {spec.seed}")
    family = DENOISERS[spec.setting.family]
    training = rows(samples.x_train)
    sizes = models.model_size.values.tolist()
    copies = np.empty((len(spec.sampling), len(spec.thresholds), len(sizes)), np.int64)
    with jax.enable_x64(True):  # at t = 0.001 the logits are of order 1e7
        for m, size in enumerate(sizes):
            denoiser = family.from_dataset(models, size)
            key = named_key(spec.seed, "evaluate", spec.setting.name, "generate", size)
            for v, sampling in enumerate(spec.sampling):
                times = jnp.asarray(time_grid(sampling.times, sampling.t_min, sampling.t_max))
                sampler = SAMPLERS[sampling.sampler]
                generated = np.asarray(sampler(denoiser, times, spec.generated, training.shape[1], key=key))
                distance = relative_distance(generated, training)
                copies[v, :, m] = [np.sum(distance <= threshold) for threshold in spec.thresholds]
            progress.update(f"generated points, size {m + 1} of {len(sizes)}")
    what = "of a way to generate points"
    return xr.Dataset(
        {
            "memorized_count": (
                ("variant", "threshold", "model_size"),
                copies,
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
    """Return the counts with M50 / N of each way and threshold, and its scatter by rule and number of points."""
    fractions = counts.model_size.values / spec.setting.N
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
        spread[:, n] = counting_spread(fractions, copies[0, 0], total, points, rng=rng)
    dataset = counts.assign_coords(
        rule=("rule", ["fitted", "first"], {"long_name": "rule by which M50 is found"}),
        points=("points", spec.points, {"long_name": "generated points that are counted", "units": "1"}),
    )
    what, why = "fraction M/N at which the memorization ratio reaches 0.5", "over repeated counts, the same models"
    for name, dims, values, text in (
        ("m50", ("variant", "threshold"), m50[..., 0], what),
        ("m50_low", ("variant", "threshold"), m50[..., 1], f"{what}, lower 95 % end, counting error alone"),
        ("m50_high", ("variant", "threshold"), m50[..., 2], f"{what}, upper 95 % end, counting error alone"),
        ("counting_mean", ("rule", "points"), spread[..., 0], f"mean of M50 / N {why}"),
        ("counting_variance", ("rule", "points"), spread[..., 1], f"variance of M50 / N {why}"),
    ):
        dataset[name] = (dims, values, {"long_name": text, "units": "1"})
    return dataset
