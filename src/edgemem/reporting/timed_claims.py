"""Claims on how long training takes until it generalizes and until it memorizes, of models kept at several steps.

They are those of Bonnaire and others, arXiv 2505.17638, as far as this scale can test them, and one of our own.
"""

import re
from typing import NamedTuple

import numpy as np

from edgemem.layout import TIMED
from edgemem.numerics.evidence import (
    CANNOT_TELL,
    CONTRADICTED,
    SUPPORTED,
    Quantity,
    holm,
    p_inside,
    p_outside,
    together,
)
from edgemem.reporting import bounds
from edgemem.reporting.compared_judges import NOTHING
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.pages import Table
from edgemem.reporting.prediction_claims import Judge
from edgemem.reporting.quantities import extremes, interval_verdict, over_seeds, range_of
from edgemem.reporting.rules import Claim, Rule
from edgemem.reporting.verdicts import Judgement, cannot_tell


class Scaling(NamedTuple):
    """A power law that is claimed: its exponent, and the metrics that speak of it.

    **Attributes:** `pattern`: of the names of exponents; `parts`: ends of these names, each of which must be as
    claimed; `places`: numbers of samples, or sizes, that an exponent takes at least.
    """

    exponent: float
    pattern: str
    parts: tuple[str, ...]
    places: int


HALVES = ("_lower_half", "_upper_half")
SAMPLES, WIDTH, TEST = "Time to memorize, samples", "Time to memorize, width", "Time to generalize"
SCALINGS = {
    SAMPLES: Scaling(1.0, r"times/[^/]+/([^/]+)/\d+/tau50_on_n", HALVES, 3),
    WIDTH: Scaling(-1.0, r"times/[^/]+/([^/]+)/tau50_on_size", ("",), 2),
    TEST: Scaling(0.0, r"times/[^/]+/([^/]+)/\d+/tau_test_on_n", HALVES, 3),
}
# What the training loss is compared with, in words.
AGAINST = {"points": "against step / N", "points_times_size": "against step × width / N"}


def is_power(name: str) -> Judge:
    """Return a judge of one of the power laws; the p-values of all three are corrected together by Holm's method."""

    def judge(metrics: Metrics, cases: list[str]) -> Judgement:
        found = {each: _exponents(metrics, scaling) for each, scaling in SCALINGS.items()}
        own = found[name]
        if not own:
            return _nothing(metrics)
        whole = _exponents(metrics, SCALINGS[name]._replace(parts=("",)))
        halves = f", by halves {extremes(own, '.2f')}" if len(own) > len(whole) else ""
        return Judgement(f"exponent {extremes(whole, '.2f')}{halves} ({len(whole)} exponents)", verdicts(found)[name])

    return judge


def verdicts(found: dict[str, list[Quantity]]) -> dict[str, str]:
    """Return the verdict on each power law, those of all together being wrong as seldom as that of one would be.

    Supported where every exponent is shown to be near the claimed one, contradicted where one is shown not to be; the
    p-values of the three claims, of each for itself as in `evidence.verdict`, are adjusted by Holm's method.
    """
    inside, outside = np.full((2, len(found)), np.nan)
    for i, (name, each) in enumerate(found.items()):
        low, high = SCALINGS[name].exponent - bounds.EXPONENT, SCALINGS[name].exponent + bounds.EXPONENT
        if each:
            inside[i] = np.max([p_inside(one, low, high) for one in each])  # NaN if one is unknown
            against = holm(np.array([p_outside(one, low, high) for one in each]))
            outside[i] = np.min(against[np.isfinite(against)], initial=1.0)
    inside, outside = holm(inside), holm(outside)
    return {
        name: CONTRADICTED if outside[i] <= bounds.LEVEL else SUPPORTED if inside[i] <= bounds.LEVEL else CANNOT_TELL
        for i, name in enumerate(found)
    }


def _exponents(metrics: Metrics, scaling: Scaling) -> list[Quantity]:
    """Return the exponents of networks that come from enough places, means over data sets."""
    names = _of_networks(metrics, scaling.pattern)
    enough = [name for name in names if (metrics.get(f"{name}_places") or 0) >= scaling.places]
    return [over_seeds(metrics, f"{name}{part}") for name in enough for part in scaling.parts]


