"""What training leaves of the models of a job, as a dataset."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from edgemem import pieces
from edgemem.config.models import snapshot_steps
from edgemem.config.train import TrainSpec
from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.storage import stored, to_dataset
from edgemem.numerics.diffusion import time_grid
from edgemem.numerics.training import Trained


class Size(NamedTuple):
    """A trained model size.

    **Attributes:** `like`: a denoiser of the same size that is not padded; `grid`: coarse, fine or listed;
    `probe_ratio`: of a coarse size; `still_falling`, `converged`: what the training loss says.
    """

    trained: Trained
    like: AbstractDenoiser
    seconds: float
    grid: str
    probe_ratio: float | None
    still_falling: bool
    converged: bool


def models_dataset(
    spec: TrainSpec,
    sizes: Mapping[int, Size],
    weight: Float[np.ndarray, "time"],
    logged: Int[np.ndarray, "log_step"],
) -> xr.Dataset:
    """Return the models of all sizes and steps, and how they were trained.

    **Arguments:** `sizes`: ascending; `weight`: lambda on the x_0 scale at each time of training, in their order;
    `logged`: steps up to which the training loss is known.
    """
    protocol, setting, keep = spec.protocol, spec.setting, snapshot_steps(spec.snapshots, spec.protocol.steps)
    declared = pieces.declared(spec.denoiser)
    options = declared.defaults() | spec.options
    arrays = {
        size: [stored(snapshot, one.like) for snapshot in one.trained.snapshots]  # type: ignore[arg-type]
        for size, one in sizes.items()
    }
    grid = spec.time_grid
    dataset = to_dataset(pieces.denoiser_class(spec.denoiser), arrays).assign_coords(
        model_size=("model_size", list(sizes), {"long_name": "model size M", "units": "1"}),
        step=("step", keep, {"long_name": "optimizer steps after which the model was kept", "units": "1"}),
        points=(
            "step",
            protocol.seen(keep, setting.N),
            {"long_name": "noised samples that training has seen", "units": "1"},
        ),
        log_step=("log_step", logged, {"long_name": "last optimizer step of a block", "units": "1"}),
        time=(
            "time",
            time_grid(grid.times, grid.t_min, grid.t_max),
            {"long_name": "diffusion time t", "units": "1"},
        ),
    )
    dataset["training_weight"] = (
        "time",
        np.asarray(weight, np.float64),
        {"long_name": "weight lambda of each time in the loss that was minimized, x_0 scale", "units": "1"},
    )
    loss = {size: one.trained.loss for size, one in sizes.items()}
    dataset["training_loss"] = (
        ("model_size", "log_step"),
        np.stack(list(loss.values())),
        {"long_name": "training loss on the protocol's scale, mean over a block of steps", "units": "1"},
    )
    by_size: dict[str, tuple[list[Any], str]] = {
        "parameters": (
            [declared.n_parameters(size, setting.dim, **options) for size in sizes],
            "number of trained parameters",
        ),
        "train_seconds": ([one.seconds for one in sizes.values()], "wall-clock time of training"),
        "grid": ([one.grid for one in sizes.values()], "grid the size belongs to: coarse, fine, contour or listed"),
        "probe_ratio": (
            [np.nan if one.probe_ratio is None else one.probe_ratio for one in sizes.values()],
            "memorization ratio of the probe by which other sizes were placed",
        ),
        "still_falling": (
            [np.int8(one.still_falling) for one in sizes.values()],
            "1 if the training loss was still falling at the end, else 0",
        ),
        "converged": (
            [np.int8(one.converged) for one in sizes.values()],
            "1 if the training loss was no longer falling at the end, else 0, also if training was too short to tell",
        ),
    }
    for name, (values, long_name) in by_size.items():
        units = "s" if name == "train_seconds" else "1"
        dataset[name] = ("model_size", values, {"long_name": long_name, "units": units})
    return dataset
