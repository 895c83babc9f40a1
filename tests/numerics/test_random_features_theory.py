"""Theory of random features: against draws, against features that are there, and against a pilot's numbers."""

import numpy as np
import pytest

from edgemem.numerics.loss_times import loss_times
from edgemem.numerics.random_features import (
    Features,
    drawn_moments,
    flow_test_loss,
    flow_training_loss,
    gaussian_moments,
    gradient_flow,
    learned_part,
)
from edgemem.numerics.random_features_theory import (
    constants,
    covariance_eigenvalues,
    covariance_quantiles,
    final_losses,
    generalizing_bulk,
    memorizing_bulk,
    memorizing_time,
    slow_eigenvalue,
    slow_time,
    two_channels,
)


T = 0.4258  # the papers' 0.1
OF = constants(T)
TAU = np.append(np.logspace(-2, 9, 1101), np.inf)


@pytest.mark.parametrize(
    ("t", "sample", "noise"),
    [(0.04, 0.02726, 1.56e-4), (0.1407, 0.02554, 0.00187), (0.4258, 0.01384, 0.01358), (0.95, 2.0e-5, 0.0274)],
)
def test_constants_are_those_of_another_rule_and_of_another_definition(t, sample, noise):
    found = constants(t)
    assert (found.sample, found.noise) == (pytest.approx(sample, rel=0.03), pytest.approx(noise, rel=0.03))
    u = np.linspace(-8, 8, 1001)
    weight = np.exp(-(u**2) / 2) * (u[1] - u[0]) / np.sqrt(2 * np.pi)
    act = np.tanh(np.sqrt(1 - t**2) * u[:, None] + t * u)  # u, v
    a_squared, b_squared = (weight @ (act @ weight * u)) ** 2, ((weight @ act) @ (weight * u)) ** 2
    of_sample = weight @ (act @ weight) ** 2 - a_squared
    assert found.sample == pytest.approx(of_sample, rel=1e-8)
    # That of s_t^2 which does not know of mu_*: E[act^2] - a^2 c^2 - v_t^2 - b^2.
    assert found.noise == pytest.approx(weight @ act**2 @ weight - a_squared - of_sample - b_squared, rel=1e-8)


def test_a_gain_scales_the_activation():
    u = np.random.default_rng(6).normal(size=2_000_000)
    assert constants(T, gain=2.0).linear == pytest.approx(np.mean(np.tanh(2 * u) * u), abs=2e-3)


@pytest.mark.parametrize("psi_n", [0.5, 1.0, 4.0, 30.0])
def test_covariance_eigenvalues_have_the_moments_of_wishart_matrices(psi_n):
    x, weight = covariance_eigenvalues(psi_n)
    assert [weight @ x**power for power in (0, 1, 2)] == pytest.approx([1, 1, 1 + 1 / psi_n], rel=1e-9)


def test_quantiles_of_covariances_are_their_eigenvalues():
    x = np.random.default_rng(7).normal(size=(400, 200))
    expected = np.linalg.eigvalsh(x.T @ x / 400)
    assert np.allclose(covariance_quantiles(2.0, 200), expected, rtol=0.05, atol=0.03)


# psi_p, then the pilot's solution of the same equations for m = 1, 2, 4 and without end; d = 30, psi_n = 8, ridge 1e-3.
PILOT = {
    2.0: (1.090, 0.963, 0.910, 0.861),
    4.0: (1.503, 1.122, 0.993, 0.892),
    8.0: (2.798, 1.611, 1.221, 0.986),
    16.0: (1.656, 2.766, 1.832, 1.227),
    32.0: (1.198, 1.787, 2.842, 1.701),
    48.0: (1.094, 1.436, 2.435, 2.080),
    1600.0: (0.937, 1.010, 1.40, 4.35),
}


@pytest.mark.parametrize("psi_p", PILOT)
def test_final_losses_are_those_that_were_found_with_differences_for_derivatives(psi_p):
    found = [float(final_losses(OF, 8.0, psi_p, draws=m, ridge=1e-3).test) for m in (1.0, 2.0, 4.0, np.inf)]
    assert found == pytest.approx(PILOT[psi_p], rel=2e-3)


@pytest.mark.parametrize("draws", [1.0, 2.0, 4.0])
def test_the_test_loss_has_its_peak_where_features_are_samples_times_draws(draws):
    psi_p = np.geomspace(2, 64, 41)
    loss = [float(final_losses(OF, 8.0, float(own), draws=draws, ridge=1e-3).test) for own in psi_p]
    assert psi_p[np.argmax(loss)] == pytest.approx(8 * draws, rel=0.09)


def test_without_end_of_draws_there_is_no_peak_and_the_plateau_of_infinitely_many_features():
    loss = [float(final_losses(OF, 8.0, float(own), draws=np.inf, ridge=1e-6).test) for own in np.geomspace(2, 1e5, 20)]
    assert np.all(np.diff(loss) > 0)
    # alpha^2 / t^2 of L, theorem 2, which is one for psi_n without end.
    assert loss[-1] < (1 - T**2) / T**2


@pytest.mark.parametrize(("draws", "psi_p"), [(1, 2.0), (2, 6.0), (np.inf, 2.0), (np.inf, 6.0)])
def test_final_losses_are_near_those_of_features_that_are_there(draws, psi_p):
    dim, psi_n, ridge, found = 40, 4.0, 1e-3, []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        features = Features(rng.normal(size=(int(psi_p * dim), dim)), np.zeros(int(psi_p * dim)))
        x = rng.normal(size=(int(psi_n * dim), dim))
        if np.isinf(draws):
            moments = gaussian_moments(features, np.sqrt(1 - T**2) * x, T**2, T)
        else:
            moments = drawn_moments(features, x, T, rng.normal(size=(draws, *x.shape)))
        flow = gradient_flow(moments, T)
        part = learned_part(flow, TAU[-1:], clock="score", ridge=ridge)
        law = gaussian_moments(features, np.zeros((1, dim)), 1.0, T)
        found.append([*flow_training_loss(flow, part), *flow_test_loss(flow, part, law)])
    expected = final_losses(OF, psi_n, psi_p, draws=float(draws), ridge=ridge)
    assert np.mean(found, axis=0) == pytest.approx([float(expected.train), float(expected.test)], rel=0.1)


