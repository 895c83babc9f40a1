"""Protocols: the hyper-parameters of training."""

import math
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Discriminator, Field, PositiveInt, Tag, field_validator, model_validator

from edgemem.config.base import KeyProblem, Model, nearest
from edgemem.config.flow import FlowProtocol
from edgemem.config.sampling import TimeGrid
from edgemem.declared import Declared


Rate = Annotated[float, Field(gt=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Time = Annotated[float, Field(gt=0, lt=1)]
Preset = Literal["eps", "x0", "v", "min_snr", "edm", "uniform_log_snr"]
# Starts that go on from a trained model of another size.
CONTINUED = ("continued_up", "continued_down")
# The start for which training draws samples itself.
FRESH = "fresh_samples"
# What starts were called earlier.
RENAMED_STARTS = {"partial_memorization": "training_samples"}


class Weighting(Model):
    """A named weighting of times with what can be chosen of it."""

    preset: Preset = Field(description="Weighting of times by its name.")
    gamma: float = Field(5.0, gt=0, description="Largest weight of `min_snr`.")
    interval: Annotated[list[Time], Field(min_length=2, max_length=2)] | None = Field(
        None, description="Smallest and largest time with a weight; all times if null."
    )

    @model_validator(mode="after")
    def _has_a_meaning(self) -> Self:
        if self.gamma != 5 and self.preset != "min_snr":
            raise KeyProblem(f"only min_snr has a gamma (got preset {self.preset})", "gamma")
        if self.interval and self.interval[0] >= self.interval[1]:
            raise KeyProblem(f"the first time must be below the second (got {self.interval})", "interval")
        return self


def _short(value: Any) -> Any:
    """Return a mapping that says no more than a name as the name, so that equal values are spelled equally."""
    if isinstance(value, Weighting):
        value = value.model_dump()
    if isinstance(value, dict) and isinstance(value.get("preset"), str):
        rest = {"gamma": value.get("gamma", 5), "interval": value.get("interval")}
        if set(value) <= {"preset", *rest} and rest == {"gamma": 5, "interval": None}:
            return value["preset"]
    return value


def _kind_of_weighting(value: Any) -> str:
    return "list" if isinstance(value, list) else "mapping" if isinstance(value, dict | Weighting) else "name"


class Protocol(Model):
    """Hyper-parameters of training; models of the configuration refer to a protocol by its name."""

    steps: int = Field(ge=1, le=100_000_000, description="Number of optimizer steps.")
    draws: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Noise draws for each sample and step; null with `points_per_step`.",
    )
    points_per_step: int | None = Field(
        None,
        ge=1,
        le=100_000_000,
        description="Noised points of a step whatever N, each with a time of its own, in the place of `draws`: all "
        "samples equally often, and what is left over for some of them, drawn without replacement.",
    )
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
    weighting: Annotated[
        Annotated[Preset, Tag("name")] | Annotated[Weighting, Tag("mapping")] | Annotated[list[Weight], Tag("list")],
        Discriminator(_kind_of_weighting),
        BeforeValidator(_short),
    ] = Field(
        "eps",
        description="Weights of the times: the scale of a vector field, `eps`, `x0` or `v`; `min_snr`, `edm` or "
        "`uniform_log_snr` of the literature; a mapping that chooses more; or lambda at each time, t_max first.",
    )
    initialization: str = Field(
        "training_samples",
        description="Start of training, one that the denoiser has. Of those that come with this project: "
        "`training_samples`, the first M training samples with variance 1e-6, the paper's partial memorization; "
        "`fresh_samples`, M other samples of the data distribution; `true_means`, the true distribution; `random`, "
        "normal draws; `kmeans`, what k-means finds among the training samples; `continued_up` and `continued_down`, "
        "the trained model of the next smaller or next larger size, the first of all at the training samples.",
    )
    initial_variance: float | None = Field(
        None, gt=0, le=100, description="Variance of the components at the start; that of the start if null."
    )
    times: Literal["independent", "stratified"] = Field(
        "independent",
        description="Times of a step: drawn for each sample by itself, or spread evenly over the samples; with "
        "`points_per_step` over the points.",
    )
    minibatch: PositiveInt | None = Field(None, description="Samples drawn for each step; all of them if null.")

    @model_validator(mode="after")
    def _one_count_of_points(self) -> Self:
        if self.points_per_step is None:
            if self.draws is None:
                raise KeyProblem("this key is required, or points_per_step in its place", "draws")
            return self
        for name in ("draws", "minibatch"):
            if (value := getattr(self, name)) is not None:
                raise KeyProblem(
                    f"it says how many points a step has, as {name} does (got {self.points_per_step}, and {name} "
                    f"{value}); set one of them to null",
                    "points_per_step",
                )
        return self

    @model_validator(mode="after")
    def _possible_schedule(self) -> Self:
        if self.final_lr > self.peak_lr:
            raise ValueError(f"final_lr must be at most peak_lr (got {self.final_lr:g}, peak_lr {self.peak_lr:g})")
        if self.decay is not None and self.warmup + self.decay > 1:
            raise ValueError(f"warmup and decay must be at most 1 together (got {self.warmup:g} and {self.decay:g})")
        return self

    @field_validator("weighting")
    @classmethod
    def _some_weight(cls, weighting: str | Weighting | list[float]) -> str | Weighting | list[float]:
        if isinstance(weighting, list) and not sum(weighting) > 0:
            raise ValueError(f"at least one lambda must be positive (got {weighting})")
        return weighting

    def batch(self, n_samples: int) -> tuple[int, int]:
        """Return how many samples a step takes of N, and how many noise draws of each; where it takes more than N, each
        sample several times."""
        if self.points_per_step is not None:
            return self.points_per_step, 1
        assert self.draws is not None  # one of the two is given
        return min(self.minibatch or n_samples, n_samples), self.draws

    def seen(self, steps: list[int], n_samples: int) -> np.ndarray:
        """Return the noised points that training has seen after each of some steps."""
        return np.array(steps) * math.prod(self.batch(n_samples))

    def points(self, n_samples: int) -> int:
        """Return the noised points that training sees of each of N samples, their mean to the nearest whole number."""
        return round(self.steps * math.prod(self.batch(n_samples)) / n_samples)

    @property
    def weighting_name(self) -> str:
        """The weighting of times in a word: its preset, with what was chosen of it; `list` for a list of weights."""
        if isinstance(self.weighting, Weighting):
            gamma = [f"{self.weighting.gamma:g}"] if self.weighting.preset == "min_snr" else []
            interval = [f"{time:g}" for time in self.weighting.interval or []]
            return "-".join([self.weighting.preset, *gamma, *interval])
        return self.weighting if isinstance(self.weighting, str) else "list"

    def check_denoiser(self, declared: Declared) -> None:
        """Check that a denoiser has what the protocol speaks of: parameters with a rate of their own, and the start.

        **Raises:** KeyProblem that names what it does not have.
        """
        if "closed_form" in declared.provides:
            raise KeyProblem(
                "the denoiser is trained in closed form, without an optimizer; give this model a protocol such as "
                "{steps: 1000000, clock: eps}",
                "steps",
            )
        for name in self.lr_multipliers:
            if name not in declared.parameters:
                raise KeyProblem(
                    f"there is no parameter '{name}'{nearest(name, declared.parameters)}", "lr_multipliers"
                )
        if self.initialization not in declared.starts:
            new = RENAMED_STARTS.get(self.initialization)
            hint = f"; it is called '{new}' now" if new in declared.starts else ""
            raise KeyProblem(
                f"there is no start '{self.initialization}'{hint or nearest(self.initialization, declared.starts)}",
                "initialization",
            )
        if self.initial_variance is not None and "learned_variance" not in declared.provides:
            raise KeyProblem("the denoiser has no variance", "initial_variance")
        if self.initial_variance is not None and self.initialization in CONTINUED:
            raise KeyProblem(
                "a model that goes on from another one has that one's variance "
                f"(initialization: {self.initialization})",
                "initial_variance",
            )

    def check_times(self, grid: TimeGrid) -> None:
        """Check that weights that are listed are one for each time, and that an interval has a time.

        **Raises:** KeyProblem with what was found.
        """
        times = grid.times
        if isinstance(self.weighting, Weighting) and (interval := self.weighting.interval):
            every = np.linspace(grid.t_min, grid.t_max, times)  # as `time_grid`, which would load JAX
            if not ((every >= interval[0]) & (every <= interval[1])).any():
                raise KeyProblem(f"none of the {times} times is in the interval (got {interval})", "weighting")
        if isinstance(self.weighting, list) and (found := len(self.weighting)) != times:
            raise KeyProblem(f"one lambda for each of the {times} times is needed (got {found})", "weighting")


def _of_its_kind(value: Any) -> Any:
    """Return the protocol of a mapping, so that an error speaks of one kind only."""
    if isinstance(value, Model):
        return value
    if not isinstance(value, dict):
        # Pydantic collects no TypeError.
        raise ValueError(f"must be a mapping of keys to values (got {value!r})")  # noqa: TRY004
    return (FlowProtocol if "clock" in value else Protocol).model_validate(value)


AnyProtocol = Annotated[Protocol | FlowProtocol, BeforeValidator(_of_its_kind)]
