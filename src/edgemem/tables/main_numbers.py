"""The main numbers of a campaign, as `metrics.json` holds them: read, and written as one reads them."""

import json
from collections.abc import Mapping
from pathlib import Path

from edgemem.errors import EdgememError


Metrics = Mapping[str, float | None]


def read_metrics(path: str | Path) -> Metrics:
    """Return the main numbers of a campaign by name, None where one is unknown.

    **Raises:** EdgememError if they cannot be read.
    """
    try:
        metrics: Metrics = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EdgememError(f"{path} cannot be read as metrics ({error}); type: snakemake {path}") from None
    return metrics


def number(value: float | None, form: str = ".2e") -> str:
    """Return a number, or a dash where it is unknown."""
    return "–" if value is None else format(value, form)


def interval(metrics: Metrics, name: str, form: str) -> str:
    """Return a number with its 95 % interval, as far as they are known."""
    value, low, high = (metrics.get(f"{name}{end}") for end in ("", "_low", "_high"))
    if low is None or high is None:
        return number(value, form)
    return f"{number(value, form)} [{low:{form}}, {high:{form}}]"
