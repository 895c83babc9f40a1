"""What models reach from different starts, in tables."""

import re
from typing import NamedTuple

from edgemem.reporting.campaign_cases import reported
from edgemem.reporting.numbers import Metrics, interval, number
from edgemem.reporting.pages import markdown_table


# Model sizes M / N of the table: below the transition, at N, beyond it.
SHOWN = (0.7, 1.0, 2.0, 4.0)
# What is told of each size, in a column each: quantity and number of digits.
REACHED = {"memorization_ratio": ".3f", "learned_variance": ".3f", "trained_loss": ".2f", "samples_held": ".2f"}


class Started(NamedTuple):
    """A model of a campaign with several starts."""

    setting: str
    start: str
    model: str

    @property
    def cells(self) -> list[str]:
        """The first cells of its rows."""
        return [f"`{self.setting}`", f"`{self.model}`", self.start]


def starts_text(metrics: Metrics) -> str:
    """Return tables of where transitions are by start, and what models reach; empty where there is one start."""
    names = (re.fullmatch("starts/([^/]+)/([^/]+)/([^/]+)/ratio_at_n", name) for name in metrics)
    models = [Started(*match.groups()) for match in names if match]
    if not models:
        return ""
    places = [row for model in models if (row := _place(metrics, model))] + _best(metrics)
    reached = [row for model in models for row in _reached(metrics, model)]
    first = ["setting", "model", "start"]
    place_table = markdown_table([*first, "M₅₀ / N", "difference", "least loss"], places)
    reached_table = markdown_table([*first, "M/N", "ratio", "variance", "training loss", "samples held"], reached)
    return (
        "## Where training starts\n\nWhere transitions are. Differences are from the first model of "
        "`regression.best_of`, whose own is zero, data set by data set. The last column is the share of data sets and "
        "sizes up to N at which a start has the least training loss, as training weights it; the models with the least "
        f"loss of their size are the best known minima.\n\n{place_table}\n\nWhat models reach. The training loss "
        "is that at ψ = 6.7; a sample is held if a learned mean is nearer to it than the standard deviation of the "
        f"data’s components.\n\n{reached_table}\n\nMeans over data sets with 95 % intervals; a dash is unknown: no "
        "such size, no transition, or models that have not converged."
    )


def _place(metrics: Metrics, model: Started) -> list[str]:
    """Return where a model's transition is; nothing of models that are not compared by it."""
    own = "/".join(["starts", *model])
    if f"{own}/m50_from_first" not in metrics:
        return []
    return [
        *model.cells,
        interval(metrics, f"{model.setting}/{model.model}/m50_pooled", ".3f"),
        interval(metrics, f"{own}/m50_from_first", "+.3f"),
        number(metrics.get(f"{own}/least_loss_share"), ".2f"),
    ]


def _best(metrics: Metrics) -> list[list[str]]:
    """Return where the transition of the best known minima is, by setting."""
    found = (re.fullmatch("starts/([^/]+)/best_m50", name) for name in metrics)
    return [
        [f"`{match[1]}`", "best known minimum", "–", interval(metrics, match[0], ".3f"), "–", "–"]
        for match in found
        if match
    ]


def _reached(metrics: Metrics, model: Started) -> list[list[str]]:
    case = f"{model.setting}/{model.model}"
    sizes = [fraction for fraction in reported(metrics, case, "memorization_ratio") if fraction in SHOWN]
    return [
        [
            *model.cells,
            f"{fraction:g}",
            *(interval(metrics, f"{case}/{quantity}_at_{fraction:g}", form) for quantity, form in REACHED.items()),
        ]
        for fraction in sizes
    ]
