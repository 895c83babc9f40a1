"""The trace of a training loss: where it is logged, and whether it still falls."""

import numpy as np
from jaxtyping import Float, Int


# Blocks over which the loss is averaged, at most.
BLOCKS = 100


def log_steps(steps: int, count: int = BLOCKS) -> Int[np.ndarray, "log_step"]:
    """Return the steps that end the (at most 100) blocks over which the training loss is averaged."""
    return np.unique(np.linspace(0, steps, min(steps, count) + 1).round().astype(int))[1:]


def can_tell(steps: int) -> bool:
    """Return whether a trace is long enough to show that a loss has stopped falling: ten steps a block at least.

    In a shorter one the noise hides a loss that is still falling, and the rate of the last steps is small anyway.
    """
    return steps >= 10 * BLOCKS


def still_falling(loss: Float[np.ndarray, "log_step"]) -> bool:
    """Return whether the last tenth of a loss trace lies clearly below the tenth before it.

    Clearly is by more than 1 % and by more than three standard errors of the difference.
    """
    tenth = len(loss) // 10
    if tenth < 2:
        return False
    before, last = loss[-2 * tenth : -tenth], loss[-tenth:]
    drop = before.mean() - last.mean()
    stderr = np.sqrt((before.var(ddof=1) + last.var(ddof=1)) / tenth)
    return bool(drop > max(0.01 * before.mean(), 3 * stderr))
