"""Training loss, and copies, along paths between two models that started in different places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveInt

from edgemem.config.base import KeyProblem, nearest
from edgemem.config.flow import FlowProtocol
from edgemem.config.models import listed_sizes
from edgemem.config.plot import INTERVALS, Caption, CaseFigure, Fractions, Subject
from edgemem.figures.style import COLOURS, case_title, legend_below, mean_with_band, new_grid, size_in_words
from edgemem.numerics.statistics import mean_interval


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from edgemem.config.campaign import Campaign
    from edgemem.config.models import ModelEntry
    from edgemem.config.study import Case, Study, TrainedModel
    from edgemem.figures.style import Inputs


class BarrierFigure(CaseFigure):
    """Training loss and copies along paths from a model to another that started in a different place."""

    reads: ClassVar = ("barriers",)

    figure: Literal["barrier"]
    to: str = Field(description="Name of the model at the end of the paths; `models` are those where they begin.")
    # No part of a figure's spec: they decide what is computed, not how it is drawn.
    fractions: Fractions = Field(
        [1.0],
        exclude=True,
        description="Model sizes M/N at both ends, rounded down to whole components; both models must have them.",
    )
    sizes: Annotated[list[PositiveInt], Field(min_length=1)] | None = Field(
        None,
        exclude=True,
        description="Model sizes at both ends in place of `fractions`; needed where a size is no number of components.",
    )
    places: int = Field(21, ge=3, le=1001, exclude=True, description="Places along each path, the two ends among them.")
    steps: PositiveInt | None = Field(
        None,
        exclude=True,
        description="Optimizer steps that bend a path; as many as its first model was trained for if null.",
    )
    generated: int = Field(500, ge=50, le=10_000_000, exclude=True, description="Points generated at each place.")

    def check(self, campaign: Campaign) -> None:
        """Check that there are paths: two models of one denoiser and one loss, on one setting, of the same sizes."""
        entries, study = campaign.entries, campaign.study
        if self.to not in entries:
            raise KeyProblem(f"the campaign has no model '{self.to}'{nearest(self.to, entries)}", "to")
        begins = {name: self._unlike(campaign, name) for name in entries if name != self.to}
        for name in self.models or []:
            if name == self.to:
                raise KeyProblem(f"a path needs two different ends (got '{name}' twice)", "models")
            if begins.get(name):
                raise KeyProblem(f"no path leads from '{name}' to '{self.to}': {begins[name]}", "models")
        able = [name for name, why in begins.items() if not why]
        if not able:
            whys = "; ".join(f"'{name}': {why}" for name, why in begins.items())
            raise KeyProblem(f"no path leads to '{self.to}' from another model ({whys or 'there is no other'})", "to")
        for case in study.cases:
            asked = (self.models or able, case.model), (self.settings or [case.setting.name], case.setting.name)
            if self.is_drawn_of(case, study) and all(name in names for names, name in asked):
                for name in (case.model, self.to):
                    self._check_sizes(entries[name], name, case.setting.N)

    def _unlike(self, campaign: Campaign, name: str) -> str:
        """Return why no path leads from a model, empty where one does."""
        trained = campaign.study.models
        for one in (name, self.to):
            if one not in trained:
                return f"{one} is trained on no setting"
        if not (set(trained[name].settings) & set(trained[self.to].settings)):
            return "they are trained on no setting together"
        return _difference(trained[name], trained[self.to])

    def _check_sizes(self, entry: ModelEntry, name: str, n_samples: int) -> None:
        """Check that a model has the sizes, as far as they are known before training: fine ones are not."""
        where = "fractions" if self.sizes is None else "sizes"
        if self.sizes is None and "components" not in entry.declared.provides:
            raise KeyProblem(
                f"sizes of {entry.denoiser} are no numbers of components, and M/N says nothing of them; list those of "
                "the ends, as in sizes: [16, 32]",
                where,
            )
        for size in self.model_sizes(n_samples):
            sizes, every = entry.sizes, range(1, n_samples + 1)
            known = listed_sizes(sizes, n_samples) if isinstance(sizes, list) else every
            if size not in known:
                allowed = f"1 to {n_samples}" if isinstance(known, range) else ", ".join(map(str, known))
                raise KeyProblem(
                    f"{name} has no model of size {size} where N = {n_samples} (allowed: {allowed})", where
                )

    def is_drawn_of(self, case: Case, study: Study) -> bool:
        """Return whether a path leads from a case to the other model, on the same setting."""
        end = study.models.get(self.to)
        if end is None or case.model == self.to or case.setting.name not in end.settings:
            return False
        return not _difference(study.models[case.model], end)

    def model_sizes(self, n_samples: int) -> list[int]:
        """Return the model sizes at both ends, ascending."""
        # A hair above, so that 0.29 N is 29 of 100 samples.
        of_fractions = [max(1, int(fraction * n_samples + 1e-9)) for fraction in self.fractions]
        return sorted(set(self.sizes or of_fractions))


def _difference(one: TrainedModel, other: TrainedModel) -> str:
    """Return what divides two models that no path connects, empty where nothing does."""
    if one.denoiser != other.denoiser:
        return f"they are different denoisers, {one.denoiser} and {other.denoiser}"
    if one.options != other.options:
        return f"options of their denoiser differ, {one.options} and {other.options}"
    if isinstance(one.protocol, FlowProtocol) or isinstance(other.protocol, FlowProtocol):
        return "a gradient flow in closed form has one end, wherever it starts"
    if one.protocol.weighting != other.protocol.weighting:
        return (
            "they minimize different losses, with the weightings "
            f"{one.protocol.weighting} and {other.protocol.weighting}"
        )
    return ""


CAPTION = Caption(
    "The way between two ends of training",
    "Training loss and memorization ratio along a straight line and along a trained curve between two models.",
    "Two models of one size that started in different places, and what lies between them. Left: the training loss "
    "along the straight line between them, components matched, and along a curve whose middle was trained to keep it "
    "low. The dotted line is the higher end: what rises above it is a barrier. A curve without one shows that none "
    "divides the ends; one with a barrier shows only that no better path was found. Right: where along the paths "
    "generated points are copies." + INTERVALS,
)
PATHS = {"line": ("straight line", "left_out"), "curve": ("trained curve", "trained")}


def draw(options: BarrierFigure, subject: Subject, inputs: Inputs) -> Figure:
    """Draw loss and memorization ratio along both paths, one row a model size."""
    measured = inputs["barriers"]
    sizes = measured[0].model_size.values
    figure, panels = new_grid(len(sizes), 2, width=3.4, height=2.6)
    figure.suptitle(f"{case_title(subject, len(measured))}: paths to {options.to}")
    for size, (loss, ratio) in zip(sizes, panels, strict=True):
        of_size = [dataset.sel(model_size=size) for dataset in measured]
        _draw_paths(loss, of_size, [dataset.loss for dataset in of_size])
        higher = float(np.mean([dataset.higher_end_loss for dataset in of_size]))
        loss.axhline(higher, color=COLOURS["approximation"], linestyle=":", linewidth=0.8, label="the higher end")
        loss.set_ylabel("training loss")
        loss.set_title(f"{size_in_words(subject, of_size[0])}\nbarrier {_barriers(of_size)}", fontsize=7)
        _draw_paths(ratio, of_size, [dataset.memorized_count / dataset.generated_count for dataset in of_size])
        ratio.set(ylabel="memorization ratio", ylim=(-0.02, 1.02))
        for axes in (loss, ratio):
            axes.set_xlabel(f"place from {subject.model} (0) to {options.to} (1)")
    legend_below(figure, panels[0][0], columns=3)
    return figure


def _draw_paths(axes: Axes, of_size: list[xr.Dataset], values: list[xr.DataArray]) -> None:
    for path, (label, colour) in PATHS.items():
        along = np.array([value.sel(path=path) for value in values])
        mean_with_band(axes, of_size[0].place.values, along, color=COLOURS[colour], label=label)


def _barriers(of_size: list[xr.Dataset]) -> str:
    """Return the barriers of both paths in words, with their intervals where there are several seeds."""
    found = []
    for path, (label, _) in PATHS.items():
        mean, low, high = (float(x) for x in mean_interval(np.array([d.barrier.sel(path=path) for d in of_size])))
        found.append(f"{mean:.3g}" + (f" [{low:.3g}, {high:.3g}]" if np.isfinite(low) else "") + f" ({label})")
    return ", ".join(found)
