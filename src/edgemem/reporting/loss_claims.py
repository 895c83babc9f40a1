"""How claims about losses and learned variances are judged: the theorems, their constant, the paper's figures."""

import numpy as np

from edgemem.analysis import published
from edgemem.numerics.evidence import Quantity, interval, together, verdict
from edgemem.reporting import bounds
from edgemem.reporting.campaign_cases import reported, studied, variance_of
from edgemem.reporting.figure_values import CASE, training_differences
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.quantities import (
    difference,
    extremes,
    in_every_case,
    over_cases,
    over_seeds,
    scaled,
    shown,
    spread_over_cases,
)
from edgemem.reporting.verdicts import Judgement, cannot_tell


MIXTURES = "speaks of isotropic mixtures alone"
THEOREM = "generalizing_loss_over_theory"


def generalizing_loss(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the measured loss over the theorem's."""
    mixtures = _mixtures(metrics, cases)
    if not mixtures:
        return cannot_tell(MIXTURES)
    each = [over_seeds(metrics, f"{case}/{THEOREM}") for case in mixtures]
    found = in_every_case(each, spread_over_cases(each), 1 - bounds.RELATIVE, 1 + bounds.RELATIVE)
    text = f"measured / theory {shown(over_cases(each), '.4f')}"
    text += f" on average, {extremes(each, '.4f')}" if len(each) > 1 else ""
    return Judgement(f"{text} ({studied(metrics, mixtures)})", found)


def partially_memorizing_loss(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the constant C of the theorem at the reported fractions."""
    low, high = bounds.CONSTANTS
    return _constants(metrics, cases, low * (1 - bounds.RELATIVE), high * (1 + bounds.RELATIVE))


def constant_is_as_drawn(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the constant C at the reported fractions, which the paper's figure draws with C = 2."""
    drawn = bounds.CONSTANTS[1]
    return _constants(metrics, cases, drawn * (1 - bounds.DRAWN), drawn * (1 + bounds.DRAWN))


def finite_size_formula(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the measured constant over that of the formula."""
    return _constants(metrics, cases, 1 - bounds.FORMULA, 1 + bounds.FORMULA, over="finite_size_constant")


def _constants(metrics: Metrics, cases: list[str], low: float, high: float, over: str = "") -> Judgement:
    """Judge C, or C over a formula's, at every fraction that is reported below N."""
    by_fraction: dict[float, list[Quantity]] = {}
    mixtures = _mixtures(metrics, cases)
    for case in mixtures:
        for fraction in reported(metrics, case, "constant"):
            by = metrics.get(f"{case}/{over}_at_{fraction:g}") if over else 1.0
            if by:
                own = scaled(over_seeds(metrics, f"{case}/constant_at_{fraction:g}"), 1 / by)
                by_fraction.setdefault(fraction, []).append(own)
    if not by_fraction:
        return cannot_tell(MIXTURES)
    count = len(by_fraction)
    found = [in_every_case(each, spread_over_cases(each), low, high, count) for each in by_fraction.values()]
    what = "C / formula" if over else "C"
    means = ", ".join(f"{shown(over_cases(each), '.2f')} at {fraction:g}" for fraction, each in _some(by_fraction))
    return Judgement(f"{what} = {means} N, {count} reported fractions ({studied(metrics, mixtures)})", together(found))


def _some(by_fraction: dict[float, list[Quantity]]) -> list[tuple[float, list[Quantity]]]:
    """Return the first, the middle and the last of many fractions."""
    items = sorted(by_fraction.items())
    return items if len(items) <= 4 else [items[0], items[len(items) // 2], items[-1]]


def variance_is_linear(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the variance at M = N, and by how far it is from the line that ends there in zero."""
    mixtures = _mixtures(metrics, cases)
    if not mixtures:
        return cannot_tell(MIXTURES)
    ends = [_variance(metrics, case, 1.0) for case in mixtures]
    bends = [bend for case in mixtures for bend in _bends(metrics, case)]
    parts = [verdict(ends, -np.inf, bounds.NEAR, bounds.LEVEL / 2)]
    parts.append(verdict([bend for _, bend in bends], -bounds.FORMULA, bounds.FORMULA, bounds.LEVEL / 2))
    known = [one for one in bends if np.isfinite(one[1].value)]
    deepest = max(known, key=lambda one: abs(one[1].value), default=None)
    bend = "unknown" if deepest is None else f"{shown(deepest[1], '+.3f')} σ*² at M/N = {deepest[0]:g}"
    text = (
        f"{extremes(ends, '.4f')} σ*² at M = N, where it still falls when training ends; farthest from the line to "
        f"zero {bend}, in the paper’s figure {_published_bend():+.3f} ({studied(metrics, mixtures)})"
    )
    return Judgement(text, together(parts))


def _variance(metrics: Metrics, case: str, fraction: float) -> Quantity:
    return scaled(over_seeds(metrics, f"{case}/learned_variance_at_{fraction:g}"), 1 / variance_of(case))


def _bends(metrics: Metrics, case: str) -> list[tuple[float, Quantity]]:
    """Return the distances from the line between the variance at the first reported fraction and zero at N."""
    fractions = [fraction for fraction in reported(metrics, case, "learned_variance") if fraction < 1]
    first, *others = fractions or [1.0]
    start = _variance(metrics, case, first)
    line = {fraction: scaled(start, (1 - fraction) / (1 - first)) for fraction in others}
    return [(fraction, difference(_variance(metrics, case, fraction), line[fraction])) for fraction in others]


def _published_bend() -> float:
    """Return the largest distance of the paper's own variances from such a line."""
    (first, start), *others = published.VARIANCE.items()
    bends = [value - start * (1 - fraction) / (1 - first) for fraction, value in others]
    return max(bends, key=abs)


def training_losses(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the differences of the paper's training losses from what one more data set would give."""
    if CASE not in cases:
        return cannot_tell("speaks of N = 200, d = 50, K = 12, the setting of the paper’s figures")
    found = training_differences(metrics)
    if len(found) < len(published.TRAINED_LOSS):
        return cannot_tell("unknown in this campaign: some of the training losses of the paper’s figure")
    bound = bounds.FORMULA * published.GENERALIZING_LOSS
    fraction, largest = max(found.items(), key=lambda one: abs(one[1].value))
    inside = sum(low <= 0 <= high for low, high in (interval(one)[1:] for one in found.values()))
    text = (
        f"{len(found)} losses, {inside} inside the interval for one data set; the largest difference is "
        f"{shown(largest, '+.3f')}, at M/N = {fraction:g}; at M = N training has not ended ({studied(metrics, [CASE])})"
    )
    return Judgement(text, verdict(list(found.values()), -bound, bound))


def _mixtures(metrics: Metrics, cases: list[str]) -> list[str]:
    """Return the cases of which the theorems speak."""
    return [case for case in cases if metrics.get(f"{case}/{THEOREM}") is not None]
