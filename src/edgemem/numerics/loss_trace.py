"""The trace of a training loss: where it is logged, and whether it still falls."""

import numpy as np
from jaxtyping import Float, Int


def log_steps(steps: int, count: int = 100) -> Int[np.ndarray, "log_step"]:
    """Return the steps that end the (at most 100) blocks over which the training loss is averaged."""
    return np.unique(np.linspace(0, steps, min(steps, count) + 1).round().astype(int))[1:]


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
