"""What the compare stage reads."""

from typing import Annotated

from pydantic import Field

from edgemem.config.base import Seed, Spec
from edgemem.config.protocol import Protocol
from edgemem.config.settings import Setting


class CompareSpec(Spec):
    """Models, which differ in their protocols, against a reference, over all settings and seeds of a campaign."""

    campaign: str
    settings: Annotated[list[Setting], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=2)]
    candidates: Annotated[dict[str, Protocol], Field(min_length=1)]
    """The protocol of each model that is compared, by the model's name."""
    references: dict[str, str]
    """The name of the model that is the reference, by the setting's name."""

    @property
    def compared(self) -> list[tuple[str, str]]:
        """The names of setting and model of all that is compared, references included."""
        return [
            (setting.name, model)
            for setting in self.settings
            for model in dict.fromkeys([self.references[setting.name], *self.candidates])
        ]
