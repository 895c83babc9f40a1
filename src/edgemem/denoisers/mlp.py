"""A residual network on the features of a point, conditioned on its time."""

from collections.abc import Mapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.families.rows import rows
from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.networks import WAVES, normalized, scaled_network, time_waves
from edgemem.numerics.randomness import named_part


# Units of the embedding of time.
EMBEDDING = 32


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

        def normal(name: str, *shape: int, scale: float = 1.0) -> Float[Array, "..."]:
            return jr.normal(named_part(key, name), shape, jnp.float32) * np.float32(scale / np.sqrt(shape[-1]))

        def zeros(*shape: int) -> Float[Array, "..."]:
            return jnp.zeros(shape, jnp.float32)

        return cls(
            input_weight=normal("input", size, dim),
            input_bias=zeros(size),
            time_weight=normal("time", EMBEDDING, 2 * WAVES),
            time_bias=zeros(EMBEDDING),
            first_weight=normal("first", blocks, size, size),
            first_bias=zeros(blocks, size),
            modulation=normal("modulation", blocks, size, EMBEDDING),
            second_weight=normal("second", blocks, size, size, scale=0.5 / np.sqrt(blocks)),
            second_bias=zeros(blocks, size),
            output_weight=zeros(dim, size),
            output_bias=zeros(dim),
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
        embedding = jax.nn.silu(matmul(self.time_weight, time_waves(t)) + self.time_bias[:, None])
        shift = matmul(self.modulation, embedding) + self.first_bias[:, :, None]
        h = matmul(self.input_weight, x) + self.input_bias[:, None]
        for block in range(len(shift)):
            hidden = jax.nn.silu(matmul(self.first_weight[block], normalized(h)) + shift[block])
            h = h + matmul(self.second_weight[block], hidden) + self.second_bias[block][:, None]
        return matmul(self.output_weight, h) + self.output_bias[:, None]
