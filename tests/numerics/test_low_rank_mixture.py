"""A mixture of low rank: its estimates and gradients are those of Gaussians with whole covariance matrices."""

import json

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
import xarray as xr
from jax.extend.core import jaxprs_in_params
from scipy.stats import multivariate_normal

from edgemem.config.sample import SampleSpec
from edgemem.config.train import TrainSpec
from edgemem.denoisers.isotropic_mixture import IsotropicMixture
from edgemem.denoisers.low_rank_mixture import LowRankMixture
from edgemem.denoisers.matching import matched
from edgemem.denoisers.storage import from_dataset, stored, to_dataset
from edgemem.engine.data import draw
from edgemem.engine.trainer import Trainer
from edgemem.numerics.points import Points

from . import oracle


DIM, RANK = 6, 3
RNG = np.random.default_rng(21)
MEAN = 2 * RNG.normal(size=(4, DIM))
DIRECTION = RNG.normal(size=(4, RANK, DIM))
COTANGENT = RNG.normal(size=(8, DIM))
# Directions of the components: of any length and angle, of hardly any length, none, all in one line, equal in length.
DIRECTIONS = {
    "any": DIRECTION,
    "one": DIRECTION[:, :1],
    "short": 1e-3 * DIRECTION,
    "none": 0 * DIRECTION,
    "in one line": DIRECTION[:, :1] * np.array([1, -2, 0.5])[:, None],
    "very unequal": DIRECTION * np.array([10, 1e-2, 1e-5])[:, None],
    "orthogonal and equal": np.linalg.qr(DIRECTION.transpose(0, 2, 1))[0].transpose(0, 2, 1),
}
TIMES = (0.001, 0.041, 0.36, 0.999)
VARIANCES = (1e-6, 0.3, 4.0)


def points_at(t: float, direction: np.ndarray, variance: float) -> np.ndarray:
    """Two points of each component, noised at t."""
    rng = np.random.default_rng(3)
    within = np.einsum("pmr,mrd->pmd", rng.normal(size=(2, 4, direction.shape[1])), direction)
    x0 = MEAN + within + np.sqrt(variance) * rng.normal(size=within.shape)
    x0 = x0.reshape(-1, DIM)
    return oracle.alpha(t) * x0 + t * rng.normal(size=x0.shape)


def posterior_mean(mean, direction, variance, x, t):
    """E[x_0 | x] of one point by Bayes' rule with whole covariance matrices, densities from SciPy."""
    a, identity = oracle.alpha(t), np.eye(len(x))
    logs, means = [], []
    for centre, rows in zip(mean, direction, strict=True):
        covariance = variance * identity + rows.T @ rows
        noisy = a**2 * covariance + t**2 * identity
        logs.append(multivariate_normal(a * centre, noisy).logpdf(x))
        means.append(centre + a * covariance @ np.linalg.solve(noisy, x - a * centre))
    weight = np.exp(np.array(logs) - max(logs))
    return weight @ np.array(means) / weight.sum()


def mixture(mean, direction, deviation, rows: int = 4) -> LowRankMixture:
    arrays = map(jnp.asarray, (mean, direction, deviation))
    return LowRankMixture(*arrays, jnp.ones(len(mean), bool)).padded(rows)


@eqx.filter_jit
def estimate(denoiser: LowRankMixture | IsotropicMixture, x, t):
    return denoiser(x, t)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("which", DIRECTIONS)
def test_posterior_mean_in_float64(float64, which: str, variance: float, t: float):
    """No matrix of features is made, and the estimate is that of the matrices, with padding or without."""
    direction = DIRECTIONS[which]
    x = points_at(t, direction, variance)
    found = estimate(mixture(MEAN, direction, np.sqrt(variance), 8), jnp.asarray(x), jnp.full(len(x), t))
    expected = [posterior_mean(MEAN, direction, variance, row, t) for row in x]
    # The oracle solves with a covariance of condition up to 1e8.
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("which", DIRECTIONS)
def test_posterior_mean_in_float32(which: str, variance: float, t: float):
    """Float32, in which training runs, errs by less than a tenth of what noise leaves unknown, sigma at small times."""
    mean, direction = MEAN.astype(np.float32), DIRECTIONS[which].astype(np.float32)
    x, deviation = points_at(t, direction, variance).astype(np.float32), np.float32(np.sqrt(variance))
    found = estimate(mixture(mean, direction, deviation), jnp.asarray(x), jnp.full(len(x), np.float32(t)))
    exact = [array.astype(np.float64) for array in (mean, direction)]
    expected = [posterior_mean(*exact, float(deviation) ** 2, row, t) for row in x.astype(np.float64)]
    np.testing.assert_allclose(found, expected, atol=max(1e-4, 0.1 * t) if t < 0.01 else 1e-3)


