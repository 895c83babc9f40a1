"""What the plot stage reads: the figures and their options."""

from typing import Annotated, Literal

from pydantic import Field

from edgemem.config.base import Model, Spec


Time = Annotated[float, Field(gt=0, lt=1)]


class SettingFigure(Model):
    """A figure drawn once for each setting."""

    settings: list[str] | None = Field(None, description="Names of the settings drawn; all of them if null.")


class LossesFigure(SettingFigure):
    """Figure 1 of the paper: losses of the simple denoisers against their approximations."""

    figure: Literal["losses"]
    time: Time = Field(0.36, description="Time of the right panel, the nearest of the grid (0.36: psi = 6.7).")


class TransitionFigure(SettingFigure):
    """Figure 2: memorization ratio, training loss and test loss against model size."""

    figure: Literal["transition"]
    time: Time = Field(0.36, description="Time of the losses, the nearest of the grid (0.36: psi = 6.7).")


class MechanismFigure(SettingFigure):
    """Figure 6: learned variance, and distances of learned means to samples and true means."""

    figure: Literal["mechanism"]


class PredictionFigure(Model):
    """Measured against predicted place of the transition, over all settings."""

    figure: Literal["prediction"]


Figure = Annotated[
    LossesFigure | TransitionFigure | MechanismFigure | PredictionFigure, Field(discriminator="figure")
]
FIGURES = ("losses", "transition", "mechanism", "prediction")


class PlotSpec(Spec):
    """One figure; `setting` is null for a figure over all settings."""

    figure: Figure
    setting: str | None
