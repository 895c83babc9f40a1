"""Times on courses of training: formulas at their edges, coverage of intervals, and what a ratio is a function of."""

import numpy as np
import pytest

from edgemem.numerics.training_time import (
    Time,
    at_time,
    crossing_times,
    errors_off_one_curve,
    excess_time,
    exponents,
    first_crossing,
    gain,
    least_loss_time,
)


STEPS = np.unique((10.0 * 10 ** (np.arange(25) / 7)).round()).astype(int)  # seven a decade, from 10 on
TOTAL = 2000


def rising(step, tau, width=0.4):
    return 1 / (1 + np.exp(-np.log(step / tau) / width))


def rng(seed=0):
    return np.random.default_rng(seed)


# -------------------------------------------------------------------------------------------------- first crossings


def test_crossing_is_linear_in_log_step():
    """A ratio that is a line in log step crosses where the line does; of several crossings the first counts."""
    steps = np.array([10, 100, 1000, 10_000])
    courses = np.array([[0.0, 0.25, 0.75, 1.0], [0.1, 0.9, 0.1, 0.9]])
    np.testing.assert_allclose(first_crossing(steps, courses, 0.5), [10**2.5, 10**1.5])
    np.testing.assert_allclose(first_crossing(steps, courses, 0.25), [100, 10 ** (1 + 0.15 / 0.8)])


def test_what_is_not_reached_and_what_was_there_before():
    steps = np.array([10, 100, 1000])
    found = first_crossing(steps, np.array([[0.0, 0.2, 0.4], [0.6, 0.1, 0.7], [0.5, 0.5, 0.5]]), 0.5)
    assert found.tolist() == [np.inf, 0, 0]
    assert [Time(value, 0, 0).censored for value in (*found, 20.0)] == [1, -1, -1, 0]


def test_intervals_of_crossings_cover_the_truth():
    """Counts drawn anew from a known course: nineteen of twenty intervals hold what the course itself gives."""
    ratio = rising(STEPS, 3000.0)
    truth = first_crossing(STEPS, ratio[None], 0.5)[0]
    inside, runs = 0, 400
    for seed in range(runs):
        counts = rng(seed).binomial(TOTAL, ratio)
        (found,) = crossing_times(STEPS, counts, TOTAL, (0.5,), rng=rng(seed), replicates=400)
        inside += found.low <= truth <= found.high
    assert 0.92 < inside / runs < 0.98


def test_an_interval_may_reach_beyond_the_last_step():
    """Where half of the repeated counts do not reach the level, the upper end says so, and the value is kept."""
    counts = np.array([0, 100, 1001])
    (found,) = crossing_times(np.array([10, 100, 1000]), counts, TOTAL, (0.5,), rng=rng())
    assert found.high == np.inf and 900 < found.value < 1000 and found.low > 900
    never = crossing_times(np.array([10, 100]), np.array([0, 0]), TOTAL, (0.1,), rng=rng())[0]
    assert never == (np.inf, np.inf, np.inf) and never.censored == 1


# ------------------------------------------------------------------------------------------------- the least test loss


def test_least_loss_of_a_parabola_is_its_vertex():
    loss = 4 + 0.3 * np.log(STEPS / 371.0) ** 2
    found = least_loss_time(STEPS, loss, np.full(len(STEPS), 1e-9))
    assert found.value == pytest.approx(371, rel=1e-9)
    # With no noise the interval is what lies between the neighbours of the least step.
    least = loss.argmin()
    assert found[1:] == (STEPS[least - 1], STEPS[least + 1])


def test_noise_of_the_loss_widens_its_interval():
    """Three hundred times the truth is held by nearly all intervals, which are wider than without noise."""
    truth, error, runs, inside, widths = 371.0, 0.02, 300, 0, []
    exact = 4 + 0.1 * np.log(STEPS / truth) ** 2
    for seed in range(runs):
        loss = exact + error * rng(seed).standard_normal(len(STEPS))
        found = least_loss_time(STEPS, loss, np.full(len(STEPS), error))
        inside += found.low <= truth <= found.high
        widths.append(found.high / found.low)
    assert inside / runs > 0.95
    assert np.median(widths) > 10 ** (2.1 / 7)


