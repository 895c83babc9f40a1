"""Training protocols against a reference: transition point, learned variance, and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from edgemem.config.base import KeyProblem, nearest
from edgemem.config.plot import CampaignFigure, Caption, Subject
from edgemem.figures.style import SERIES, legend_below, new_figure


if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.figures.style import Inputs


class ProtocolsFigure(CampaignFigure):
    """Training protocols against a reference: transition point, learned variance, and cost."""

    reads: ClassVar = ("comparison",)

    figure: Literal["protocols"]
    # No part of a figure's spec: they decide what is compared, not how it is drawn.
    candidates: list[str] = Field([], exclude=True, description="Names of the models whose protocols are compared.")
    references: dict[str, list[str]] = Field(
        {}, exclude=True, description="Settings by the name of the model that is the reference there."
    )

    def check(self, campaign: Campaign) -> None:
        """Check that there are models to compare, and one reference for each setting."""
        if not self.candidates:
            allowed = ", ".join(campaign.entries)
            raise KeyProblem(f"at least one model to compare is needed (allowed: {allowed})", "candidates")
        if len(campaign.seeds) < 2:
            raise KeyProblem("models are compared over several seeds, and `seeds` has one; add another", "candidates")
        able = [name for name, entry in campaign.entries.items() if "components" in entry.declared.provides]
        for key, names in (("candidates", self.candidates), ("references", self.references)):
            for name in names:
                if name not in campaign.entries:
                    raise KeyProblem(f"there is no model '{name}'{nearest(name, campaign.entries)}", key)
                if name not in able:
                    raise KeyProblem(
                        f"{name} learns no variance, by which models are compared "
                        f"(allowed: {', '.join(able) or 'none'})",
                        key,
                    )
        self._check_settings(campaign)

    def _check_settings(self, campaign: Campaign) -> None:
        named = [name for names in self.references.values() for name in names]
        for name in named:
            if name not in campaign.by_name:
                raise KeyProblem(f"the campaign has no setting '{name}'{nearest(name, campaign.by_name)}", "references")
        trained = {(case.setting.name, case.model) for case in campaign.cases}
        for name in campaign.by_name:
            if named.count(name) != 1:
                raise KeyProblem(f"{name} needs one reference (got {named.count(name)})", "references")
            references = [model for model, settings in self.references.items() if name in settings]
            for key, models in (("references", references), ("candidates", self.candidates)):
                for model in models:
                    if (name, model) not in trained:
                        raise KeyProblem(f"{model} is not trained on {name}, where it is compared", key)


CAPTION = Caption(
    "Training protocols against a reference",
    "Points with bars by protocol: differences of the transition point and of the learned variance from the reference, "
    "and the number of noised points of each protocol.",
    "Left and middle: how far the transition point and the learned variance lie from the reference, one row a "
    "protocol, one colour a setting; bars are the 90 % intervals of two one-sided tests, and a protocol is equivalent "
    "where they lie within the band. Right: how many noised points training sees of each sample.",
)
ENDS = ("mean", "low", "high")


def draw(options: ProtocolsFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw differences of M50 and variance from the reference with the bounds of equivalence, and the cost."""
    from matplotlib.ticker import StrMethodFormatter

    comparison = inputs["comparison"][0]
    settings = comparison.setting.values
    names = comparison.model.values[np.argsort(comparison.points.sum("setting").values, kind="stable")]
    comparison = comparison.sel(model=names)
    figure, (m50, variance, cost) = new_figure(3, width=2.8, height=0.9 + 0.42 * len(names))
    place = np.arange(len(names))
    for j, name in enumerate(settings):
        row = comparison.sel(setting=name)
        offset = 0.6 * ((j + 0.5) / len(settings) - 0.5)
        colour = SERIES[j % len(SERIES)]
        label = f"{name}, against {row.reference.item()}"
        for axes, variable, scale in ((m50, "m50", 1.0), (variance, "log_variance", 100.0)):
            mean, low, high = (scale * _change(row[f"{variable}_{end}"].values, variable) for end in ENDS)
            bars = np.nan_to_num([mean - low, high - mean])
            axes.errorbar(mean, place + offset, xerr=bars, fmt="o", color=colour, label=label)
    for axes, bounds, text in (
        (m50, (-0.01, 0.01), "M₅₀ / N − reference"),
        (variance, (100 * (1 / 1.05 - 1), 5.0), "learned variance, % from reference"),
    ):
        axes.axvspan(*bounds, color="#f0e442", alpha=0.25, linewidth=0)
        axes.axvline(0, color="#000000", linewidth=0.6)
        axes.set_xlabel(text)
    m50.locator_params(axis="x", nbins=5)
    if np.max(np.abs(variance.get_xlim())) > 100:
        # A protocol that fails altogether must not hide how the others differ.
        variance.set_xscale("symlog", linthresh=10, linscale=2)
        variance.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    cost.barh(place, comparison.points.mean("setting").values, 0.6, color="#999999")
    cost.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    cost.set_xlabel("noised points a sample")
    for axes in (m50, variance, cost):
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_yticks(place, names)
        axes.grid(axis="y", visible=False)
    for axes in (variance, cost):
        axes.tick_params(labelleft=False)
    legend_below(figure, m50, columns=2)
    return figure


def _change(values: np.ndarray, variable: str) -> np.ndarray:
    """Return a difference, that of a logarithm as a relative one."""
    return np.expm1(values) if variable.startswith("log_") else values
