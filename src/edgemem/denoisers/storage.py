"""How trained denoisers lie in files: one variable for each of their arrays, named by the attribute that holds it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args

import equinox as eqx
import jax
import numpy as np
import xarray as xr

from edgemem.denoisers.abstract import AbstractDenoiser


D = TypeVar("D", bound=AbstractDenoiser)
Arrays = dict[str, np.ndarray]


def real_arrays(denoiser: AbstractDenoiser) -> Arrays:
    """Return the real-valued arrays by name: what training moves, and what is frozen."""
    leaves = jax.tree_util.tree_leaves_with_path(eqx.filter(denoiser, eqx.is_inexact_array))
    return {attribute_name(path): np.asarray(leaf) for path, leaf in leaves}


def stored(denoiser: AbstractDenoiser, like: AbstractDenoiser) -> Arrays:
    """Return the arrays of a trained denoiser without its padding.

    **Arguments:** `like`: a denoiser of the same size that is not padded.
    """
    shapes = {name: array.shape for name, array in real_arrays(like).items()}
    return {name: array[_corner(shapes[name])] for name, array in real_arrays(denoiser).items()}


def to_dataset(kind: type[AbstractDenoiser], arrays: Mapping[int, Sequence[Arrays]]) -> xr.Dataset:
    """Return the arrays of several sizes and steps as they were trained, in float32 or float64, NaN beyond a size's own
    shape.

    **Arguments:** `kind`: class of the denoisers, whose annotations name the dimensions; `arrays`: by size, one entry a
    step.
    """
    dataset = xr.Dataset()
    first = next(iter(arrays.values()))[0]
    for name in first:
        values = [[step[name] for step in steps] for steps in arrays.values()]
        shape = np.max([value.shape for steps in values for value in steps], axis=0, initial=0).astype(int)
        filled = np.full((len(values), len(values[0]), *shape), np.nan, values[0][0].dtype)
        for i, steps in enumerate(values):
            for j, value in enumerate(steps):
                filled[i, j, *_corner(value.shape)] = value
        title = f"{'frozen' if name in kind.frozen else 'learned'} {name.replace('_', ' ')}"
        attributes = {"long_name": f"{title}, NaN beyond the model's size", "units": "1"}
        dataset[name] = (("model_size", "step", *dimensions(kind, name, len(shape))), filled, attributes)
    return dataset


def from_dataset(models: xr.Dataset, size: int, step: int, like: D) -> D:
    """Return the denoiser of one size and step, in float64.

    **Arguments:** `like`: a denoiser of the same size that is not padded.
    """
    model = models.sel(model_size=size, step=step)
    real, rest = eqx.partition(like, eqx.is_inexact_array)
    leaves, structure = jax.tree_util.tree_flatten_with_path(real)
    # By NumPy: JAX would compile a program for each shape.
    values = [model[attribute_name(path)].values[_corner(leaf.shape)].astype(np.float64) for path, leaf in leaves]
    denoiser: D = eqx.combine(jax.tree.unflatten(structure, jax.device_put(values)), rest)
    return denoiser


def attribute_name(path: Sequence[Any]) -> str:
    """Return the name of an array by its path; of one in an attribute of an attribute the names are joined."""
    return "_".join(str(getattr(part, "name", getattr(part, "idx", getattr(part, "key", part)))) for part in path)


def _corner(shape: Sequence[int]) -> tuple[Any, ...]:
    """Return the first places along each axis; the ellipsis keeps an array of no axes an array, not a scalar."""
    return (*(slice(0, length) for length in shape), ...)


def dimensions(kind: type[AbstractDenoiser], name: str, count: int) -> list[str]:
    """Return the names of an array's dimensions: those of its annotation, Float[Array, "component feature"]."""
    annotation = kind.__annotations__.get(name)
    # Of an array that may be missing, Float[Array, "component"] | None, the array's.
    parts = [part for part in (annotation, *get_args(annotation)) if hasattr(part, "dim_str")]
    annotated = parts[0].dim_str.split() if parts else []
    return annotated if len(annotated) == count else [f"{name}_{axis}" for axis in range(count)]
