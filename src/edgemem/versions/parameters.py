"""The configuration of a campaign as one flat table."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from edgemem.config.campaign import load_campaign, read_yaml


def parameters(files: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """Return the name of the campaign of some configuration files, and all its values by key.

    **Arguments:** `files`: the last one strongest.

    **Raises:** EdgememError if one cannot be read or a value is not allowed.
    """
    merged: dict[str, Any] = reduce(_overlaid, map(read_yaml, files), {})
    campaign = load_campaign(merged, files)
    return campaign.campaign, _flat(campaign.model_dump(mode="json"))


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with an overlay: mappings merge, all else is replaced, as Snakemake does it."""
    both = dict(below)
    for key, value in above.items():
        mappings = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = _overlaid(both[key], value) if mappings else value
    return both


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return the values in nested mappings and lists of mappings by the way to them."""
    if isinstance(value, Mapping):
        parts = [_flat(inner, f"{name}.{key}" if name else str(key)) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        parts = [_flat(inner, f"{name}[{place}]") for place, inner in enumerate(value)]
    else:
        return {name: value}
    return {key: inner for part in parts for key, inner in part.items()}
