"""The results of a campaign: in a sentence, in a few numbers, and case by case."""

from typing import NamedTuple

from edgemem.config.report import ReportSpec
from edgemem.reporting.campaign_cases import groups
from edgemem.reporting.cautions import left_out, no_transition
from edgemem.reporting.numbers import Metrics, interval, number
from edgemem.reporting.pages import Table
from edgemem.reporting.prediction_claims import too_few
from edgemem.reporting.quantities import error_interval, range_of


# As many numbers with intervals fit beside each other in a page.
ABREAST = 6
ONE_SEED = "With one data set of each setting, the spread between data sets is unknown."


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
    """Return the results in a few sentences, what is broken first."""
    return " ".join([*left_out(metrics), *no_transition(metrics), *_places(spec, metrics), *_regression(metrics)])


def _places(spec: ReportSpec, metrics: Metrics) -> list[str]:
    """Return where the transition is, if that is known."""
    studied = _studied(spec)
    name = _middle(spec)
    if metrics.get(name) is None:
        known = sum(metrics.get(f"{case.name}/m50_pooled") is not None for case in spec.cases)
        if known:
            return [
                f"In {studied}, {known} of {len(spec.cases)} {_cases(spec)} have a transition point: there is no mean."
            ]
        out = metrics.get("campaign/models_left_out")
        where = ", or it is among models left out" if out else ""
        return [f"In {studied}, no model size was found at which the fitted ratio crosses one half{where}."]
    text = (
        f"In {studied}, half of the generated points are copies of training samples once a model has "
        f"**{interval(metrics, name, '.3f')} N** components, N being the number of training samples, where the fitted "
        f"ratio crosses one half"
    )
    if metrics.get("campaign/m50_first_50") is not None:
        first = interval(metrics, "campaign/m50_first_50", ".3f")
        text += f"; by the paper’s own rule, the first size with half of 50 points, {first} N"
    spread = metrics.get("campaign/m50_stddev")
    text += f"; {_cases(spec)} differ by a standard deviation of {spread:.3f}." if spread is not None else "."
    return [text, *([ONE_SEED] if len(spec.seeds) == 1 else [])]


def _regression(metrics: Metrics) -> list[str]:
    """Return the error of the paper's regression, unless it comes from too few settings."""
    error, constant = _held_out(metrics)
    if not error or constant is None or too_few(metrics, "fitted", "holdout"):
        return []
    count = round(metrics["predictor/fitted/count_holdout"] or 0)
    _, low, high = error_interval(error, count)
    return [
        f"On {count} settings held out, the paper’s regression predicts that transition point with a mean squared "
        f"error of {error:.1e} [{low:.1e}, {high:.1e}]; a constant has {constant:.1e}."
    ]


def _studied(spec: ReportSpec) -> str:
    studied = f"{_count(len(spec.settings), 'setting')} with {_count(len(spec.seeds), 'data set')}"
    studied += " each" if len(spec.settings) > 1 else ""
    return f"{studied} and {_count(len(spec.models), 'model')}" if len(spec.models) > 1 else studied


def _cases(spec: ReportSpec) -> str:
    """Return what the campaign's cases are called: with one model on each, they are its settings."""
    return "settings" if len(spec.cases) == len(spec.settings) else "settings and models"


def _middle(spec: ReportSpec) -> str:
    """Return the name of the campaign's transition point: with one case, its own interval tells more."""
    return "campaign/m50_mean" if len(spec.cases) > 1 else f"{spec.cases[0].name}/m50_pooled"


def headlines(spec: ReportSpec, metrics: Metrics) -> list[Headline]:
    """Return the numbers that one reads first: those that have an interval, and how many data sets they are from."""
    found = []
    name = _middle(spec)
    low, high = metrics.get(f"{name}_low"), metrics.get(f"{name}_high")
    if metrics.get(name) is not None and low is not None and high is not None:
        meaning = "transition point, M₅₀ / N, with its 95 % interval"
        meaning += f", mean over {_cases(spec)}" if len(spec.cases) > 1 else ""
        meaning += "; the spread between data sets is unknown" if len(spec.seeds) == 1 else ""
        found.append(Headline(number(metrics[name], ".3f"), f"[{low:.3f}, {high:.3f}]", meaning))
    found += [*_spread(spec, metrics), *_error(metrics)]
    data = len(spec.settings) * len(spec.seeds)
    found.append(Headline(f"{data:,}", f"{len(spec.settings):,} × {len(spec.seeds):,}", "data sets: settings × seeds"))
    models, out = (metrics.get(f"campaign/{count}") for count in ("models", "models_left_out"))
    if models is not None and out:
        found.append(
            Headline(
                f"{out:,.0f}",
                f"of {models:,.0f}",
                "models left out of every fit: their training did not end, or cannot be told to have",
            )
        )
    return found


