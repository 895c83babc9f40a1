"""How the paper's claims are judged by the summary metrics of one campaign, whichever it is.

The cases are those whose denoiser has components: the paper speaks of no others.
"""

from collections.abc import Iterable

import numpy as np

from edgemem.analysis import published
from edgemem.numerics.statistics import mean_interval
from edgemem.reporting.numbers import Metrics, interval, number
from edgemem.reporting.verdicts import (
    CAVEAT,
    LEVEL,
    NEAR,
    NO,
    THEORIES,
    UNKNOWN,
    YES,
    Judgement,
    complete_transitions,
)


def _called(cases: list[str]) -> str:
    """Return what cases are called: with one model on each, they are settings."""
    settings = {case.rpartition("/")[0] for case in cases}
    return "settings" if len(settings) == len(cases) else "settings and models"


def transition_exists(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by in how many cases the ratio goes from 0.1 to 0.9."""
    complete = complete_transitions(metrics, cases)
    return Judgement(
        f"from a ratio of 0.1 to 0.9 in {complete} of {len(cases)} {_called(cases)}",
        YES if complete == len(cases) else CAVEAT if complete else NO,
    )


def transition_point(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by in how many cases the interval of M50 / N has the paper's number, and by the mean over cases."""
    ends = [(metrics[f"{case}/m50_pooled_low"], metrics[f"{case}/m50_pooled_high"]) for case in cases]
    known = [(low, high) for low, high in ends if low is not None and high is not None]
    inside = sum(low <= published.TRANSITION <= high for low, high in known)
    mean = _mean(metrics, cases)
    near = mean["m50"] is not None and abs(mean["m50"] - published.TRANSITION) < NEAR
    return Judgement(
        f"{interval(mean, 'm50', '.4f')} N on average; {published.TRANSITION:g} N is in the interval of {inside} of "
        f"{len(known)} {_called(cases)}",
        UNKNOWN if not known else YES if inside == len(known) else CAVEAT if near or inside else NO,
    )


def _mean(metrics: Metrics, cases: list[str]) -> Metrics:
    """Return the mean of M50 / N with its interval, unknown where a case has no transition."""
    values = [metrics[f"{case}/m50_pooled"] for case in cases]
    known = np.array([value for value in values if value is not None])
    ends = [float(end) for end in mean_interval(known)] if len(known) == len(values) else [np.nan] * 3
    names = ("m50", "m50_low", "m50_high")
    return {name: end if np.isfinite(end) else None for name, end in zip(names, ends, strict=True)}


def losses_cross(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by tests of the predictors that weight all times equally."""
    values = {predictor: metrics[f"predictor/{predictor}/p_value"] for predictor in THEORIES}
    tested = {predictor: value for predictor, value in values.items() if value is not None}
    found = []
    for predictor, value in tested.items():
        slope = interval(metrics, f"predictor/{predictor}/slope", ".2f")
        found.append(f"{THEORIES[predictor]}: slope {slope}, p = {value:.0e}")
    right = any(value > LEVEL / len(tested) for value in tested.values())
    return Judgement(
        f"{'; '.join(found)} (level {LEVEL:g}, tests: {len(tested)})" if found else "needs several seeds",
        UNKNOWN if not tested else YES if right else NO,
    )


def regression(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the errors of the regression and of a constant on settings held out."""
    fitted, constant = (metrics[f"predictor/{name}/squared_error_holdout"] for name in ("fitted", "constant"))
    if fitted is None or constant is None:
        return Judgement("needs settings held out", UNKNOWN)
    verdict = NO if fitted > published.REGRESSION_ERROR else CAVEAT if fitted > 0.9 * constant else YES
    return Judgement(f"{number(fitted, '.1e')}; a constant has {number(constant, '.1e')}", verdict)


def generalizing_loss(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the measured loss over the theorem's."""
    values = _known(metrics, (f"{case}/generalizing_loss_over_theory" for case in cases))
    return Judgement(
        f"measured / theory {_range(values, '.4f')}" if values else "speaks of isotropic mixtures alone",
        UNKNOWN if not values else YES if all(abs(value - 1) < NEAR for value in values) else NO,
    )


def partially_memorizing_loss(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the constant C of the theorem at the reported fractions."""
    prefixes = tuple(f"{case}/constant_at_" for case in cases)
    values = _known(metrics, (name for name in metrics if name.startswith(prefixes) and name[-1].isdigit()))
    between = all(1 <= value <= 2 for value in values)
    return Judgement(
        f"C = {_range(values, '.2f')}, over {_called(cases)} and reported M/N"
        if values
        else "speaks of isotropic mixtures alone",
        UNKNOWN if not values else YES if between else NO,
    )


def seeds_matter_little(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the variance between seeds over that between settings."""
    seeds = [metrics[f"{case}/m50_seed_stddev"] for case in cases]
    settings = [metrics[f"{case}/m50_pooled"] for case in cases]
    if None in seeds or None in settings or len(cases) < 2 or not np.ptp(np.array(settings, float)):
        return Judgement("needs several seeds and settings", UNKNOWN)
    share = np.mean(np.array(seeds, float) ** 2) / np.var(np.array(settings, float), ddof=1)
    return Judgement(
        f"the variance of M₅₀ / N between seeds is {100 * share:.0f} % of that between {_called(cases)}",
        YES if share < 0.1 else CAVEAT,
    )


def _known(metrics: Metrics, names: Iterable[str]) -> list[float]:
    return [value for name in names if (value := metrics.get(name)) is not None]


def _range(values: list[float], form: str) -> str:
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"
