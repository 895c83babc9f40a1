"""What came out of a campaign: in a sentence, in a few numbers, and setting by setting."""

from typing import NamedTuple

from edgemem.config.report import ReportSpec
from edgemem.pages import Table
from edgemem.tables.main_numbers import Metrics, interval, number


class Headline(NamedTuple):
    """One of the few numbers that one reads first."""

    value: str
    range: str
    meaning: str


class Place(NamedTuple):
    """Where the transition of a setting is, as fractions M/N: its begin, middle with interval, and end."""

    setting: str
    m10: float | None
    m50: float | None
    low: float | None
    high: float | None
    m90: float | None
    predicted: float | None


def summary(spec: ReportSpec, metrics: Metrics) -> str:
    """Return what came out in a sentence or two."""
    several = len(spec.settings) > 1
    studied = f"{_count(len(spec.settings), 'setting')} with {_count(len(spec.seeds), 'data set')}"
    studied += " each" if several else ""
    if metrics["campaign/m50_mean"] is None:
        return f"In {studied}, no model size was found at which half of the generated points are copies."
    text = (
        f"In {studied}, half of the generated points are copies of training samples once a model has "
        f"**{interval(metrics, middle(spec), '.3f')} N** components, N being the number of training samples"
    )
    spread = metrics["campaign/m50_stddev"]
    text += f"; settings differ by a standard deviation of {spread:.3f}." if spread is not None else "."
    error, constant = _held_out(metrics)
    if error is None or constant is None:
        return text
    return (
        f"{text} On settings held out, the paper’s regression predicts that place with a mean squared error of "
        f"{error:.1e}; a constant has {constant:.1e}."
    )


def middle(spec: ReportSpec) -> str:
    """Return the name of the campaign's place of the transition: with one setting, its own interval tells more."""
    return "campaign/m50_mean" if len(spec.settings) > 1 else f"{spec.settings[0].name}/m50_pooled"


def headlines(spec: ReportSpec, metrics: Metrics) -> list[Headline]:
    """Return the numbers that one reads first."""
    name = middle(spec)
    low, high = metrics[f"{name}_low"], metrics[f"{name}_high"]
    found = [
        Headline(
            number(metrics[name], ".3f"),
            "" if low is None or high is None else f"[{low:.3f}, {high:.3f}]",
            "place of the transition, M₅₀ / N, with its 95 % interval"
            + (", mean over settings" if len(spec.settings) > 1 else ""),
        )
    ]
    if len(spec.settings) > 1:
        spread = number(metrics["campaign/m50_stddev"], ".3f")
        found.append(Headline(spread, "", "standard deviation of M₅₀ / N between settings"))
    error, constant = _held_out(metrics)
    if error is not None:
        meaning = "mean squared error of the paper’s regression, on settings held out"
        found.append(Headline(f"{error:.1e}", f"constant: {number(constant, '.1e')}", meaning))
    data = len(spec.settings) * len(spec.seeds)
    found.append(Headline(f"{data:,}", f"{len(spec.settings):,} × {len(spec.seeds):,}", "data sets: settings × seeds"))
    return found


def places(spec: ReportSpec, metrics: Metrics) -> list[Place]:
    """Return where each setting's transition is, with what the exact losses predict."""
    return [
        Place(
            name,
            m10=metrics[f"{name}/m10_pooled"],
            m50=metrics[f"{name}/m50_pooled"],
            low=metrics[f"{name}/m50_pooled_low"],
            high=metrics[f"{name}/m50_pooled_high"],
            m90=metrics[f"{name}/m90_pooled"],
            predicted=metrics[f"{name}/predicted_m50_exact_losses"],
        )
        for name in (setting.name for setting in spec.settings)
    ]


def ratio_table(spec: ReportSpec, metrics: Metrics) -> Table:
    """Return the memorization ratios at the quoted model sizes, and what chance alone gives."""
    fractions = spec.regression.quoted
    rows = [
        [
            f"`{setting.name}`",
            number(metrics[f"{setting.name}/null_memorization_ratio"], ".3f"),
            *(interval(metrics, f"{setting.name}/memorization_ratio_at_{fraction:g}", ".3f") for fraction in fractions),
        ]
        for setting in spec.settings
    ]
    return Table(["setting", "by chance", *(f"M/N = {fraction:g}" for fraction in fractions)], rows)


def _held_out(metrics: Metrics) -> tuple[float | None, float | None]:
    """Return the errors of the paper's regression and of a constant; not the best of all, which is best by chance."""
    error, constant = (metrics[f"predictor/{name}/squared_error_holdout"] for name in ("fitted", "constant"))
    return error, constant


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
