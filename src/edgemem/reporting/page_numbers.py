"""The numbers of the pages of the documentation, by the names that their templates have for them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from edgemem.errors import EdgememError
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.summary_metrics import read_metrics


def page_numbers(files: Iterable[str | Path], results: Mapping[str, Metrics] | None = None) -> dict[str, Any]:
    """Return what templates may take numbers from, a dash in the name of a file being an underscore.

    `results.paper_seeds` are the metrics of a campaign, `measured.growth` what stands in `docs/measured/growth.json`,
    and `config` is the default configuration.

    **Arguments:** `results`: metrics by campaign, beside those among the files.

    **Raises:** EdgememError if a file cannot be read.
    """
    found: dict[str, Any] = {"measured": {}}
    collected = dict(results or {})
    for file in map(Path, files):
        if file.name == "metrics.json":
            collected[file.parent.name] = read_metrics(file)
        elif file.parent.name == "measured":
            found["measured"][_name(file.stem)] = _read(file)
        else:
            found[_name(file.stem)] = _read(file)
    found["results"] = {_name(campaign): by_parts(metrics) for campaign, metrics in collected.items()}
    return found


def by_parts(metrics: Metrics) -> dict[str, Any]:
    """Return metrics by the parts of their names, `campaign/m50_mean` as `campaign.m50_mean`."""
    found: dict[str, Any] = {}
    for name, value in metrics.items():
        *parts, last = name.split("/")
        place = found
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return found


def _name(text: str) -> str:
    return text.replace("-", "_")


def _read(file: Path) -> Any:
    try:
        text = file.read_text(encoding="utf-8")
        return yaml.safe_load(text) if file.suffix == ".yaml" else json.loads(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise EdgememError(f"{file} cannot be read as numbers ({error})") from None
