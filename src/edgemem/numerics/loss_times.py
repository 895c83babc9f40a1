"""When the two losses of a gradient flow fall, part and settle: times read off curves that are known at all times."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from edgemem.numerics.training_time import first_crossing


# The share of the fall of the test loss that makes a model one that generalizes.
GENERALIZED = 0.9


class LossTimes(NamedTuple):
    """Training times of a flow, linear in log tau between two times, inf where they are later than all finite ones.

    **Attributes:** `generalizing`: first time with 1 - L_test >= 0.9 (1 - min L_test); `least`: that of the least
    L_test; `half`: first time after it at which L_test - L_train is half of what it is at the end; `train`: first time
    after it at which L_train is halfway to its end.
    """

    generalizing: float
    least: float
    half: float
    train: float


def loss_times(
    tau: Float[np.ndarray, "step"], train: Float[np.ndarray, "step"], test: Float[np.ndarray, "step"]
) -> LossTimes:
    """Return the times of two losses that are 1 at the start.

    **Arguments:** `tau`: ascending and positive; the last one, which may be inf, is the end of training.
    """
    least = int(test[:-1].argmin())
    gap = test - train
    fallen = GENERALIZED * (1 - test[least])
    later = slice(least, -1)
    return LossTimes(
        _first(tau[:-1], 1 - test[:-1], fallen),
        float(tau[least]),
        _first(tau[later], gap[later], gap[-1] / 2),
        _first(tau[later], -train[later], -(train[least] + train[-1]) / 2),
    )


def _first(tau: Float[np.ndarray, "step"], values: Float[np.ndarray, "step"], level: float) -> float:
    """Return when a course first reaches a level."""
    return float(first_crossing(tau, values[None], level)[0])
