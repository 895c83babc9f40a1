"""The files that a campaign's configuration is made of, and its values as one flat table."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgemem.config.campaign import Campaign
from edgemem.errors import EdgememError


def inside(files: Iterable[str]) -> list[str]:
    """Return the paths of some files relative to this folder.

    **Raises:** EdgememError if one lies elsewhere: a version could not bring it back.
    """
    here = Path.cwd().resolve()
    paths = [Path(file).resolve() for file in files]
    for path in paths:
        if not path.is_relative_to(here):
            raise EdgememError(
                f"{path} lies outside of this folder, and a version cannot hold it; copy it to experiments/"
            )
    return [str(path.relative_to(here)) for path in paths]


def parameters(campaign: Campaign) -> dict[str, Any]:
    """Return all values of a campaign's configuration by key, defaults included."""
    return _flat(campaign.model_dump(mode="json"))


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return the values in nested mappings and lists of mappings by the way to them."""
    if isinstance(value, Mapping):
        parts = [_flat(inner, f"{name}.{key}" if name else str(key)) for key, inner in value.items()]
    elif isinstance(value, list) and any(isinstance(inner, Mapping) for inner in value):
        parts = [_flat(inner, f"{name}[{place}]") for place, inner in enumerate(value)]
    else:
        return {name: value}
    return {key: inner for part in parts for key, inner in part.items()}
