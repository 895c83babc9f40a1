"""What can be said of a claim, and what judges share."""

from typing import NamedTuple

from edgemem.reporting.numbers import Metrics


YES, CAVEAT, NO = "reproduced", "reproduced with a caveat", "not reproduced"
UNKNOWN = "cannot tell"
# Level of the tests of the theory, shared by Bonferroni's rule among the predictors.
LEVEL = 0.05
# A number is taken as met where it is within two hundredths.
NEAR = 0.02
# The predictors of the transition point that follow from the crossing of the two losses, all times weighted equally.
THEORIES = {"c2": "C = 2", "finite_size": "finite-size C", "exact_losses": "exact losses"}


class Judgement(NamedTuple):
    """The numbers that a claim is judged by, and what they say."""

    ours: str
    verdict: str


def complete_transitions(metrics: Metrics, cases: list[str]) -> int:
    """Return in how many cases the memorization ratio goes all the way from 0.1 to 0.9."""
    levels = ("m10", "m50", "m90")
    return sum(all(metrics[f"{case}/{level}_pooled"] is not None for level in levels) for case in cases)
