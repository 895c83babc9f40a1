"""Claims on random features: when their exact losses part, where they end, and when they copy.

Those of Bonnaire and others, arXiv 2505.17638, and of Urfin and others, 2609.26392, and our own where these fail.
The rules were written before the campaigns were run, after a look at a pilot with other seeds.
"""

import re

import numpy as np

from edgemem.layout import SOLVED
from edgemem.numerics.evidence import Quantity, together, verdict
from edgemem.reporting import bounds
from edgemem.reporting.compared_judges import NOTHING
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.prediction_claims import Judge
from edgemem.reporting.quantities import difference, extremes, over_seeds, scaled
from edgemem.reporting.rules import Claim, Rule
from edgemem.reporting.verdicts import Judgement, cannot_tell


LOSSES, COPIES, ANCESTRAL = SOLVED
# The models whose names claims know, as the experiments have them.
BY_SIZE, WITHOUT_BIAS = "features", "unbiased"
DRAWS = {"draws1": 1, "draws2": 2, "draws4": 4}
EXACT = "all_draws"
# Features a dimension up to which, and features a squared dimension up to which, the asymptotic loss must be that near.
FEW, NEAR_FEW, NEAR_MANY = 6, 0.03, 0.1


def each_within(pattern: str, low: float, high: float, form: str = ".2f") -> Judge:
    """Return a judge of whether every number that matches a pattern is within bounds."""

    def judge(metrics: Metrics, cases: list[str]) -> Judgement:
        return _judged([over_seeds(metrics, name) for name in _matching(metrics, pattern)], low, high, form)

    return judge


def _judged(found: list[Quantity], low: float, high: float, form: str = ".2f") -> Judgement:
    if not found:
        return cannot_tell(NOTHING)
    return Judgement(f"{extremes(found, form)} ({len(found)} numbers)", verdict(found, low, high, bounds.LEVEL))


def _matching(metrics: Metrics, pattern: str) -> list[str]:
    return [name for name in metrics if re.fullmatch(pattern, name)]


