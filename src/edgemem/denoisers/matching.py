"""Components of a denoiser in the order of another's: their order means nothing, and training leaves it to chance."""

from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.storage import attribute_name, dimensions, real_arrays
from edgemem.numerics.paths import matching


D = TypeVar("D", bound=AbstractDenoiser)
AXIS = "component"


def matched(denoiser: D, like: D) -> D:
    """Return the same denoiser with its components in the order in which they lie nearest to those of another.

    A component is its rows of the real-valued arrays whose annotation has the axis `component`; a denoiser without such
    arrays is returned as it is.

    **Arguments:** `denoiser`, `like`: of one size, without padding.
    """
    own, others = _components(denoiser), _components(like)
    if own is None or others is None:
        return denoiser
    order = matching(own, others)
    arrays, rest = eqx.partition(denoiser, eqx.is_array)

    def in_order(path, array):
        axes = dimensions(type(denoiser), attribute_name(path), array.ndim)
        return jnp.take(array, order, axis=axes.index(AXIS)) if AXIS in axes else array

    found: D = eqx.combine(jax.tree_util.tree_map_with_path(in_order, arrays), rest)
    return found


def _components(denoiser: AbstractDenoiser) -> np.ndarray | None:
    """Return all numbers of each component in a row, None where there are no components."""
    found = []
    for name, array in real_arrays(denoiser).items():
        axes = dimensions(type(denoiser), name, array.ndim)
        if AXIS in axes:
            rows = np.moveaxis(array, axes.index(AXIS), 0)
            found.append(rows.reshape(len(rows), -1).astype(np.float64))
    return np.concatenate(found, axis=1) if found else None
