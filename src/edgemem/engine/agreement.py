"""Generate points from the same noise with two models that have no training sample in common, and compare them."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem.config.agreement import PARTS, AgreementSpec
from edgemem.engine.models import parameter_coordinates, read_models
from edgemem.errors import EdgememError
from edgemem.families.rows import rows
from edgemem.numerics.agreement import Agreement, agreement
from edgemem.numerics.denoiser import Denoiser
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.memorization import copies, two_nearest
from edgemem.numerics.randomness import named_key
from edgemem.numerics.references import memorizing
from edgemem.numerics.sampling import ddim
from edgemem.runtime.progress import Progress


def find_agreement(spec: AgreementSpec, samples: Sequence[xr.Dataset], models: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return how far the models of two parts agree, and how many of the points of each are copies, by size and step.

    All points start from one noise: the curves over sizes and steps, and the agreement of the two memorizing denoisers
    beside them, are of common random numbers. Computed in float64: at t = 0.001 the logits are of order 1e7.

    **Arguments:** `samples`, `models`: those of each part.

    **Raises:** EdgememError if the models of the parts have no size or no step in common.
    """
    progress = Progress(f"agreement of {spec.model} on {spec.setting.name} seed {spec.seed}")
    sizes, steps = (_in_common(spec, models, name) for name in ("model_size", "step"))
    training = [rows(part.x_train) for part in samples]
    trained = [
        read_models(spec.denoiser, spec.options, own.sel(step=steps), part)
        for own, part in zip(models, samples, strict=True)
    ]
    counts = np.empty((len(PARTS), len(sizes), len(steps)), np.int64)
    found: list[list[Agreement]] = []
    with jax.enable_x64(True):
        both_memorizing = agreement(*(_points(spec, memorizing(x)) for x in training))
        for m, size in enumerate(sizes):
            progress.update(f"size {m + 1} of {len(sizes)}")
            found.append([])
            for s, denoisers in enumerate(zip(*(own.of_size(size) for own in trained), strict=True)):
                points = [_points(spec, denoiser) for denoiser in denoisers]
                found[m].append(agreement(*points))
                counts[:, m, s] = [_copies(spec, *one) for one in zip(points, training, strict=True)]
    return _dataset(spec, found, counts, both_memorizing.agreement, models[0].sel(model_size=sizes, step=steps))


def _in_common(spec: AgreementSpec, models: Sequence[xr.Dataset], name: str) -> list[int]:
    """Return the sizes or the steps that the models of all parts have: some are chosen while training."""
    own = [one[name].values.tolist() for one in models]
    found = sorted(set(own[0]).intersection(*own[1:]))
    if not found:
        raise EdgememError(
            f"the models {spec.model} on {spec.setting.name} and on {spec.setting.of_part(PARTS[1]).name}, seed "
            f"{spec.seed}, have no {name} in common (got {own[0]} and {own[1]}); give the model a list of sizes, and "
            "train both parts in one campaign"
        )
    return found


def _points(spec: AgreementSpec, denoiser: Denoiser) -> np.ndarray:
    """Return the points that a denoiser makes of the noise that all of them start from."""
    grid = spec.time_grid
    times = jnp.asarray(time_grid(grid.times, grid.t_min, grid.t_max))
    key = named_key(spec.seed, "agreement", spec.setting.truth_name)
    return np.asarray(ddim(denoiser, times, spec.generated, spec.setting.dim, key=key))


def _copies(spec: AgreementSpec, points: np.ndarray, training: np.ndarray) -> int:
    """Return how many points are copies of samples that their own model was trained on."""
    nearest, second, _ = two_nearest(points, training)
    return int(np.sum(copies(nearest, second, spec.threshold)))


def _dataset(
    spec: AgreementSpec, found: list[list[Agreement]], counts: np.ndarray, both_memorizing: float, models: xr.Dataset
) -> xr.Dataset:
    def of(name: str) -> np.ndarray:
        return np.array([[getattr(one, name) for one in of_size] for of_size in found])

    over, sizes = ("model_size", "step"), models.model_size
    variables = {
        "distance": (over, of("distance"), "mean squared distance of the points that two models make of one noise"),
        "distance_stderr": (over, of("distance_stderr"), "standard error of distance over noises"),
        "random_distance": (over, of("random_distance"), "mean squared distance of their points of different noises"),
        "agreement": (over, of("agreement"), "1 - distance / random_distance"),
        "agreement_low": (over, of("low"), "lower 95 % end of agreement, by the jackknife over noises"),
        "agreement_high": (over, of("high"), "upper 95 % end of agreement, by the jackknife over noises"),
        "memorizing_agreement": ((), both_memorizing, "agreement of the memorizing denoisers of both parts"),
        "memorized_count": (("part", *over), counts, "generated points that are copies of their part's samples"),
        "generated_count": ((), spec.generated, "points generated from each model"),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()},
        coords={
            "part": ("part", list(PARTS), {"long_name": "part of the samples a model is trained on", "units": "1"}),
            "model_size": sizes,
            "step": models.step,
            "points": models.points,
            **parameter_coordinates(
                spec.denoiser, spec.options, sizes.values, n_samples=spec.setting.N, dim=spec.setting.dim
            ),
        },
    )
