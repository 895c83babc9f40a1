"""What the compare stage reads."""

from typing import Annotated

from pydantic import Field

from edgemem.config.base import Seed, Spec
from edgemem.config.settings import Setting
from edgemem.config.train import Protocol


class CompareSpec(Spec):
    """Protocols against a reference, over all settings and seeds of a campaign."""

    campaign: str
    settings: Annotated[list[Setting], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=2)]
    candidates: Annotated[dict[str, Protocol], Field(min_length=1)]
    references: dict[str, str]
    """The reference's name by the setting's name."""
