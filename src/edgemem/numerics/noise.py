"""The random numbers of training, where drawing them is a fifth of the work: each belongs to a point by its number."""

import math

import jax
import jax.numpy as jnp
import jax.random as jr
from jax.extend.random import threefry_2x32
from jaxtyping import Array, Float, Int, PRNGKeyArray, UInt32


# The fractional part of the golden ratio, in units of 2^-32.
GOLDEN = 0x9E3779B9


def standard_normal(key: PRNGKeyArray, point: Int[Array, "point"], dim: int) -> Float[Array, "dim point"]:
    """Return float32 draws of N(0, 1), one column for each point: sqrt(2) erf^-1(u), u uniform on a grid over (-1, 1).

    A column depends on the key and the point's number alone, so that points can be handled in blocks of any size.
    Both words of each block of the generator are used: `jax.random.normal` throws one away, and takes twice the time.

    **Arguments:** `point`: numbers below 2^32; `dim`: number of features.
    """
    pairs = (dim + 1) // 2
    bits = _bits(key, point, jnp.arange(pairs)[:, None]).reshape(2 * pairs, *point.shape)[:dim]
    # 23 bits make the mantissa of a number in [1, 2); the grid's 2^23 points lie in the middle of its cells.
    one_to_two = jax.lax.bitcast_convert_type((bits >> 9) | jnp.uint32(0x3F800000), jnp.float32)
    return math.sqrt(2) * jax.lax.erf_inv((one_to_two - 1.5) * 2 + 2.0**-23)


def uniform_index(key: PRNGKeyArray, point: Int[Array, "point"], count: int) -> Int[Array, "point"]:
    """Return a random index below `count` for each point; probabilities are equal to count / 2^24.

    `jax.random.randint` asks the generator five times, which for a few hundred points takes longer than the draws.
    """
    return _index(_bits(key, point, jnp.zeros((), int))[0], count)


def stratified_index(key: PRNGKeyArray, point: Int[Array, "point"], count: int) -> Int[Array, "point"]:
    """Return an index below `count` for each point, evenly spread over the points: floor(count frac(u + i phi)).

    u is one random number, phi the golden ratio. Each index alone is as random as one of `uniform_index`, but among n
    points each occurs n / count times to within two or so, where independent indices scatter by sqrt(n / count).
    """
    first = _bits(key, jnp.zeros((), int), jnp.zeros((), int))[0]
    return _index(first + point.astype(jnp.uint32) * jnp.uint32(GOLDEN), count)  # modulo 2^32, as integers are


def _index(bits: UInt32[Array, "point"], count: int) -> Int[Array, "point"]:
    return ((bits >> 8).astype(jnp.float32) * (count / 2**24)).astype(jnp.int32)


def _bits(key: PRNGKeyArray, first: Int[Array, "..."], second: Int[Array, "..."]) -> UInt32[Array, "2 ..."]:
    """Return two words of JAX's Threefry-2x32 for each pair of counters."""
    counter = jnp.broadcast_arrays(first.astype(jnp.uint32), second.astype(jnp.uint32))
    return threefry_2x32(jr.key_data(key), jnp.stack(counter))
