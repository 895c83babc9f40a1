"""What the regress stage reads."""

from functools import cached_property
from typing import Annotated

from pydantic import Field

from edgemem.config.base import Model, Seed, Spec
from edgemem.config.settings import Setting
from edgemem.config.study import Case, MeasuredModel, cases_of


# The predictors of the transition, as figures and tables call them: short, for a row at the width of a column.
PREDICTORS = {
    "constant": "constant",
    "c1": "(21), λ = 1, C = 1",
    "c2": "(21), λ = 1, C = 2",
    "snr_weight": "(21), λ = ψ, C = 2",
    "finite_size": "(21), finite-size C(M)",
    "own_c2": "(21), own λ, C = 2",
    "exact_losses": "exact losses, λ = 1",
    "own_exact": "exact losses, own λ",
    "danger": "exact losses, danger",
    "collapse": "exact losses, collapse",
    "decided": "exact losses, decided",
    "copy_variance_line": "line of v, v of copies",
    "fixed_centres": "fixed centres",
    "ward": "Ward’s clusters, drawn",
    "ward_sampled": "Ward’s clusters, sampled",
    "likelihood": "likelihood, drawn",
    "likelihood_sampled": "likelihood, sampled",
    "fitted": "the paper’s regression",
    "simplex": "(21), λ on the simplex",
    "exact_fitted": "exact losses, λ fitted",
    "line": "line in log σ*²",
    "parabola": "parabola in log σ*²",
}


class Regression(Model):
    """How predictions of the transition are judged."""

    holdout: float = Field(0.25, ge=0, lt=1, description="Fraction of the settings kept out of every fit.")
    seed: Seed = Field(0, description="Seed of the choice of the hold-out settings.")
    report_fractions: list[Annotated[float, Field(gt=0, le=100)]] = Field(
        [0.5, 0.7, 0.8, 0.9],
        description="Fractions M/N at which metrics.json reports ratios, learned variances and losses.",
    )
    best_of: list[str] = Field(
        [], description="Models that differ in their start, of which at each size the one with the least loss is best."
    )


class StartedModel(MeasuredModel):
    """What tables need to know of a model: where its training starts, and how it weights the times."""

    start: str = ""
    """The protocol's `initialization`; empty where it is not known."""
    weighting: str = ""
    """The protocol's weighting of times by its name."""


class RegressSpec(Spec):
    """The campaign's transitions and predictions, over all its settings, models and seeds."""

    campaign: str
    settings: Annotated[list[Setting], Field(min_length=1)]
    models: dict[str, StartedModel]
    seeds: Annotated[list[Seed], Field(min_length=1)]
    regression: Regression

    @cached_property
    def cases(self) -> list[Case]:
        """The models of each setting."""
        return cases_of(self.settings, self.models)
