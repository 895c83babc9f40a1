"""Random keys by name, so that no number depends on what else was drawn."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np


if TYPE_CHECKING:
    from jaxtyping import PRNGKeyArray


def named_key(seed: int, *path: str | int) -> "PRNGKeyArray":
    """Return the random key that belongs to a seed and a path of names and indices.

    The path is hashed as a whole: adding a model size, a seed or a figure adds keys and changes none.

    **Arguments:** `seed`: root of all randomness of a run; `path`: for example `("train", "noise", 40)`.
    """
    import jax.random as jr  # here: the stages that need no key start half a second sooner

    return named_part(jr.key(seed, impl="threefry2x32"), *path)  # whatever the user's JAX prefers


def named_part(key: "PRNGKeyArray", *path: str | int) -> "PRNGKeyArray":
    """Return the key of a part of what a key is for, by a path of names and indices as `named_key` has it."""
    import jax.random as jr

    # fold_in takes 32 bits; two of them make accidental collisions impossible in practice.
    for half in _digest(path):
        key = jr.fold_in(key, half)
    return key


def named_generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return the NumPy generator that belongs to a seed and a path, for draws and statistics outside JAX."""
    return np.random.default_rng([seed, *_digest(path)])


def _digest(path: tuple[str | int, ...]) -> tuple[int, int]:
    # An index may be NumPy's integer: it names the same thing.
    name = "\0".join(f"{'str' if isinstance(part, str) else 'int'}:{part}" for part in path)
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little")
