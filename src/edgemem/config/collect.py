"""What the collect stage reads."""

from typing import Annotated

from pydantic import Field

from edgemem.config.base import Seed, Spec


class CollectSpec(Spec):
    """A finished campaign: where its jobs left their benchmarks, and how much training the paper's protocol is."""

    campaign: str
    settings: Annotated[list[str], Field(min_length=1)]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    protocol: str
    points: int
    """Noised points that training sees of each sample, steps times draws."""
    published_points: int | None
    """The same of the protocol `paper`; null where the campaign has none of that name."""
