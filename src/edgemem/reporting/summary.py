"""The results of a campaign: in a sentence, in a few numbers, and case by case."""

from typing import NamedTuple

from edgemem.config.report import ReportSpec
from edgemem.reporting.numbers import Metrics, interval, number
from edgemem.reporting.pages import Table


class Headline(NamedTuple):
    """One of the few numbers that one reads first."""

    value: str
    range: str
    meaning: str


class Transition(NamedTuple):
    """Where the transition of a case is, as fractions M/N: its begin, middle with interval, and end."""

    setting: str
    model: str
    m10: float | None
    m50: float | None
    low: float | None
    high: float | None
    m90: float | None
    predicted: float | None


def summary(spec: ReportSpec, metrics: Metrics) -> str:
    """Return the results in a sentence or two."""
    several = len(spec.settings) > 1
    studied = f"{_count(len(spec.settings), 'setting')} with {_count(len(spec.seeds), 'data set')}"
    studied += " each" if several else ""
    if len(spec.models) > 1:
        studied += f" and {_count(len(spec.models), 'model')}"
    if metrics["campaign/m50_mean"] is None:
        return f"In {studied}, no model size was found at which half of the generated points are copies."
    text = (
        f"In {studied}, half of the generated points are copies of training samples once a model has "
        f"**{interval(metrics, _middle(spec), '.3f')} N** components, N being the number of training samples"
    )
    spread = metrics["campaign/m50_stddev"]
    text += f"; {_cases(spec)} differ by a standard deviation of {spread:.3f}." if spread is not None else "."
    error, constant = _held_out(metrics)
    if error is None or constant is None:
        return text
    return (
        f"{text} On settings held out, the paper’s regression predicts that transition point with a mean squared error "
        f"of {error:.1e}; a constant has {constant:.1e}."
    )


def _cases(spec: ReportSpec) -> str:
    """Return what the campaign's cases are called: with one model on each, they are its settings."""
    return "settings" if len(spec.cases) == len(spec.settings) else "settings and models"


def _middle(spec: ReportSpec) -> str:
    """Return the name of the campaign's transition point: with one case, its own interval tells more."""
    return "campaign/m50_mean" if len(spec.cases) > 1 else f"{spec.cases[0].name}/m50_pooled"


def headlines(spec: ReportSpec, metrics: Metrics) -> list[Headline]:
    """Return the numbers that one reads first."""
    name = _middle(spec)
    low, high = metrics[f"{name}_low"], metrics[f"{name}_high"]
    found = [
        Headline(
            number(metrics[name], ".3f"),
            "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]",
            "transition point, M₅₀ / N, with its 95 % interval"
            + (f", mean over {_cases(spec)}" if len(spec.cases) > 1 else ""),
        )
    ]
    if len(spec.cases) > 1:
        spread = number(metrics["campaign/m50_stddev"], ".3f")
        found.append(Headline(spread, "", f"standard deviation of M₅₀ / N between {_cases(spec)}"))
    error, constant = _held_out(metrics)
    if error is not None:
        meaning = "mean squared error of the paper’s regression, on settings held out"
        found.append(Headline(f"{error:.1e}", f"constant: {number(constant, '.1e')}", meaning))
    data = len(spec.settings) * len(spec.seeds)
    found.append(Headline(f"{data:,}", f"{len(spec.settings):,} × {len(spec.seeds):,}", "data sets: settings × seeds"))
    return found


def transitions(spec: ReportSpec, metrics: Metrics) -> list[Transition]:
    """Return where each case's transition is, with what the exact losses predict."""
    return [
        Transition(
            case.setting.name,
            case.model,
            m10=metrics[f"{case.name}/m10_pooled"],
            m50=metrics[f"{case.name}/m50_pooled"],
            low=metrics[f"{case.name}/m50_pooled_low"],
            high=metrics[f"{case.name}/m50_pooled_high"],
            m90=metrics[f"{case.name}/m90_pooled"],
            predicted=metrics[f"{case.name}/predicted_m50_exact_losses"],
        )
        for case in spec.cases
    ]


def ratio_table(spec: ReportSpec, metrics: Metrics) -> Table:
    """Return the memorization ratios at the reported model sizes, and what chance alone gives."""
    fractions = spec.regression.report_fractions
    rows = [
        [
            f"`{case.setting.name}`",
            f"`{case.model}`",
            number(metrics[f"{case.name}/null_memorization_ratio"], ".3f"),
            *(interval(metrics, f"{case.name}/memorization_ratio_at_{fraction:g}", ".3f") for fraction in fractions),
        ]
        for case in spec.cases
    ]
    return Table(["setting", "model", "by chance", *(f"M/N = {fraction:g}" for fraction in fractions)], rows)


def _held_out(metrics: Metrics) -> tuple[float | None, float | None]:
    """Return the errors of the paper's regression and of a constant; not the best of all, which is best by chance."""
    error, constant = (metrics[f"predictor/{name}/squared_error_holdout"] for name in ("fitted", "constant"))
    return error, constant


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
