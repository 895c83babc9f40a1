"""The approximations of the excess losses, their crossover, and the finite-size constant."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from edgemem.numerics.losses import nested_memorizing_loss
from edgemem.numerics.theory import (
    crossing_size,
    crossover_fraction,
    finite_size_constant,
    generalizing_excess_loss,
    partially_memorizing_excess_loss,
)

from . import oracle


TIMES = 0.999 - 0.998 * np.arange(26) / 25
SNR = oracle.snr(TIMES)
# The weights that the paper fitted (its figure 3), from t = .999 down.
FITTED = np.array(
    [
        [0.3841, 0.4004, 0.4204, 0.4452, 0.4767, 0.5169, 0.5692, 0.6376, 0.7235, 0.8170, 0.8731, 0.8169, 0.6886],
        [0.5646, 0.4657, 0.3917, 0.3368, 0.2956, 0.2645, 0.2407, 0.2227, 0.2091, 0.1991, 0.1924, 0.1884, 0.1871],
    ]
).ravel()


def sphere(components: int, dim: int, radius: float = 1.0) -> np.ndarray:
    """Means on the sphere of radius sqrt(d) times a factor."""
    normal = np.random.default_rng(0).normal(size=(components, dim))
    return radius * np.sqrt(dim) * normal / np.linalg.norm(normal, axis=1, keepdims=True)


@pytest.mark.parametrize(("t", "variance"), [(0.001, 1.0), (0.36, 1.0), (0.36, 0.1), (0.999, 4.0)])
def test_generalizing_excess_loss_is_that_of_separated_means(t, variance):
    """d v / (1 + psi v) is the loss of the true denoiser where the component of a point is never in doubt."""
    dim, count = 30, 400
    rng = np.random.default_rng(1)
    x0 = np.sqrt(variance) * rng.normal(size=(count, dim))
    error = oracle.errors(np.zeros((1, dim)), variance, x0, np.full(count, t), rng.normal(size=(1, count, dim)))
    expected = generalizing_excess_loss(dim, variance, oracle.snr(np.array([t])))[0]
    assert abs(error.mean() - expected) < 4 * error.std() / np.sqrt(count)


def test_partially_memorizing_excess_loss():
    """C (1 - M/N) d v: nothing for M = N, proportional to what is not memorized, C given for each size or for all."""
    fraction = np.array([0.1, 0.5, 1.0])
    np.testing.assert_allclose(partially_memorizing_excess_loss(50, 2.0, fraction, 1.5), [135, 75, 0])
    np.testing.assert_allclose(
        partially_memorizing_excess_loss(50, 2.0, fraction, np.array([2.0, 1.5, 1.4])), [180, 75, 0]
    )


@pytest.mark.parametrize(
    ("weight", "constant", "published"),
    [
        (np.ones(26), 2.0, 0.830),
        (np.ones(26), 1.0, 0.660),
        (FITTED, 2.0, 0.8000),
        (FITTED, 1.0, 0.600),
    ],
    ids=["equal weights, C = 2", "equal weights, C = 1", "the paper's weights, C = 2", "the paper's weights, C = 1"],
)
def test_crossover_fractions_of_the_paper(weight, constant, published):
    """(21) gives the fractions published for equal weights and for the paper's fitted ones."""
    assert crossover_fraction(SNR, weight, 1.0, constant) == pytest.approx(published, abs=6e-4)


def test_crossover_fraction_of_the_training_weight():
    """Weighting by psi, as training does, predicts memorization only at M = N to four digits."""
    assert 0.99998 <= crossover_fraction(SNR, SNR, 1.0, 2.0) < 1


@pytest.mark.parametrize("variance", [0.25, 1.0, 4.0])
def test_weighted_losses_are_equal_at_the_crossover(variance):
    """At M*/N the two weighted excess losses agree, whatever the scale of the weights."""
    weight = np.random.default_rng(2).uniform(0.1, 1, 26)
    fraction = crossover_fraction(SNR, 100 * weight, variance, 1.7)
    assert fraction == pytest.approx(crossover_fraction(SNR, weight, variance, 1.7), rel=1e-14)
    left = np.mean(weight * generalizing_excess_loss(40, variance, SNR))
    right = np.mean(weight * partially_memorizing_excess_loss(40, variance, np.array([fraction]), 1.7))
    assert left == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize(
    ("difference", "size"),
    [
        ([3, 1, -1, -2], 25),
        ([3, 0, -1, -2], 20),
        ([2, 1, -3, 5], 22.5),
        ([3, 2, 1, 0.5], np.nan),
        ([-1, -2, -3, -4], np.nan),
        ([-1, 2, -3, -4], np.nan),
    ],
    ids=["between", "on a size", "the first of several", "never", "always below", "not above from the start"],
)
def test_crossing_size(difference, size):
    """The first zero is interpolated linearly; without a start above and an end below there is none."""
    result = crossing_size(np.array([10, 20, 30, 40]), np.array(difference, np.float64))
    assert result == pytest.approx(size, nan_ok=True)


# ---------------------------------------------------------------------------------------- the finite-size constant

# Accuracy the function promises; beside it stands the error of what it is compared with.
ACCURACY = 0.005


