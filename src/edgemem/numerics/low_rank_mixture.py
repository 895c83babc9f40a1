"""The posterior mean under a mixture of Gaussians that differ in a few directions from round ones."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from edgemem.numerics.diffusion import alpha
from edgemem.numerics.mixture_loss import matmul


# As `matmul`, for products of the directions of one component.
einsum = partial(jnp.einsum, precision="highest")


def orthogonal_directions(
    direction: Float[Array, "component rank feature"],
) -> Float[Array, "component rank feature"]:
    """Return U^T L of each component, whose rows are orthogonal: other directions of the same covariance L^T L.

    U are the eigenvectors of L L^T, the smallest eigenvalue first. They are constants: any U gives the same model, so
    the gradient by U is zero, where that of the eigenvectors themselves would not exist, of equal eigenvalues.
    """
    inner = jax.lax.stop_gradient(einsum("mrd,msd->mrs", direction, direction))
    return einsum("mrs,mrd->msd", jnp.linalg.eigh(inner)[1], direction)


def low_rank_posterior_mean(
    x: Float[Array, "point feature"],
    t: Float[Array, "point"],
    mean: Float[Array, "component feature"],
    direction: Float[Array, "component rank feature"],
    standard_deviation: Float[Array, ""],
    exists: Bool[Array, "component"],
) -> Float[Array, "point feature"]:
    """Return E[x_0 | x_t = x] under a mixture of equal weights of N(mu_i, v I + L_i^T L_i), L_i with r rows.

    With c = alpha^2 v + sigma^2, the projections p_i = L_i (x - alpha mu_i) and K_i = c I + alpha^2 L_i L_i^T, which is
    r x r, by the Woodbury identity and the determinant lemma

    log-density: -||x - alpha mu_i||^2 / (2 c) + alpha^2 / (2 c) p_i . K_i^-1 p_i - (1/2) log det(K_i / c),
    E[x_0 | x, i] = (alpha v / c) x + (sigma^2 / c) (mu_i + alpha L_i^T K_i^-1 p_i),
    E[x_0 | x] = sum_i w_i E[x_0 | x, i].

    The rows of L_i are made orthogonal first. Then K_i is D_i = diag(c + alpha^2 ||l||^2) but for the rounding O_i of
    the inner products of different rows, and one step of refinement, K^-1 p = D^-1 (p - alpha^2 O D^-1 p), is right to
    the last digits. It is also right in the gradient, since O is zero and appears in first order, as it would in K^-1;
    log det K has no first order in O.

    **Arguments:** `x`: noised points; `t`: the time of each, in (0, 1); `mean`: centres, one row a component;
    `direction`: L_i; `standard_deviation`: sqrt(v), its sign does not matter; `exists`: False for rows that only pad
    the arrays.
    """
    rank, dim = direction.shape[1:]
    a, noise_variance, variance = alpha(t), t**2, standard_deviation**2
    total_variance = a**2 * variance + noise_variance
    direction = orthogonal_directions(direction)
    inner = einsum("mrd,msd->mrs", direction, direction)
    square = jnp.sum(direction**2, axis=2)
    other = inner * (1 - jnp.eye(rank, dtype=inner.dtype))
    flat = direction.reshape(-1, dim)

    # point, component, rank: the only arrays of that size.
    offset = einsum("mrd,md->mr", direction, mean)
    projection = matmul(x, flat.T).reshape(-1, *square.shape) - a[:, None, None] * offset
    diagonal = total_variance[:, None, None] + (a**2)[:, None, None] * square
    solved = projection / diagonal
    solved = solved - (a**2)[:, None, None] * einsum("mrs,pms->pmr", other, solved) / diagonal

    # ||x||^2 is the same for all components and drops out of the softmax.
    scale = a / total_variance
    half_norm = 0.5 * jnp.sum(mean**2, axis=1)
    log_determinant = jnp.sum(jnp.log1p((a * scale)[:, None, None] * square), axis=2)
    along = 0.5 * (a * scale)[:, None] * jnp.sum(projection * solved, axis=2)
    logit = scale[:, None] * (matmul(x, mean.T) - a[:, None] * half_norm) + along - 0.5 * log_determinant
    weight = jax.nn.softmax(logit, axis=1, where=exists)
    moved = (a[:, None, None] * weight[:, :, None] * solved).reshape(x.shape[0], -1)
    centre = matmul(weight, mean) + matmul(moved, flat)
    return (a * variance / total_variance)[:, None] * x + (noise_variance / total_variance)[:, None] * centre
