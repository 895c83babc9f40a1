"""What can be said of a claim, and why nothing can."""

from typing import NamedTuple

from edgemem.numerics.evidence import CANNOT_TELL
from edgemem.reporting.numbers import Metrics


MISSING = "needs numbers that this campaign was collected without"


class Judgement(NamedTuple):
    """The numbers that a claim is judged by, with how many there are of them, and what they say."""

    ours: str
    verdict: str


def cannot_tell(reason: str) -> Judgement:
    """Return the judgement of a claim that cannot be judged, with the reason."""
    return Judgement(reason, CANNOT_TELL)


def lacking(metrics: Metrics, *names: str) -> str | None:
    """Return why numbers are not there: not collected, or unknown in this campaign; None if all are there."""
    if any(name not in metrics for name in names):
        return MISSING
    unknown = sorted({name.rpartition("/")[2] for name in names if metrics[name] is None})
    return f"unknown in this campaign: {', '.join(f'`{name}`' for name in unknown)}" if unknown else None
