"""Paths between two denoisers: their ends, the curve that training finds, the barrier, the order of components."""

from itertools import permutations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
import pytest
from jaxtyping import Array

from edgemem.denoisers.coloured_templates import ColouredTemplates
from edgemem.denoisers.isotropic_mixture import IsotropicMixture
from edgemem.denoisers.matching import matched
from edgemem.numerics.losses import sample_errors
from edgemem.numerics.paths import barrier_along, straight_line, trained_curve
from edgemem.numerics.points import Problem
from edgemem.numerics.training import Diverged

from .test_training import Anchored, Guess, Toy


class Valley(Toy):
    """Loss (y - (1 - x^2))^2 whatever the points: a bent valley from (-1, 0) to (1, 0), and a ridge between them."""

    place: Array
    name: str = "valley"

    def __call__(self, x, t):
        raise NotImplementedError

    def loss(self, points):
        x, y = self.place
        return jnp.sum(points.weight) * (y - (1 - x**2)) ** 2


class Precipice(Valley):
    """The same, and infinite wherever the valley bends."""

    def loss(self, points):
        return super().loss(points) + jnp.where(self.place[1] > 0.5, jnp.inf, 0)


PROBLEM = Problem(jnp.ones((6, 2)), jnp.array([0.9, 0.5]), jnp.ones(2))


def bent(kind, **changes):
    ends = kind(jnp.array([-1.0, 0.0])), kind(jnp.array([1.0, 0.0]))
    given = {"steps": 600, "draws": 2, "minibatch": None, "key": jr.key(0)} | changes
    line = straight_line(*ends)
    return line, trained_curve(line, PROBLEM, optax.adam(optax.linear_schedule(0.05, 0.0, given["steps"])), **given)


@pytest.mark.parametrize("minibatch", [None, 4])
def test_trained_curve_goes_through_a_valley_that_the_line_misses(minibatch: int | None):
    """With the bend at (0, 2) the curve is (2 s - 1, 4 s (1 - s)), which is the valley; the line has a ridge of 1."""
    line, curve = bent(Valley, minibatch=minibatch)
    np.testing.assert_allclose(line.at(0.5).place, [0, 0], atol=1e-7)
    np.testing.assert_allclose(curve.bend.place, [0, 2], atol=0.02)
    places = np.linspace(0, 1, 11)
    x, y = np.transpose([curve.at(place).place for place in places.tolist()])
    assert np.max((y - (1 - x**2)) ** 2) < 1e-3
    np.testing.assert_array_equal(curve.first.place, line.first.place)
    np.testing.assert_array_equal(curve.last.place, line.last.place)


