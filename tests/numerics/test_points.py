"""However the points of a step are tiled, they are the same points."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from jax.extend.core import jaxprs_in_params

from edgemem.numerics import points
from edgemem.numerics.points import Problem, Tiling, clean_blocks, draw_block, tiling_of

from .mixtures import mixture


X = np.random.default_rng(0).normal(size=(7, 3))
PROBLEM = Problem(jnp.asarray(X, jnp.float32), jnp.array([0.9, 0.5, 0.1]), jnp.array([1.0, 2.0, 3.0]))
KEY, STEP = jr.key(4), jnp.asarray(11)


def all_points(tiling: Tiling) -> np.ndarray:
    """Everything with a weight, one row a point, in some order."""
    clean = clean_blocks(PROBLEM, tiling)
    rows = []
    for block in range(tiling.per_step):
        drawn = draw_block(PROBLEM, tiling, KEY, STEP, jnp.asarray(block))
        x0 = drawn.x0 if clean is None else clean[block % tiling.over_samples]
        row = np.concatenate([x0, drawn.t[None], drawn.weight[None], drawn.noise]).T
        rows.append(row[np.asarray(drawn.weight) > 0])
    rows = np.concatenate(rows)
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("n_samples", [7, 4, 14, 17])
def test_tiling_changes_nothing(n_samples):
    """Whole, or in blocks that leave a rest of samples, of draws, or of both: every point once, its numbers its own."""
    draws = 5
    whole = all_points(Tiling(n_samples, draws, n_samples, draws))
    assert len(whole) == n_samples * draws
    assert len(np.unique(whole[:, -3:], axis=0)) == n_samples * draws
    for at_once in [(3, 5), (7, 2), (2, 3), (1, 1), (4, 4)]:
        np.testing.assert_array_equal(all_points(Tiling(n_samples, draws, *at_once)), whole)


def test_points_of_a_sample_have_times_of_their_own():
    """Where a step takes each sample several times, these differ in time as well: as points of different samples do."""
    whole = all_points(Tiling(7 * 60, 1, 7 * 60, 1))
    for x in PROBLEM.x_train:
        mine = whole[np.all(whole[:, :3] == np.asarray(x), axis=1)]
        # 20 expected of each time, standard deviation 3.7.
        assert np.all(np.abs([np.sum(mine[:, 3] == np.asarray(time)) for time in PROBLEM.times] - np.array(20)) < 15)


def test_stratified_times_of_a_sample_are_even():
    """So it is with the points of one sample, whatever the number of samples: 34 is near a period of the sequence."""
    x = jnp.arange(34.0, dtype=jnp.float32)[:, None]
    problem = Problem(x, jnp.linspace(0.9, 0.1, 5), jnp.ones(5), True)
    tiling = Tiling(34 * 10, 1, 34 * 10, 1)
    drawn = draw_block(problem, tiling, KEY, STEP, jnp.asarray(0))
    owner = np.asarray(clean_blocks(problem, tiling)[0, 0])
    for sample in range(34):
        often = [np.sum(np.isclose(drawn.t[owner == sample], time)) for time in problem.times]
        assert np.all(np.abs(np.array(often) - 2) <= 1)


def test_draws_of_a_sample_share_its_time_and_weight():
    """Each sample has one time a step and the weight of that time; its draws differ in noise alone."""
    whole = all_points(Tiling(7, 5, 7, 5))
    for x in PROBLEM.x_train:
        mine = whole[np.all(whole[:, :3] == np.asarray(x), axis=1)]
        assert len(mine) == 5
        assert len(np.unique(mine[:, 3])) == 1
    expected = np.array([{0.9: 1, 0.5: 2, 0.1: 3}[round(float(t), 6)] for t in whole[:, 3]])
    np.testing.assert_array_equal(whole[:, 4], expected)


@pytest.mark.parametrize("width", [1, 100, 3000, 10**9])
@pytest.mark.parametrize("draws", [1, 4, 100])
@pytest.mark.parametrize("n_samples", [1, 50, 200, 2000])
def test_blocks_are_small_and_waste_little(n_samples, draws, width):
    """No block is larger than the device's limit unless it is a single point, and few of its points are beyond the
    last."""
    tiling = tiling_of(n_samples, draws, width)
    at_once = tiling.samples_at_once * tiling.draws_at_once
    assert at_once == 1 or at_once * width <= points.CPU.numbers
    assert at_once <= points.CPU.points
    assert tiling.over_samples * tiling.samples_at_once * -(-draws // tiling.draws_at_once) * tiling.draws_at_once >= (
        n_samples * draws
    )
    assert tiling.over_samples * tiling.samples_at_once < 1.25 * n_samples + 1
    assert tiling.per_step * at_once < 1.5 * n_samples * draws + 1


def test_memory_does_not_grow_with_points(monkeypatch):
    """A step on 64 times the draws needs no more memory, and none that would hold points times components at once."""
    from edgemem.numerics.optimizer import optimizer
    from edgemem.numerics.training import _advance_one, _Constant, _start

    monkeypatch.setattr(points, "CPU", points.Limit(64, 2**12))
    adam = optimizer(steps=10, peak_lr=1e-3, final_lr=1e-6, warmup=0.1, decay=None, clip_norm=None, update_ema=None)

    def temporary(draws: int) -> int:
        denoiser = mixture(PROBLEM.x_train, 0.5, 64)
        constant = _Constant(PROBLEM, tiling_of(7, draws, 64), adam, 10)
        model = _start(constant, KEY, denoiser)
        return (
            _advance_one.lower((constant, KEY, STEP, STEP + 3), model)
            .compile()
            .compiled.memory_analysis()
            .temp_size_in_bytes
        )

    few, many = temporary(16), temporary(1024)
    assert many < 1.2 * few
    assert many < 7 * 1024 * 64 * 4


def test_every_product_is_of_full_precision():
    """No matrix product of a training step leaves its precision to the device's default, which may be 11 bits."""
    from edgemem.numerics.optimizer import optimizer
    from edgemem.numerics.training import _advance, _Constant, _start

    adam = optimizer(steps=10, peak_lr=1e-3, final_lr=1e-6, warmup=0.1, decay=None, clip_norm=None, update_ema=None)
    denoiser = mixture(PROBLEM.x_train, 0.5)
    constant = _Constant(PROBLEM, tiling_of(7, 4, 7), adam, 3)
    model = _start(constant, KEY, denoiser)
    found = [
        equation.params["precision"]
        for equation in _equations(jax.make_jaxpr(lambda: _advance((constant, KEY, STEP, STEP + 3), model)[1])().jaxpr)
        if equation.primitive.name == "dot_general"
    ]
    # Five products of matrices, and one of a matrix with a vector.
    assert len(found) == 6
    assert all(precision == (jax.lax.Precision.HIGHEST,) * 2 for precision in found)


def _equations(jaxpr):
    for equation in jaxpr.eqns:
        yield equation
        for inner in jaxprs_in_params(equation.params):
            yield from _equations(inner)
