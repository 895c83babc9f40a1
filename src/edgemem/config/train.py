"""What the train stage reads: protocols and model sizes."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveInt, Tag, field_validator, model_validator

from edgemem.config.base import Model, Seed, Spec, list_or_other, nearest
from edgemem.config.sampling import TimeGrid
from edgemem.config.settings import AbstractSetting, Setting


Rate = Annotated[float, Field(gt=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class Protocol(Model):
    """Hyper-parameters of training; a protocol is referred to by its name, which is part of the path of its models."""

    steps: int = Field(ge=1, le=100_000_000, description="Number of optimizer steps.")
    draws: int = Field(ge=1, le=100_000, description="Noise draws for each sample and step.")
    peak_rate: Rate = Field(description="Adam's largest learning rate.")
    final_rate: Rate = Field(description="Learning rate of the last step, at most the largest.")
    warmup: float = Field(0.1, ge=0, lt=1, description="Fraction of the steps in which the rate rises from 0.")
    decay: float | None = Field(
        None, gt=0, le=1, description="Fraction of the steps in which the rate falls; all after the warm-up if null."
    )
    relative_rates: dict[str, Annotated[float, Field(gt=0, le=1000)]] = Field(
        {}, description="Parameters of the model that learn slower or faster than the rates say, with a factor each."
    )
    clip_norm: float | None = Field(None, gt=0, description="Largest gradient norm; longer ones are scaled to it.")
    update_ema: float | None = Field(None, ge=0, lt=1, description="Decay of an average over the optimizer's updates.")
    weighting: Annotated[Literal["eps", "x0", "v"], Tag("other")] | Annotated[list[Weight], Tag("list")] = Field(
        "eps",
        discriminator=list_or_other,
        description="Vector field on whose scale the squared error is minimized, or lambda at each time, t_max first.",
    )
    initialization: Literal["partial_memorization", "true_means", "random"] = Field(
        "partial_memorization",
        description="Start: the first M training samples with variance 1e-6, the true mixture, or normal draws.",
    )
    times: Literal["independent", "stratified"] = Field(
        "independent",
        description="Times of a step: drawn for each sample by itself, or spread evenly over the samples.",
    )
    minibatch: PositiveInt | None = Field(None, description="Samples drawn for each step; all of them if null.")

    @model_validator(mode="after")
    def _possible_schedule(self) -> Self:
        if self.final_rate > self.peak_rate:
            raise ValueError(
                f"final_rate must be at most peak_rate (got {self.final_rate:g}, peak_rate {self.peak_rate:g})"
            )
        if self.decay is not None and self.warmup + self.decay > 1:
            raise ValueError(f"warmup and decay must be at most 1 together (got {self.warmup:g} and {self.decay:g})")
        return self

    @property
    def points(self) -> int:
        """The noised points that training sees of each sample."""
        return self.steps * self.draws

    def check_parameters(self, setting: type[AbstractSetting]) -> None:
        """Check that what has a rate of its own is a parameter of the models of a family.

        **Raises:** ValueError that names those that are not.
        """
        for name in self.relative_rates:
            if name not in setting.parameters:
                raise ValueError(f"there is no parameter '{name}'{nearest(name, setting.parameters)}")

    @field_validator("weighting")
    @classmethod
    def _some_weight(cls, weighting: str | list[float]) -> str | list[float]:
        if isinstance(weighting, list) and not sum(weighting) > 0:
            raise ValueError(f"at least one lambda must be positive (got {weighting})")
        return weighting


class SizeGrid(Model):
    """A coarse grid over 0 < M <= N, then a fine one inside the transition that the coarse one shows."""

    coarse: int = Field(10, ge=2, le=1000, description="Number of coarse sizes, k N / coarse rounded down.")
    fine: int = Field(10, ge=0, le=1000, description="Number of sizes placed inside the transition.")
    probe: int = Field(500, ge=50, le=1_000_000, description="Points generated from a coarse model to place them.")


def _distinct(sizes: list[int]) -> list[int]:
    if len(set(sizes)) < len(sizes):
        raise ValueError(f"a model size is listed twice (got {sizes})")
    return sorted(sizes)


SizeList = Annotated[list[PositiveInt], Field(min_length=1), AfterValidator(_distinct)]
ModelSizes = Annotated[Annotated[SizeGrid, Tag("other")] | Annotated[SizeList, Tag("list")], list_or_other]


class TrainSpec(Spec):
    """One training job: all model sizes of one setting, seed and protocol."""

    setting: Setting
    seed: Seed
    protocol: Protocol
    model_sizes: ModelSizes
    time_grid: TimeGrid

    @model_validator(mode="after")
    def _protocol_fits(self) -> Self:
        try:
            self.protocol.check_parameters(type(self.setting))
        except ValueError as error:
            raise ValueError(f"protocol.relative_rates: {error}") from None
        weighting = self.protocol.weighting
        if isinstance(weighting, list) and len(weighting) != self.time_grid.times:
            raise ValueError(
                f"protocol.weighting has {len(weighting)} values, but sampling.times is {self.time_grid.times}"
            )
        return self
