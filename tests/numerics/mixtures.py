"""Mixtures from plain arrays."""

import jax.numpy as jnp

from edgemem.denoisers.isotropic_mixture import IsotropicMixture


def mixture(mean, standard_deviation, rows: int | None = None) -> IsotropicMixture:
    """The mixture with these centres, with rows of weight zero up to `rows` components; also inside of a program."""
    mean = jnp.asarray(mean)
    size = mean.shape[0]
    rows = rows or size
    return IsotropicMixture(
        jnp.pad(mean, ((0, rows - size), (0, 0))),
        jnp.asarray(standard_deviation, mean.dtype),
        jnp.arange(rows) < size,
    )
