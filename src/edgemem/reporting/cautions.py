"""What is broken in a campaign, in sentences: models whose training did not end, and data sets without a transition."""

from edgemem.reporting.numbers import Metrics
from edgemem.reporting.verdicts import MISSING


def left_out(metrics: Metrics) -> list[str]:
    """Return how many models are in no fit, and why; nothing where all are."""
    if "campaign/models_left_out" not in metrics:
        return [f"Whether models were trained to the end is unknown: it {MISSING}."]
    models, out = _counts(metrics, "models", "models_left_out")
    if not models or not out:
        return []
    falling, short = _counts(metrics, "models_still_falling", "models_too_short")
    reasons = [
        f"the training loss of {falling:,} still falls at the end" if falling else "",
        f"{short:,} {'was' if short == 1 else 'were'} trained too briefly to tell whether it does" if short else "",
    ]
    why = "; ".join(reason for reason in reasons if reason)
    whole = "All" if out == models else f"{out:,} of"
    be = "is" if out == 1 else "are"
    beginning = f"**{whole} {_of(models, 'model')} {be} left out of every fit**"
    return [f"{beginning}: {why}." if why else f"{beginning}."]


def no_transition(metrics: Metrics) -> list[str]:
    """Return in how many data sets there is no transition to be seen, and on which side of it all sizes are."""
    below, above = _counts(metrics, "data_sets_below_half", "data_sets_above_half")
    found = []
    if below:
        found.append(f"In {_of(below, 'data set')} no usable model size reaches a ratio of one half.")
    if above:
        found.append(f"In {_of(above, 'data set')} already the smallest usable model size is above one half.")
    return found


def _counts(metrics: Metrics, *names: str) -> list[int]:
    """Return counts of the campaign; those that it was collected without are zero."""
    return [round(metrics.get(f"campaign/{name}") or 0) for name in names]


def _of(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
