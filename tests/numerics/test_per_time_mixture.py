"""A mixture for each time: every point meets that of its own time, and what no point meets is not moved."""

import json

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal

from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.denoisers.abstract import AbstractDenoiser
from edgemem.denoisers.isotropic_mixture import IsotropicMixture
from edgemem.denoisers.matching import matched
from edgemem.denoisers.per_time_mixture import SHOWN, PerTimeMixture
from edgemem.denoisers.storage import from_dataset, stored, to_dataset
from edgemem.engine.data import draw
from edgemem.engine.trainer import Trainer
from edgemem.errors import EdgememError
from edgemem.numerics.diffusion import nearest_time, time_grid
from edgemem.numerics.per_time_mixture import grouped
from edgemem.numerics.points import Points

from . import oracle


DIM, SIZE, COUNT = 5, 4, 6
RNG = np.random.default_rng(31)
GRID = time_grid(COUNT, 0.001, 0.999)
MEAN = 2 * RNG.normal(size=(COUNT, SIZE, DIM))
DEVIATION = np.array([2.0, 1.0, 0.5, -0.3, 1e-2, 1e-3])
# More points at some times than at others, and none at one.
TIME = np.array([0, 5, 5, 1, 3, 5, 0, 2, 5, 5, 3, 5, 5])
POINTS = MEAN[TIME, np.arange(len(TIME)) % SIZE] + 0.1 * RNG.normal(size=(len(TIME), DIM))
NOISE = RNG.normal(size=POINTS.shape)
X = oracle.alpha(GRID[TIME])[:, None] * POINTS + GRID[TIME][:, None] * NOISE


def mixture(mean=MEAN, deviation=DEVIATION, rows: int = SIZE) -> PerTimeMixture:
    exists = jnp.ones(mean.shape[1], bool)
    return PerTimeMixture(jnp.asarray(mean), jnp.asarray(deviation), exists, 0.001, 0.999).padded(rows)


# Compiled as a whole, which is faster than operation by operation.
estimate = eqx.filter_jit(lambda denoiser, x, t: denoiser(x, t))
loss_and_gradient = eqx.filter_jit(eqx.filter_value_and_grad(lambda denoiser, points: denoiser.loss(points)))
general_loss_and_gradient = eqx.filter_jit(eqx.filter_value_and_grad(AbstractDenoiser.loss))
places = jax.jit(grouped, static_argnums=1)


def posterior_mean(mean, deviation, x, t):
    """E[x_0 | x] of one point by Bayes' rule with whole covariance matrices, densities from SciPy."""
    a, identity = oracle.alpha(t), np.eye(len(x))
    noisy = (a**2 * deviation**2 + t**2) * identity
    logs = np.array([multivariate_normal(a * centre, noisy).logpdf(x) for centre in mean])
    means = [centre + a * deviation**2 * np.linalg.solve(noisy, x - a * centre) for centre in mean]
    weight = np.exp(logs - logs.max())
    return weight @ np.array(means) / weight.sum()


@pytest.mark.parametrize("rows", [SIZE, 8])
def test_posterior_mean_is_that_of_the_mixture_of_the_time(float64, rows: int):
    """In any order of the points, padded or not."""
    found = estimate(mixture(rows=rows), jnp.asarray(X), jnp.asarray(GRID[TIME]))
    expected = [posterior_mean(MEAN[k], DEVIATION[k], x, GRID[k]) for k, x in zip(TIME, X, strict=True)]
    np.testing.assert_allclose(found, expected, atol=1e-7)


def test_posterior_mean_in_float32():
    """As of the isotropic mixture: four digits at all times, of components that are apart."""
    mean, deviation, x = (array.astype(np.float32) for array in (MEAN, DEVIATION, X))
    found = estimate(mixture(mean, deviation), jnp.asarray(x), jnp.asarray(GRID[TIME], jnp.float32))
    exact = [array.astype(np.float64) for array in (mean, deviation, x)]
    expected = [posterior_mean(exact[0][k], exact[1][k], row, GRID[k]) for k, row in zip(TIME, exact[2], strict=True)]
    np.testing.assert_allclose(found, expected, atol=2e-4)


