"""What the barrier stage reads, and between which models of a campaign there are paths."""

from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt

from edgemem.config.base import Fraction, Seed, Spec
from edgemem.config.protocol import Protocol
from edgemem.config.sampling import Sampling, TimeGrid
from edgemem.config.settings import Setting
from edgemem.config.study import Study


class PathProtocol(Protocol):
    """How the bend of a path is trained: as the model where the path begins, but from the middle of its ends."""

    initialization: Literal["midpoint"] = "midpoint"
    initial_variance: None = None


class BarrierSpec(Spec):
    """Paths from a model to another of one setting and seed, one for each model size."""

    setting: Setting
    seed: Seed
    model: str
    to: str
    """Name of the model at the other end."""
    denoiser: str
    options: dict[str, Any] = Field({})
    """Options of the denoiser that are not at their defaults."""
    protocol: PathProtocol
    sizes: Annotated[list[PositiveInt], Field(min_length=1)]
    places: int
    draws: int
    sampling: Sampling
    generated: int
    threshold: Fraction

    @property
    def time_grid(self) -> TimeGrid:
        """The times of training."""
        return self.sampling.grid


def barrier_spec(study: Study, figure: Any, setting: str, seed: int, model: str) -> BarrierSpec:
    """Return what the barrier stage reads.

    **Arguments:** `figure`: options of the figure `barrier`; `model`: where paths begin.
    """
    trained = study.models[model]
    steps = figure.steps or trained.protocol.steps
    return BarrierSpec(
        setting=study.by_name[setting],
        seed=seed,
        model=model,
        to=figure.to,
        denoiser=trained.denoiser,
        options=trained.options,
        protocol=PathProtocol.model_validate(
            trained.protocol.model_dump(exclude={"initialization", "initial_variance"}) | {"steps": steps}
        ),
        sizes=figure.model_sizes(study.by_name[setting].N),
        places=figure.places,
        draws=study.evaluation.draws,
        sampling=study.sampling,
        generated=figure.generated,
        threshold=study.evaluation.threshold,
    )
