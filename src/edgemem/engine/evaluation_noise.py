"""The noise in which losses are measured, the same for all denoisers of a setting and seed."""

import jax
import jax.random as jr

from edgemem.numerics.randomness import named_key


def evaluation_noise(seed: int, setting: str, split: str, time: float, draws: int, shape: tuple[int, ...]) -> jax.Array:
    """Return the noise of a time and split: draws of N(0, I).

    **Arguments:** `setting`: its name; `shape`: of the samples, (sample, feature).

    **Returns:** an array of shape (draw, sample, feature), in float64 where JAX has it.
    """
    return jr.normal(named_key(seed, "evaluate", setting, "noise", split, f"{time:.12g}"), (draws, *shape))
