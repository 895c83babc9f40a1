"""Protocols: the hyper-parameters of training."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, Tag, field_validator, model_validator

from edgemem.config.base import KeyProblem, Model, list_or_other, nearest
from edgemem.declared import Declared


Rate = Annotated[float, Field(gt=0, le=1)]
Weight = Annotated[float, Field(ge=0)]


class Protocol(Model):
    """Hyper-parameters of training; models of the configuration refer to a protocol by its name."""

    steps: int = Field(ge=1, le=100_000_000, description="Number of optimizer steps.")
    draws: int = Field(ge=1, le=100_000, description="Noise draws for each sample and step.")
    peak_lr: Rate = Field(description="Adam's largest learning rate.")
    final_lr: Rate = Field(description="Learning rate of the last step, at most the largest.")
    warmup: float = Field(0.1, ge=0, lt=1, description="Fraction of the steps in which the rate rises from 0.")
    decay: float | None = Field(
        None, gt=0, le=1, description="Fraction of the steps in which the rate falls; all after the warm-up if null."
    )
    lr_multipliers: dict[str, Annotated[float, Field(gt=0, le=1000)]] = Field(
        {}, description="Parameters of the model that learn slower or faster than the rates say, with a factor each."
    )
    clip_norm: float | None = Field(None, gt=0, description="Largest gradient norm; longer ones are scaled to it.")
    update_ema: float | None = Field(None, ge=0, lt=1, description="Decay of an average over the optimizer's updates.")
    weighting: Annotated[Literal["eps", "x0", "v"], Tag("other")] | Annotated[list[Weight], Tag("list")] = Field(
        "eps",
        discriminator=list_or_other,
        description="Vector field on whose scale the squared error is minimized, or lambda at each time, t_max first.",
    )
    initialization: str = Field(
        "partial_memorization",
        description="Start of training, one that the denoiser has. Of those that come with this project: "
        "`partial_memorization`, the first M training samples with variance 1e-6; `true_means`, the true distribution; "
        "`random`, normal draws.",
    )
    times: Literal["independent", "stratified"] = Field(
        "independent",
        description="Times of a step: drawn for each sample by itself, or spread evenly over the samples.",
    )
    minibatch: PositiveInt | None = Field(None, description="Samples drawn for each step; all of them if null.")

    @model_validator(mode="after")
    def _possible_schedule(self) -> Self:
        if self.final_lr > self.peak_lr:
            raise ValueError(f"final_lr must be at most peak_lr (got {self.final_lr:g}, peak_lr {self.peak_lr:g})")
        if self.decay is not None and self.warmup + self.decay > 1:
            raise ValueError(f"warmup and decay must be at most 1 together (got {self.warmup:g} and {self.decay:g})")
        return self

    @field_validator("weighting")
    @classmethod
    def _some_weight(cls, weighting: str | list[float]) -> str | list[float]:
        if isinstance(weighting, list) and not sum(weighting) > 0:
            raise ValueError(f"at least one lambda must be positive (got {weighting})")
        return weighting

    @property
    def points(self) -> int:
        """The noised points that training sees of each sample."""
        return self.steps * self.draws

    def check_denoiser(self, declared: Declared) -> None:
        """Check that a denoiser has what the protocol speaks of: parameters with a rate of their own, and the start.

        **Raises:** KeyProblem that names what it does not have.
        """
        for name in self.lr_multipliers:
            if name not in declared.parameters:
                raise KeyProblem(
                    f"there is no parameter '{name}'{nearest(name, declared.parameters)}", "lr_multipliers"
                )
        if self.initialization not in declared.starts:
            raise KeyProblem(
                f"there is no start '{self.initialization}'{nearest(self.initialization, declared.starts)}",
                "initialization",
            )

    def check_times(self, times: int) -> None:
        """Check that weights that are listed are one for each time.

        **Raises:** KeyProblem with both numbers.
        """
        if isinstance(self.weighting, list) and (found := len(self.weighting)) != times:
            raise KeyProblem(f"one lambda for each of the {times} times is needed (got {found})", "weighting")
