"""Random features: moments by quadrature, and gradient flow in closed form, against draws, sums and small steps."""

import numpy as np
import pytest

from edgemem.numerics.random_features import (
    Features,
    drawn_moments,
    feature_values,
    flow_test_loss,
    flow_training_loss,
    gaussian_moments,
    gradient_flow,
    learned_part,
    optimal_loss,
    output_weights,
    score_error,
)


RNG = np.random.default_rng(19)
DIM, UNITS, SAMPLES = 4, 12, 7
X = RNG.normal(size=(SAMPLES, DIM))
WITHOUT_BIAS = Features(RNG.normal(size=(UNITS, DIM)), np.zeros(UNITS))
BIASED = Features(WITHOUT_BIAS.weight, RNG.normal(size=UNITS), gain=1.5)
TAU = np.array([0, 0.1, 3, 100, 1e4, 1e8, np.inf])


def direct_loss(weight: np.ndarray, features: Features, x: np.ndarray, t: float, noise: np.ndarray) -> float:
    """(1/d) mean of ||t s(y) + eps||^2, point by point, with ||eps||^2 / d for what it is expected to be."""
    total = 0.0
    for draw in noise:
        for point, eps in zip(x, draw, strict=True):
            field = features.weight @ (np.sqrt(1 - t**2) * point + t * eps) / np.sqrt(len(point)) + features.bias
            total += np.sum((t * weight @ np.tanh(features.gain * field) + eps) ** 2)
    return total / noise.size + 1 - np.mean(noise**2)


def quadrature_moment(features: Features, i: int, j: int, centre: np.ndarray, variance: float) -> float:
    """E[phi_i phi_j] of y ~ N(c, v I) by a rule of two dimensions, those of the plane of w_i and w_j."""
    node, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / weight.sum()
    first, second = features.weight[i], features.weight[j]
    axis = first / np.linalg.norm(first)
    other = second - (second @ axis) * axis
    basis = np.stack([axis, other / np.linalg.norm(other)])
    y = centre + np.sqrt(variance) * (node[:, None, None] * basis[0] + node[None, :, None] * basis[1])
    values = feature_values(features, y.reshape(-1, DIM)).reshape(80, 80, -1)
    return float(np.einsum("a,b,ab,ab", weight, weight, values[..., i], values[..., j]))


# Steep features need terms of the series beyond those that are kept.
@pytest.mark.parametrize(
    ("features", "tolerance"), [(WITHOUT_BIAS, 1e-6), (BIASED, 1e-5)], ids=["odd", "bias and gain"]
)
@pytest.mark.parametrize("t", [0.05, 0.4258, 0.95])
def test_moments_of_pairs_of_features_are_those_of_a_rule_in_their_plane(features, tolerance, t):
    centre = np.sqrt(1 - t**2) * X
    moments = gaussian_moments(features, centre, t**2, t)
    for i, j in ((0, 1), (3, 8), (11, 2)):
        expected = np.mean([quadrature_moment(features, i, j, c, t**2) for c in centre])
        assert moments.features[i, j] == pytest.approx(expected, abs=tolerance)
    assert np.allclose(moments.features, moments.features.T, rtol=0, atol=1e-14)


def test_the_series_keeps_the_moments_positive():
    moments = gaussian_moments(BIASED, np.zeros((1, DIM)), 1.5, 0.4)
    assert np.linalg.eigvalsh(moments.features).min() > 0


def test_moments_are_the_limit_of_many_draws():
    t, noise = 0.43, RNG.normal(size=(6000, SAMPLES, DIM))
    exact = gaussian_moments(BIASED, np.sqrt(1 - t**2) * X, t**2, t)
    drawn = drawn_moments(BIASED, X, t, noise)
    # Means of 42,000 products of order one: five standard errors.
    assert np.abs(exact.features - drawn.features).max() < 5 / np.sqrt(42_000)
    assert np.abs(exact.noise - drawn.noise).max() < 5 / np.sqrt(42_000)


def test_one_component_of_no_separation_is_the_normal_distribution():
    t, mean = 0.3, np.zeros((3, DIM))
    one = gaussian_moments(BIASED, mean[:1], 1.0, t)
    several = gaussian_moments(BIASED, mean, 1.0, t)
    assert np.allclose(one.features, several.features, rtol=0, atol=1e-15)
    assert np.allclose(one.noise, several.noise, rtol=0, atol=1e-15)


