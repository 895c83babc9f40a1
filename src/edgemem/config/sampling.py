"""The time grid, and how points are generated on it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from edgemem.config.base import Model


class TimeGrid(Model):
    """Equally spaced diffusion times, the same for training and sampling."""

    times: int = Field(26, ge=2, le=10_000, description="Number of times.")
    t_min: float = Field(0.001, gt=0, lt=1, description="Smallest time, at the data.")
    t_max: float = Field(0.999, gt=0, lt=1, description="Largest time, at the noise.")

    @model_validator(mode="after")
    def _descending(self) -> Self:
        if self.t_min >= self.t_max:
            raise ValueError(f"t_min must be below t_max (got t_min={self.t_min:g}, t_max={self.t_max:g})")
        return self


class Sampling(TimeGrid):
    """How points are generated."""

    sampler: Literal["ddim", "ddpm"] = Field("ddim", description="Sampler: deterministic DDIM or ancestral DDPM.")

    @property
    def grid(self) -> TimeGrid:
        """The times alone: training reads them, but not the sampler."""
        return TimeGrid(times=self.times, t_min=self.t_min, t_max=self.t_max)
