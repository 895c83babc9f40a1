"""The state of a training job between two processes: named arrays, and what they say."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from edgemem import pieces
from edgemem.config.train import TrainSpec
from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.files.lineage import sha256
from edgemem.numerics.arrays import arrays_of, with_arrays
from edgemem.numerics.training import State, Trained
from edgemem.runtime.checkpoints import Checkpoints


Arrays = Mapping[str, np.ndarray]


def training_checkpoints(
    output: str | Path, samples: str | Path, spec: TrainSpec, log: Callable[[str], None]
) -> Checkpoints:
    """Return the checkpoints of a training job, which belong to all that its numbers depend on.

    **Arguments:** `output`: models file it writes; `samples`: samples file it reads; `log`: prints a line.
    """
    code = hashlib.sha256()
    for module in sorted([*Path(__file__).parents[1].rglob("*.py"), *pieces.registered()]):
        code.update(module.read_bytes())
    identity = {
        "spec": spec.canonical(),
        "samples file": sha256(samples),
        "version of edgemem's code": code.hexdigest(),
        "version of JAX": jax.__version__,
        "device": jax.devices()[0].device_kind,
    }
    return Checkpoints(output, identity, log)


def done_state(trained: Mapping[int, Trained], seconds: Mapping[int, float]) -> dict[str, Any]:
    """Return what is left of sizes that are trained."""
    state: dict[str, Any] = {}
    for size, of_size in trained.items():
        for place, denoiser in enumerate((of_size.denoiser, *of_size.snapshots)):
            state |= _numbered(f"{size}/denoiser{place}", arrays_of(denoiser))
        state |= {f"{size}/loss": of_size.loss, f"{size}/seconds": seconds[size]}
        state[f"{size}/snapshots"] = len(of_size.snapshots)
    return state


def training_state(sizes: list[int], state: State, seconds: float) -> dict[str, Any]:
    """Return what is left of sizes that are being trained."""
    found: dict[str, Any] = _numbered("training/array", state.arrays)
    for place, leaves in enumerate(state.snapshots):
        found |= _numbered(f"training/snapshot{place}", leaves)
    return found | {
        "training/sizes": sizes,
        "training/step": state.step,
        "training/loss": np.stack(state.loss),
        "training/snapshots": len(state.snapshots),
        "training/seconds": seconds,
    }


def kept_arrays(state: Arrays, size: int, like: AbstractDenoiser) -> Trained:
    """Return a size that an earlier process has trained."""
    last, *snapshots = (
        with_arrays(like, [jnp.asarray(array) for array in _in_order(state, f"{size}/denoiser{place}")])
        for place in range(1 + int(state[f"{size}/snapshots"]))
    )
    return Trained(last, snapshots, state[f"{size}/loss"])


def unfinished(state: Arrays, sizes: list[int]) -> tuple[State, float] | None:
    """Return where an earlier process stood with sizes, and the seconds it had taken; None where it had not begun."""
    if "training/sizes" not in state or state["training/sizes"].tolist() != sizes:
        return None
    snapshots = [_in_order(state, f"training/snapshot{place}") for place in range(int(state["training/snapshots"]))]
    arrays, loss = _in_order(state, "training/array"), list(state["training/loss"])
    return State(int(state["training/step"]), arrays, loss, snapshots), float(state["training/seconds"])


def _numbered(name: str, arrays: Iterable[Any]) -> dict[str, np.ndarray]:
    return {f"{name}/{number:03}": np.asarray(array) for number, array in enumerate(arrays)}


def _in_order(state: Arrays, name: str) -> list[Any]:
    """Return the arrays that were numbered under a name."""
    return [state[key] for key in sorted(state) if key.startswith(f"{name}/")]
