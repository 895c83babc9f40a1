"""What the collect stage reads."""

from typing import Annotated

from pydantic import Field

from edgemem.config.base import Seed, Spec


class CollectSpec(Spec):
    """A finished campaign: where its jobs left their benchmarks, and how much training the paper's protocol is."""

    campaign: str
    seeds: Annotated[list[Seed], Field(min_length=1)]
    protocols: Annotated[dict[str, str], Field(min_length=1)]
    """Name of the protocol of each setting."""
    points: int | None
    """Noised points that training sees of each sample; null where several protocols are used."""
    published_points: int | None
    """The same of the paper's protocol; null where the campaign does not have it, or several."""