def _of_networks(metrics: Metrics, pattern: str) -> list[str]:
    """Return the names that match a pattern, whose group is a model with a width: of models whose size is a number of
    components a learned variance is reported."""
    learned = (re.match("[^/]+/([^/]+)/learned_variance_at_", name) for name in metrics)
    components = {match[1] for match in learned if match}
    matches = (re.fullmatch(pattern, name) for name in metrics if name.startswith("times/"))
    return [match[0] for match in matches if match and match[1] not in components]


def is_one_curve(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by how much better one curve of the training loss tells the ratio than one of either time."""
    names = _of_networks(metrics, f"times/[^/]+/([^/]+)/loss_gain_over_({'|'.join(AGAINST)})")
    if not names:
        return _nothing(metrics)
    found = {name: range_of(metrics, name) for name in names}
    parts = [CANNOT_TELL if one is None else interval_verdict(one, bounds.GAIN, np.inf) for one in found.values()]
    texts = [
        f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}] {AGAINST[name.rpartition('_over_')[2]]}"
        for name, one in found.items()
        if one is not None
    ]
    return Judgement(f"share {', '.join(texts) or 'unknown'}", together(parts))


def _nothing(metrics: Metrics) -> Judgement:
    timed = any(name.startswith("times/") for name in metrics)
    few = "too few numbers of samples or sizes at which every data set reaches it, or no networks"
    return cannot_tell(few if timed else NOTHING)


_PUBLISHED = "arXiv 2505.17638"
_SHARED = "three such tests share the level (Holm)"


def _power(name: str, text: str, published: str, quantity: str) -> Claim:
    low, high = SCALINGS[name].exponent - bounds.EXPONENT, SCALINGS[name].exponent + bounds.EXPONENT
    rule = Rule(
        f"{quantity}; {_SHARED}",
        f"each is shown to be in [{low:g}, {high:g}]",
        "one is shown to be outside (Holm)",
    )
    return Claim(name, text, f"{published}, {_PUBLISHED}", is_power(name), rule, (TIMED,))


CLAIMS = (
    _power(
        SAMPLES,
        "The training time at which half of the generated points are copies is proportional to the number of samples",
        "τ_mem ∝ N",
        "exponent of N in τ₅₀, over the smaller and over the larger half of the N that every data set reaches, of each "
        "width that reaches it at three N at least",
    ),
    _power(
        WIDTH,
        "It is inversely proportional to the width of the network",
        "τ_mem ∝ N / W",
        "exponent of the width in τ₅₀, of each N at which two widths at least reach it in every data set",
    ),
    _power(
        TEST,
        "The training time at which the test loss is least does not depend on the number of samples",
        "τ_gen independent of N",
        "exponent of N in the step of the least test loss, over the smaller and over the larger half of the N, of each "
        "width that reaches it at three N at least",
    ),
    Claim(
        "One curve",
        "The memorization ratio is a function of the training loss, the same for all numbers of samples and widths, "
        "rather than of step / N or of step × width / N",
        "not tested",
        is_one_curve,
        Rule(
            "share of the squared error of either time that the training loss does not have, when the ratios of each N "
            "and width are told by one monotone curve through all others",
            f"both are shown to be above {bounds.GAIN:g}",
            f"one is shown to be below {bounds.GAIN:g}",
        ),
        (TIMED,),
    ),
)

# What is published and cannot be tested at this scale: the statement, and why.
NOT_TESTABLE = (
    (
        "U-Nets on CelebA memorize from about 300 N steps on",
        "images of faces, U-Nets and their optimizer have a clock of their own: steps of one network say nothing of "
        "another’s, exponents do",
    ),
    (
        "They generalize after about 100,000 steps, whatever N",
        "the same; here it is asked only whether the step depends on N",
    ),
    (
        "47 % of generated images are copies after 1.62 million steps at N = 1,024",
        "one number of one network and data set; N, width and steps are beyond this machine",
    ),
)


def not_testable_table() -> Table:
    """Return what is published on training times and cannot be tested at this scale, and why."""
    return Table(["published", "why it is not tested here"], [list(row) for row in NOT_TESTABLE])
