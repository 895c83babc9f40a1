"""A residual network on the features of a point, conditioned on its time."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.families.rows import rows
from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.networks import (
    EMBEDDING,
    WAVES,
    embedded_time,
    normalized,
    random_weight,
    scaled_network,
    unstacked,
)


class Mlp(AbstractDenoiser):
    """c_skip x + c_out F(c_in x, t), F a residual network whose width is the model size M; for any data.

    F reads d features into M units h, moves them in each block by h += W2 silu(W1 norm(h) + b1 + We e) + b2, and reads
    d features out of them. The time is embedded as e = silu(E f + b), f its cosines and sines.

    **Attributes:** arrays of weights, in which a row makes one number of all that come in, and of biases; those of all
    blocks lie in one array; `modulation`: We; `mean_square`: v_d, of the training samples, which is not trained.
    """

    input_weight: Float[Array, "unit feature"]
    input_bias: Float[Array, "unit"]
    time_weight: Float[Array, "embedding wave"]
    time_bias: Float[Array, "embedding"]
    first_weight: Float[Array, "block hidden unit"]
    first_bias: Float[Array, "block hidden"]
    modulation: Float[Array, "block hidden embedding"]
    second_weight: Float[Array, "block unit hidden"]
    second_bias: Float[Array, "block unit"]
    output_weight: Float[Array, "feature unit"]
    output_bias: Float[Array, "feature"]
    mean_square: Float[Array, ""]

    starts: ClassVar[Mapping[str, tuple[str, ...]]] = {"random": ()}
    options: ClassVar[Mapping[str, Any]] = {"blocks": 3}
    frozen: ClassVar[tuple[str, ...]] = ("mean_square",)

    @classmethod
    def start(
        cls, name: str, samples: xr.Dataset, size: int, *, key: PRNGKeyArray, blocks: int = 3, **options: Any
    ) -> "Mlp":
        """Return random weights of variance 1 / fan-in, in float32, the last of each block smaller.

        Those of W2 are times 0.5 / sqrt(blocks), and those that read features out are zero, so that the start is
        c_skip x, the posterior mean under N(0, v_d I).
        """
        x = rows(samples.x_train)
        dim = x.shape[1]
        return cls(
            input_weight=random_weight(key, "input", size, dim),
            input_bias=jnp.zeros(size, jnp.float32),
            time_weight=random_weight(key, "time", EMBEDDING, 2 * WAVES),
            time_bias=jnp.zeros(EMBEDDING, jnp.float32),
            first_weight=random_weight(key, "first", blocks, size, size),
            first_bias=jnp.zeros((blocks, size), jnp.float32),
            modulation=random_weight(key, "modulation", blocks, size, EMBEDDING),
            second_weight=random_weight(key, "second", blocks, size, size, scale=0.5 / np.sqrt(blocks)),
            second_bias=jnp.zeros((blocks, size), jnp.float32),
            output_weight=jnp.zeros((dim, size), jnp.float32),
            output_bias=jnp.zeros(dim, jnp.float32),
            mean_square=jnp.asarray(np.mean(x**2), jnp.float32),
        )

    @staticmethod
    def n_parameters(size: int, dim: int, blocks: int = 3, **options: Any) -> int:
        """Return 2 d M + M + d of the two ends, 2 M^2 + 34 M of each block, and 17 x 32 of the embedding of time."""
        return 2 * dim * size + size + dim + blocks * (2 * size**2 + 34 * size) + 17 * 32

    @property
    def width(self) -> int:
        """One number a unit."""
        return self.input_bias.shape[0]

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the estimate of each point."""
        return scaled_network(self._network, x, t, self.mean_square)

    def _network(self, x: Float[Array, "feature point"], t: Float[Array, "point"]) -> Float[Array, "feature point"]:
        """Return F."""
        shift = matmul(self.modulation, embedded_time(t, self.time_weight, self.time_bias)) + self.first_bias[..., None]
        blocks = zip(*map(unstacked, (self.first_weight, shift, self.second_weight, self.second_bias)), strict=True)
        h = matmul(self.input_weight, x) + self.input_bias[:, None]
        for first, moved, second, bias in blocks:
            hidden = jax.nn.silu(matmul(first, normalized(h[None])[0]) + moved)
            h = h + matmul(second, hidden) + bias[:, None]
        return matmul(self.output_weight, h) + self.output_bias[:, None]
