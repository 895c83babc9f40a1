"""The numbers of the paper's figures 2 and 6 beside those of the campaign `paper-figures`."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import stats

from edgemem.analysis import published
from edgemem.numerics.evidence import Quantity
from edgemem.reporting.numbers import Metrics, interval
from edgemem.reporting.pages import Table
from edgemem.reporting.summary_metrics import known


# The setting and the model of the paper's figures.
CASE = "gaussian_N200_d50_K12/mixture"
# The last digit of the training losses read off figure 2.
DIGIT = 0.01


class Comparison(NamedTuple):
    """A number read off a figure of the paper beside ours, and their difference in standard errors."""

    what: str
    fraction: float
    paper: float
    ours: str
    low: float
    high: float
    standard_errors: float

    @property
    def inside(self) -> bool:
        """Whether the paper's number lies in the 95 % interval for one data set measured as in the paper."""
        return self.low <= self.paper <= self.high


def comparisons(figures: Metrics) -> list[Comparison]:
    """Return all numbers of the paper's figures 2 and 6 beside ours.

    The paper shows one data set. So its number is compared with what one more data set would give: its standard error
    is s sqrt(1 + 1/n), with the spread s between our n seeds, and the error of reading the figure; for a memorization
    ratio also that of the paper's 50 points, sqrt(p (1 - p) / 50). The interval is Student's with n - 1 degrees.
    """
    found = []
    tables: tuple[tuple[str, str, Mapping[float, float], float], ...] = (
        ("memorization ratio", "memorization_ratio", published.RATIO, 0.0),
        ("training loss of the trained model, ψ = 6.7", "trained_loss", published.TRAINED_LOSS, DIGIT),
        ("learned variance", "learned_variance", published.VARIANCE, 0.001),
        ("partially memorizing loss, ψ = 6.7", "partially_memorizing_loss", published.PARTIALLY_MEMORIZING_LOSS, 0.1),
    )
    for what, quantity, table, digit in tables:
        for fraction, value in table.items():
            found.append(_compared(figures, what, f"{quantity}_at_{fraction:g}", fraction, value, digit))
    found.append(
        _compared(figures, "generalizing loss, ψ = 6.7", "generalizing_loss", 1.0, published.GENERALIZING_LOSS, 0.001)
    )
    return found


def _compared(figures: Metrics, what: str, quantity: str, fraction: float, value: float, digit: float) -> Comparison:
    name, seeds = f"{CASE}/{quantity}", known(figures, "campaign/seeds")
    ours = known(figures, name)
    error = _error(figures, quantity, ours, digit)
    half = float(stats.t.ppf(0.975, seeds - 1)) * error
    standard_errors = (value - ours) / error if error else 0.0
    return Comparison(what, fraction, value, interval(figures, name, ".3f"), ours - half, ours + half, standard_errors)


def _error(figures: Metrics, quantity: str, ours: float, digit: float) -> float:
    """Return the standard error of what one more data set would give, read off a figure."""
    spread, seeds = known(figures, f"{CASE}/{quantity}_seed_stddev"), known(figures, "campaign/seeds")
    variance = spread**2 * (1 + 1 / seeds) + digit**2 / 12
    if quantity.startswith("memorization_ratio"):
        variance += ours * (1 - ours) / published.RATIO_POINTS
    return float(np.sqrt(variance))


def training_differences(figures: Metrics) -> dict[float, Quantity]:
    """Return by M/N the paper's training losses minus ours, with the error for one data set; the known ones."""
    found = {}
    seeds = figures.get("campaign/seeds")
    for fraction, value in published.TRAINED_LOSS.items():
        quantity = f"trained_loss_at_{fraction:g}"
        ours = figures.get(f"{CASE}/{quantity}")
        if seeds is not None and ours is not None and figures.get(f"{CASE}/{quantity}_seed_stddev") is not None:
            error = _error(figures, quantity, ours, DIGIT)
            found[fraction] = Quantity(value - ours, error, seeds - 1)
    return found


def figure_table(found: list[Comparison]) -> Table:
    """Return the comparisons, one a row."""
    rows = [
        [
            c.what,
            f"{c.fraction:g}",
            f"{c.paper:g}",
            c.ours,
            f"[{c.low:.3f}, {c.high:.3f}]",
            f"{c.standard_errors:+.1f}",
            "yes" if c.inside else "**no**",
        ]
        for c in found
    ]
    header = ["what", "M/N", "paper", "mean of ours [95 %]", "95 % for one data set", "difference, SE", "inside"]
    return Table(header, rows)
