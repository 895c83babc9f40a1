"""What the regress stage reads."""

from typing import Annotated

from pydantic import Field

from edgemem.config.base import Model, Seed, Spec
from edgemem.config.settings import Setting


class Regression(Model):
    """How predictions of the transition are judged."""

    holdout: float = Field(0.25, ge=0, lt=1, description="Fraction of the settings kept out of every fit.")
    seed: Seed = Field(0, description="Seed of the choice of the hold-out settings.")


class RegressSpec(Spec):
    """The campaign's transitions and predictions, over all its settings and seeds."""

    campaign: str
    settings: Annotated[list[Setting], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    regression: Regression
