"""How claims about models compared with each other on the same data are judged: starts, weightings, what is copied."""

import re

import numpy as np

from edgemem.numerics.evidence import (
    CANNOT_TELL,
    CONTRADICTED,
    SUPPORTED,
    Quantity,
    holm,
    p_inside,
    verdict,
)
from edgemem.reporting import bounds
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.prediction_claims import Judge
from edgemem.reporting.quantities import (
    extremes,
    in_every_case,
    over_cases,
    over_seeds,
    shown,
    spread_over_cases,
)
from edgemem.reporting.verdicts import Judgement, cannot_tell


# The start of the paper's experiment, the others that the claims speak of, and those of these that know no sample.
SAMPLES = "training_samples"
OTHERS = {
    "fresh_samples": "other samples of the distribution",
    "true_means": "the true means",
    "random": "random means",
    "kmeans": "what k-means finds among the training samples",
}
NOTHING = "nothing of this kind is compared in this campaign"
UNKNOWING = ("fresh_samples", "true_means", "random")


def case_of(name: str) -> str:
    """Return the case `SETTING/MODEL` of `SETTING/START/MODEL`."""
    setting, _, model = name.split("/")
    return f"{setting}/{model}"


def started_elsewhere(metrics: Metrics) -> set[str]:
    """Return the cases whose training does not start at the training samples, of campaigns with several starts."""
    found = _named(metrics, f"starts/([^/]+/(?!{SAMPLES}/)[^/]+/[^/]+)/ratio_at_n")
    return {case_of(name) for name in found}


def best_known_minimum(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by M50 / N of the models with the least training loss of all starts, in every setting."""
    each = _found(metrics, "starts/[^/]+/best_m50")
    if not each:
        return _nothing()
    low, high = bounds.POINT - bounds.NEAR, bounds.POINT + bounds.NEAR
    text = f"{shown(over_cases(each), '.3f')} N, {extremes(each, '.3f')}{_of(each)}"
    return Judgement(text, in_every_case(each, spread_over_cases(each), low, high))


def no_start_moves_it(start: str, others: bool = False) -> Judge:
    """Return a judge of how far M50 / N from a start is from that of the first model; it must be near in every case."""

    def judge(metrics: Metrics, cases: list[str]) -> Judgement:
        found = _found(metrics, f"starts/[^/]+/{start}/[^/]+/m50_from_first")
        # The first of all is compared with itself.
        each = [one for one in found if (one.value, one.stderr) != (0, 0)] if others else found
        return _near(each, bounds.NEAR)

    return judge


def reproduces(start: str) -> Judge:
    """Return a judge of whether models of N components that start there reproduce samples in every setting."""

    def judge(metrics: Metrics, cases: list[str]) -> Judgement:
        each = _plain(metrics, start)
        if not each:
            return _nothing()
        text = f"ratio at M = N {extremes(each, 'z.3f')}{_of(each)}"
        return Judgement(text, verdict(each, bounds.MOST, np.inf, bounds.LEVEL / len(OTHERS)))

    return judge


def no_hysteresis(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the ratio of a sweep up in M minus that of a sweep down, in every setting."""
    each = _found(metrics, "starts/[^/]+/up_minus_down")
    if not each:
        return _nothing()
    text = f"ratio of a sweep up minus that of one down {extremes(each, '+.3f')}{_of(each)}"
    return Judgement(text, verdict(each, -bounds.FORMULA, bounds.FORMULA))


def training_reaches_it(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the ratio at M = N of every training whose start knows no sample; one that is shown is enough."""
    starts = "|".join(UNKNOWING)
    found = {
        name: one
        for name, one in _named(metrics, f"starts/([^/]+/(?:{starts})/[^/]+)/ratio_at_n").items()
        if f"{case_of(name)}/largest_fall" not in metrics  # learned weights are another denoiser, not another training
    }
    if not found:
        return _nothing()
    best = max(found, key=lambda name: np.nan_to_num(found[name].value, nan=-1.0))
    text = f"ratio at M = N at most {shown(found[best], '.3f')}, of `{best}`{_of(list(found.values()))}"
    each = list(found.values())
    above = holm(np.array([p_inside(one, bounds.REACHED, np.inf) for one in each]))
    if np.any(above <= bounds.LEVEL):
        return Judgement(text, SUPPORTED)
    below = np.array([p_inside(one, -np.inf, bounds.REACHED) for one in each])
    return Judgement(text, CONTRADICTED if np.all(below <= bounds.LEVEL) else CANNOT_TELL)


def monotone_with_learned_weights(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the largest fall of the ratio from a smaller to a larger size, of every model with learned weights."""
    each = _found(metrics, ".+/largest_fall")
    if not each:
        return _nothing()
    return Judgement(f"largest fall {extremes(each, '.3f')}{_of(each)}", verdict(each, -np.inf, bounds.FORMULA))


def no_weighting_moves_it(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by how far M50 / N of each weighting is from that of the first, in every setting."""
    return _near(_found(metrics, "weightings/[^/]+/[^/]+/[^/]+/m50_from_first"), bounds.NEAR)


def correlation_is(low: float, high: float) -> Judge:
    """Return a judge of the rank correlation of copies with local density, in every setting; two share the level."""

    def judge(metrics: Metrics, cases: list[str]) -> Judgement:
        each = _found(metrics, "[^/]+/[^/]+/copies_density_correlation")
        if not each:
            return _nothing()
        text = f"rank correlation {extremes(each, '+.2f')}{_of(each)}"
        return Judgement(text, verdict(each, low, high, bounds.LEVEL / 2))

    return judge


def duplicates_are_copied_more(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the copies of a sample that occurs several times over those of one that occurs once."""
    each = _found(metrics, "[^/]+/[^/]+/copies_of_duplicated_over_single")
    if not each:
        return _nothing()
    return Judgement(f"{extremes(each, '.2f')} times as many{_of(each)}", verdict(each, 1.0, np.inf))


def _near(each: list[Quantity], bound: float) -> Judgement:
    if not each:
        return _nothing()
    return Judgement(f"moved by {extremes(each, '+.3f')} N{_of(each)}", verdict(each, -bound, bound))


def _plain(metrics: Metrics, start: str) -> list[Quantity]:
    """Return the ratios at M = N from a start by the training that other starts have too: where M50 is known or not."""
    found = _named(metrics, f"starts/([^/]+/{start}/[^/]+)/ratio_at_n")
    return [one for name, one in found.items() if f"starts/{name}/m50_from_first" in metrics]


def _found(metrics: Metrics, pattern: str) -> list[Quantity]:
    return list(_named(metrics, f"({pattern})").values())


def _named(metrics: Metrics, pattern: str) -> dict[str, Quantity]:
    """Return the means over data sets whose whole names match a pattern, by its group."""
    matches = (re.fullmatch(pattern, name) for name in metrics)
    return {match[1]: over_seeds(metrics, match[0]) for match in matches if match}


def _of(each: list[Quantity]) -> str:
    """Return how many comparisons there are, of how many data sets each."""
    known = {int(one.df) + 1 for one in each if np.isfinite(one.df)}
    sets = f" of {known.pop()} data sets each" if len(known) == 1 else ""
    return f" ({len(each)} comparison{'' if len(each) == 1 else 's'}{sets})"


def _nothing() -> Judgement:
    return cannot_tell(NOTHING)
