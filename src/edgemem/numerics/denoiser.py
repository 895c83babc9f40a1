"""What losses, training and sampling ask of a denoiser: the posterior mean E[x_0 | x_t] under a model of the data."""

from typing import ClassVar, Protocol, runtime_checkable

from jaxtyping import Array, Float

from edgemem.numerics.points import Points


@runtime_checkable
class Denoiser(Protocol):
    """A function of noised points and their times; a pytree whose real-valued leaves are its parameters."""

    def __call__(self, x: Float[Array, "point feature"], t: Float[Array, "point"]) -> Float[Array, "point feature"]:
        """Return E[x_0 | x_t = x] for each point at its own time."""
        ...


@runtime_checkable
class TrainableDenoiser(Denoiser, Protocol):
    """A denoiser with a loss of its own."""

    frozen: ClassVar[tuple[str, ...]]
    """Names of the attributes that training leaves as they are, though they hold real-valued arrays."""

    @property
    def width(self) -> int:
        """How many numbers the largest array of a loss holds for each point."""
        ...

    def loss(self, points: Points) -> Float[Array, ""]:
        """Return sum_p weight_p ||xhat(t_p, alpha x_0p + sigma eps_p) - x_0p||^2, which training minimizes."""
        ...