def test_trained_curve_depends_on_its_key_alone():
    (_, one), (_, again), (_, other) = (bent(Valley, steps=20, key=jr.key(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.bend.place, again.bend.place)
    assert (np.asarray(one.bend.place) != other.bend.place).any()


def test_curve_whose_loss_is_not_finite_is_refused():
    with pytest.raises(Diverged):
        bent(Precipice)


def test_mean_loss_of_the_curve_is_that_of_training(float64):
    """Against a formula: the estimate that has the least weighted error along the whole curve.

    With ends a, b and the bend p the estimate is g(s); its error is |g(s) - x_0|^2, and the mean over s, samples and
    times is least for p = 5/2 m - 3/4 (a + b), m being the mean of the samples: integrate 2 s (1 - s) (g(s) - m).
    """
    a, b = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    x = np.array([[0.2, 1.0], [0.7, -0.5], [-1.0, 0.4]])
    problem = Problem(jnp.asarray(x), jnp.array([0.9, 0.3]), jnp.array([2.0, 0.5]))
    line = straight_line(Guess(jnp.asarray(a)), Guess(jnp.asarray(b)))
    rate = optax.linear_schedule(0.05, 0.0, 3000)
    curve = trained_curve(line, problem, optax.adam(rate), steps=3000, draws=1, minibatch=None, key=jr.key(0))
    expected = 2.5 * x.mean(axis=0) - 0.75 * (a + b)
    np.testing.assert_allclose(curve.bend.estimate, expected, atol=0.05)  # times and places are drawn


def mixture(seed: int, size: int = 5, dim: int = 3) -> IsotropicMixture:
    mean = np.random.default_rng(seed).normal(size=(size, dim))
    return IsotropicMixture(jnp.asarray(mean), jnp.asarray(0.4), jnp.ones(size, bool))


def templates(seed: int, size: int = 4) -> ColouredTemplates:
    rng = np.random.default_rng(seed)
    template, colour = rng.uniform(0, 1, (size, 6)), rng.normal(size=(size, 3))
    return ColouredTemplates(jnp.asarray(template), jnp.asarray(colour), jnp.asarray(0.4), jnp.ones(size, bool))


def test_ends_are_exact(float64):
    """To the last bit, on the line and on any other curve."""
    one, other = mixture(1), mixture(2)
    line = straight_line(one, other)
    for path in (line, line._replace(bend=mixture(3))):
        for end, denoiser in ((0.0, one), (1.0, other)):
            np.testing.assert_array_equal(path.at(end).mean, denoiser.mean)
            np.testing.assert_array_equal(path.at(end).standard_deviation, denoiser.standard_deviation)
    np.testing.assert_allclose(line.at(0.3).mean, 0.7 * one.mean + 0.3 * other.mean, rtol=1e-12)


def test_curve_is_that_of_bezier(float64):
    one, bend, other = (mixture(seed) for seed in (1, 2, 3))
    at = straight_line(one, other)._replace(bend=bend).at(0.25)
    first, second = (0.75 * a.mean + 0.25 * b.mean for a, b in ((one, bend), (bend, other)))  # de Casteljau
    np.testing.assert_allclose(at.mean, 0.75 * first + 0.25 * second, rtol=1e-12)
    assert at.exists.all()


def test_what_is_frozen_is_that_of_the_first_end():
    line = straight_line(*(Anchored(jnp.array([start]), jnp.array([0.1])) for start in (1.0, 2.0)))
    assert line.at(0.3).estimate == pytest.approx(1.3)
    np.testing.assert_array_equal(line.at(0.3).anchor, line.first.anchor)


@pytest.mark.parametrize("make", [mixture, templates])
def test_no_barrier_between_a_model_and_itself_in_another_order(float64, make):
    """Every array of a component moves along: matched, the other order is the model itself."""
    denoiser = make(1)
    order = jnp.asarray(np.roll(np.arange(len(denoiser.exists)), 2))
    turned = jax.tree.map(lambda array: array[order] if array.ndim else array, denoiser)
    again = matched(turned, denoiser)
    for one, other in zip(jax.tree.leaves(again), jax.tree.leaves(denoiser), strict=True):
        np.testing.assert_array_equal(one, other)
    dim = 3 if isinstance(denoiser, IsotropicMixture) else 18
    rng = np.random.default_rng(0)
    x0, noise = jnp.asarray(rng.normal(size=(4, dim))), jnp.asarray(rng.normal(size=(2, 4, dim)))

    def along(end):
        line = straight_line(denoiser, end)
        return barrier_along(
            np.array([sample_errors(line.at(s), x0, jnp.asarray(0.5), noise) for s in (0.0, 0.3, 0.5, 1.0)])
        )

    assert along(again).height == pytest.approx(0, abs=1e-12)
    # Not matched, components meet half-way, where the model is another one.
    assert abs(along(turned).loss[1] - along(turned).loss[0]) > 1e-3


def test_matching_is_the_cheapest_of_all_orders(float64):
    """By trying all: the sum of squared distances over all permutations."""
    one, other = mixture(4), mixture(5)
    cost = min(float(jnp.sum((other.mean[jnp.asarray(order)] - one.mean) ** 2)) for order in permutations(range(5)))
    assert float(jnp.sum((matched(other, one).mean - one.mean) ** 2)) == pytest.approx(cost, rel=1e-12)


def test_denoiser_without_components_stays_as_it_is():
    guess = Guess(jnp.array([1.0, 2.0]))
    assert matched(guess, Guess(jnp.array([2.0, 1.0]))) is guess


@pytest.mark.parametrize("make", [mixture, templates])
def test_canonical_form_is_the_same_denoiser(float64, make):
    """The other root of the variance, and templates with the colours' other sign, are the same model."""
    denoiser = make(1)
    flipped = jax.tree.map(lambda array: -array if array.dtype != bool else array, denoiser)
    if isinstance(denoiser, IsotropicMixture):
        flipped = IsotropicMixture(denoiser.mean, -denoiser.standard_deviation, denoiser.exists)
    for one, other in zip(jax.tree.leaves(flipped.canonical()), jax.tree.leaves(denoiser), strict=True):
        np.testing.assert_array_equal(one, other)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(5, 3 if isinstance(denoiser, IsotropicMixture) else 18)))
    t = jnp.full(5, 0.4)
    np.testing.assert_allclose(flipped(x, t), flipped.canonical()(x, t), rtol=1e-10)


def test_barrier_is_measured_from_the_higher_end(float64):
    """Against plain NumPy: largest mean minus that of the higher end, with the error of that difference alone."""
    rng = np.random.default_rng(3)
    common = 10 * rng.normal(size=(1, 7, 5))
    error = 50 + common + rng.normal(size=(4, 7, 5)) + np.array([1, 6, 4, 3])[:, None, None]
    found = barrier_along(error)
    loss = error.mean(axis=(1, 2))
    np.testing.assert_allclose(found.loss, loss, rtol=1e-12)
    assert found.height == pytest.approx(loss[1] - loss[3], rel=1e-9)
    assert (found.higher, found.lower) == (pytest.approx(loss[3]), pytest.approx(loss[0]))
    for place in range(4):
        variance = np.var(error[place] - error[3], axis=0, ddof=1)
        assert found.stderr[place] == pytest.approx(np.sqrt(np.sum(variance) / 7) / 5, rel=1e-9)
    assert found.height_stderr == found.stderr[1]
    # Of a path that nowhere rises above its ends.
    assert barrier_along(error[[1, 2, 3]]).height == 0
