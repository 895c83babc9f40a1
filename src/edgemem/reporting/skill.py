"""The skill of predictors of the transition, from the summary metrics of a campaign."""

import re

from edgemem.analysis.published import RATIO_POINTS
from edgemem.config.regress import PREDICTORS
from edgemem.reporting.numbers import Metrics, interval, number, p_value
from edgemem.reporting.pages import Table
from edgemem.reporting.verdicts import MISSING


# In this order; folds that leave out each value of an axis follow.
FOLDS = ("train", "holdout", "interpolation", "extrapolation")


def has_predictions(metrics: Metrics) -> bool:
    """Return whether any predictor has said something of a transition that was found."""
    errors = (value for name, value in metrics.items() if re.fullmatch("predictor/.+/squared_error_.+", name))
    return any(value is not None for value in errors)


def has_transitions(metrics: Metrics) -> bool:
    """Return whether transitions were found of which the noise is known."""
    return any(metrics.get(f"{group}/settings") for group in _groups(metrics))


def predictor_table(metrics: Metrics) -> Table:
    """Return the errors of all predictors on all folds, and how they compare with what was measured."""
    errors, agreement = error_table(metrics), agreement_table(metrics)
    beside = [[""] * len(agreement.header), *agreement.rows]
    rows = [[*row, *more] for row, (_, *more) in zip(errors.rows, beside, strict=True)]
    return Table([*errors.header, *agreement.header[1:]], rows)


def error_table(metrics: Metrics) -> Table:
    """Return the mean squared errors of all predictors on all folds, below the numbers of settings in these."""
    prefix = "predictor/constant/squared_error_"
    folds = [name.removeprefix(prefix) for name in metrics if name.startswith(prefix)]
    folds.sort(key=lambda fold: (FOLDS.index(fold) if fold in FOLDS else len(FOLDS), fold))
    rows = [["settings in the fold", *_counts(metrics, folds)]]
    for predictor, name in _predictors(metrics).items():
        rows.append([name, *(number(metrics.get(f"predictor/{predictor}/squared_error_{fold}")) for fold in folds)])
    return Table(["predictor", *(fold.replace("_", " ") for fold in folds)], rows)


def agreement_table(metrics: Metrics) -> Table:
    """Return how the predictions of all predictors compare with what was measured."""
    rows = []
    for predictor, name in _predictors(metrics).items():
        own = f"predictor/{predictor}"
        bias, slope = interval(metrics, f"{own}/bias", "+.4f"), interval(metrics, f"{own}/slope", ".2f")
        within = interval(metrics, f"{own}/within_slope", ".2f")
        rows.append([name, bias, slope, within, p_value(metrics.get(f"{own}/p_value"))])
    return Table(["predictor", "bias", "slope", "slope within σ*²", "p"], rows)


def _predictors(metrics: Metrics) -> dict[str, str]:
    """Return the predictors that have said something of the campaign's settings, with their names in tables; where none
    has, all of them, since a table without rows says nothing."""
    known = {name.split("/")[1] for name, value in metrics.items() if value and name.startswith("predictor/")}
    return {predictor: name for predictor, name in PREDICTORS.items() if predictor in known} or PREDICTORS


def _counts(metrics: Metrics, folds: list[str]) -> list[str]:
    """Return the numbers of settings in each fold; predictors that speak of fewer have fewer."""
    counts = []
    for fold in folds:
        found = [metrics.get(f"predictor/{predictor}/count_{fold}") for predictor in PREDICTORS]
        counts.append(number(max((count for count in found if count is not None), default=None), ".0f"))
    return counts


def noise_table(metrics: Metrics) -> Table:
    """Return the variances of M50 / N: between settings, between data sets, and by counting, of each group and N."""
    rows = []
    for group in _groups(metrics):
        counts = [metrics.get(f"{group}/{name}") for name in ("settings", "seeds")]
        size = " × ".join(number(count, ".0f") for count in counts)
        variances = [interval(metrics, f"{group}/{name}", ".1e") for name in ("between_settings", "between_data_sets")]
        counting, share = number(metrics.get(f"{group}/counting"), ".1e"), f"{group}/share_of_data_sets"
        rows.append([group.removeprefix("components/"), size, *variances, counting, interval(metrics, share, ".2f")])
    rows += _counting(metrics)
    header = [
        "source",
        "settings × data sets",
        "between settings",
        "between data sets",
        "counting",
        "share of data sets",
    ]
    return Table(header, rows)


def _groups(metrics: Metrics) -> list[str]:
    """Return the names of all groups with components of variance, each followed by its parts of one N, if any."""
    found = {match[1] for name in metrics if (match := re.fullmatch("(components/.+)/between_data_sets", name))}
    found -= {group for group in found if "/N=" in group and not metrics.get(f"{group}/settings")}

    def order(group: str) -> tuple[str, float]:
        whole, _, size = group.partition("/N=")
        return whole, float(size or 0)

    return sorted(found, key=order)


def _counting(metrics: Metrics) -> list[list[str]]:
    """Return how much counting alone varies, by the paper's criterion and by a fitted curve."""
    prefix = "campaign/binomial_variance_"
    total = max((int(name.rpartition("_")[2]) for name in metrics if name.startswith(prefix)), default=RATIO_POINTS)
    rows = []
    for criterion, name in {"first": "the first M with a ratio of one half", "fitted": "the fitted curve"}.items():
        for points in sorted({RATIO_POINTS, total}):
            value = number(metrics.get(f"{prefix}{criterion}_{points}"), ".1e")
            rows.append([f"counting {points:,} generated points, {name}", "", "", "", value, ""])
    return rows


def weights_text(metrics: Metrics) -> str:
    """Return what the fit of the weights found, and how much of them the settings tell."""
    best, worst = metrics.get("regression/objective"), metrics.get("regression/objective_worst")
    if best is None or worst is None:
        return "The weights λ̃ could not be fitted: no setting has a transition to which the approximations apply."
    starts, ended, as_good = (
        int(metrics.get(f"regression/{name}") or 0) for name in ("starts", "starts_converged", "starts_at_best")
    )
    return (
        f"The search for λ̃ had {starts} starts; {ended} ended by themselves, and {as_good} within 1 % of the best\n"
        f"objective, {best:.3e} (worst: {worst:.3e}). {_directions(metrics)}"
    )


def _directions(metrics: Metrics) -> str:
    """Return how many directions of the weights move predictions by more than the noise."""
    count, noise = (metrics.get(f"regression/{name}") for name in ("identified_directions", "noise_variance"))
    if count is None:
        reason = "unknown in this campaign" if "regression/identified_directions" in metrics else MISSING
        return f"How many directions of λ̃ the settings tell above the noise: {reason}."
    beside = "" if noise is None else f", whose variance is {noise:.1e}"
    return (
        f"These settings tell **{count:.0f}** of its directions above the noise{beside}.\n"
        "In all others λ̃ can change without changing any prediction by more, and its curve means nothing."
    )