def test_a_loss_that_is_least_at_an_end_is_censored():
    steps, error = np.array([10, 100, 1000]), np.full(3, 0.01)
    falling = least_loss_time(steps, np.array([3.0, 2.0, 1.0]), error)
    assert falling == (np.inf, 100, np.inf) and falling.censored == 1
    rising_loss = least_loss_time(steps, np.array([1.0, 2.0, 3.0]), error)
    assert rising_loss == (0, 0, 100) and rising_loss.censored == -1
    flat = least_loss_time(steps, np.array([2.0, 2.0, 2.0]), error)
    assert (flat.low, flat.high) == (0, np.inf)


def test_between_two_equal_losses_the_least_is_in_the_middle():
    """Of four, of which the first two are lower than the others, it lies between these two."""
    found = least_loss_time(np.array([1, 10, 100, 1000]), np.array([3.0, 2.0, 2.0, 3.0]), np.zeros(4))
    assert found.value == pytest.approx(10**1.5)
    flat = least_loss_time(np.array([10, 100, 1000]), np.array([2.0, 1.0, 1.0]), np.zeros(3))
    assert flat.value == pytest.approx(10**2.5)


def test_excess_is_of_the_loss_after_its_least():
    """Before the least step the loss is higher, too, and that is not the time that is asked for."""
    steps, loss = np.array([10, 100, 1000, 10_000]), np.array([9.0, 4.0, 4.1, 4.3])
    found = excess_time(steps, loss, np.full(4, 1e-9), 0.05)
    assert found.value == pytest.approx(10**3.5)
    assert excess_time(steps, loss, np.full(4, 1e-9), 0.1) == (np.inf, np.inf, np.inf)


def test_interval_of_the_excess_is_that_of_the_ratio_of_losses():
    steps, loss, error = np.array([100, 1000, 10_000]), np.array([4.0, 4.1, 4.3]), np.full(3, 0.02)
    found = excess_time(steps, loss, error, 0.05)
    bars = 1.959964 * loss / 4 * np.hypot(error / loss, error[0] / loss[0])
    expected = [
        10 ** (3 + (1.05 - y[1]) / (y[2] - y[1])) for y in (loss / 4 + bars, loss / 4 - bars) if y[1] < 1.05 <= y[2]
    ]
    assert found.low == pytest.approx(expected[0]) and found.high == pytest.approx(expected[1])
    assert found.low < found.value < found.high


def test_quantities_at_a_time_are_linear_in_log_step():
    steps, values = np.array([10, 1000]), np.array([2.0, 4.0])
    assert at_time(steps, values, 100.0) == pytest.approx(3)
    assert all(np.isnan(at_time(steps, values, time)) for time in (0.0, np.inf, np.nan))


# --------------------------------------------------------------------------------------------------------- exponents


def test_exponents_of_a_power_law():
    """Whole and halves are the same; the interval is Student's over seeds of each seed's own slope."""
    x = np.array([16, 32, 64, 128, 256])
    slopes = np.array([1.1, 1.3, 1.2])
    found = exponents(x, 7 * x[None] ** slopes[:, None])
    half = 4.302653 * 0.1 / np.sqrt(3)
    for one, places in zip(found.values(), (5, 3, 3), strict=True):
        np.testing.assert_allclose(one[:3], [1.2, 1.2 - half, 1.2 + half], rtol=1e-6)
        assert one[3:] == (places, 0)


def test_halves_show_that_a_law_is_bent():
    x = np.array([16, 32, 64, 128])
    found = exponents(x, np.tile(np.array([1.0, 2**0.5, 2**1.5, 2**3.3]), (2, 1)))
    expected = [np.polyfit(np.log2(x), [0, 0.5, 1.5, 3.3], 1)[0], 0.75, 1.4]
    np.testing.assert_allclose([one.value for one in found.values()], expected)


def test_a_place_that_is_censored_in_one_seed_is_left_out_of_all():
    """Seeds that are reached are the fast ones: the slope of those alone would be too small."""
    x = np.array([16, 32, 64, 128])
    times = np.array([[10.0, 20, 40, 70], [10, 20, 40, np.inf]])
    found = exponents(x, times)
    assert found["whole"].value == pytest.approx(1)
    assert found["whole"][3:] == (3, 1)
    assert exponents(x, np.where(x == 16, 0, times))["whole"][3:] == (2, 2)
    # Where there is no model nothing is left out.
    assert exponents(x, np.where(x == 16, np.nan, times))["whole"][3:] == (2, 1)


