"""The summary metrics of a campaign, as `metrics.json` holds them."""

import json
from pathlib import Path

from edgemem.errors import EdgememError
from edgemem.files.attributes import LINEAGE
from edgemem.reporting.numbers import Metrics


def read_metrics(path: str | Path) -> Metrics:
    """Return the summary metrics of a campaign by name, None where one is unknown.

    **Raises:** EdgememError if they cannot be read.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EdgememError(f"{path} cannot be read as metrics ({error}); type: snakemake {path}") from None
    return {name: value for name, value in content.items() if name != LINEAGE}


def known(metrics: Metrics, name: str) -> float:
    """Return a number that must be there.

    **Raises:** EdgememError if it is not.
    """
    value = metrics.get(name)
    if value is None:
        raise EdgememError(f"the metrics lack {name}, by which a claim is judged; collect the campaign again")
    return value
