"""The posterior mean under coloured templates is that of a mixture of Gaussians with explicit covariances."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from edgemem.denoisers.coloured_templates import ColouredTemplates
from edgemem.numerics.coloured_templates import coloured_posterior_mean
from edgemem.numerics.points import Points

from . import oracle


CHANNELS, PIXELS = 3, 6
RNG = np.random.default_rng(8)
TEMPLATES = RNG.uniform(size=(5, PIXELS)) * np.array([1, 1, 2, 0.5, 3])[:, None]
COLOURS = RNG.normal(size=(5, CHANNELS))
# One component, few, all, and one template in several colours.
CHOSEN = {"one": [0], "two": [0, 1], "all": [0, 1, 2, 3, 4], "one template": [2, 2, 2]}
TIMES = (0.001, 0.041, 0.36, 0.999)
VARIANCES = (0.0, 1e-6, 0.3, 4.0)


def parameters(which: str) -> tuple[np.ndarray, np.ndarray]:
    """Templates and mean colours; a template that occurs several times has other colours."""
    chosen = CHOSEN[which]
    return TEMPLATES[chosen], COLOURS[: len(chosen)]


def points_at(t: float, which: str) -> tuple[np.ndarray, np.ndarray]:
    """Samples of the components with colours of their own, and the same noised at t."""
    template, colour_mean = parameters(which)
    rng = np.random.default_rng(9)
    component = rng.integers(len(template), size=8)
    colour = colour_mean[component] + 0.5 * rng.normal(size=(8, CHANNELS))
    colour[:3] = colour_mean[component[:3]]  # copies, as at M = N
    x0 = (colour[:, :, None] * template[component][:, None, :]).reshape(8, -1)
    return x0, oracle.alpha(t) * x0 + t * rng.normal(size=x0.shape)


def posterior_mean(template, colour_mean, variance, x, t):
    """E[x_0 | x] from means, covariances, inverses and determinants, as for any Gaussian mixture; one point."""
    a = oracle.alpha(t)
    logs, means = [], []
    for image, colour in zip(template, colour_mean, strict=True):
        loading = np.kron(np.eye(CHANNELS), image[:, None])  # x_0 = loading @ c
        prior = variance * loading @ loading.T
        covariance = a**2 * prior + t**2 * np.eye(len(x))
        offset = x - a * loading @ colour
        solved = np.linalg.solve(covariance, offset)
        logs.append(-0.5 * (np.linalg.slogdet(covariance)[1] + offset @ solved))
        means.append(loading @ colour + a * prior @ solved)
    weight = np.exp(np.array(logs) - np.max(logs))
    return weight @ np.array(means) / weight.sum()


def denoise(template, colour_mean, variance, x, t):
    return np.array([posterior_mean(template, colour_mean, variance, point, t) for point in x])


@eqx.filter_jit
def estimate(template, colour_mean, standard_deviation, x, t, rows=None):
    """The posterior mean of points at one time or at one each, of templates padded to so many rows."""
    size = len(template)
    padding = (0, (rows or size) - size), (0, 0)
    return coloured_posterior_mean(
        x,
        jnp.broadcast_to(jnp.asarray(t, x.dtype), x.shape[:1]),
        jnp.pad(template, padding),
        jnp.pad(colour_mean, padding),
        jnp.asarray(standard_deviation, template.dtype),
        jnp.arange(rows or size) < size,
    )


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("which", CHOSEN)
def test_posterior_mean_in_float64(float64, which, variance, t):
    """The projections on templates give what inverses and determinants of all covariances give."""
    template, colour_mean = parameters(which)
    _, x = points_at(t, which)
    result = estimate(template, colour_mean, np.sqrt(variance), jnp.asarray(x), t)
    # The oracle solves with a covariance of condition v s / t^2, up to 1e8.
    np.testing.assert_allclose(result, denoise(template, colour_mean, variance, x, t), atol=1e-7)


def test_determinant_has_its_factor_on_both_terms(float64):
    """Templates of different norms differ by C log(1 + alpha^2 v s / sigma^2): with C = 1 the weights are others.

    At the origin and with mean colours of zero nothing but the determinant tells two components apart.
    """
    t, variance = 0.5, 2.0
    template, colour_mean = TEMPLATES[[0, 4]], np.zeros((2, CHANNELS))
    # A small step off the origin shows the weights in the estimate, which is linear in x there.
    x = 1e-6 * RNG.normal(size=(1, CHANNELS * PIXELS))
    a, scale = oracle.alpha(t), np.sum(template**2, axis=1)
    determinant = 1 + a**2 * variance * scale / t**2
    for factor, right in ((CHANNELS, True), (1, False)):
        weight = determinant ** (-factor / 2)
        weight = weight / weight.sum()
        projection = x.reshape(CHANNELS, PIXELS) @ template.T
        colour = a * variance * projection / (t**2 + a**2 * variance * scale)
        expected = ((weight * colour) @ template).reshape(1, -1)
        result = np.asarray(estimate(template, colour_mean, np.sqrt(variance), jnp.asarray(x), t))
        assert np.allclose(result, expected, rtol=1e-6, atol=0) == right
    np.testing.assert_allclose(result, denoise(template, colour_mean, variance, x, t), rtol=1e-9)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("which", CHOSEN)
def test_posterior_mean_in_float32(which, variance, t):
    """Float32, in which training runs, keeps four digits of the posterior mean at all times."""
    template, colour_mean = (values.astype(np.float32) for values in parameters(which))
    x = points_at(t, which)[1].astype(np.float32)
    result = estimate(template, colour_mean, np.sqrt(variance), jnp.asarray(x), t)
    exact = [values.astype(np.float64) for values in (template, colour_mean)]
    np.testing.assert_allclose(result, denoise(*exact, variance, x.astype(np.float64), t), atol=1e-3)


def test_colours_of_one_template_are_told_apart_in_float32():
    """At t = .001, where the energy along a template is 1e7, close colours have their weights and not rounding."""
    t, variance = 1e-3, 3e-6
    template = TEMPLATES[[4, 4, 4, 4]].astype(np.float32)
    colour_mean = (2 * COLOURS[0] + 3e-3 * RNG.normal(size=(4, CHANNELS))).astype(np.float32)
    rng = np.random.default_rng(9)
    colour = colour_mean[rng.integers(4, size=8)] + 1e-3 * rng.normal(size=(8, CHANNELS))
    x0 = (colour[:, :, None] * template[0]).reshape(8, -1)
    x = (oracle.alpha(t) * x0 + t * rng.normal(size=x0.shape)).astype(np.float32)
    result = estimate(template, colour_mean, np.sqrt(variance), jnp.asarray(x), t)
    exact = [values.astype(np.float64) for values in (template, colour_mean)]
    # Float32 knows the values, up to 6 times 3, to 1e-6; wrong weights would move them by a third of 3e-3.
    np.testing.assert_allclose(result, denoise(*exact, variance, x.astype(np.float64), t), atol=1e-5)


def test_each_point_is_denoised_at_its_own_time(float64):
    template, colour_mean = parameters("all")
    x, times = points_at(0.36, "all")[1], np.linspace(0.001, 0.999, 8)
    result = estimate(template, colour_mean, 0.5, jnp.asarray(x), times)
    for row, point, t in zip(result, x, times, strict=True):
        np.testing.assert_allclose(row, posterior_mean(template, colour_mean, 0.25, point, t), atol=1e-7)


def test_larger_templates_in_paler_colours_are_the_same_model(float64):
    """Scale moves between template and colour, and so do signs."""
    template, colour_mean = parameters("all")
    x = jnp.asarray(points_at(0.36, "all")[1])
    first = estimate(template, colour_mean, 0.5, x, 0.36)
    second = estimate(-3 * template, -colour_mean / 3, 0.5 / 3, x, 0.36)
    np.testing.assert_allclose(second, first, rtol=1e-9)


def test_without_variance_it_is_the_mixture_of_its_means(float64):
    """v = 0: points u_i (x) a_i, the memorizing denoiser."""
    template, colour_mean = parameters("all")
    mean = (colour_mean[:, :, None] * template[:, None, :]).reshape(5, -1)
    for t in TIMES:
        x = points_at(t, "all")[1]
        result = estimate(template, colour_mean, 0.0, jnp.asarray(x), t)
        np.testing.assert_allclose(result, oracle.denoise(mean, 0.0, x, np.full(len(x), t)), atol=1e-7)


@pytest.mark.parametrize("t", TIMES)
@pytest.mark.parametrize("deviation", [1e-3, 0.7])
def test_gradient_of_the_loss(float64, deviation, t):
    """The gradient that training follows is the derivative of the explicit formula, and padding has none."""
    template, colour_mean = parameters("two")
    x0, noise = points_at(t, "two")[0][:3], np.random.default_rng(3).normal(size=(3, CHANNELS * PIXELS))
    weight = np.array([1.0, 0.5, 2.0])

    def explicit(template, colour_mean, deviation):
        x = oracle.alpha(t) * x0 + t * noise
        return np.sum(weight * np.sum((denoise(template, colour_mean, deviation**2, x, t) - x0) ** 2, axis=1))

    points = Points(jnp.asarray(x0.T), jnp.full(3, t), jnp.asarray(weight), jnp.asarray(noise.T))
    denoiser = ColouredTemplates(
        jnp.asarray(template), jnp.asarray(colour_mean), jnp.asarray(deviation), jnp.ones(2, bool)
    ).padded(8)
    value, gradient = eqx.filter_jit(eqx.filter_value_and_grad(lambda denoiser: denoiser.loss(points)))(denoiser)
    assert float(value) == pytest.approx(explicit(template, colour_mean, deviation), rel=1e-6, abs=1e-10)
    assert not np.any(gradient.template[2:]) and not np.any(gradient.colour_mean[2:])
    arguments = [template, colour_mean, np.array(deviation)]
    found = [gradient.template[:2], gradient.colour_mean[:2], gradient.standard_deviation]
    for place, part in enumerate(found):
        # Central differences: the oracle takes determinants, which complex steps do not pass through.
        step = 1e-5 * deviation
        numeric = np.zeros(arguments[place].shape)
        for index in np.ndindex(numeric.shape):
            ends = []
            for sign in (1, -1):
                moved = [np.array(argument, float) for argument in arguments]
                moved[place][index] += sign * step
                ends.append(explicit(*moved))
            numeric[index] = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(part, numeric, rtol=1e-3, atol=1e-3 * np.abs(numeric).max() + 1e-9)


def test_padding_changes_nothing(float64):
    template, colour_mean = parameters("all")
    x = jnp.asarray(points_at(0.041, "all")[1])
    alone = estimate(template, colour_mean, 0.3, x, 0.041)
    padded = estimate(template, colour_mean, 0.3, x, 0.041, 16)
    np.testing.assert_allclose(padded, alone, rtol=1e-12, atol=1e-12)
