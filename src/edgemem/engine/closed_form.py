"""One training job of a denoiser whose training is known in closed form: all sizes, without an optimizer."""

import time

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.config.flow import FlowProtocol
from edgemem.config.models import listed_sizes, snapshot_steps
from edgemem.config.train import TrainSpec
from edgemem.engine.models_dataset import Size, models_dataset
from edgemem.numerics.diffusion import signal_to_noise, time_grid
from edgemem.numerics.randomness import named_key
from edgemem.numerics.training import Trained
from edgemem.runtime.progress import Progress


def train_in_closed_form(spec: TrainSpec, samples: xr.Dataset) -> xr.Dataset:
    """Return the models of all sizes at all steps, in float64, with what is exact of each.

    Sizes are solved one after the other; none depends on which others there are.
    """
    protocol, setting = spec.protocol, spec.setting
    assert isinstance(protocol, FlowProtocol)
    assert isinstance(spec.sizes, list)
    kind, options = pieces.denoiser_class(spec.denoiser), pieces.declared(spec.denoiser).defaults() | spec.options
    keep, sizes = snapshot_steps(spec.snapshots, protocol.steps), listed_sizes(spec.sizes, setting.N)
    progress = Progress(f"train {spec.model} on {setting.name} seed {spec.seed}")
    found, exact = {}, []
    with jax.enable_x64(True):
        for i, size in enumerate(sizes):
            started = time.monotonic()
            initial, noise = (named_key(spec.seed, "train", setting.name, use, size) for use in ("initial", "noise"))
            start = kind.start(protocol.initialization, samples, size, key=initial, **options)
            solved = start.solved(
                samples,
                keep,
                setting.abilities,
                key=noise,
                clock=protocol.clock,
                draws=protocol.draws,
                ridge=protocol.ridge,
            )
            trained = Trained(solved.denoisers[-1], solved.denoisers, solved.loss)
            seconds = time.monotonic() - started
            found[size] = Size(trained, start, seconds, "listed", None, not solved.converged, solved.converged)
            exact.append(solved.exact)
            progress.update(f"size M = {size} ({i + 1} of {len(sizes)})")
        grid = spec.time_grid
        times = time_grid(grid.times, grid.t_min, grid.t_max)
        # Each time by itself, on the scale of the noise's loss.
        weight = np.asarray(signal_to_noise(jnp.asarray(times)))
    dataset = models_dataset(spec, found, weight, np.array(keep))
    of_all = xr.concat(exact, dim=dataset.model_size, join="outer", combine_attrs="override")
    return dataset.merge(of_all, join="exact").assign_attrs(fine_grid="{}")