@pytest.mark.parametrize("t", TIMES)
def test_without_directions_it_is_the_isotropic_mixture(float64, t: float):
    x = jnp.asarray(points_at(t, DIRECTION, 0.3))
    found = estimate(mixture(MEAN, 0 * DIRECTION, 0.5), x, jnp.full(len(x), t))
    round_one = IsotropicMixture(jnp.asarray(MEAN), jnp.asarray(0.5), jnp.ones(4, bool))
    np.testing.assert_allclose(found, estimate(round_one, x, jnp.full(len(x), t)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("which", DIRECTIONS)
def test_what_turns_directions_into_each_other_changes_nothing(float64, which: str):
    """Nor do signs; `canonical` has one form for all of them."""
    t, direction = jnp.full(8, 0.36), DIRECTIONS[which]
    rank = direction.shape[1]
    turned = np.einsum("mrs,msd->mrd", np.linalg.qr(RNG.normal(size=(4, rank, rank)))[0], direction)
    x = jnp.asarray(points_at(0.36, direction, 0.3))
    one, other = mixture(MEAN, direction, 0.5), mixture(MEAN, turned, -0.5)
    np.testing.assert_allclose(estimate(one, x, t), estimate(other, x, t), atol=1e-10)
    assert float(other.canonical().standard_deviation) == 0.5
    np.testing.assert_allclose(estimate(one.canonical(), x, t), estimate(one, x, t), atol=1e-10)
    if which in ("any", "one", "short"):  # elsewhere eigenvalues are equal
        np.testing.assert_allclose(one.canonical().direction, other.canonical().direction, atol=1e-10)
    inner = np.einsum("mrd,msd->mrs", *[np.asarray(one.canonical().direction)] * 2)
    np.testing.assert_allclose(inner, np.einsum("mrs,rs->mrs", inner, np.eye(rank)), atol=1e-10 * max(1, inner.max()))


def complex_posterior_mean(mean, direction, deviation, x, t):
    """As above, but of arguments that may be complex, so that a derivative can be taken in a complex step."""
    a, identity = oracle.alpha(t), np.eye(len(x))
    logs, means = [], []
    for centre, rows in zip(mean, direction, strict=True):
        covariance = deviation**2 * identity + rows.T @ rows
        noisy = a**2 * covariance + t**2 * identity
        solved = np.linalg.solve(noisy, x - a * centre)
        # A determinant that complex numbers pass through, by elimination.
        logs.append(-0.5 * ((x - a * centre) @ solved + np.log(np.linalg.det(noisy))))
        means.append(centre + a * covariance @ solved)
    weight = np.exp(np.array(logs) - np.max(np.real(logs)))
    return weight @ np.array(means) / weight.sum()


@pytest.mark.parametrize("t", [0.041, 0.36, 0.999])
@pytest.mark.parametrize("which", DIRECTIONS)
def test_gradient(float64, which: str, t: float):
    """By means, directions and deviation it is that of the formula, though directions are made orthogonal on the way,
    and though some are equal or zero; rows that only pad the arrays have none."""
    direction, deviation = DIRECTIONS[which], 0.5
    x = points_at(t, direction, deviation**2)

    def pulled(mean, direction, deviation):
        rows = [complex_posterior_mean(mean, direction, deviation, row, t) for row in x]
        return np.sum(COTANGENT * np.array(rows))

    gradient = derivatives(mixture(MEAN, direction, deviation, 8), jnp.asarray(x), jnp.full(len(x), t))
    arguments = [MEAN, direction, deviation]
    found = gradient.mean[:4], gradient.direction[:4], gradient.standard_deviation
    for place, (derivative, argument) in enumerate(zip(found, arguments, strict=True)):

        def moved(other, place=place):
            return pulled(*arguments[:place], other, *arguments[place + 1 :])

        expected = oracle.gradient(moved, argument)
        np.testing.assert_allclose(derivative, expected, atol=1e-8 * max(1, np.abs(expected).max()))
    assert not np.any(gradient.mean[4:]) and not np.any(gradient.direction[4:])


@eqx.filter_jit
def derivatives(denoiser: LowRankMixture, x, t) -> LowRankMixture:
    return eqx.filter_grad(lambda denoiser: jnp.sum(COTANGENT * denoiser(x, t)))(denoiser)


def test_every_product_is_of_full_precision():
    """No product leaves its precision to the device's default, which may be 11 bits."""
    denoiser = mixture(MEAN.astype(np.float32), DIRECTION.astype(np.float32), np.float32(0.5))
    points = Points(jnp.ones((DIM, 5)), jnp.full(5, 0.5), jnp.ones(5), jnp.ones((DIM, 5)))
    gradient = jax.make_jaxpr(lambda mixture: eqx.filter_grad(lambda one: one.loss(points))(mixture))(denoiser)
    found = [one.params["precision"] for one in _equations(gradient.jaxpr) if one.primitive.name == "dot_general"]
    assert len(found) > 8
    assert all(precision == (jax.lax.Precision.HIGHEST,) * 2 for precision in found)


def _equations(jaxpr):
    for equation in jaxpr.eqns:
        yield equation
        for inner in jaxprs_in_params(equation.params):
            yield from _equations(inner)


# ----------------------------------------------------------------------------------------------- start, files, training


SETTING = {"family": "gaussian", "N": 12, "d": 4, "K": 2, "separation": 3, "spectrum_ratio": 3}
CASE = {"setting": SETTING, "seed": 1, "model": "m", "denoiser": "low_rank_mixture", "time_grid": {"times": 5}}


def samples() -> xr.Dataset:
    found = draw(SampleSpec.parse(json.dumps({"setting": SETTING, "seed": 1})))
    return found.assign(x_fresh=(("fresh", "feature"), found.x_test.values))


@pytest.mark.parametrize("rank", [1, 3, 8])
@pytest.mark.parametrize("name", LowRankMixture.starts)
def test_start_is_that_of_the_isotropic_mixture_with_short_directions(name: str, rank: int):
    """Short beside the deviation, but not zero, and different; there are no more of them than dimensions."""
    begun = LowRankMixture.start(name, samples(), 5, key=jr.key(2), rank=rank)
    like = IsotropicMixture.start(name, samples(), 5, key=jr.key(2))
    np.testing.assert_array_equal(begun.mean, like.mean)
    assert begun.standard_deviation == like.standard_deviation
    assert begun.direction.shape == (5, min(rank, 4), 4)
    assert begun.direction.dtype == np.float32
    relative = np.sum(np.square(np.asarray(begun.direction, np.float64)), axis=2) / float(like.variance)
    assert 0.003 < relative.mean() < 0.03
    assert len(np.unique(np.round(relative, 9))) == relative.size


def test_gradient_at_the_start_is_finite_and_moves_the_directions():
    """At all times, also where psi is 1e6; from directions of no length it would be zero."""
    x0 = jnp.asarray(samples().x_train.values.T, jnp.float32)
    t = jnp.asarray(np.resize([0.001, 0.041, 0.36, 0.999], 12), jnp.float32)
    points = Points(x0, t, (1 - t**2) / t**2, jr.normal(jr.key(0), x0.shape))
    begun = LowRankMixture.start("training_samples", samples(), 12, key=jr.key(2), rank=2)
    slopes = eqx.filter_jit(eqx.filter_grad(lambda denoiser: denoiser.loss(points)))
    gradient = slopes(begun)
    for array in (gradient.mean, gradient.direction, gradient.standard_deviation):
        assert np.all(np.isfinite(array))
    assert np.all(np.any(np.asarray(gradient.direction) != 0, axis=2))
    zero = eqx.tree_at(lambda denoiser: denoiser.direction, begun, 0 * begun.direction)
    assert not np.any(slopes(zero).direction)


def trained(sizes: list[int], *, together: bool = False, **changes) -> xr.Dataset:
    protocol = {"steps": 300, "draws": 4, "peak_lr": 0.01, "final_lr": 0.001, "clip_norm": 100}
    spec = CASE | {"sizes": sizes, "protocol": protocol, "options": {"rank": 2}} | changes
    return Trainer(TrainSpec.parse(json.dumps(spec)), samples(), together=together).train_all()


def test_training_lowers_the_loss_and_finds_the_directions():
    """Of data with more variance in a direction than elsewhere; the number of parameters is that of the arrays."""
    models = trained([3])
    loss = models.training_loss.sel(model_size=3).values
    assert loss[-30:].mean() < 0.7 * loss[:30].mean()
    learned = np.linalg.norm(models.direction.sel(model_size=3, step=300), axis=-1).max(axis=-1)
    assert np.all(learned > 0.3)
    assert models.parameters.item() == 3 * 4 * (1 + 2) + 1
    assert models.direction.dims == ("model_size", "step", "component", "rank", "feature")


def test_sizes_in_one_program_give_the_same_numbers():
    """Padding changes nothing but the order of sums."""
    short = {"protocol": {"steps": 20, "draws": 2, "peak_lr": 0.01, "final_lr": 0.001, "clip_norm": 100}}
    alone, together = trained([2, 5], **short), trained([2, 5], together=True, **short)
    for name in ("mean", "direction", "standard_deviation"):
        np.testing.assert_allclose(together[name], alone[name], atol=1e-4)
    np.testing.assert_allclose(together.training_loss, alone.training_loss, rtol=1e-3)


def test_files_keep_the_model(float64):
    """What is read is what was stored, without padding; NaN beyond a size."""
    like = {size: LowRankMixture.start("random", samples(), size, key=jr.key(1), rank=2) for size in (2, 4)}
    models = to_dataset(LowRankMixture, {size: [stored(one.padded(8), one)] for size, one in like.items()})
    models = models.assign_coords(model_size=[2, 4], step=[1])
    for size, one in like.items():
        found = from_dataset(models, size, 1, one)
        for name in ("mean", "direction", "standard_deviation", "exists"):
            np.testing.assert_array_equal(getattr(found, name), getattr(one, name))
    assert np.isnan(models.direction.sel(model_size=2, step=1)).any(("rank", "feature")).values.tolist() == [
        *(False, False, True, True)
    ]


def test_learned_numbers(float64):
    """The variance is that of a feature, mean over features and components; distances are those of the means."""
    data = samples()
    denoiser = mixture(np.asarray(data.x_train[:3]), DIRECTION[:3, :, :4], 0.5, 8)
    found = denoiser.learned(data, ("true_mean",))
    covariances = [0.25 * np.eye(4) + rows.T @ rows for rows in DIRECTION[:3, :, :4]]
    assert found["learned_variance"] == pytest.approx(np.mean([np.trace(one) / 4 for one in covariances]))
    assert found["distance_to_nearest_sample"] == 0
    assert found["distance_to_nearest_mean"][:3].tolist() == [0, 0, 0]
    round_one = IsotropicMixture(denoiser.mean, denoiser.standard_deviation, denoiser.exists)
    assert round_one.learned(data, ("true_mean",)).keys() == found.keys()


def test_another_variance_scales_the_directions_with_it():
    begun = LowRankMixture.start("random", samples(), 3, key=jr.key(2))
    changed = begun.with_variance(0.04)
    assert float(changed.standard_deviation) == pytest.approx(0.2)
    ratio = 0.2 / float(begun.standard_deviation)
    np.testing.assert_allclose(changed.direction, ratio * begun.direction, rtol=1e-6)


def test_components_are_matched_with_their_directions(float64):
    """They are brought into the order of another model's with all that belongs to them."""
    one = mixture(MEAN, DIRECTION, 0.5, 4)
    order = jnp.asarray([2, 0, 3, 1])
    other = eqx.tree_at(lambda m: (m.mean, m.direction), one, (one.mean[order], one.direction[order]))
    found = matched(other, one)
    np.testing.assert_array_equal(found.direction, one.direction)
    np.testing.assert_array_equal(found.mean, one.mean)