@pytest.mark.parametrize("which", range(COUNT))
def test_where_all_times_are_alike_it_is_the_isotropic_mixture(float64, which: int):
    """Also where all points have one time, as those that are generated."""
    alike = mixture(np.tile(MEAN[which], (COUNT, 1, 1)), np.full(COUNT, DEVIATION[which]))
    one = IsotropicMixture(jnp.asarray(MEAN[which]), jnp.asarray(DEVIATION[which]), jnp.ones(SIZE, bool))
    for t in (GRID[TIME], np.full(len(X), GRID[which])):
        found, expected = (estimate(denoiser, jnp.asarray(X), jnp.asarray(t)) for denoiser in (alike, one))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_mixture_of_one_time_is_the_isotropic_mixture(float64):
    """The smallest case, at any time of the points."""
    single = mixture(MEAN[:1], DEVIATION[:1])
    one = IsotropicMixture(jnp.asarray(MEAN[0]), jnp.asarray(DEVIATION[0]), jnp.ones(SIZE, bool))
    x, t = jnp.asarray(X), jnp.asarray(GRID[TIME])
    np.testing.assert_allclose(estimate(single, x, t), estimate(one, x, t), rtol=1e-12, atol=1e-12)
    assert PerTimeMixture.n_parameters(SIZE, DIM, times=1) == IsotropicMixture.n_parameters(SIZE, DIM)


