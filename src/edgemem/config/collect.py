"""What the collect stage reads."""

from pydantic import Field

from edgemem.config.study import Study


class CollectSpec(Study):
    """A finished campaign: what was computed, and where its jobs left their benchmarks."""

    sensitivity_keys: dict[str, str] = Field({})
    """The key of the sensitivity files by model; empty where there are none."""
    barrier_keys: dict[str, str] = Field({})
    """The key of the barriers files by `SETTING/MODEL`; empty where there are none."""
    agreement_keys: dict[str, str] = Field({})
    """The key of the agreements files by `SETTING/MODEL`; empty where there are none."""
