"""Training times in tables: until models copy and until they generalize, and how that depends on N and size."""

import re

from edgemem.reporting.numbers import Metrics, interval, number
from edgemem.reporting.pages import markdown_table


EVENTS = {"tau10": "τ₁₀", "tau50": "τ₅₀", "tau90": "τ₉₀", "tau_test": "τ_test", "tau_5": "τ₅"}
RESIDUALS = {"train_loss": "training loss", "points": "step / N", "points_times_size": "step × size / N"}


def times_text(metrics: Metrics) -> str:
    """Return tables of training times and their exponents; empty where no model is kept at several steps."""
    runs = _found(metrics, r"times/([^/]+)/([^/]+)/(\d+)/tau50")
    if not runs:
        return ""
    times = markdown_table(["setting", "model", "size", *EVENTS.values()], [_times(metrics, *run) for run in runs])
    of_n = [
        _exponents(metrics, f"times/{family}/{model}/{size}/{{}}_on_n", [f"`{family}`", f"`{model}`", size, "N"])
        for family, model, size in _found(metrics, r"times/([^/]+)/([^/]+)/(\d+)/tau50_on_n")
    ]
    of_size = [
        _exponents(metrics, f"times/{setting}/{model}/{{}}_on_size", [f"`{setting}`", f"`{model}`", "all", "size"])
        for setting, model in _found(metrics, r"times/([^/]+)/([^/]+)/tau50_on_size")
    ]
    # Of one number of samples, or of one size, there is no exponent.
    exponents = [row for row in of_n + of_size if set(row[4:-1]) != {number(None)}]
    return (
        "## Training time\n\nOptimizer steps until the memorization ratio first reaches 0.1, 0.5 and 0.9, until the "
        "test loss is least, and until it is 5 % above that; losses are those at ψ = 6.7. Geometric means over data "
        "sets with 95 % intervals. Where some data set does not get there, or was there before the first step kept, "
        f"there is no mean, and the table says in how many.\n\n{times}{_exponents_text(exponents)}{_curves(metrics)}"
    )


def _exponents_text(rows: list[list[str]]) -> str:
    """Return the table of exponents; empty where there are none."""
    if not rows:
        return ""
    header = ["of", "model", "size", "in", *EVENTS.values(), "left out"]
    return (
        "\n\nExponents of N and of the model size in these times, means over data sets of the slopes of each. Left out "
        "are numbers of samples, or sizes, at which τ₅₀ is unknown in some data set.\n\n"
        f"{markdown_table(header, rows)}"
    )


def _found(metrics: Metrics, pattern: str) -> list[tuple[str, ...]]:
    matches = (re.fullmatch(pattern, name) for name in metrics if name.startswith("times/"))
    return [match.groups() for match in matches if match]


def _times(metrics: Metrics, setting: str, model: str, size: str) -> list[str]:
    return [
        f"`{setting}`",
        f"`{model}`",
        size,
        *(_time(metrics, f"times/{setting}/{model}/{size}/{e}") for e in EVENTS),
    ]


def _time(metrics: Metrics, name: str) -> str:
    """Return a time, or in how many data sets it is censored."""
    censored = metrics.get(f"{name}_censored")
    return f"censored in {censored:.0f}" if censored else interval(metrics, name, ",.0f")


def _exponents(metrics: Metrics, name: str, first: list[str]) -> list[str]:
    """Return a row of exponents of all times."""
    left_out = metrics.get(f"{name.format('tau50')}_left_out") or 0
    return [*first, *(interval(metrics, name.format(event), "z.2f") for event in EVENTS), f"{left_out:.0f}"]


def _curves(metrics: Metrics) -> str:
    """Return a table of how well one curve on each axis tells the ratios; empty where there are no runs to compare."""
    rows = []
    for family, model in _found(metrics, r"times/([^/]+)/([^/]+)/residual_on_points"):
        name = f"times/{family}/{model}"
        residuals = [metrics.get(f"{name}/residual_on_{axis}") for axis in RESIDUALS]
        if None not in residuals:
            gains = [interval(metrics, f"{name}/loss_gain_over_{axis}", ".2f") for axis in list(RESIDUALS)[1:]]
            rows.append([f"`{family}`", f"`{model}`", *(f"{residual:.2g}" for residual in residuals), *gains])
    if not rows:
        return ""
    header = ["of", "model", *RESIDUALS.values(), *(f"gain over {axis}" for axis in list(RESIDUALS.values())[1:])]
    return (
        "\n\nBy how much, root mean square, ratios differ from the one monotone curve through those of all other "
        "numbers of samples and sizes, on three axes; and the share of the squared error on an axis that the training "
        f"loss does not have.\n\n{markdown_table(header, rows)}"
    )
