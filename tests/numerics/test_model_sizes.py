"""The sizes that are trained: the paper's coarse grid, and a fine one that is never repeated nor out of range."""

import numpy as np
import pytest

from edgemem.numerics.model_sizes import coarse_sizes, fine_grid


POINTS = 500
COARSE = np.arange(20, 201, 20)


def logistic(sizes: np.ndarray, centre: float, width: float) -> np.ndarray:
    return 1 / (1 + np.exp(-(sizes - centre) / width))


@pytest.mark.parametrize(
    ("n_samples", "count", "expected"),
    [
        (200, 10, [20, 40, 60, 80, 100, 120, 140, 160, 180, 200]),
        (105, 10, [10, 21, 31, 42, 52, 63, 73, 84, 94, 105]),
        (10, 10, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (6, 10, [1, 2, 3, 4, 5, 6]),
        (2, 10, [1, 2]),
        (50, 3, [16, 33, 50]),
    ],
)
def test_coarse_sizes(n_samples, count, expected):
    """k N / count rounded down, k = 1 to count, which ends at N; every integer once where there are fewer."""
    assert coarse_sizes(n_samples, count).tolist() == expected


def test_coarse_sizes_are_always_valid():
    """Ascending from at least 1 to N, as many as asked or as there are integers; the paper's where count divides N."""
    for n_samples in range(2, 130):
        for count in (2, 3, 7, 10, 64, 1000):
            sizes = coarse_sizes(n_samples, count)
            assert len(sizes) == min(count, n_samples)
            assert sizes[0] >= 1
            assert sizes[-1] == n_samples
            assert np.all(np.diff(sizes) > 0)
            if n_samples % count == 0:
                assert sizes.tolist() == [k * (n_samples // count) for k in range(1, count + 1)]


def test_fine_sizes_fill_the_transition():
    """The usual case: ten sizes, evenly from where the interpolated ratio reaches 0.1 to where it reaches 0.9."""
    ratio = logistic(COARSE, 155, 10)
    grid = fine_grid(COARSE, ratio, 10, POINTS)
    start, end = np.interp([0.1, 0.9], ratio, COARSE)
    assert (grid.start, grid.end) == (pytest.approx(start), pytest.approx(end))
    assert grid.note == ""
    assert len(grid.sizes) == 10
    assert grid.sizes[0] == pytest.approx(start, abs=1)
    assert grid.sizes[-1] == pytest.approx(end, abs=1)
    # Equal spacing but for rounding and for a coarse size that is stepped over.
    assert np.abs(np.diff(grid.sizes) - (end - start) / 9).max() <= 2


def test_transition_between_two_coarse_sizes():
    """A jump from below 0.1 to above 0.9 within one coarse interval is located inside of it."""
    grid = fine_grid(COARSE, np.repeat([0.0, 1.0], [7, 3]), 10, POINTS)
    assert (grid.start, grid.end) == (pytest.approx(142), pytest.approx(158))
    assert len(grid.sizes) == 10
    assert grid.sizes[0] >= 141
    assert grid.sizes[-1] <= 159
    assert grid.note == ""


def test_ratio_above_a_tenth_from_the_start():
    """The transition began before the smallest coarse size: fine sizes start at 1, and the note says why."""
    grid = fine_grid(COARSE, logistic(COARSE, 40, 20), 10, POINTS)
    assert grid.start == 1
    assert grid.sizes[0] == 1
    assert grid.sizes[-1] <= np.ceil(grid.end)
    assert "already" in grid.note
    assert "start at 1" in grid.note


def test_ratio_above_nine_tenths_from_the_start():
    """Where even the smallest coarse size memorizes, all fine sizes lie below it."""
    grid = fine_grid(COARSE, np.linspace(0.95, 1, 10), 10, POINTS)
    assert grid.sizes[0] == 1
    assert grid.sizes[-1] < COARSE[0]
    assert len(grid.sizes) == 10
    assert "already" in grid.note


def test_ratio_never_reaches_nine_tenths():
    """The transition is not over at N: fine sizes end there, and the note says so."""
    grid = fine_grid(COARSE, logistic(COARSE, 190, 15), 10, POINTS)
    assert grid.end == COARSE[-1]
    assert grid.sizes[-1] == COARSE[-1] - 1
    assert "never reaches 0.9" in grid.note


def test_ratio_never_reaches_a_tenth():
    """No transition at all: fine sizes fill the last coarse interval, and the note says so."""
    grid = fine_grid(COARSE, np.zeros(10), 10, POINTS)
    assert (grid.start, grid.end) == (COARSE[-2], COARSE[-1])
    assert len(grid.sizes) == 10
    assert grid.sizes[0] > COARSE[-2]
    assert grid.sizes[-1] < COARSE[-1]
    assert "never reaches 0.1" in grid.note


def test_a_ratio_that_falls_back_is_noted():
    """A ratio that is not monotone beyond binomial errors is used through its closest monotone curve, and noted."""
    ratio = logistic(COARSE, 155, 10)
    ratio[6], ratio[7] = 0.6, 0.3
    grid = fine_grid(COARSE, ratio, 10, POINTS)
    assert "not monotone" in grid.note
    # The two are pooled to .45, so that .1 is reached between the size before them and the first of them.
    assert grid.start == pytest.approx(np.interp(0.1, [ratio[5], 0.45], [120, 140]))
    assert len(grid.sizes) == 10


def test_binomial_noise_is_not_noted():
    """A plateau that wobbles as counts of 500 points do is no reason for a note."""
    ratio = np.repeat([0.0, 0.02, 0.01, 0.5, 0.48, 0.95, 1.0, 0.99], [3, 1, 1, 1, 1, 1, 1, 1])
    assert fine_grid(COARSE, ratio, 10, POINTS).note == ""


@pytest.mark.parametrize("n_samples", [2, 10, 12, 20, 50])
def test_too_few_integers(n_samples):
    """In a small problem all free integers of the transition are used, once, and the note says how many there are."""
    coarse = coarse_sizes(n_samples, 10)
    grid = fine_grid(coarse, np.linspace(0, 1, len(coarse)) ** 8, 10, POINTS)
    free = np.setdiff1d(np.arange(np.floor(grid.start), np.ceil(grid.end) + 1), coarse)
    if len(free) < 10:
        assert f"only {len(free)} sizes" in grid.note
        assert grid.sizes.tolist() == free.tolist()
    else:
        assert len(grid.sizes) == 10


@pytest.mark.parametrize("count", [0, 1, 10, 40])
def test_sizes_are_always_valid(count):
    """Whatever the ratios: ascending integers in 1..N without repetition, none of them coarse, not more than asked."""
    rng = np.random.default_rng(count)
    for _ in range(300):
        n_samples = int(rng.integers(2, 220))
        coarse = coarse_sizes(n_samples, 10)
        centre, width = rng.uniform(-0.3, 1.4), rng.uniform(0.001, 0.5)
        with np.errstate(over="ignore"):
            ratio = rng.binomial(50, logistic(coarse / n_samples, centre, width)) / 50
        grid = fine_grid(coarse, ratio, count, 50)
        assert np.issubdtype(grid.sizes.dtype, np.integer)
        assert np.all(np.diff(grid.sizes) > 0)
        assert np.all((grid.sizes >= 1) & (grid.sizes <= n_samples))
        assert not np.isin(grid.sizes, coarse).any()
        assert len(grid.sizes) == count or (len(grid.sizes) < count and "only" in grid.note)
        assert 1 <= grid.start <= grid.end <= n_samples
