"""How claims about the transition are judged: that it exists, where it is, and what it depends on."""

from collections.abc import Callable

import numpy as np

from edgemem.numerics.evidence import CONTRADICTED, Quantity, together, verdict
from edgemem.reporting import bounds
from edgemem.reporting.campaign_cases import called, groups, of_family, settings_of, studied
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.numbers import interval as with_interval
from edgemem.reporting.quantities import (
    Range,
    in_every_case,
    interval_verdict,
    over_cases,
    over_seeds,
    range_of,
    share,
    shown,
    spread_over_cases,
)
from edgemem.reporting.verdicts import Judgement, cannot_tell, lacking


def transition_exists(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the share of data sets in which the ratio goes all the way."""
    names = [f"{case}/{name}" for case in cases for name in ("transitions", "data_sets")]
    if reason := lacking(metrics, *names):
        return cannot_tell(reason)
    complete, total = (sum(metrics[f"{case}/{name}"] or 0 for case in cases) for name in ("transitions", "data_sets"))
    hidden = sum(_hidden(metrics, case) for case in cases)
    told = f"; of {hidden:.0f} more nothing is known, as models that have not converged are left out" if hidden else ""
    total -= hidden
    if not total:
        return cannot_tell(f"0 data sets{told}")
    found = share(complete, total)
    text = f"in {complete:.0f} of {total:.0f} data sets ({called(cases)}), a share of {_range(found, '.2f')}{told}"
    if total < bounds.MIN_DATA_SETS:
        return cannot_tell(f"{text}; at least {bounds.MIN_DATA_SETS} are needed")
    return Judgement(text, interval_verdict(found, bounds.MOST, np.inf))


def _hidden(metrics: Metrics, case: str) -> float:
    """Return in how many data sets of a case no transition is seen that models left out may hide."""
    if not metrics.get(f"{case}/models_left_out"):
        return 0.0
    return (metrics[f"{case}/data_sets"] or 0.0) - (metrics[f"{case}/transitions"] or 0.0)


def images_have_a_transition(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the images among the cases."""
    return _of_images(metrics, cases, transition_exists)


def transition_point(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by where the fitted ratio crosses one half, in every case."""
    return _in_place(metrics, cases, "m50_pooled", "where the fitted ratio crosses one half")


def images_have_the_transition_there(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by where the ratio of images, corrected for chance, is one half."""

    def judge(metrics: Metrics, cases: list[str]) -> Judgement:
        return _in_place(
            metrics, cases, "corrected_m50_pooled", "where the ratio corrected for chance crosses one half", 1
        )

    return _of_images(metrics, cases, judge)


def images_are_as_sharp(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the width of the transition of images, corrected for chance."""
    return _of_images(metrics, cases, _width)


def seeds_matter_little(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the standard deviation between data sets of one setting, counting removed."""
    return _by_components(
        metrics, cases, "between_data_sets", lambda found: interval_verdict(_roots(found), -np.inf, bounds.NEAR)
    )


def data_sets_outweigh_settings(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the data sets' share of what data sets and settings differ by."""
    return _by_components(
        metrics, cases, "share_of_data_sets", lambda found: interval_verdict(found, bounds.MOST, np.inf)
    )


def _of_images(metrics: Metrics, cases: list[str], judge: Callable[[Metrics, list[str]], Judgement]) -> Judgement:
    images = of_family(cases, "image")
    return judge(metrics, images) if images else cannot_tell("speaks of images alone")


def _in_place(
    metrics: Metrics, cases: list[str], name: str, where: str, fewest: int = bounds.MIN_SETTINGS
) -> Judgement:
    names = [f"{case}/{name}" for case in cases]
    known = [own for own in names if metrics.get(own) is not None]
    if len(known) < len(names):
        without = [case for case, own in zip(cases, names, strict=True) if own in metrics and metrics[own] is None]
        if not without:
            return cannot_tell(lacking(metrics, *names) or "")
        return cannot_tell(
            f"not measured in {len(without)} of {called(cases)}: there no model size is known to be the place"
        )
    each = [over_seeds(metrics, own) for own in names]
    spread = _spread(metrics, cases, each) if name == "m50_pooled" else spread_over_cases(each)
    found = in_every_case(each, spread, bounds.POINT - bounds.NEAR, bounds.POINT + bounds.NEAR)
    parts = [f"{shown(over_cases(each), '.4f')} N {where}", *_first_of_50(metrics, name), *_differ(spread)]
    text = f"{'; '.join(parts)} ({studied(metrics, cases)})"
    few = len(settings_of(cases)) < fewest and found != CONTRADICTED
    return cannot_tell(f"{text}; every setting takes at least {fewest}") if few else Judgement(text, found)


def _first_of_50(metrics: Metrics, name: str) -> list[str]:
    """Return where the transition is by the paper's own rule, as the campaign has it."""
    if name != "m50_pooled":
        return []
    rule = "by the paper’s own rule, the first size with half of 50 points"
    own = "campaign/m50_first_50"
    if metrics.get(own) is not None:
        return [f"{with_interval(metrics, own, '.4f')} N {rule}"]
    mean = metrics.get("campaign/binomial_mean_first_50")
    return [f"unknown {rule}" if mean is None else f"{mean:.4f} N, of unknown uncertainty, {rule}"]


def _spread(metrics: Metrics, cases: list[str], each: list[Quantity]) -> Range:
    """Return the standard deviation between cases, noise removed where several data sets tell it."""
    found = [range_of(metrics, f"{group}/between_settings") for group in groups(metrics, cases)]
    total = spread_over_cases(each)
    known = [_roots(one) for one in found if one is not None]
    if len(found) == len(known) == 1:
        return known[0]
    return Range(total.value, max([one.low for one in known], default=0.0), total.high)


def _differ(spread: Range) -> list[str]:
    if not np.isfinite(spread.value):
        return []
    return [f"standard deviation between settings {spread.value:.4f}, at most {spread.high:.4f}"]


def _width(metrics: Metrics, cases: list[str]) -> Judgement:
    names = [f"{case}/corrected_width" for case in cases]
    if reason := lacking(metrics, *names):
        return cannot_tell(reason)
    widths = [over_seeds(metrics, name) for name in names]
    places = []
    for level, place in ((0.1, "m10"), (0.5, "m50"), (0.9, "m90")):
        each = [over_seeds(metrics, f"{case}/corrected_{place}_pooled") for case in cases]
        places.append(f"{level} at {shown(over_cases(each), '.2f')} N")
    text = f"{shown(over_cases(widths), '.2f')} N wide, corrected for chance: {', '.join(places)}"
    return Judgement(f"{text} ({studied(metrics, cases)})", verdict(widths, -np.inf, bounds.WIDTH))


def _by_components(metrics: Metrics, cases: list[str], name: str, judge: Callable[[Range], str]) -> Judgement:
    """Judge each family and model by one of its components of variance; all must agree."""
    if (metrics.get("campaign/seeds") or 0) < bounds.MIN_SEEDS:
        return cannot_tell(f"{studied(metrics, cases)}; at least {bounds.MIN_SEEDS} data sets each are needed")
    found = groups(metrics, cases)
    if not found:
        return cannot_tell(lacking(metrics, f"components/{name}") or "")
    known = [(group, one) for group in found if (one := range_of(metrics, f"{group}/{name}")) is not None]
    if len(known) < len(found):
        return cannot_tell(f"unknown in this campaign: `{name}` ({studied(metrics, cases)})")
    text = "; ".join(_component(metrics, group, len(found) > 1) for group, _ in known)
    return Judgement(text, together(judge(one) for _, one in known))


def _component(metrics: Metrics, group: str, named: bool) -> str:
    """Return the components of one family and model in words."""
    parts = []
    for part, words in (("between_data_sets", "data sets"), ("between_settings", "settings")):
        one = range_of(metrics, f"{group}/{part}")
        parts.append(f"between {words} {'unknown' if one is None else _range(_roots(one), '.4f')}")
    data = range_of(metrics, f"{group}/share_of_data_sets")
    whole = "unknown" if data is None else f"{_range(Range(*(100 * end for end in data)), '.0f')} %"
    settings, seeds = (metrics.get(f"{group}/{name}") for name in ("settings", "seeds"))
    counted = "" if settings is None or seeds is None else f" ({settings:.0f} settings, {seeds:.0f} data sets each)"
    beginning = f"{group.removeprefix('components/')}: " if named else ""
    return (
        f"{beginning}standard deviation of M₅₀ / N {', '.join(parts)}; data sets have {whole} of the sum of both "
        f"variances{counted}"
    )


def _roots(variance: Range) -> Range:
    """Return a standard deviation from a variance that is not below zero."""
    return Range(*np.sqrt(np.maximum(variance, 0)).tolist())


def _range(found: Range, form: str) -> str:
    return f"{found.value:{form}} [{found.low:{form}}, {found.high:{form}}]"
