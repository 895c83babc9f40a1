"""What the workflow asks of a denoiser: what a new one has to say, and what it may leave to defaults."""

import abc
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, PRNGKeyArray

from edgemem.numerics.diffusion import noised
from edgemem.numerics.points import Points


class Solved(NamedTuple):
    """Training in closed form.

    **Attributes:** `denoisers`: one a step; `loss`: training loss after each step, mean over times; `converged`:
    whether the last of them is within 1 % of what it is without end; `exact`: what else is known without sampling, by
    dimensions of its own.
    """

    denoisers: "list[AbstractDenoiser]"
    loss: Float[np.ndarray, "step"]
    converged: bool
    exact: xr.Dataset


class AbstractDenoiser(eqx.Module):
    """A posterior mean E[x_0 | x_t] of some size M, whose real-valued arrays are what training moves, but the frozen.

    A denoiser is one file with one such class; its name is the file's. It has to give `starts`, `start`, `__call__` and
    `n_parameters`; loss, storage and padding have defaults. The configuration reads the declarations below, and
    `n_parameters`, from the source without running it, since importing JAX takes longer than planning a campaign: they
    stand for themselves and use no other name of the file.
    """

    requires: ClassVar[tuple[str, ...]] = ()
    """Abilities of the data that it cannot do without, for example `templates`."""
    provides: ClassVar[tuple[str, ...]] = ()
    """Its own abilities: `components` where its size counts components, as N counts samples; `learned_variance`
    where these have one, which a protocol can set at the start; `closed_form` where training is a gradient flow that is
    known in closed form, `solved`."""
    starts: ClassVar[Mapping[str, tuple[str, ...]]]
    """Where training can start, by name, each with the abilities of the data that it needs; the default comes first.
    `continued_up` and `continued_down` are starts of a denoiser that has `resized`: each size goes on from the trained
    model of the next smaller or the next larger one."""
    options: ClassVar[Mapping[str, Any]] = {}
    """Its options with their defaults; a tuple lists what is allowed, the default first. Those with the name of a key
    of the time grid, `times`, `t_min` and `t_max`, are given the values with which the model is trained."""
    frozen: ClassVar[tuple[str, ...]] = ()
    """Attributes with real-valued arrays that training leaves as they start, for example a scale of the data: they are
    stored with the others, and are no parameters."""
    largest_rates: ClassVar[Mapping[str, float]] = {}
    """Learning rates of parameters above which training is known to fail: protocols that exceed one are refused."""

    @classmethod
    @abc.abstractmethod
    def start(
        cls, name: str, samples: xr.Dataset, size: int, *, key: PRNGKeyArray, **options: Any
    ) -> "AbstractDenoiser":
        """Return a denoiser to start training from, in float32.

        **Arguments:** `name`: one of `starts`; `samples`: the samples file, with `x_fresh`, M more samples of the data
        distribution, for the start `fresh_samples`; `size`: M; `options`: all of `options`.
        """

    @abc.abstractmethod
    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return E[x_0 | x_t = x] for each point at its own time."""

    @staticmethod
    @abc.abstractmethod
    def n_parameters(size: int, dim: int, **options: Any) -> int:
        """Return the number of trained parameters of a size M on data of dimension d."""

    @property
    def width(self) -> int:
        """How many numbers the largest array of a loss holds for each point, so that blocks of points fit a cache."""
        return 1

    def loss(self, points: Points) -> Float[Array, ""]:
        """Return sum_p weight_p ||xhat(t_p, alpha x_0p + sigma eps_p) - x_0p||^2, which training minimizes."""
        x0 = points.x0.T
        error = self(noised(x0, points.t, points.noise.T), points.t) - x0
        return jnp.sum(points.weight * jnp.sum(error**2, axis=1))

    def solved(
        self, samples: xr.Dataset, steps: Sequence[int], abilities: Collection[str], *, key: PRNGKeyArray, **flow: Any
    ) -> "Solved":
        """Return what gradient flow has made of this start, if training has a `closed_form`.

        **Arguments:** `steps`: training times, ascending; `abilities`: what the data provide; `key`: of noise that is
        drawn; `flow`: clock, draws and ridge of the protocol.
        """
        raise NotImplementedError

    def with_variance(self, variance: float) -> "AbstractDenoiser":
        """Return the same denoiser with another variance of its components, if it has a `learned_variance`."""
        raise NotImplementedError

    def resized(self, size: int, *, key: PRNGKeyArray) -> "AbstractDenoiser":
        """Return a denoiser of another size, not padded, to go on from, if it has starts that are `continued`."""
        raise NotImplementedError

    def padded(self, size: int) -> "AbstractDenoiser":
        """Return the same denoiser with arrays as large as those of a larger size, so that sizes share a program."""
        return self

    def canonical(self) -> "AbstractDenoiser":
        """Return the same denoiser with its numbers in one form, where several of them, beside other orders of the
        components, mean the same: a standard deviation that is not negative."""
        return self

    def learned(self, samples: xr.Dataset, abilities: Collection[str]) -> dict[str, float | np.ndarray]:
        """Return what its parameters say of the data, if it has `components`: `learned_variance`,
        `distance_to_nearest_sample`, `distance_to_nearest_mean` of each training sample and, of data with true means,
        `distance_to_nearest_true_mean`.

        **Arguments:** `abilities`: what the data provide.
        """
        raise NotImplementedError
