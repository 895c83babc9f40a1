"""The paper's formulas in NumPy, written to be read beside the paper; nothing here comes from the package.

Everything is float64 (or complex, see `gradient`) and takes differences before squares, so that nothing cancels.
Points, samples and components are rows.
"""

import itertools
import math

import numpy as np


def alpha(t):
    """Signal level, sqrt(1 - t^2)."""
    return np.sqrt(1 - t**2)


def snr(t):
    """Signal-to-noise ratio psi = alpha^2 / sigma^2."""
    return (1 - t**2) / t**2


def posterior_mean(mean, variance, x, t, log_weight=0.0):
    """(14), (15): E[x_0 | x_t = x] under Gaussians with one variance, of equal or other weights; a point and a time."""
    a, sigma = alpha(t), t
    c = a**2 * variance + sigma**2
    # A square without absolute value, so that complex steps pass through it.
    exponent = log_weight - np.sum((x - a * mean) ** 2, axis=1) / (2 * c)
    weight = np.exp(exponent - np.max(exponent.real))
    weight = weight / np.sum(weight)
    return a * variance / c * x + sigma**2 / c * (weight @ mean)


def denoise(mean, variance, points, times):
    """The posterior mean of each point at its own time."""
    return np.array([posterior_mean(mean, variance, x, t) for x, t in zip(points, times, strict=True)])


def general_posterior_mean(weight, mean, covariance, x, t):
    """E[x_0 | x_t = x] under Gaussians with weights and whole covariance matrices; one point and one time."""
    a, identity = alpha(t), np.eye(len(x))
    noisy = [a**2 * one + t**2 * identity for one in covariance]
    off = x - a * mean
    solved = np.array([np.linalg.solve(one, row) for one, row in zip(noisy, off, strict=True)])
    determinant = np.array([np.linalg.slogdet(one)[1] for one in noisy])
    exponent = np.log(weight) - 0.5 * (np.sum(off * solved, axis=1) + determinant)
    share = np.exp(exponent - exponent.max())
    share = share / share.sum()
    return share @ np.array([m + a * one @ row for m, one, row in zip(mean, covariance, solved, strict=True)])


def errors(mean, variance, x0, times, noise):
    """||xhat(t, alpha x_0 + sigma eps) - x_0||^2 for each draw of each sample, (draw, sample)."""
    return np.array(
        [
            [
                np.sum((posterior_mean(mean, variance, alpha(t) * x + t * eps, t) - x) ** 2)
                for x, t, eps in zip(x0, times, draw, strict=True)
            ]
            for draw in noise
        ]
    )


def training_loss(mean, standard_deviation, x0, times, noise, weight):
    """Mean over samples and draws of lambda(t) ||xhat - x_0||^2."""
    return np.mean(np.asarray(weight) * errors(mean, standard_deviation**2, x0, times, noise))


def gradient(function, value):
    """The derivative of a real function by each entry of an array, by complex steps.

    f(x + i h) = f(x) + i h f'(x) + O(h^2): no difference is taken, so that the derivative has all digits of float64.
    """
    value = np.asarray(value, np.float64)
    result = np.zeros(value.shape)
    for index in np.ndindex(value.shape):
        moved = value.astype(complex)
        moved[index] += 1e-40j
        result[index] = function(moved).imag / 1e-40
    return result


def vector_field(field, xhat, x_t, t):
    """What a denoiser says in terms of another vector field, from its definition."""
    a, sigma = alpha(t), t
    eps = (x_t - a * xhat) / sigma
    alpha_slope, sigma_slope = -t / a, 1.0
    return {"x0": xhat, "eps": eps, "v": alpha_slope * xhat + sigma_slope * eps, "score": -eps / sigma}[field]


def ddim(mean, variance, x, times):
    """(310): the whole path of points from the first time to the last."""
    path = [x]
    for t, t_next in itertools.pairwise(times):
        xhat = denoise(mean, variance, x, np.full(len(x), t))
        x = t_next / t * x + (alpha(t_next) - alpha(t) * t_next / t) * xhat
        path.append(x)
    return path


def memorized(generated, training, threshold):
    """Nearest squared distance at most threshold^2 times the second nearest, by a double loop over distinct samples."""
    distinct = []
    for row in training.tolist():
        if row not in distinct:
            distinct.append(row)
    result = []
    for x in generated.tolist():
        squares = sorted(math.fsum((a - b) ** 2 for a, b in zip(x, row, strict=True)) for row in distinct)
        result.append(squares[0] <= threshold**2 * squares[1])
    return np.array(result)


def wasserstein2(left, right):
    """Smallest root mean square distance over all matchings of two small sets."""
    rows = range(len(left))
    return min(
        math.sqrt(np.mean([np.sum((left[i] - right[j]) ** 2) for i, j in zip(rows, order, strict=True)]))
        for order in itertools.permutations(rows)
    )


def learning_rate(step, steps, peak, final, warmup):
    """Linear from 0 to the peak over the warm-up, then linear to the final rate, which the last step has."""
    rising = round(warmup * steps)
    if step < rising:
        return peak * step / rising
    return peak + (final - peak) * (step - rising) / (steps - 1 - rising)


def adam(gradients, start, rates, clip_norm, update_ema):
    """Adam (0.9, 0.999, 1e-8) on clipped gradients; the average over its updates, free of bias, is what moves.

    The gradients are a function of the position, or a list of given ones.
    """
    position = np.array(start, np.float64)
    first, second, average = np.zeros_like(position), np.zeros_like(position), np.zeros_like(position)
    path = [position]
    for count, rate in enumerate(rates, start=1):
        slope = gradients(position) if callable(gradients) else gradients[count - 1]
        norm = np.sqrt(np.sum(slope**2))
        if clip_norm is not None and norm > clip_norm:
            slope = slope * clip_norm / norm
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        update = -rate * (first / (1 - 0.9**count)) / (np.sqrt(second / (1 - 0.999**count)) + 1e-8)
        if update_ema is not None:
            average = update_ema * average + (1 - update_ema) * update
            update = average / (1 - update_ema**count)
        position = position + update
        path.append(position)
    return path


def nearest_of_first(sizes, mean, variance, sets, queries, rng):
    """Squared distance of a fresh sample to the nearest of the first M samples over d sigma^2, for many data sets.

    Returns the average and its standard error, from the spread between data sets, for each M.
    """
    n_components, dim = mean.shape
    ratios = np.empty((sets, len(sizes)))
    for row in ratios:
        data, query = (
            mean[rng.integers(n_components, size=count)] + math.sqrt(variance) * rng.standard_normal((count, dim))
            for count in (max(sizes), queries)
        )
        square = np.sum(query**2, axis=1)[:, None] + np.sum(data**2, axis=1) - 2 * query @ data.T
        nearest = np.minimum.accumulate(square, axis=1).mean(axis=0)
        row[:] = nearest[np.array(sizes) - 1] / (dim * variance)
    return ratios.mean(axis=0), ratios.std(axis=0, ddof=1) / math.sqrt(sets)
