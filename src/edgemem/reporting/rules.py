"""What a claim is, and the rules by which claims are judged, in words."""

from typing import NamedTuple

from edgemem.reporting import bounds
from edgemem.reporting.prediction_claims import Judge


class Rule(NamedTuple):
    """A rule in words: the quantity, within what it supports a claim, and what contradicts it."""

    quantity: str
    supported: str
    contradicted: str


class Claim(NamedTuple):
    """A claim, and how it is judged.

    **Attributes:** `name`, `text`: in a few words, and whole; `paper`: what the paper gives for it; `judge`: judges it
    by the summary metrics of a campaign and the names of its cases; `rule`: the same in words; `campaigns`: those by
    which the documentation judges it.
    """

    name: str
    text: str
    paper: str
    judge: Judge
    rule: Rule
    campaigns: tuple[str, ...]


def everywhere(quantity: str, low: float, high: float, unit: str = "") -> Rule:
    """Return the rule of `in_every_case` in words."""
    inside, half = f"[{low:g}, {high:g}]{unit}", f"{(high - low) / 2:g}{unit}"
    return Rule(
        quantity,
        f"every setting is shown to be in {inside}; or their mean is, and their standard deviation is below {half}",
        f"the mean or a setting (Holm) is shown to be outside, or the standard deviation above {half}",
    )


def above(quantity: str, bound: str) -> Rule:
    """Return the rule of a quantity that must be above a bound."""
    return Rule(quantity, f"shown to be above {bound}", f"shown to be below {bound}")


def below(quantity: str, bound: str) -> Rule:
    """Return the rule of a quantity that must be below a bound."""
    return Rule(quantity, f"shown to be below {bound}", f"shown to be above {bound}")


def inside(quantity: str, low: str, high: str, and_also: str = "") -> Rule:
    """Return the rule of a quantity that must be within bounds, perhaps with another."""
    return Rule(
        quantity, f"shown to be in [{low}, {high}]{and_also}", f"shown to be outside{and_also and ', either of them'}"
    )


def within_noise(predictor: str) -> Rule:
    """Return the rule of a squared error beyond the noise in words."""
    quantity = f"mean squared error beyond the noise of what was measured, of {predictor}"
    return below(f"{quantity} (at least {bounds.MIN_HELD_OUT} settings)", f"{bounds.EXCESS_ERROR:.1e}")
