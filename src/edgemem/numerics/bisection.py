"""Where a difference between sizes is zero, looked at in few of them."""

from collections.abc import Callable


def bisected_size(difference: Callable[[int], float], largest: int) -> float:
    """Return where a difference that starts positive at size one reaches zero, found by bisection.

    For differences that cost too much to have them at every size. Interpolated between neighbouring sizes;
    of one that crosses zero several times it is one of these places. NaN where it is not positive at one, or still is
    at the largest size.
    """
    low, high = (1, difference(1)), (largest, difference(largest))
    if not low[1] > 0 >= high[1]:
        return float("nan")
    while high[0] - low[0] > 1:
        middle = (low[0] + high[0]) // 2
        found = middle, difference(middle)
        low, high = (found, high) if found[1] > 0 else (low, found)
    return low[0] + low[1] / (low[1] - high[1])