@pytest.mark.parametrize("t", [0.05, 0.4258, 0.95])
@pytest.mark.parametrize("ridge", [0.0, 1e-3])
def test_losses_in_closed_form_are_those_of_the_weights_point_by_point(t, ridge):
    noise, fresh = RNG.normal(size=(3, SAMPLES, DIM)), RNG.normal(size=(2, 9, DIM))
    others = RNG.normal(size=(9, DIM))
    flow = gradient_flow(drawn_moments(BIASED, X, t, noise), t)
    part = learned_part(flow, TAU, clock="eps", ridge=ridge)
    weights = output_weights(flow, part)
    train = flow_training_loss(flow, part)
    test = flow_test_loss(flow, part, drawn_moments(BIASED, others, t, fresh))
    expected = [direct_loss(weight, BIASED, X, t, noise) for weight in weights]
    assert np.allclose(train, expected, rtol=1e-9, atol=1e-9)
    assert np.allclose(test, [direct_loss(weight, BIASED, others, t, fresh) for weight in weights], rtol=1e-8)


@pytest.mark.parametrize("clock", ["eps", "score"])
def test_the_flow_is_what_small_steps_of_descent_do(clock):
    t, until, steps, ridge = 0.4258, 5.0, 20_000, 0.01
    flow = gradient_flow(moments := gaussian_moments(WITHOUT_BIAS, np.sqrt(1 - t**2) * X, t**2, t), t)
    (found,) = output_weights(flow, learned_part(flow, np.array([until]), clock=clock, ridge=ridge))
    weight, rate = np.zeros((DIM, UNITS)), {"score": t**2, "eps": 1.0}[clock]
    for _ in range(steps):
        gradient = weight @ moments.features + ridge * weight + moments.noise.T / t
        weight = weight - until / steps * 2 * rate * DIM / UNITS * gradient
    assert np.abs(found - weight).max() < 1e-3 * np.abs(weight).max()


def test_training_lowers_the_training_loss_from_one():
    flow = gradient_flow(gaussian_moments(BIASED, X, 0.01, 0.1), 0.1)
    part = learned_part(flow, np.concatenate([[0], np.logspace(-3, 12, 200)]), clock="score")
    loss = flow_training_loss(flow, part)
    assert loss[0] == 1
    assert np.all(np.diff(loss) <= 1e-12)


def test_the_clock_of_the_score_is_slower_by_the_square_of_the_time():
    t = 0.2
    flow = gradient_flow(gaussian_moments(BIASED, X, t**2, t), t)
    score = learned_part(flow, TAU, clock="score")
    assert np.allclose(score, learned_part(flow, t**2 * TAU, clock="eps"), rtol=1e-12)


def test_without_end_the_weights_are_those_of_least_squares():
    t, ridge = 0.4, 1e-2
    moments = gaussian_moments(BIASED, np.sqrt(1 - t**2) * X, t**2, t)
    flow = gradient_flow(moments, t)
    (weight,) = output_weights(flow, learned_part(flow, np.array([np.inf]), clock="eps", ridge=ridge))
    expected = -np.linalg.solve(moments.features + ridge * np.eye(UNITS), moments.noise).T / t
    assert np.allclose(weight, expected, rtol=1e-9, atol=1e-12)


def test_moments_of_some_thousand_draws_train_as_the_exact_ones():
    rng = np.random.default_rng(1)
    dim, units, n_samples, t, tau = 8, 160, 20, 0.4258, np.array([100.0])
    features, x = Features(rng.normal(size=(units, dim)), np.zeros(units)), rng.normal(size=(n_samples, dim))
    law = gaussian_moments(features, np.zeros((1, dim)), 1.0, t)
    found = []
    for moments in (
        gaussian_moments(features, np.sqrt(1 - t**2) * x, t**2, t),
        drawn_moments(features, x, t, rng.normal(size=(4000, n_samples, dim))),
    ):
        flow = gradient_flow(moments, t)
        part = learned_part(flow, tau, clock="score")
        found.append([*flow_training_loss(flow, part), *flow_test_loss(flow, part, law)])
    # Means of 80,000 draws of order one.
    assert np.allclose(*found, rtol=0, atol=1 / np.sqrt(80_000))


def test_an_eigenvalue_of_rounding_is_raised_to_the_floor():
    twice = Features(np.repeat(WITHOUT_BIAS.weight, 2, axis=0), np.zeros(2 * UNITS))
    flow = gradient_flow(drawn_moments(twice, X, 0.3, RNG.normal(size=(1, SAMPLES, DIM))), 0.3)
    assert flow.eigenvalue.min() == 1e-13
    assert np.isfinite(output_weights(flow, learned_part(flow, TAU, clock="eps"))).all()


def test_the_true_score_of_normal_data_has_no_error():
    t = 0.4258
    y, eps = RNG.normal(size=(2, 200_000))
    y = np.sqrt(1 - t**2) * y + t * eps
    assert np.mean((t * -y + eps) ** 2) == pytest.approx(optimal_loss(t), abs=0.01)
    assert score_error(np.array([optimal_loss(t), 1.0]), t, optimal_loss(t)) == pytest.approx([0, 1])