def _spread(spec: ReportSpec, metrics: Metrics) -> list[Headline]:
    """Return the standard deviation between settings, noise removed, where its interval is known."""
    found = groups(metrics, [case.name for case in spec.cases])
    variance = range_of(metrics, f"{found[0]}/between_settings") if len(found) == 1 else None
    if variance is None:
        return []
    value, low, high = (max(end, 0.0) ** 0.5 for end in variance)
    meaning = "standard deviation of M₅₀ / N between settings, that between data sets removed"
    return [Headline(f"{value:.3f}", f"[{low:.3f}, {high:.3f}]", meaning)]


def _error(metrics: Metrics) -> list[Headline]:
    """Return the error of the paper's regression, unless it comes from too few settings."""
    error, constant = _held_out(metrics)
    if not error or too_few(metrics, "fitted", "holdout"):
        return []
    count = round(metrics["predictor/fitted/count_holdout"] or 0)
    _, low, high = error_interval(error, count)
    meaning = f"mean squared error of the paper’s regression, on {count} settings held out"
    return [
        Headline(f"{error:.1e}", f"[{low:.1e}, {high:.1e}]", f"{meaning}; a constant has {number(constant, '.1e')}")
    ]


def transitions(spec: ReportSpec, metrics: Metrics) -> list[Transition]:
    """Return where each case's transition is, with what the exact losses predict."""
    return [transition(case.name, metrics) for case in spec.cases]


def transition(case: str, metrics: Metrics) -> Transition:
    """Return where the transition of `SETTING/MODEL` is, with what the exact losses predict, as far as it is known."""
    setting, _, model = case.rpartition("/")
    levels = ("m10_pooled", "m50_pooled", "m50_pooled_low", "m50_pooled_high", "m90_pooled")
    return Transition(
        setting, model, *(metrics.get(f"{case}/{name}") for name in (*levels, "predicted_m50_exact_losses"))
    )


def transition_table(found: list[Transition]) -> Table:
    """Return the same as a table."""
    rows = []
    for each in found:
        middle = interval({"m50": each.m50, "m50_low": each.low, "m50_high": each.high}, "m50", ".3f")
        begin, end, predicted = (number(value, ".3f") for value in (each.m10, each.m90, each.predicted))
        rows.append([f"`{each.setting}`", f"`{each.model}`", begin, middle, end, predicted])
    return Table(["setting", "model", "M₁₀ / N", "M₅₀ / N", "M₉₀ / N", "predicted"], rows)


def ratio_table(spec: ReportSpec, metrics: Metrics) -> Table:
    """Return the memorization ratios at the reported model sizes, and what chance alone gives.

    A row is a case; where there are more than fit beside each other, and fewer cases, a row is a model size.
    """
    fractions = spec.regression.report_fractions
    rows = [
        [
            f"`{case.setting.name}`",
            f"`{case.model}`",
            number(metrics[f"{case.name}/null_memorization_ratio"], ".3f"),
            *(interval(metrics, f"{case.name}/memorization_ratio_at_{fraction:g}", ".3f") for fraction in fractions),
            _models_left_out(metrics, case.name),
        ]
        for case in spec.cases
    ]
    header = ["setting", "model", "by chance", *(f"M/N = {fraction:g}" for fraction in fractions), "left out"]
    if len(fractions) > ABREAST and len(rows) < len(fractions):
        header, *rows = map(list, zip(header, *rows, strict=True))
    return Table(header, rows)


def _models_left_out(metrics: Metrics, case: str) -> str:
    """Return how many models of a case are in no fit, of how many."""
    models, out = (metrics.get(f"{case}/{name}") for name in ("models", "models_left_out"))
    return "–" if models is None or out is None else f"{out:,.0f} of {models:,.0f}"


def _held_out(metrics: Metrics) -> tuple[float | None, float | None]:
    """Return the errors of the paper's regression and of a constant; not the best of all, which is best by chance."""
    error, constant = (metrics.get(f"predictor/{name}/squared_error_holdout") for name in ("fitted", "constant"))
    return error, constant


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
