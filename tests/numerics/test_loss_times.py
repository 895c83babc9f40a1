"""Times of a flow's losses: on curves of which they are known."""

import numpy as np
import pytest

from edgemem.numerics.loss_times import loss_times


TAU = np.append(np.logspace(-2, 8, 5001), np.inf)
# The losses fall to 0.8 within about 1; from about 1e5 on the test loss rises to 1.8 and the other falls to 0.2.
FAST, SLOW = -np.expm1(-TAU), -np.expm1(-TAU / 1e5)


def test_times_of_a_fast_and_a_slow_exponential_are_where_they_have_done_their_half():
    found = loss_times(TAU, 1 - 0.2 * FAST - 0.6 * SLOW, 1 - 0.2 * FAST + SLOW)
    assert found.generalizing == pytest.approx(np.log(10), rel=0.02)
    # 0.2 exp(-tau) = exp(-tau / 1e5) / 1e5.
    assert found.least == pytest.approx(np.log(20_000), rel=0.01)
    assert found.half == pytest.approx(1e5 * np.log(2), rel=0.01)
    assert found.train == pytest.approx(1e5 * np.log(2), rel=0.01)


def test_what_has_not_happened_by_the_last_finite_time_is_not_reached():
    early = TAU < 100
    early[-1] = True
    found = loss_times(TAU[early], (1 - 0.2 * FAST - 0.6 * SLOW)[early], (1 - 0.2 * FAST + SLOW)[early])
    assert np.isfinite(found.least)
    assert found.half == found.train == np.inf
