"""What the train stage reads."""

from typing import Any

from pydantic import Field, model_validator

from edgemem import pieces
from edgemem.config.base import KeyProblem, Seed, Spec
from edgemem.config.models import ModelSizes, Snapshots
from edgemem.config.protocol import AnyProtocol
from edgemem.config.sampling import TimeGrid
from edgemem.config.settings import Setting


class TrainSpec(Spec):
    """One training job: all sizes of one model, on one setting and seed."""

    setting: Setting
    seed: Seed
    model: str
    denoiser: str
    options: dict[str, Any] = Field({})
    """Options of the denoiser that are not at their defaults."""
    sizes: ModelSizes
    snapshots: Snapshots = 1
    protocol: AnyProtocol
    time_grid: TimeGrid

    @model_validator(mode="after")
    def _protocol_fits(self) -> "TrainSpec":
        declared = pieces.declared(self.denoiser)
        self.protocol.check_denoiser(declared)
        given = declared.defaults() | self.options
        for name in TimeGrid.model_fields:
            if name in given and given[name] != (needed := getattr(self.time_grid, name)):
                raise KeyProblem(f"must be that of time_grid, {needed} (got {given[name]})", "options", name)
        self.protocol.check_times(self.time_grid)
        return self
