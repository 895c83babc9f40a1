"""The variance-preserving diffusion: its schedule, its time grid and its loss scales."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int


def alpha(t: Float[Array, "*time"]) -> Float[Array, "*time"]:
    """Return the signal level alpha(t) = sqrt(1 - t^2).

    Written as a product so that float32 keeps its digits where t is near one.
    """
    return jnp.sqrt((1 - t) * (1 + t))


def signal_to_noise(t: Float[Array, "*time"]) -> Float[Array, "*time"]:
    """Return the signal-to-noise ratio psi(t) = alpha^2 / sigma^2 = (1 - t^2) / t^2, decreasing in t."""
    return (1 - t) * (1 + t) / t**2


def time_grid(times: int, t_min: float, t_max: float) -> Float[np.ndarray, "time"]:
    """Return the equally spaced times of training and sampling, from `t_max` down to `t_min`.

    t_l = t_max - (t_max - t_min) l / L, l = 0..L; the paper has L = 25, t_max = 0.999, t_min = 0.001.
    """
    return np.linspace(t_max, t_min, times)


def nearest_time(t: Float[Array, "*point"], times: int, t_min: float, t_max: float) -> Int[Array, "*point"]:
    """Return which time of `time_grid` is nearest to each t: 0 for t_max and above, `times` - 1 for t_min and below."""
    place = (t_max - t) * ((times - 1) / (t_max - t_min))
    return jnp.clip(jnp.round(place), 0, times - 1).astype(int)


def noised(
    x0: Float[Array, "... feature"], t: Float[Array, "..."], noise: Float[Array, "... feature"]
) -> Float[Array, "... feature"]:
    """Return x_t = alpha(t) x_0 + sigma(t) eps."""
    return alpha(t)[..., None] * x0 + t[..., None] * noise


def loss_weight(field: str, t: Float[Array, "*time"]) -> Float[Array, "*time"]:
    """Return the factor that turns a squared error of x_0 into one of another vector field.

    `x0`: 1; `eps`: psi; `v`: alpha^2 (sigma'/sigma - alpha'/alpha)^2 = 1 / (t alpha)^2;
    `score`: (alpha/sigma^2)^2. Paper, section 2.

    **Arguments:** `field`: one of the four names; `t`: times in (0, 1).

    **Raises:** KeyError for any other name.
    """
    factors: dict[str, Callable[[Array], Array]] = {
        "x0": jnp.ones_like,
        "eps": signal_to_noise,
        "v": lambda t: 1 / (t**2 * (1 - t) * (1 + t)),
        "score": lambda t: signal_to_noise(t) / t**2,
    }
    return factors[field](t)