def test_finite_size_constant_published():
    """Means at mutual distance sqrt(2 d), N = 200, d = 50, K = 12: the values computed and simulated for the paper."""
    orthogonal = np.sqrt(50) * np.eye(12, 50)
    result = finite_size_constant(np.array([20, 60, 100, 140, 180]), orthogonal, 1.0)
    # At M/N = .1 the published value, of 40 quantiles, is itself good to 1 %.
    np.testing.assert_allclose(result[0], 2.06, rtol=0.015)
    np.testing.assert_allclose(result[1:], [1.645, 1.54, 1.485, 1.448], rtol=ACCURACY)


# Dimension, components, variance and the radius of the means over sqrt(d).
MIXTURES = {
    "of the paper": (50, 12, 1.0, 1.0),
    "small": (30, 3, 1.0, 1.0),
    "wide": (30, 3, 4.0, 1.0),
    "narrow": (30, 6, 0.25, 1.0),
    "far apart": (60, 12, 1.0, 3.0),
    "one component": (30, 1, 1.0, 1.0),
    "means equal": (30, 3, 1.0, 0.0),
    "few dimensions": (3, 4, 0.25, 1.0),
    "plane": (2, 1, 1.0, 1.0),
}


@pytest.mark.parametrize("which", MIXTURES)
def test_finite_size_constant_against_simulation(which):
    """C(M) is the squared distance of a fresh sample to the nearest of M others, over d v, in simulated data sets."""
    dim, components, variance, radius = MIXTURES[which]
    mean, sizes = sphere(components, dim, radius), [1, 2, 10, 50, 90]
    simulated, stderr = oracle.nearest_of_first(sizes, mean, variance, 1500, 20, np.random.default_rng(3))
    result = finite_size_constant(np.array(sizes), mean, variance)
    assert np.all(np.abs(result - simulated) <= ACCURACY * simulated + 4 * stderr)


@pytest.mark.parametrize("which", MIXTURES)
def test_finite_size_constant_of_one_sample(which):
    """With M = 1 it is the mean squared distance of two samples, 2 + E ||mu_k - mu_k'||^2 / (d v), exactly."""
    dim, components, variance, radius = MIXTURES[which]
    mean = sphere(components, dim, radius)
    between = np.mean(np.sum((mean[:, None] - mean) ** 2, axis=2))
    result = finite_size_constant(np.array([1]), mean, variance)[0]
    assert result == pytest.approx(2 + between / (dim * variance), rel=ACCURACY)


@pytest.mark.parametrize("size", [1, 5])
def test_finite_size_constant_in_one_dimension(size):
    """For one normal distribution on a line it is a double integral that needs neither noncentral chi nor points."""

    def survival(distance, x):
        return stats.norm.cdf(x - distance) + stats.norm.sf(x + distance)

    def inner(x):
        return stats.norm.pdf(x) * integrate.quad(lambda r: 2 * r * survival(r, x) ** size, 0, 20)[0]

    expected = 2 * integrate.quad(inner, 0, 6, epsrel=1e-4)[0]
    # On a line the tails of x, where few points lie, decide: 2 %.
    assert finite_size_constant(np.array([size]), np.zeros((1, 1)), 1.0)[0] == pytest.approx(expected, rel=0.02)


def test_finite_size_constant_depends_on_ratios_alone():
    """Scaling the means and the deviation together changes nothing, nor does a second copy of every mean."""
    sizes, mean = np.array([1, 10, 50]), sphere(3, 30)
    expected = finite_size_constant(sizes, mean, 1.0)
    np.testing.assert_allclose(finite_size_constant(sizes, 10 * mean, 100.0), expected, rtol=1e-9)
    np.testing.assert_allclose(finite_size_constant(sizes, np.tile(mean, (2, 1)), 1.0), expected, rtol=2 * ACCURACY)


def test_finite_size_constant_falls_with_more_memory():
    """More memory is closer: C falls with M, in the paper's setting from near 4 to between 1 and 2."""
    result = finite_size_constant(np.arange(1, 201), sphere(12, 50), 1.0)
    assert np.all(np.diff(result) < 0)
    assert 1 < result[-1] < 1.5
    assert 3.5 < result[0] < 4


def test_finite_size_constant_predicts_measured_losses(float64):
    """N = 200, d = 50, K = 12, psi = 6.7: losses of partially memorizing denoisers follow C (1 - M/N) d v."""
    t, count, dim, sizes = 0.36, 200, 50, np.array([20, 60, 100, 140, 180])
    constants = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        mean = sphere(12, dim)
        x = mean[rng.integers(12, size=count)] + rng.normal(size=(count, dim))
        noise = rng.normal(size=(2, count, dim))
        loss, _ = nested_memorizing_loss(*map(jnp.asarray, (x, t, noise, x)))
        constants.append(np.asarray(loss)[sizes - 1] / partially_memorizing_excess_loss(dim, 1.0, sizes / count, 1.0))
    measured, stderr = np.mean(constants, axis=0), np.std(constants, axis=0, ddof=1) / np.sqrt(len(constants))
    expected = finite_size_constant(sizes, mean, 1.0)
    # Five standard errors of Student's t with five degrees of freedom, and 1 % for the finite signal-to-noise ratio.
    assert np.all(np.abs(measured - expected) <= 5 * stderr + 0.01 * expected)
    # What one data set of the paper gave, which scatters by 2 %.
    np.testing.assert_allclose(measured, [2.03, 1.63, 1.54, 1.47, 1.44], rtol=0.04)
