"""What the plot stage reads: the figures and their options."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgemem.config.base import Fraction, Model, Spec
from edgemem.config.sampling import Sampling


Time = Annotated[float, Field(gt=0, lt=1)]
Fractions = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1, max_length=100)]


class SettingFigure(Model):
    """A figure drawn once for each setting, from that setting's evaluations of all seeds."""

    reads: ClassVar[tuple[str, ...]] = ("evaluations",)
    # Whether it shows samples as pictures, and so is drawn only where they are.
    pictures: ClassVar[bool] = False

    # No part of a spec: which settings have a figure is no business of one picture.
    settings: list[str] | None = Field(
        None, exclude=True, description="Names of the settings drawn; all that can be if null."
    )


class LossesFigure(SettingFigure):
    """Figure 1 of the paper: losses of the simple denoisers against their approximations."""

    reads: ClassVar = ("evaluations", "regression")

    figure: Literal["losses"]
    time: Time = Field(0.36, description="Time of the right panel, the nearest of the grid (0.36: psi = 6.7).")


class TransitionFigure(SettingFigure):
    """Figure 2: memorization ratio, training loss and test loss against model size."""

    reads: ClassVar = ("evaluations", "transition")

    figure: Literal["transition"]
    time: Time = Field(0.36, description="Time of the losses, the nearest of the grid (0.36: psi = 6.7).")


class MechanismFigure(SettingFigure):
    """Figure 6: learned variance, and distances of learned means to samples and true means."""

    figure: Literal["mechanism"]


class SamplesFigure(SettingFigure):
    """Figure 4: training samples above their templates."""

    reads: ClassVar = ("samples",)
    pictures: ClassVar = True

    figure: Literal["samples"]
    columns: int = Field(10, ge=1, le=100, description="Number of samples shown.")


class GalleryFigure(SettingFigure):
    """Generated pictures beside their nearest training sample, across model sizes, with the copies marked."""

    reads: ClassVar = ("samples", "evaluations")
    pictures: ClassVar = True

    figure: Literal["gallery"]
    fractions: Fractions = Field(
        [0.1, 0.5, 0.7, 0.8, 0.9, 1.0], description="Model sizes M/N shown, the nearest that were trained."
    )


class TemplatesFigure(SettingFigure):
    """Learned templates, across model sizes."""

    reads: ClassVar = ("samples", "models")
    pictures: ClassVar = True

    figure: Literal["templates"]
    fractions: Fractions = Field(
        [0.1, 0.5, 0.7, 0.8, 0.9, 1.0], description="Model sizes M/N shown, the nearest that were trained."
    )
    columns: int = Field(10, ge=1, le=100, description="Number of templates shown of each model.")


class SeedsFigure(SettingFigure):
    """Figure 7: memorization ratio, training loss and place of the transition of each data set."""

    reads: ClassVar = ("evaluations", "transition")

    figure: Literal["seeds"]
    time: Time = Field(0.36, description="Time of the losses, the nearest of the grid (0.36: psi = 6.7).")


class SensitivityFigure(SettingFigure):
    """Place of the transition when points are generated in other ways, or it is read off by other rules."""

    reads: ClassVar = ("sensitivity",)

    figure: Literal["sensitivity"]
    # No part of a figure's spec: they decide what is generated and counted, not how it is drawn.
    thresholds: list[Annotated[Fraction, Field(gt=0, lt=1)]] = Field(
        [1 / 5, 1 / 4, 1 / 2], exclude=True, description="Other thresholds of the memorization test."
    )
    times: list[Annotated[int, Field(ge=2, le=10_000)]] = Field(
        [11, 51, 101], exclude=True, description="Other numbers of times, with both samplers."
    )
    t_min: list[Time] = Field([0.01, 0.1], exclude=True, description="Other times at which generation ends.")
    points: list[Annotated[int, Field(ge=10, le=10_000_000)]] = Field(
        [50, 200], exclude=True, description="Numbers of generated points for which the scatter of a count is given."
    )

    def variants(self, sampling: Sampling) -> list[Sampling]:
        """Return the ways to generate points: first the campaign's own, then those that differ from it."""
        both = [
            sampling.model_copy(update={"sampler": sampler, "times": times})
            for sampler in ("ddim", "ddpm")
            for times in sorted({sampling.times, *self.times})
        ]
        ends = [sampling.model_copy(update={"t_min": t_min}) for t_min in self.t_min]
        return list(dict.fromkeys([sampling, *both, *ends]))


class PredictionFigure(Model):
    """Measured against predicted place of the transition, over all settings."""

    reads: ClassVar = ("transition", "regression")

    figure: Literal["prediction"]


class RegressionFigure(Model):
    """Figure 3: fitted weights of the times, and the places of the transition that they predict."""

    reads: ClassVar = ("transition", "regression")

    figure: Literal["regression"]


class RefutationFigure(Model):
    """Measured against predicted place of the transition where the theory predicts different places."""

    reads: ClassVar = ("transition", "regression")

    figure: Literal["refutation"]


class ProtocolsFigure(Model):
    """Training protocols against a reference: place of the transition, learned variance, and cost."""

    reads: ClassVar = ("comparison",)

    figure: Literal["protocols"]
    # No part of a figure's spec: they decide what is compared, not how it is drawn.
    candidates: list[str] = Field([], exclude=True, description="Names of the protocols that are compared.")
    references: dict[str, list[str]] = Field(
        {}, exclude=True, description="Settings by the name of the protocol that is the reference there."
    )


Figure = Annotated[
    LossesFigure
    | TransitionFigure
    | MechanismFigure
    | SeedsFigure
    | SensitivityFigure
    | SamplesFigure
    | GalleryFigure
    | TemplatesFigure
    | PredictionFigure
    | RegressionFigure
    | RefutationFigure
    | ProtocolsFigure,
    Field(discriminator="figure"),
]
FIGURES = (
    "losses",
    "transition",
    "mechanism",
    "seeds",
    "sensitivity",
    "samples",
    "gallery",
    "templates",
    "prediction",
    "regression",
    "refutation",
    "protocols",
)


class PlotSpec(Spec):
    """One figure; `setting` is null for a figure over all settings."""

    figure: Figure
    setting: str | None
