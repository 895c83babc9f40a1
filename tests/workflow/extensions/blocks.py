"""A denoiser in one file: one Gaussian, with a variance for each of M blocks of features."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.families.rows import rows
from edgemem.numerics.diffusion import alpha


class Blocks(AbstractDenoiser):
    """The posterior mean under N(m, diag(v)), v the same within a block."""

    mean: Float[Array, "feature"]
    log_variance: Float[Array, "block"]

    starts = {"training_samples": (), "zero": ()}
    options = {"first_variance": 1.0}

    @classmethod
    def start(cls, name, samples, size, *, key, first_variance):
        """Return zero means, or that of the samples."""
        mean = rows(samples.x_train).mean(axis=0) * (name != "zero")
        return cls(jnp.asarray(mean, jnp.float32), jnp.full(size, np.log(first_variance), jnp.float32))

    def __call__(self, x, t):
        """Return m + alpha v / (alpha^2 v + sigma^2) (x - alpha m)."""
        block = np.arange(x.shape[1]) * self.log_variance.shape[0] // x.shape[1]
        variance, a = jnp.exp(self.log_variance)[block], alpha(t)[:, None]
        return self.mean + a * variance / (a**2 * variance + t[:, None] ** 2) * (x - a * self.mean)

    @staticmethod
    def n_parameters(size, dim, **options):
        """Return d + M."""
        return dim + size
