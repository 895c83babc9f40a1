"""A small U-Net: residual blocks of convolutions at two resolutions, conditioned on the time; for images."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.errors import EdgememError
from edgemem.numerics.convolution import convolved, doubled, group_normalized, halved
from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.networks import EMBEDDING, WAVES, embedded_time, random_weight, scaled_network, unstacked


# Pixels that a convolution sees, and groups that channels are normalized in if their number is a multiple.
PATCH, GROUPS = 9, 8
# Blocks: before, at, and after half the resolution.
BLOCKS = 3


class Unet(AbstractDenoiser):
    """c_skip x + c_out F(c_in x, t), F a U-Net whose number of channels is the model size M; for images.

    F makes M channels of those of the image. A block moves them by h += C2 silu(C1 norm(h) + We e), e the embedded
    time; C1 and C2 are convolutions of 3 x 3 pixels. The first block is followed by one at half the resolution, whose
    result is added to the first one's, the skip connection, before the last block; then a convolution makes the
    image's channels.

    **Attributes:** arrays of weights, in which a row makes one number of a patch, its pixels one after the other, each
    with all channels, and of biases; those of all blocks lie in one array; `modulation`: We; `mean_square`: v_d, of the
    training samples, which is not trained; `shape`: channels, rows and columns of an image.
    """

    input_weight: Float[Array, "unit image_patch"]
    input_bias: Float[Array, "unit"]
    time_weight: Float[Array, "embedding wave"]
    time_bias: Float[Array, "embedding"]
    first_weight: Float[Array, "block hidden patch"]
    first_bias: Float[Array, "block hidden"]
    modulation: Float[Array, "block hidden embedding"]
    second_weight: Float[Array, "block unit patch"]
    second_bias: Float[Array, "block unit"]
    output_weight: Float[Array, "channel patch"]
    output_bias: Float[Array, "channel"]
    mean_square: Float[Array, ""]
    shape: tuple[int, int, int] = eqx.field(static=True)

    requires: ClassVar[tuple[str, ...]] = ("images",)
    starts: ClassVar[Mapping[str, tuple[str, ...]]] = {"random": ()}
    options: ClassVar[Mapping[str, Any]] = {"channels": 3}
    frozen: ClassVar[tuple[str, ...]] = ("mean_square",)

    @classmethod
    def start(
        cls, name: str, samples: xr.Dataset, size: int, *, key: PRNGKeyArray, channels: int = 3, **options: Any
    ) -> "Unet":
        """Return random weights of variance 1 / fan-in, in float32, the last of each block smaller.

        Those of C2 are times 0.5 / sqrt(3), and those of the last convolution are zero, so that the start is c_skip x,
        the posterior mean under N(0, v_d I).

        **Raises:** EdgememError if images have another number of channels than `channels` says.
        """
        x = samples.x_train
        shape = x.sizes["channel"], x.sizes["row"], x.sizes["column"]
        if shape[0] != channels:
            raise EdgememError(f"options.channels: images have {shape[0]} channels (got {channels})")
        return cls(
            input_weight=random_weight(key, "input", size, PATCH * channels),
            input_bias=jnp.zeros(size, jnp.float32),
            time_weight=random_weight(key, "time", EMBEDDING, 2 * WAVES),
            time_bias=jnp.zeros(EMBEDDING, jnp.float32),
            first_weight=random_weight(key, "first", BLOCKS, size, PATCH * size),
            first_bias=jnp.zeros((BLOCKS, size), jnp.float32),
            modulation=random_weight(key, "modulation", BLOCKS, size, EMBEDDING),
            second_weight=random_weight(key, "second", BLOCKS, size, PATCH * size, scale=0.5 / np.sqrt(BLOCKS)),
            second_bias=jnp.zeros((BLOCKS, size), jnp.float32),
            output_weight=jnp.zeros((channels, PATCH * size), jnp.float32),
            output_bias=jnp.zeros(channels, jnp.float32),
            mean_square=jnp.asarray(np.mean(x.values**2), jnp.float32),
            shape=shape,
        )

    @staticmethod
    def n_parameters(size: int, dim: int, channels: int = 3, **options: Any) -> int:
        """Return 18 C M + M + C of the two ends, 3 (18 M^2 + 34 M) of the blocks, and 17 x 32 of the time's embedding,
        for C channels of the image.
        """
        return 18 * channels * size + size + channels + 3 * (18 * size**2 + 34 * size) + 17 * 32

    @property
    def width(self) -> int:
        """The numbers in all patches of a point."""
        return PATCH * self.input_bias.shape[0] * self.shape[1] * self.shape[2]

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return the estimate of each point, its channels one after the other, each with all its pixels."""
        return scaled_network(self._network, x, t, self.mean_square)

    def _network(self, x: Float[Array, "feature point"], t: Float[Array, "point"]) -> Float[Array, "feature point"]:
        """Return F."""
        shift = matmul(self.modulation, embedded_time(t, self.time_weight, self.time_bias)) + self.first_bias[..., None]
        blocks = zip(*map(unstacked, (self.first_weight, shift, self.second_weight, self.second_bias)), strict=True)
        before, below, after = blocks
        h = convolved(x.reshape(*self.shape, -1), self.input_weight) + self.input_bias[:, None, None, None]
        h = moved(h, *before)
        h = moved(h + doubled(moved(halved(h), *below), *self.shape[1:]), *after)
        image = convolved(h, self.output_weight) + self.output_bias[:, None, None, None]
        return image.reshape(x.shape)


def moved(
    h: Float[Array, "unit row column point"],
    first: Float[Array, "hidden patch"],
    shift: Float[Array, "hidden point"],
    second: Float[Array, "unit patch"],
    bias: Float[Array, "unit"],
) -> Float[Array, "unit row column point"]:
    """Return h + C2 silu(C1 norm(h) + shift) + b, the norm over groups of channels."""
    norm = group_normalized(h, math.gcd(h.shape[0], GROUPS))
    hidden = jax.nn.silu(convolved(norm, first) + shift[:, None, None])
    return h + convolved(hidden, second) + bias[:, None, None, None]
