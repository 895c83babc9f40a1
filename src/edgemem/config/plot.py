"""What the plot stage reads: the figures and their options."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgemem.config.base import Model, Spec


Time = Annotated[float, Field(gt=0, lt=1)]


class SettingFigure(Model):
    """A figure drawn once for each setting, from that setting's evaluations of all seeds."""

    reads: ClassVar[tuple[str, ...]] = ("evaluations",)

    # No part of a spec: which settings have a figure is no business of one picture.
    settings: list[str] | None = Field(
        None, exclude=True, description="Names of the settings drawn; all of them if null."
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


class PredictionFigure(Model):
    """Measured against predicted place of the transition, over all settings."""

    reads: ClassVar = ("transition", "regression")

    figure: Literal["prediction"]


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
    LossesFigure | TransitionFigure | MechanismFigure | PredictionFigure | ProtocolsFigure,
    Field(discriminator="figure"),
]
FIGURES = ("losses", "transition", "mechanism", "prediction", "protocols")


class PlotSpec(Spec):
    """One figure; `setting` is null for a figure over all settings."""

    figure: Figure
    setting: str | None
