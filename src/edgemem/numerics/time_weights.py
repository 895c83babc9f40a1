"""How training weights the times of diffusion, by the names of the literature."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from edgemem.numerics.diffusion import loss_weight, signal_to_noise


# Where half of EDM's noise levels lie, and their spread, in log sigma / sigma_data.  arXiv 2206.00364, table 1: log
# sigma ~ N(-1.2, 1.2^2) with sigma_data = 0.5.
EDM_MEAN, EDM_STDDEV = -1.2 - float(np.log(0.5)), 1.2
# Bound of the signal-to-noise ratio.  arXiv 2303.09556, section 3.4.
GAMMA = 5.0


def time_weight(
    preset: str, t: Float[Array, "time"], *, data_variance: float, gamma: float = GAMMA
) -> Float[Array, "time"]:
    """Return lambda, the weight of the squared error of x_0 at each time, where times are spaced equally.

    `eps`, `x0`, `v`: the error of that vector field, see `loss_weight`;
    `min_snr`: min(psi, gamma), arXiv 2303.09556;
    `edm`: N(log s; mean, stddev^2) |d log s / dt| (1 + s^2) / (s^2 v_data), s = sigma / (alpha sqrt(v_data)), which is
    the loss of arXiv 2206.00364 for data of variance v_data;
    `uniform_log_snr`: psi |d log psi / dt| = 2 / t^3, the error of eps with log psi drawn uniformly, arXiv 2107.00630.

    Papers draw times from a density, here they are spaced equally: the density is part of the weight,
    |d log s / dt| = 1 / (t alpha^2).

    **Arguments:** `t`: times in (0, 1); `data_variance`: v_data, mean over features of the training samples' variance;
    `gamma`: bound of `min_snr`.

    **Raises:** KeyError for any other name.
    """
    if preset == "min_snr":
        return jnp.minimum(signal_to_noise(t), gamma)
    if preset == "uniform_log_snr":
        return 2 / t**3
    if preset == "edm":
        ratio = 1 / (signal_to_noise(t) * data_variance)  # s^2
        deviation = (0.5 * jnp.log(ratio) - EDM_MEAN) / EDM_STDDEV
        density = jnp.exp(-(deviation**2) / 2) / (EDM_STDDEV * np.sqrt(2 * np.pi)) / (t * (1 - t) * (1 + t))
        return density * (1 + 1 / ratio) / data_variance
    return loss_weight(preset, t)


def within(weight: Float[Array, "time"], t: Float[Array, "time"], first: float, last: float) -> Float[Array, "time"]:
    """Return the weights of the times from a first to a last one, and zero for all others."""
    return jnp.where((t >= first) & (t <= last), weight, 0)