def test_a_large_ridge_learns_nothing():
    found = final_losses(OF, 8.0, 4.0, draws=1.0, ridge=1e3)
    assert [float(found.train), float(found.test)] == pytest.approx([1, 1], abs=2e-3)


# d = 60, psi_p = 32: psi_n, then the pilot's measured times of the least test loss, of half of the gap, of half of the
# fall of the training loss, and the published time.
MEASURED = {
    0.5: (8.9, 85, 54, 255),
    1.0: (10.1, 408, 198, 563),
    2.0: (11.7, 1191, 471, 1278),
    4.0: (13.7, 2329, 862, 2950),
    8.0: (16.4, 3511, 1260, 6439),
    16.0: (19.7, 3966, 1447, 11069),
}


def test_two_channels_tell_times_without_a_fit():
    predicted = {psi_n: loss_times(TAU, *two_channels(OF, psi_n, 32.0, TAU)) for psi_n in MEASURED}
    for i, name in enumerate(("least", "half", "train")):
        ratio = [np.log10(own[i] / getattr(predicted[psi_n], name)) for psi_n, own in MEASURED.items()]
        assert np.std(ratio) < 0.06
        assert np.abs(ratio).max() < 0.1


def test_the_published_time_is_not_a_multiple_of_what_was_measured():
    published = {psi_n: memorizing_time(OF, psi_n, 32.0) for psi_n in MEASURED}
    assert published == pytest.approx({psi_n: own[3] for psi_n, own in MEASURED.items()}, rel=2e-3)
    assert np.std([np.log10(own[1] / published[psi_n]) for psi_n, own in MEASURED.items()]) > 0.15


def test_two_channels_are_near_the_losses_of_features_that_are_there():
    dim, psi_n, psi_p = 20, 2.0, 24.0
    rng = np.random.default_rng(8)
    features = Features(rng.normal(size=(int(psi_p * dim), dim)), np.zeros(int(psi_p * dim)))
    moments = gaussian_moments(features, np.sqrt(1 - T**2) * rng.normal(size=(int(psi_n * dim), dim)), T**2, T)
    flow = gradient_flow(moments, T)
    part = learned_part(flow, TAU, clock="score")
    law = gaussian_moments(features, np.zeros((1, dim)), 1.0, T)
    found = loss_times(TAU, flow_training_loss(flow, part), flow_test_loss(flow, part, law))
    expected = loss_times(TAU, *two_channels(OF, psi_n, psi_p, TAU))
    assert found == pytest.approx(expected, rel=0.25)


def test_two_channels_start_at_one_and_learn_the_true_score_first():
    losses = two_channels(OF, 1e4, 1e3, TAU)
    assert (losses.train[0], losses.test[0]) == (pytest.approx(1, abs=1e-2), pytest.approx(1, abs=1e-2))
    assert losses.test.min() == pytest.approx(1 - T**2, rel=0.01)


def test_the_slow_eigenvalue_is_that_of_the_two_channels_for_many_features():
    psi_n, psi_p, x = 4.0, 1e5, np.array([0.25, 1.0, 2.25])
    a, b = OF.linear**2 * psi_p * (OF.signal * x + OF.t**2), OF.sample * psi_p / psi_n
    determinant = a * b - OF.linear**2 * psi_p**2 * OF.signal * OF.sample * x / psi_n
    exact = OF.noise + 2 * determinant / (a + b + np.sqrt((a + b) ** 2 - 4 * determinant))
    assert np.allclose(slow_eigenvalue(OF, psi_n, psi_p, x), exact, rtol=0.02)


def test_slow_times_are_those_of_the_pilot():
    expected = {0.5: 1084, 1.0: 1941, 2.0: 3332, 4.0: 5276, 8.0: 7492, 16.0: 9501}
    assert {psi_n: slow_time(OF, psi_n, 32.0) for psi_n in expected} == pytest.approx(expected, rel=2e-3)


def test_the_spectrum_has_its_bulks_where_it_is_said():
    dim, psi_n, psi_p = 40, 4.0, 12.0
    rng = np.random.default_rng(3)
    features = Features(rng.normal(size=(int(psi_p * dim), dim)), np.zeros(int(psi_p * dim)))
    x = rng.normal(size=(int(psi_n * dim), dim))
    eigenvalue = gradient_flow(gaussian_moments(features, np.sqrt(1 - T**2) * x, T**2, T), T).eigenvalue[::-1]
    own, law = memorizing_bulk(OF, psi_n, psi_p), generalizing_bulk(OF, psi_p)
    assert own.share == pytest.approx(psi_n / psi_p)
    assert law.share == pytest.approx(1 / psi_p)
    # Ranks d + 1 to n: beyond them lie d that belong to the slow channel.
    bulk = eigenvalue[dim : int(psi_n) * dim]
    assert own.low == pytest.approx(bulk[-1], rel=0.25)
    assert own.high == pytest.approx(bulk[0], rel=0.15)
    assert np.median(eigenvalue[:dim]) == pytest.approx((law.low + law.high) / 2, rel=0.2)
    assert np.median(eigenvalue[int(psi_n) * dim + dim :]) == pytest.approx(OF.noise, rel=0.25)
