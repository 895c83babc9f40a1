"""The arrays of a denoiser, apart from what else it has: a network has its activation function."""

from collections.abc import Sequence
from typing import Any, TypeVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array


T = TypeVar("T")


def arrays_of(tree: Any) -> list[Array | np.ndarray]:
    """Return the arrays among the leaves, in their order."""
    return jax.tree.leaves(eqx.filter(tree, eqx.is_array))


def with_arrays(tree: T, arrays: Sequence[Array | np.ndarray]) -> T:
    """Return the same with other arrays, in the order of `arrays_of`."""
    own, rest = eqx.partition(tree, eqx.is_array)
    changed: T = eqx.combine(jax.tree.unflatten(jax.tree.structure(own), arrays), rest)
    return changed
