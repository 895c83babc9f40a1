"""How claims about predictions of the transition point are judged: on what they have not seen, and by their slopes."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from edgemem.numerics.evidence import (
    CANNOT_TELL,
    CONTRADICTED,
    SUPPORTED,
    Quantity,
    holm,
    together,
    verdict,
)
from edgemem.reporting import bounds
from edgemem.reporting.numbers import Metrics, number
from edgemem.reporting.quantities import difference, error_interval, estimated, interval_verdict, scaled, shown
from edgemem.reporting.verdicts import MISSING, Judgement, cannot_tell, lacking


# A judge of a campaign's metrics and of the names of its cases.
Judge = Callable[[Metrics, list[str]], Judgement]
# The tests of the crossing that all times weighted equally have, by what stands for the losses; they share the level.
CROSSINGS = {"c2": "C = 2", "finite_size": "finite-size C", "exact_losses": "the exact losses"}
# Those of the crossing that times have as training weighted them; they share the level, too.
OWN_CROSSINGS = {"own_c2": "C = 2", "own_exact": "the exact losses"}
# Predictors that fit nothing, one of which is enough; by name, as claims are judged without any configuration.
UNFITTED = (
    "c1",
    "c2",
    "snr_weight",
    "finite_size",
    "own_c2",
    "exact_losses",
    "own_exact",
    "danger",
    "collapse",
    "decided",
    "copy_variance_line",
    "fixed_centres",
    "ward",
    "ward_sampled",
    "likelihood",
    "likelihood_sampled",
)
# Predictors without any theory, in log sigma*^2.
CURVES = ("line", "parabola")


def regression(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the mean squared error of the paper's regression on settings held out."""
    fold = "holdout"
    if reason := too_few(metrics, "fitted", fold):
        return cannot_tell(reason)
    error, count = _error(metrics, "fitted", fold), _count(metrics, "fitted", fold)
    if not error:
        return cannot_tell(f"{count} settings held out, of which none has an error")
    found = error_interval(error, count)
    constant, counting = _error(metrics, "constant", fold), metrics.get("campaign/binomial_variance_first_50")
    text = (
        f"{error:.1e} [{found.low:.1e}, {found.high:.1e}] on {count} settings held out; a constant has "
        f"{number(constant, '.1e')}, and counting 50 points as the paper does varies by {number(counting, '.1e')}"
    )
    return Judgement(text, interval_verdict(found, -np.inf, bounds.REGRESSION))


