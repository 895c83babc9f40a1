"""The arrays of a denoiser, apart from what else it has, and those among them that training moves."""

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


def trained_and_rest(denoiser: Any) -> tuple[Any, Any]:
    """Return what training moves of a denoiser, its real-valued arrays but for those that it declares `frozen`, and all
    else; `eqx.combine` puts them together.
    """

    def is_trained(path: Sequence[Any], leaf: Any) -> bool:
        return eqx.is_inexact_array(leaf) and path[0].name not in denoiser.frozen

    trained, rest = eqx.partition(denoiser, jax.tree_util.tree_map_with_path(is_trained, denoiser))
    return trained, rest
