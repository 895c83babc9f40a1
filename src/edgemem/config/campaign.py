"""The campaign: all keys of `config.yaml`, validated before anything runs."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from edgemem.config.agreement import AgreementSpec, agreement_spec
from edgemem.config.barrier import BarrierSpec, barrier_spec
from edgemem.config.base import KeyProblem, Model, Seed, key, nearest
from edgemem.config.by_name import FigureEntry
from edgemem.config.checks import check_figures, check_models, check_starts
from edgemem.config.collect import CollectSpec
from edgemem.config.compare import CompareSpec
from edgemem.config.datasets import Datasets
from edgemem.config.drawn import Plot, plots_of
from edgemem.config.evaluate import EvaluateSpec, Evaluation
from edgemem.config.file_list import Drawing, FilesSpec
from edgemem.config.geometry import GeometrySpec
from edgemem.config.grids import SettingEntry
from edgemem.config.models import ModelEntry
from edgemem.config.plot import DrawnFigure, PlotSpec
from edgemem.config.protocol import AnyProtocol
from edgemem.config.regress import Regression, RegressSpec, StartedModel
from edgemem.config.report import ReportSpec
from edgemem.config.sample import SampleSpec
from edgemem.config.sampling import Sampling
from edgemem.config.sensitivity import SensitivitySpec, sensitivity_spec
from edgemem.config.settings import AbstractSetting
from edgemem.config.study import Case, Study, TrainedModel
from edgemem.config.train import TrainSpec
from edgemem.errors import EdgememError
from edgemem.layout import SHARED_FOLDERS


NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"
Name = Annotated[str, Field(pattern=NAME)]


class Campaign(Model):
    """One study: which data, which models, how measured, what drawn."""

    campaign: str = Field(pattern=NAME, description="Name of the campaign, its folder under results/.")
    seeds: list[Seed] = Field(min_length=1, description="Seeds; each is a new data set and new models.")
    settings: list[SettingEntry] = Field(
        min_length=1, description="Data sets; each list-valued key of an entry is expanded as a grid."
    )
    models: dict[Name, ModelEntry | None] = Field(
        min_length=1, description="What is trained, by a name that stands in paths, figures and tables; null for none."
    )
    protocols: dict[Name, AnyProtocol | None] = Field(
        min_length=1,
        description="Training protocols by name, each of an optimizer or, with the key `clock`, a gradient flow; null "
        "for none.",
    )
    sampling: Sampling = Field(Sampling(), description="Time grid and sampler.")
    evaluation: Evaluation = Field(Evaluation(), description="How trained models are measured.")
    datasets: Datasets = Field(Datasets(), description="Where data sets lie that do not come with this project.")
    regression: Regression = Field(Regression(), description="How predictions of the transition are judged.")
    figures: list[FigureEntry] = Field(description="Figures, each a name or a mapping with the figure's options.")
    extensions: list[str] = Field(
        [], description="Files with a family, denoiser or figure of your own, each known by the name of its file."
    )

    @field_validator("campaign")
    @classmethod
    def _own_folder(cls, name: str) -> str:
        if name in SHARED_FOLDERS:
            raise ValueError(f"'{name}' is a folder of results that campaigns share; choose another name")
        return name

    @field_validator("seeds")
    @classmethod
    def _distinct_seeds(cls, seeds: list[int]) -> list[int]:
        for i, seed in enumerate(seeds):
            if seed in seeds[:i]:
                raise KeyProblem(f"seed {seed} is already in the list", i)
        return seeds

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        seen: dict[str, int] = {}
        for i, entry in enumerate(self.settings):
            for setting in entry.settings:
                if setting.name in seen:
                    raise KeyProblem(f"{setting.name} is already in settings[{seen[setting.name]}]", "settings", i)
                seen[setting.name] = i
        check_models(self)
        check_starts(self)
        check_figures(self)
        return self

    @cached_property
    def by_name(self) -> dict[str, AbstractSetting]:
        """All settings of the campaign by name, in the order of the configuration."""
        return {setting.name: setting for entry in self.settings for setting in entry.settings}

    @cached_property
    def entries(self) -> dict[str, ModelEntry]:
        """The models by name, without those that were taken out."""
        return {name: entry for name, entry in self.models.items() if entry is not None}

    @cached_property
    def protocols_by_name(self) -> dict[str, AnyProtocol]:
        """The protocols by name, without those that were taken out."""
        return {name: protocol for name, protocol in self.protocols.items() if protocol is not None}

    def settings_of(self, model: str) -> list[str]:
        """Return the names of the settings that a model is trained on."""
        entry = self.entries[model]
        return [
            name
            for name, setting in self.by_name.items()
            if (entry.families is None or setting.family in entry.families)
            and (entry.settings is None or name in entry.settings)
            and set(entry.declared.requires) <= set(setting.abilities)
        ]

    @cached_property
    def study(self) -> Study:
        """The campaign's data, models and evaluations; models that no setting has are not among them."""
        models = {
            name: TrainedModel(
                provides=list(entry.declared.provides),
                settings=settings,
                denoiser=entry.denoiser,
                options=entry.own_options(self.sampling),
                sizes=entry.sizes,
                snapshots=entry.snapshots,
                protocol_name=entry.protocol,
                protocol=self.protocols_by_name[entry.protocol],
            )
            for name, entry in self.entries.items()
            if (settings := self.settings_of(name))
        }
        return Study(
            campaign=self.campaign,
            seeds=self.seeds,
            settings=list(self.by_name.values()),
            models=models,
            sampling=self.sampling,
            evaluation=self.evaluation,
        )

    @property
    def cases(self) -> list[Case]:
        """The models of each setting: settings in their order, and of each its models in theirs."""
        return self.study.cases

    def setting(self, name: str) -> AbstractSetting:
        """Return a setting of the campaign.

        **Raises:** EdgememError that names the nearest one if there is none of this name.
        """
        if name not in self.by_name:
            raise EdgememError(f"campaign {self.campaign} has no setting '{name}'{nearest(name, self.by_name)}")
        return self.by_name[name]

    def sources(self, setting: str) -> list[Path]:
        """Return the files that a setting's data distribution is made of."""
        return self.setting(setting).sources(self.datasets)

    def figure(self, name: str) -> Any:
        """Return the options of a figure of the campaign, of the class that is in the figure's own module."""
        return next(entry for entry in self.figures if entry.figure == name)

    def has_figure(self, name: str) -> bool:
        """Return whether a figure is among those of the campaign."""
        return name in [entry.figure for entry in self.figures]

    @cached_property
    def plots(self) -> list[Plot]:
        """All drawings of all figures."""
        return list(plots_of(self.figures, self.study))

    def sample_spec(self, setting: str, seed: int) -> SampleSpec:
        """Return what the sample stage reads."""
        return SampleSpec(setting=self.setting(setting), seed=seed)

    def geometry_spec(self, setting: str, seed: int) -> GeometrySpec:
        """Return what the geometry stage reads."""
        return self.study.geometry_spec(setting, seed)

    def train_spec(self, setting: str, seed: int, model: str) -> TrainSpec:
        """Return what the train stage reads."""
        return self.study.train_spec(setting, seed, model)

    def evaluate_spec(self, setting: str, seed: int, model: str) -> EvaluateSpec:
        """Return what the evaluate stage reads."""
        return self.study.evaluate_spec(setting, seed, model)

    def files_spec(self) -> FilesSpec:
        """Return what the files stage reads."""
        drawings = [Drawing(plot.figure.figure, plot.setting, plot.model) for plot in self.plots]
        return FilesSpec(
            **self.study.values,
            sensitivity_keys=self.sensitivity_keys,
            barrier_keys=self.barrier_keys,
            agreement_keys=self.agreement_keys,
            drawings=drawings,
        )

    def sensitivity_spec(self, setting: str, seed: int, model: str) -> SensitivitySpec:
        """Return what the sensitivity stage reads; it needs the figure `sensitivity` in the campaign."""
        return sensitivity_spec(self.study, self.figure("sensitivity"), setting, seed, model)

    def barrier_spec(self, setting: str, seed: int, model: str) -> BarrierSpec:
        """Return what the barrier stage reads; it needs the figure `barrier` in the campaign."""
        return barrier_spec(self.study, self.figure("barrier"), setting, seed, model)

    def agreement_spec(self, setting: str, seed: int, model: str) -> AgreementSpec:
        """Return what the agreement stage reads."""
        return agreement_spec(self.study, setting, seed, model)

    def regress_spec(self) -> RegressSpec:
        """Return what the regress stage reads."""
        return RegressSpec(
            campaign=self.campaign,
            settings=self.study.settings,
            models={
                name: StartedModel(
                    provides=model.provides,
                    settings=model.settings,
                    start=model.protocol.initialization,
                    weighting=model.protocol.weighting_name,
                )
                for name, model in self.study.models.items()
            },
            seeds=self.seeds,
            regression=self.regression,
        )

    def compare_spec(self) -> CompareSpec:
        """Return what the compare stage reads; only for a campaign with the figure `protocols`."""
        figure = self.figure("protocols")
        return CompareSpec(
            campaign=self.campaign,
            settings=self.study.settings,
            seeds=self.seeds,
            candidates={name: self.study.models[name].protocol for name in figure.candidates},
            references={setting: name for name, settings in figure.references.items() for setting in settings},
        )

    def plot_spec(self, figure: str, setting: str | None, model: str | None) -> PlotSpec:
        """Return what the plot stage reads."""
        of = self.setting(setting) if setting else None
        provides = self.study.models[model].provides if model else []
        return PlotSpec(figure=self.figure(figure), setting=of, model=model, provides=provides)

    def collect_spec(self) -> CollectSpec:
        """Return what the collect stage reads."""
        return CollectSpec(
            **self.study.values,
            sensitivity_keys=self.sensitivity_keys,
            barrier_keys=self.barrier_keys,
            agreement_keys=self.agreement_keys,
        )

    def report_spec(self) -> ReportSpec:
        """Return what the report stage reads."""
        return ReportSpec(
            **self.collect_spec().values,
            regression=self.regression,
            figures=[
                DrawnFigure(figure=figure, setting=self.by_name[setting] if setting else None, model=model)
                for figure, setting, model in self.plots
            ],
        )

    @cached_property
    def sensitivity_keys(self) -> dict[str, str]:
        """The key of the sensitivity files of each model; empty without the figure `sensitivity`."""
        if not self.has_figure("sensitivity"):
            return {}
        return {
            model: key(self.train_spec(*data, model), self.sensitivity_spec(*data, model))
            for model, trained in self.study.models.items()
            for data in [(trained.settings[0], self.seeds[0])]
        }

    @cached_property
    def barrier_keys(self) -> dict[str, str]:
        """The key of the barriers files of each case where paths begin, by `SETTING/MODEL`; sizes follow from N."""
        return {
            f"{plot.setting}/{plot.model}": key(
                self.train_spec(*data, plot.model),
                self.train_spec(*data, plot.figure.to),
                self.barrier_spec(*data, plot.model),
            )
            for plot in self.plots
            if plot.figure.figure == "barrier" and plot.setting and plot.model
            for data in [(plot.setting, self.seeds[0])]
        }

    @cached_property
    def agreement_keys(self) -> dict[str, str]:
        """The key of the agreements files of each case that is compared with its other part, by `SETTING/MODEL`."""
        return {
            f"{plot.setting}/{plot.model}": key(
                self.train_spec(*data, plot.model), self.agreement_spec(*data, plot.model)
            )
            for plot in self.plots
            if plot.figure.figure == "agreement" and plot.setting and plot.model
            for data in [(plot.setting, self.seeds[0])]
        }
