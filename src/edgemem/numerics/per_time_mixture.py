"""A mixture of isotropic Gaussians for each time of a grid: points meet the components of their own time alone."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from edgemem.numerics.isotropic_mixture import isotropic_posterior_mean
from edgemem.numerics.mixture_loss import mixture_loss
from edgemem.numerics.points import Points


class Groups(NamedTuple):
    """Points in rows, all points of a row at one time, so that a row meets one mixture.

    **Attributes:** `time`: number of a row's time; `point`: which point stands where in a row; `taken`: whether one
    does, where it is False any point is named; `place`: where each point stands, counted over all rows.
    """

    time: Int[Array, "row"]
    point: Int[Array, "row column"]
    taken: Bool[Array, "row column"]
    place: Int[Array, "point"]


def grouped(time: Int[Array, "point"], count: int) -> Groups:
    """Return points in rows of one time each.

    How many points a time has is not known before, but how many rows of w columns P points fill at most: each of K
    times leaves up to w - 1 columns free, so they are (P + K (w - 1)) / w. With w = P / K, rounded up, these are hardly
    more than twice as many rows as there are times, and places as there are points.

    **Arguments:** `time`: number of each point's time, below `count`.
    """
    n_points = time.shape[0]
    width = math.ceil(n_points / count)
    n_rows = (n_points + min(count, n_points) * (width - 1)) // width
    order = jnp.argsort(time)
    points_of = jnp.bincount(time, length=count)
    rows_of = -(-points_of // width)
    first_point, first_row = jnp.cumsum(points_of) - points_of, jnp.cumsum(rows_of) - rows_of
    row_time = jnp.repeat(jnp.arange(count), rows_of, total_repeat_length=n_rows)
    rank = (jnp.arange(n_rows) - first_row[row_time])[:, None] * width + jnp.arange(width)
    own_rank = jnp.argsort(order) - first_point[time]
    return Groups(
        row_time,
        order[jnp.minimum(first_point[row_time][:, None] + rank, n_points - 1)],
        rank < points_of[row_time][:, None],
        (first_row[time] + own_rank // width) * width + own_rank % width,
    )


def per_time_posterior_mean(
    x: Float[Array, "point feature"],
    t: Float[Array, "point"],
    time: Int[Array, "point"],
    mean: Float[Array, "time component feature"],
    standard_deviation: Float[Array, "time"],
    exists: Bool[Array, "component"],
) -> Float[Array, "point feature"]:
    """Return E[x_0 | x_t = x] under the isotropic mixture of each point's time, see `isotropic_posterior_mean`.

    **Arguments:** `x`: noised points; `t`: the time of each, in (0, 1); `time`: number of the mixture of each; `mean`:
    centres; `standard_deviation`: sqrt(v) of each time, its sign does not matter; `exists`: False for components that
    only pad the arrays.
    """
    groups = grouped(time, mean.shape[0])

    def of_row(mean, standard_deviation, point):
        return isotropic_posterior_mean(x[point], t[point], mean, standard_deviation, exists)

    estimate = jax.vmap(of_row)(mean[groups.time], standard_deviation[groups.time], groups.point)
    return estimate.reshape(-1, x.shape[1])[groups.place]


def per_time_loss(
    mean: Float[Array, "time component feature"],
    standard_deviation: Float[Array, "time"],
    exists: Bool[Array, "component"],
    time: Int[Array, "point"],
    points: Points,
) -> Float[Array, ""]:
    """Return sum_p weight_p ||xhat(t_p, alpha x_0p + sigma eps_p) - x_0p||^2, each point with the mixture of its time.

    It is the sum of the `mixture_loss` of the rows of points of one time, with its gradient in closed form.

    **Arguments:** `time`: number of the mixture of each point; the others as of `mixture_loss`.
    """
    groups = grouped(time, mean.shape[0])

    def of_row(mean, standard_deviation, point, taken):
        weight = jnp.where(taken, points.weight[point], 0)
        own = Points(points.x0[:, point], points.t[point], weight, points.noise[:, point])
        return mixture_loss(mean, standard_deviation, None, exists, own)

    return jnp.sum(jax.vmap(of_row)(mean[groups.time], standard_deviation[groups.time], groups.point, groups.taken))