def test_of_few_places_there_is_no_exponent():
    x = np.array([16, 32])
    found = exponents(x, np.array([[10.0, 20.0], [10.0, 30.0]]))
    assert np.isfinite(found["whole"].value)
    assert np.isnan([found["lower_half"].value, found["upper_half"].value]).all()
    assert np.isnan(exponents(x[:1], np.ones((2, 1)))["whole"].value)


# --------------------------------------------------------------------------------------------- one curve for all runs


def runs(of_loss: bool, seed: int, groups: int = 12):
    """Return courses of which the ratio is a function of the loss, or else of step / N: x on both axes, y and group."""
    generator = rng(seed)
    step = np.log(STEPS)[None]
    delay = np.log(16) + generator.uniform(0, 3, (groups, 1))  # of the ratio
    other = delay + generator.normal(0, 1.0, (groups, 1))  # of the axis that does not tell
    ratio = generator.binomial(TOTAL, rising(np.exp(step - delay), 30)) / TOTAL
    own, rival = 3 * (step - delay), step - other
    loss, clock = (own, rival) if of_loss else (rival, own)
    group = np.broadcast_to(np.arange(groups)[:, None], ratio.shape)
    return loss.ravel(), clock.ravel(), ratio.ravel(), group.ravel()


def test_points_on_one_curve_are_off_it_by_their_noise():
    """By a formula of its own: leave a group out, pool adjacent violators, interpolate."""
    loss, clock, ratio, group = runs(of_loss=True, seed=1)
    errors = errors_off_one_curve(loss, ratio, group)
    assert np.sqrt(errors.mean()) < 0.02 < 0.1 < np.sqrt(errors_off_one_curve(clock, ratio, group).mean())
    own = group == 3
    order = np.argsort(loss[~own])
    x, y = loss[~own][order], ratio[~own][order]
    sums = np.append(0, np.cumsum(y))
    means = np.array(
        [[(sums[b + 1] - sums[a]) / (b + 1 - a) if b >= a else 0 for b in range(len(y))] for a in range(len(y))]
    )
    fitted = [max(means[a, i:].min() for a in range(i + 1)) for i in range(len(y))]
    expected = np.mean((ratio[own] - np.interp(loss[own], x, fitted)) ** 2)
    assert errors[3] == pytest.approx(expected, rel=1e-9)


def test_equal_places_count_as_often_as_they_occur():
    """Of three points at one place the curve has the mean, with three times the weight of one."""
    x, y, group = np.array([1.0, 1, 1, 2, 1]), np.array([0.0, 0.5, 1.0, 0.1, 0.4]), np.array([0, 0, 0, 0, 1])
    pooled = (0.0 + 0.5 + 1.0 + 0.1) / 4
    assert errors_off_one_curve(x, y, group)[1] == pytest.approx((0.4 - pooled) ** 2)


@pytest.mark.parametrize("of_loss", [True, False])
def test_gain_says_which_axis_tells(of_loss: bool):
    loss, clock, ratio, group = runs(of_loss, seed=2)
    value, low, high = gain(*(errors_off_one_curve(x, ratio, group) for x in (loss, clock)))
    assert low < value < high
    assert low > 0.5 if of_loss else high < -1


def test_gain_is_a_share_of_the_other_axis():
    errors, others = np.array([1.0, 2.0, 3.0]), np.array([4.0, 4.0, 4.0])
    value, low, high = gain(errors, others)
    # The ratio of the means is 1/2; that of the logarithm moves by (1/2, 1, 3/2) - 1.
    half = 4.302653 * 0.5 / np.sqrt(3)
    np.testing.assert_allclose([value, low, high], 1 - 0.5 * np.exp([0, half, -half]), rtol=1e-6)
    for one, other in ((errors, np.zeros(3)), (np.zeros(3), others), (errors[:1], others[:1])):
        assert np.isnan(gain(one, other)).all()


@pytest.mark.parametrize("groups", [4, 12])
def test_gains_at_a_bound_are_seldom_shown_to_be_beyond_it(groups: int):
    """Errors of groups are skewed, and those of two axes go together."""
    generator, repeats, beyond = rng(), 600, np.zeros(2)
    for _ in range(repeats):
        shared, errors, others = generator.gamma(1, 1, (3, groups))
        _, low, high = gain(0.9 * (shared + errors), shared + others)
        beyond += low > 0.1, high < 0.1
    assert (beyond / repeats < 0.025 + 3 * np.sqrt(0.025 / repeats)).all()
