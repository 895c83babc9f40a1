"""The configuration of a campaign as one flat table."""

from collections.abc import Mapping, Sequence
from typing import Any

from edgemem.config.campaign import read_campaign


def parameters(files: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the name of the campaign of some configuration files, and all its values by key.

    **Arguments:** `files`: the last one strongest.

    **Raises:** EdgememError if one cannot be read or a value is not allowed.
    """
    campaign = read_campaign(*files)
    return campaign.campaign, _flat(campaign.model_dump(mode="json"))


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return the values in nested mappings and lists of mappings by the way to them."""
    if isinstance(value, Mapping):
        parts = [_flat(inner, f"{name}.{key}" if name else str(key)) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        parts = [_flat(inner, f"{name}[{place}]") for place, inner in enumerate(value)]
    else:
        return {name: value}
    return {key: inner for part in parts for key, inner in part.items()}