def better_than_constant(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by how much smaller the regression's error is than a constant's on settings held out."""
    fold = "holdout"
    if reason := too_few(metrics, "fitted", fold):
        return cannot_tell(reason)
    gain, reason = _gain(metrics, "fitted", fold)
    constant = _error(metrics, "constant", fold)
    if gain is None or not constant:
        return cannot_tell(reason or "unknown in this campaign: the error of a constant")
    found = scaled(gain, 1 / constant)
    text = f"{shown(scaled(found, 100), '.0f')} % less error than a constant"
    return Judgement(
        f"{text}, on {_count(metrics, 'fitted', fold)} settings held out", verdict([found], bounds.GAIN, np.inf)
    )


def within_noise(predictor: str, fold: str) -> Judge:
    """Return a judge of a predictor's squared error on a fold beyond the noise of what was measured."""

    def judge(metrics: Metrics, cases: list[str]) -> Judgement:
        if reason := too_few(metrics, predictor, fold) or lacking(
            metrics, *_with_error(f"predictor/{predictor}/floor_{fold}")
        ):
            return cannot_tell(reason)
        excess = estimated(metrics, f"predictor/{predictor}/floor_{fold}")
        text = (
            f"squared error {number(_error(metrics, predictor, fold), '.1e')}, of which {shown(excess, '.1e')} is "
            f"beyond the noise; a constant has {number(_error(metrics, 'constant', fold), '.1e')} "
            f"({_count(metrics, predictor, fold)} settings left out)"
        )
        return Judgement(text, verdict([excess], -np.inf, bounds.EXCESS_ERROR))

    return judge


def better_than_curves(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by how much smaller the regression's error is than that of curves without theory."""
    fold = "leave_one_variance_out"
    if reason := too_few(metrics, "fitted", fold):
        return cannot_tell(reason)
    own, reason = _gain(metrics, "fitted", fold)
    if own is None:
        return cannot_tell(reason)
    found = {}
    for curve in CURVES:
        other, reason = _gain(metrics, curve, fold)
        error = _error(metrics, curve, fold)
        if other is None or not error:
            return cannot_tell(reason or f"unknown in this campaign: the error of a {curve}")
        found[curve] = scaled(difference(own, other), 1 / error)
    text = ", ".join(f"{shown(scaled(gain, 100), '.0f')} % less error than a {curve}" for curve, gain in found.items())
    return Judgement(
        f"{text} in log σ*² ({_count(metrics, 'fitted', fold)} settings left out)",
        verdict(list(found.values()), bounds.GAIN, np.inf),
    )


def crossing(predictor: str, tests: int) -> Judge:
    """Return a judge of where losses cross: by bias and slope of the prediction.

    **Arguments:** `tests`: how many such tests share the level.
    """
    own = f"predictor/{predictor}"
    level = bounds.LEVEL / tests / 2

    def judge(metrics: Metrics, cases: list[str]) -> Judgement:
        if reason := _few_settings(metrics, predictor) or _absent(metrics, f"{own}/slope", f"{own}/bias"):
            return cannot_tell(reason)
        slope, bias = (estimated(metrics, f"{own}/{name}") for name in ("slope", "bias"))
        text = f"slope of measured on predicted {shown(slope, '.2f')}, bias {shown(bias, '+.4f')} N"
        parts = [_is_one(slope, level), verdict([bias], -bounds.NEAR, bounds.NEAR, level)]
        return Judgement(f"{text} ({_settings(metrics, predictor)} settings)", together(parts))

    return judge


def follows_within_variance(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the slope on the exact losses' predictions among settings of one variance."""
    own = "predictor/exact_losses"
    if reason := _few_settings(metrics, "exact_losses") or _absent(metrics, f"{own}/within_slope"):
        return cannot_tell(reason)
    slope = estimated(metrics, f"{own}/within_slope")
    text = f"slope of measured on predicted within one σ*² {shown(slope, '.2f')}"
    return Judgement(f"{text} ({_settings(metrics, 'exact_losses')} settings)", _is_one(slope, bounds.LEVEL))


def nothing_fitted(metrics: Metrics, cases: list[str]) -> Judgement:
    """Judge by the squared errors of all predictors that fit nothing, over all settings.

    *Supported* if that of one is shown to be below the bound: n times the mean squared error over the bound is chi^2_n
    at it; p-values are corrected by Holm's rule for the number of predictors. *Contradicted* if each is shown to be
    above.
    """
    if any(f"predictor/{predictor}/count_train" not in metrics for predictor in UNFITTED):
        return cannot_tell(MISSING)
    counts = {predictor: _settings(metrics, predictor) for predictor in UNFITTED}
    judged = {predictor: count for predictor, count in counts.items() if count >= bounds.MIN_HELD_OUT}
    if not judged:
        return cannot_tell(f"{max(counts.values())} settings; at least {bounds.MIN_HELD_OUT} are needed")
    errors = {predictor: _whole_error(metrics, predictor) for predictor in judged}
    statistic = np.array([judged[name] * error / bounds.UNFITTED_ERROR for name, error in errors.items()])
    number_of = np.array(list(judged.values()))
    below, above = (np.asarray(tail(statistic, number_of)) for tail in (stats.chi2.cdf, stats.chi2.sf))
    best = min(errors, key=lambda name: errors[name])
    found = error_interval(errors[best], judged[best])
    text = (
        f"least squared error, of `{best}`: {found.value:.1e} [{found.low:.1e}, {found.high:.1e}] on "
        f"{judged[best]} settings; {len(judged)} predictors"
    )
    if holm(below).min() <= bounds.LEVEL:
        return Judgement(text, SUPPORTED)
    return Judgement(text, CONTRADICTED if above.max() <= bounds.LEVEL else CANNOT_TELL)


def too_few(metrics: Metrics, predictor: str, fold: str) -> str | None:
    """Return why a predictor is not judged on a fold: no such fold, or too few settings; None if it is."""
    name = f"predictor/{predictor}/count_{fold}"
    if name not in metrics:
        others = any(key.startswith(f"predictor/{predictor}/count_") for key in metrics)
        return "no setting of this campaign is left out in this way" if others else MISSING
    count = _count(metrics, predictor, fold)
    if count >= bounds.MIN_HELD_OUT:
        return None
    return f"{count} settings left out of the fit; at least {bounds.MIN_HELD_OUT} are needed"


def _is_one(slope: Quantity, level: float) -> str:
    return verdict([slope], 1 - bounds.SLOPE, 1 + bounds.SLOPE, level)


def _few_settings(metrics: Metrics, predictor: str) -> str | None:
    """Return why a predictor that fits nothing is not judged; it has as many settings as it has errors."""
    if f"predictor/{predictor}/count_train" not in metrics:
        return MISSING
    count = _settings(metrics, predictor)
    return None if count >= bounds.MIN_HELD_OUT else f"{count} settings; at least {bounds.MIN_HELD_OUT} are needed"


def _settings(metrics: Metrics, predictor: str) -> int:
    return sum(_count(metrics, predictor, fold) for fold in ("train", "holdout"))


def _count(metrics: Metrics, predictor: str, fold: str) -> int:
    return round(metrics.get(f"predictor/{predictor}/count_{fold}") or 0)


def _error(metrics: Metrics, predictor: str, fold: str) -> float | None:
    return metrics.get(f"predictor/{predictor}/squared_error_{fold}")


def _whole_error(metrics: Metrics, predictor: str) -> float:
    """Return the mean squared error over the settings fitted to and those held out: it has seen neither."""
    folds = [fold for fold in ("train", "holdout") if _count(metrics, predictor, fold)]
    total = sum(_count(metrics, predictor, fold) * (_error(metrics, predictor, fold) or 0) for fold in folds)
    return total / _settings(metrics, predictor)


def _with_error(name: str) -> list[str]:
    return [name, f"{name}_stderr", f"{name}_df"]


def _absent(metrics: Metrics, *names: str) -> str | None:
    """Return why none of some estimates can be judged; one of them is enough to contradict."""
    reasons = [lacking(metrics, *_with_error(name)) for name in names]
    if MISSING in reasons:
        return MISSING
    return reasons[0] if all(reasons) else None


def _gain(metrics: Metrics, predictor: str, fold: str) -> tuple[Quantity | None, str]:
    """Return how much smaller a predictor's squared error is than a constant's, or why that is unknown."""
    name = f"predictor/{predictor}/gain_{fold}"
    reason = lacking(metrics, *_with_error(name))
    return (None, reason) if reason else (estimated(metrics, name), "")