def test_between_two_times_it_is_the_nearer_mixture_at_the_own_time(float64):
    """So it is where other times are asked for than those of training; beyond the ends it is the last mixture."""
    t = np.array([0.9999, 0.95, 0.91, 0.89, 0.25, 0.0009])
    which = [int(np.argmin(np.abs(GRID - one))) for one in t]
    assert which == [0, 0, 0, 1, 4, 5]
    x = X[: len(t)]
    found = estimate(mixture(), jnp.asarray(x), jnp.asarray(t))
    expected = [
        posterior_mean(MEAN[k], DEVIATION[k], *one) for k, one in zip(which, zip(x, t, strict=True), strict=True)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("times", [2, 26, 10_000])
def test_every_time_of_a_grid_is_nearest_to_itself(times: int):
    """In float32, too, in which training runs."""
    grid = jnp.asarray(time_grid(times, 0.001, 0.999), jnp.float32)
    np.testing.assert_array_equal(nearest_time(grid, times, 0.001, 0.999), np.arange(times))


@pytest.mark.parametrize("which", ["random", "last", "first and last"])
@pytest.mark.parametrize(("points", "count"), [(50, 26), (1, 26), (7, 3), (400, 26), (5, 1), (64, 64), (26, 26)])
def test_every_point_has_one_place_in_a_row_of_its_time(points: int, count: int, which: str):
    """However many there are of a time, even all of them; and hardly more than twice as many places as points, or as
    times."""
    random = np.random.default_rng(points).integers(count, size=points)
    time = {"random": random, "last": np.full(points, count - 1), "first and last": random % 2 * (count - 1)}[which]
    groups = jax.tree.map(np.asarray, places(jnp.asarray(time), count))
    assert sorted(groups.point[groups.taken]) == list(range(points))
    rows = np.broadcast_to(groups.time[:, None], groups.point.shape)
    np.testing.assert_array_equal(time[groups.point[groups.taken]], rows[groups.taken])
    np.testing.assert_array_equal(groups.point.ravel()[groups.place], np.arange(points))
    assert groups.taken.ravel()[groups.place].all()
    assert groups.point.size <= 2 * points + count
    assert len(groups.point) <= 2 * count


def test_loss_and_its_gradient(float64):
    """Those of the formula; of a time without points, and of components that only pad the arrays, it is zero."""
    t, weight = GRID[TIME], oracle.snr(GRID[TIME])  # up to 1e6

    def loss(mean, deviation):
        total = 0.0
        for k, x0, x, factor in zip(TIME, POINTS, X, weight, strict=True):
            total = total + factor * np.sum((oracle.posterior_mean(mean[k], deviation[k] ** 2, x, GRID[k]) - x0) ** 2)
        return total

    points = Points(*map(jnp.asarray, (POINTS.T, t, weight, NOISE.T)))
    value, gradient = loss_and_gradient(mixture(rows=8), points)
    assert value == pytest.approx(loss(MEAN, DEVIATION), rel=1e-9)
    d_mean = oracle.gradient(lambda mean: loss(mean, DEVIATION), MEAN)
    d_deviation = oracle.gradient(lambda deviation: loss(MEAN, deviation), DEVIATION)
    for k in range(COUNT):
        np.testing.assert_allclose(gradient.mean[k, :SIZE], d_mean[k], atol=1e-7 * max(1, np.abs(d_mean[k]).max()))
    np.testing.assert_allclose(gradient.standard_deviation, d_deviation, rtol=1e-6)
    assert not np.any(gradient.mean[:, SIZE:])
    assert 4 not in TIME and not np.any(gradient.mean[4]) and gradient.standard_deviation[4] == 0


def test_the_closed_form_is_the_general_loss_in_float32():
    points = Points(*(jnp.asarray(array, jnp.float32) for array in (POINTS.T, GRID[TIME], np.ones(len(TIME)), NOISE.T)))
    denoiser = mixture(MEAN.astype(np.float32), np.full(COUNT, 0.5, np.float32))
    closed = loss_and_gradient(denoiser, points)
    general = general_loss_and_gradient(denoiser, points)
    np.testing.assert_allclose(closed[0], general[0], rtol=1e-5)
    np.testing.assert_allclose(closed[1].mean, general[1].mean, atol=1e-3 * np.abs(general[1].mean).max())


# ----------------------------------------------------------------------------------------------- start, files, training


SETTING = {"family": "gaussian", "N": 12, "d": 3, "K": 2, "separation": 3}
TIMES = {"times": COUNT, "t_min": 0.002, "t_max": 0.998}
CASE = {"setting": SETTING, "seed": 1, "model": "m", "denoiser": "per_time_mixture", "time_grid": TIMES}
SHORT = {"steps": 20, "draws": 2, "peak_lr": 0.01, "final_lr": 0.001, "clip_norm": 100}


def samples() -> xr.Dataset:
    found = draw(SampleSpec.parse(json.dumps({"setting": SETTING, "seed": 1})))
    return found.assign(x_fresh=(("fresh", "feature"), found.x_test.values))


def spec(**changes) -> TrainSpec:
    return TrainSpec.parse(json.dumps(CASE | {"sizes": [3], "protocol": SHORT, "options": TIMES} | changes))


@pytest.mark.parametrize("name", PerTimeMixture.starts)
def test_start_is_that_of_the_isotropic_mixture_at_all_times(name: str):
    begun = PerTimeMixture.start(name, samples(), 5, key=jr.key(2), **TIMES)
    like = IsotropicMixture.start(name, samples(), 5, key=jr.key(2))
    assert begun.mean.shape == (COUNT, 5, 3) and begun.mean.dtype == begun.standard_deviation.dtype == np.float32
    for k in range(COUNT):
        np.testing.assert_array_equal(begun.mean[k], like.mean)
        assert begun.standard_deviation[k] == like.standard_deviation
    changed = begun.with_variance(0.3)
    np.testing.assert_allclose(changed.variance, np.full(COUNT, 0.3), rtol=1e-6)


def test_gradient_at_the_start_is_finite():
    """At all times, also where psi is 1e6."""
    x0 = jnp.asarray(samples().x_train.values.T, jnp.float32)
    t = jnp.asarray(np.resize([0.001, 0.041, 0.36, 0.999], 12), jnp.float32)
    points = Points(x0, t, (1 - t**2) / t**2, jr.normal(jr.key(0), x0.shape))
    for name in PerTimeMixture.starts:
        begun = PerTimeMixture.start(name, samples(), 12, key=jr.key(2), **TIMES)
        _, gradient = loss_and_gradient(begun, points)
        assert np.all(np.isfinite(gradient.mean)) and np.all(np.isfinite(gradient.standard_deviation))


def test_options_that_are_not_the_times_of_training_are_refused():
    """They cannot differ in a campaign, which gives the options itself."""
    with pytest.raises(EdgememError, match=r"options\.times: must be that of time_grid, 6 \(got 7\)"):
        spec(options=TIMES | {"times": 7})
    with pytest.raises(EdgememError, match=r"options\.times: must be that of time_grid, 6 \(got 26\)"):
        spec(options={})


def test_training_lowers_the_loss_and_keeps_what_it_says():
    """The file has the mixtures by time, the time grid is theirs, and parameters are those of the arrays."""
    protocol = {"steps": 300, "draws": 8, "peak_lr": 0.01, "final_lr": 0.001, "clip_norm": 100}
    models = Trainer(spec(protocol=protocol), samples(), together=False).train_all()
    loss = models.training_loss.sel(model_size=3).values
    assert loss[-30:].mean() < 0.8 * loss[:30].mean()
    assert models["mean"].dims == ("model_size", "step", "time", "component", "feature")
    assert models.standard_deviation.dims == ("model_size", "step", "time")
    np.testing.assert_allclose(models.time, time_grid(COUNT, 0.002, 0.998))
    assert models.parameters.item() == COUNT * (3 * 3 + 1)
    assert np.ptp(models.standard_deviation.values) > 0.1


def test_sizes_in_one_program_give_the_same_numbers():
    """Padding changes nothing but the order of sums."""
    alone, together = (Trainer(spec(sizes=[2, 5]), samples(), together=one).train_all() for one in (False, True))
    for name in ("mean", "standard_deviation"):
        np.testing.assert_allclose(together[name], alone[name], atol=1e-4)
    np.testing.assert_allclose(together.training_loss, alone.training_loss, rtol=1e-3)


def test_files_keep_the_model(float64):
    """What is read is what was stored, without padding; NaN beyond a size."""
    like = {size: PerTimeMixture.start("random", samples(), size, key=jr.key(1), **TIMES) for size in (2, 4)}
    models = to_dataset(PerTimeMixture, {size: [stored(one.padded(8), one)] for size, one in like.items()})
    models = models.assign_coords(model_size=[2, 4], step=[1])
    for size, one in like.items():
        found = from_dataset(models, size, 1, one)
        for name in ("mean", "standard_deviation", "exists"):
            np.testing.assert_array_equal(getattr(found, name), getattr(one, name))
        assert (found.t_min, found.t_max) == (0.002, 0.998)
    missing = np.isnan(models["mean"].sel(model_size=2, step=1)).all(("time", "feature"))
    assert missing.values.tolist() == [False, False, True, True]


def test_learned_numbers_are_those_of_one_time(float64):
    """That of the losses that are shown; the canonical form has positive deviations."""
    data, shown = samples(), int(np.argmin(np.abs(GRID - SHOWN)))
    denoiser = mixture(RNG.normal(size=(COUNT, 4, 3)), DEVIATION, 8)
    found = denoiser.learned(data, ("true_mean",))
    one = IsotropicMixture(denoiser.mean[shown], denoiser.standard_deviation[shown], denoiser.exists)
    expected = one.learned(data, ("true_mean",))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value)
    assert np.all(np.asarray(denoiser.canonical().standard_deviation) == np.abs(DEVIATION))


def test_the_time_that_is_shown_is_that_of_the_tables():
    from edgemem.analysis.metrics import LOSS_TIME

    assert SHOWN == LOSS_TIME


def test_components_are_matched_over_all_times(float64):
    """A component is one at all times: all of it is brought into another order."""
    one, order = mixture(), jnp.asarray([2, 0, 3, 1])
    other = eqx.tree_at(lambda denoiser: denoiser.mean, one, one.mean[:, order])
    np.testing.assert_array_equal(matched(other, one).mean, one.mean)