def collapses(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge whether divided by the published time the times differ less than half as much as divided by N."""
    names = _matching(metrics, r"flow/.*/(half|train)_spread_over_published")
    found = [
        difference(over_seeds(metrics, name), scaled(over_seeds(metrics, name.replace("published", "n")), 0.5))
        for name in names
    ]
    return _judged(found, -np.inf, 0.0)


def has_peaks(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge whether final test losses are largest at as many features a sample as draws, and with exact noise at the
    largest size, where they still rise.
    """
    peaks = [
        scaled(over_seeds(metrics, name), 1 / draws)
        for model, draws in DRAWS.items()
        for name in _matching(metrics, rf"flow/[^/]+/{model}/t0\.426/peak")
    ]
    rises = [over_seeds(metrics, name) for name in _matching(metrics, rf"flow/[^/]+/{EXACT}/t[^/]+/rise_at_end")]
    if not (peaks and rises):
        return cannot_tell(NOTHING)
    drawn, exact = _judged(peaks, 1 / bounds.SIZE_STEP, bounds.SIZE_STEP), _judged(rises, 0.0, np.inf)
    return Judgement(
        f"peak over draws {drawn.ours}; with exact noise rise {exact.ours}", together([drawn.verdict, exact.verdict])
    )


def is_asymptotic(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by how much final test losses differ from those for infinite sizes."""
    few: list[Quantity] = []
    many: list[Quantity] = []
    for name in _matching(metrics, r"flow/[^/]+/[^/]+/\d+/t0\.426/final_test"):
        _, setting, model, size, *_ = name.split("/")
        dim = int(re.findall(r"_d(\d+)", setting)[0])
        expected = metrics[name.replace("final", "asymptotic")]
        if model not in (*DRAWS, EXACT) or expected is None or int(size) > dim**2 / 2:
            continue
        (few if int(size) <= FEW * dim else many).append(scaled(over_seeds(metrics, name), 1 / expected))
    if not (few and many):
        return cannot_tell(NOTHING)
    parts = [_judged(found, 1 - near, 1 + near, ".3f") for found, near in ((few, NEAR_FEW), (many, NEAR_MANY))]
    return Judgement(
        f"ratio {parts[0].ours} up to {FEW} d features, {parts[1].ours} beyond",
        together(part.verdict for part in parts),
    )


def needs_parameters(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge whether half of the points are copies at one number of features a sample and dimension."""
    found: dict[str, list[Quantity]] = {}
    for name in _matching(metrics, rf"gaussian_N20_d\d+_K\w+/{BY_SIZE}/m50_pooled"):
        setting = name.partition("/")[0]
        dim = int(re.findall(r"_d(\d+)", setting)[0])
        kind = re.sub(r"_d\d+", "", setting)
        found.setdefault(kind, []).append(scaled(over_seeds(metrics, name), 1 / (dim + 1)))
    parts, texts = [], []
    for of_kind in found.values():
        mean = float(np.mean([one.value for one in of_kind]))
        ratios = [scaled(one, 1 / mean) for one in of_kind]
        parts.append(verdict(ratios, 1 - bounds.ONE_AXIS, 1 + bounds.ONE_AXIS, bounds.LEVEL / max(1, len(found))))
        texts.append(extremes(of_kind, ".2f"))
    if not parts:
        return cannot_tell(NOTHING)
    return Judgement(f"p / (N (d + 1)) at one half: {'; '.join(texts)}", together(parts))


def _within(quantity: str, low: float, high: float) -> Rule:
    return Rule(quantity, f"each is shown to be in [{low:g}, {high:g}]", "one is shown to be outside (Holm)")


_B, _U = "arXiv 2505.17638", "arXiv 2609.26392"
_FAST = (-bounds.FLAT, bounds.FLAT)
_ONE = (1 - bounds.EXPONENT, 1 + bounds.EXPONENT)
_ERROR = (-0.59 - bounds.FORMULA, -0.59 + bounds.FORMULA)
CLAIMS = (
    Claim(
        "Fast phase",
        "The training time at which random features generalize does not depend on the number of samples",
        f"τ_gen independent of n, {_B}",
        each_within(r"flow/.*/generalizing_on_n", *_FAST),
        _within("exponent of N in the time at which nine tenths of the fall of the test loss are over", *_FAST),
        (LOSSES,),
    ),
    Claim(
        "Losses part at τ ∝ N",
        "The training time at which the losses of random features part is proportional to the number of samples",
        f"τ_mem ∝ n, {_B}",
        each_within(r"flow/.*/(half|train)_on_n_\d+", *_ONE),
        _within(
            "exponent of N, from each N to the next, in the times at which the losses are half apart and at which the "
            "training loss is halfway",
            *_ONE,
        ),
        (LOSSES,),
    ),
    Claim(
        "Two channels",
        "Both times are those of two channels, which fit nothing",
        "not published",
        each_within(r"flow/.*/(half|train)_spread_over_two_channels", -np.inf, bounds.SPREAD, ".3f"),
        Rule(
            "standard deviation over N of log₁₀ of the measured time over that of two channels, of at least two "
            "features a sample and at most d² of them",
            f"each is shown to be below {bounds.SPREAD:g}",
            f"one is shown to be above {bounds.SPREAD:g} (Holm)",
        ),
        (LOSSES,),
    ),
    Claim(
        "Published time",
        "The published time of memorization makes the curves of all N one",
        f"τ_mem = ψ_p / (Δ λ_min), {_B}",
        collapses,
        Rule(
            "standard deviation over N of log₁₀ of either time over the published one, less half of that over N",
            "each is shown to be below 0",
            "one is shown to be above 0 (Holm)",
        ),
        (LOSSES,),
    ),
    Claim(
        "Peak",
        "The test loss at the end has its peak where there are as many features as samples times noise draws, and none "
        "with the exact mean over the noise",
        f"p = n m, {_U}",
        has_peaks,
        Rule(
            "features a sample at the largest final test loss, over draws, at t = 0.426; with exact noise the "
            "logarithm of that loss at the largest size over the largest at all others",
            f"each of the former is shown to be in [{1 / bounds.SIZE_STEP:.2f}, {bounds.SIZE_STEP:g}], each of the "
            "latter above 0",
            "one is shown to be outside or below (Holm)",
        ),
        (LOSSES,),
    ),
    Claim(
        "Asymptotic loss",
        "That loss is the asymptotic one",
        f"replica formula, {_U}",
        is_asymptotic,
        Rule(
            "final test loss over the asymptotic one at t = 0.426",
            f"each is shown to be within {NEAR_FEW:g} of 1 up to {FEW} d features, within {NEAR_MANY:g} up to d² / 2",
            "one is shown to be outside (Holm)",
        ),
        (LOSSES,),
    ),
    Claim(
        "Least error",
        "The least error of the score falls as n to the power −0.59",
        f"n^−0.59, figure 13, {_B}",
        each_within(r"flow/.*/score_error_on_n", *_ERROR),
        _within("exponent of N in the least error of the score", *_ERROR),
        (LOSSES,),
    ),
    Claim(
        "Copies at τ ∝ N",
        "The training time at which half of the generated points are copies is proportional to the number of samples",
        f"τ_mem ∝ n for networks, {_B}",
        each_within(r"times/[^/]+/samples/\d+/tau50_on_n", *_ONE),
        _within("exponent of N in τ₅₀ at one number of features", *_ONE),
        (COPIES, ANCESTRAL),
    ),
    Claim(
        "Features to copy",
        "Half of the generated points are copies at a number of features that is proportional to N (d + 1)",
        "not published",
        needs_parameters,
        Rule(
            "p / (N (d + 1)) at which half of the points are copies, over its mean over dimensions",
            f"each is shown to be within {bounds.ONE_AXIS:g} of 1",
            "one is shown to be outside (Holm)",
        ),
        (COPIES, ANCESTRAL),
    ),
    Claim(
        "Mirror images",
        "Without bias at most half of the generated points are copies",
        "not published",
        each_within(rf"[^/]+/{WITHOUT_BIAS}/memorization_ratio_at_\d+", -np.inf, 0.5),
        Rule(
            "memorization ratio of features without bias, twenty and forty a sample",
            "each is shown to be below 0.5",
            "one is shown to be above 0.5 (Holm)",
        ),
        (COPIES, ANCESTRAL),
    ),
)
