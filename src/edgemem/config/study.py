"""All that decides a campaign's data, models and evaluations: what tables and pages about it read."""

from functools import cached_property
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from edgemem.config.base import Model, Seed, Spec, key
from edgemem.config.evaluate import EvaluateSpec, Evaluation
from edgemem.config.geometry import GeometrySpec
from edgemem.config.models import ModelSizes, Snapshots
from edgemem.config.protocol import AnyProtocol
from edgemem.config.sample import SampleSpec
from edgemem.config.sampling import Sampling
from edgemem.config.settings import AbstractSetting, Setting
from edgemem.config.train import TrainSpec


class Case(NamedTuple):
    """A model on a setting, and the abilities of both together."""

    setting: AbstractSetting
    model: str
    provides: frozenset[str]

    @property
    def name(self) -> str:
        """The names of both."""
        return f"{self.setting.name}/{self.model}"


class MeasuredModel(Model):
    """What tables need to know of a model."""

    provides: list[str]
    """Abilities of its denoiser."""
    settings: list[str]
    """Names of the settings that it is trained on."""


class TrainedModel(MeasuredModel):
    """A model with all that decides how it is trained."""

    denoiser: str
    options: dict[str, Any] = Field({})
    sizes: ModelSizes
    snapshots: Snapshots = 1
    protocol_name: str
    protocol: AnyProtocol


def cases_of(settings: list[AbstractSetting], models: dict[str, Any]) -> list[Case]:
    """Return the models of each setting: settings in their order, and of each its models in theirs."""
    trained_on = {name: set(model.settings) for name, model in models.items()}
    return [
        Case(setting, name, frozenset(setting.abilities) | frozenset(model.provides))
        for setting in settings
        for name, model in models.items()
        if setting.name in trained_on[name]
    ]


class Study(Spec):
    """A campaign's data, models and evaluations."""

    campaign: str
    seeds: Annotated[list[Seed], Field(min_length=1)]
    settings: Annotated[list[Setting], Field(min_length=1)]
    models: dict[str, TrainedModel]
    sampling: Sampling
    evaluation: Evaluation

    @property
    def values(self) -> dict[str, Any]:
        """The keys with their values."""
        return {name: getattr(self, name) for name in type(self).model_fields}

    @cached_property
    def by_name(self) -> dict[str, AbstractSetting]:
        """The settings by name."""
        return {setting.name: setting for setting in self.settings}

    @cached_property
    def cases(self) -> list[Case]:
        """The models of each setting."""
        return cases_of(self.settings, self.models)

    def sample_spec(self, setting: str, seed: int) -> SampleSpec:
        """Return what the sample stage reads."""
        return SampleSpec(setting=self.by_name[setting], seed=seed)

    def geometry_spec(self, setting: str, seed: int) -> GeometrySpec:
        """Return what the geometry stage reads."""
        return GeometrySpec.of(self.by_name[setting], seed, self.sampling, self.evaluation)

    def train_spec(self, setting: str, seed: int, model: str) -> TrainSpec:
        """Return what the train stage reads."""
        trained = self.models[model]
        # Not validated again: that would look at the denoiser, and whoever lists files has no part in it.
        return TrainSpec.model_construct(
            setting=self.by_name[setting],
            seed=seed,
            model=model,
            denoiser=trained.denoiser,
            options=trained.options,
            sizes=trained.sizes,
            snapshots=trained.snapshots,
            protocol=trained.protocol,
            time_grid=self.sampling.grid,
        )

    def evaluate_spec(self, setting: str, seed: int, model: str) -> EvaluateSpec:
        """Return what the evaluate stage reads."""
        trained = self.models[model]
        return EvaluateSpec(
            setting=self.by_name[setting],
            seed=seed,
            model=model,
            denoiser=trained.denoiser,
            options=trained.options,
            sampling=self.sampling,
            evaluation=self.evaluation,
        )

    @cached_property
    def with_geometry(self) -> frozenset[str]:
        """Names of the settings whose training samples are looked at: those of a model that has components."""
        return frozenset(
            setting for model in self.models.values() if "components" in model.provides for setting in model.settings
        )

    @cached_property
    def geometry_key(self) -> str:
        """The key of the geometry files."""
        return key(self.geometry_spec(self.settings[0].name, self.seeds[0]))

    @cached_property
    def model_keys(self) -> dict[str, str]:
        """The key of the models files of each model."""
        return {model: key(self.train_spec(*self._any_data(model), model)) for model in self.models}

    @cached_property
    def evaluation_keys(self) -> dict[str, str]:
        """The key of the evaluations of each model."""
        return {
            model: key(
                self.train_spec(*self._any_data(model), model), self.evaluate_spec(*self._any_data(model), model)
            )
            for model in self.models
        }

    def _any_data(self, model: str) -> tuple[str, int]:
        """Return a setting and a seed of a model: a key depends on neither."""
        return self.models[model].settings[0], self.seeds[0]
