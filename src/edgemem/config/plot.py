"""What the plot stage reads, and what every figure says of itself; each figure's own options are in its module."""

from typing import TYPE_CHECKING, Annotated, ClassVar, NamedTuple, Self

from pydantic import Field, model_validator

from edgemem.config.base import KeyProblem, Model, Spec
from edgemem.config.by_name import FigureOptions
from edgemem.config.settings import AbstractSetting, Setting


if TYPE_CHECKING:
    from edgemem.config.campaign import Campaign
    from edgemem.config.study import Case, Study

Time = Annotated[float, Field(gt=0, lt=1)]
Fractions = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1, max_length=100)]
# What captions of several figures say: of losses, and at the end of bars and bands.
LOSS = (
    " A loss is the squared error of the denoised sample at one diffusion time, summed over features, averaged over "
    "samples and noise, without a weight."
)
INTERVALS = " Bars and bands are 95 % intervals."
LOG_INTERVALS = INTERVALS[:-1] + "; on logarithmic axes means and intervals are those of the logarithms."


class Caption(NamedTuple):
    """What a figure is called, what it shows for those who cannot see it, and what to look for."""

    title: str
    alt: str
    text: str


class Subject(NamedTuple):
    """What a figure is drawn of: a setting and the name of a model, as far as the figure is of one.

    **Attributes:** `provides`: abilities of the data and of the model's denoiser together.
    """

    setting: AbstractSetting | None
    model: str | None
    provides: frozenset[str]


class Figure(Model):
    """The options of a figure; a figure is a module with a subclass of one of the three below, CAPTION and draw.

    What is drawn stands in a table beside it. It is read from the curves; the module of a figure of images has a
    function `drawn_values`, with the arguments of `draw`, that yields its rows.

    **Attributes:** `figure`: the module's name, as a Literal; `subject`: the names of what one file is drawn of;
    `reads`: the kinds of the files that it is drawn from; `requires`: what the setting and the denoiser must provide.
    """

    subject: ClassVar[tuple[str, ...]]
    reads: ClassVar[tuple[str, ...]]
    requires: ClassVar[tuple[str, ...]] = ()

    figure: str

    def check(self, campaign: "Campaign") -> None:
        """Check that the campaign has what the options speak of; by default they speak of nothing.

        **Raises:** KeyProblem with the option, what was found and what is allowed.
        """


class CampaignFigure(Figure):
    """A figure drawn once for a campaign, from its tables."""

    subject: ClassVar = ()


class SettingFigure(Figure):
    """A figure drawn once for each setting, from files that no model has a part in."""

    subject: ClassVar = ("setting",)

    # No part of a spec: which settings have a figure is no business of one file.
    settings: list[str] | None = Field(
        None, exclude=True, description="Names of the settings drawn; all that can be if null."
    )


class CaseFigure(Figure):
    """A figure drawn once for each case, a setting and a model that is trained on it, from the files of all seeds."""

    subject: ClassVar = ("setting", "model")

    # No part of a spec, as above.
    settings: list[str] | None = Field(
        None, exclude=True, description="Names of the settings drawn; all that can be if null."
    )
    models: list[str] | None = Field(
        None, exclude=True, description="Names of the models drawn; all that can be if null."
    )

    def is_drawn_of(self, case: "Case", study: "Study") -> bool:
        """Return whether it can be drawn of a case; by default where the case provides what it requires."""
        return set(self.requires) <= case.provides


class DrawnFigure(Spec):
    """One figure with its options; `setting` and `model` are null where it is of none."""

    figure: FigureOptions
    setting: Setting | None = None
    model: str | None = None

    @model_validator(mode="after")
    def _has_its_subject(self) -> Self:
        for name in ("setting", "model"):
            found = getattr(self, name)
            if (found is None) == (name in self.figure.subject):
                problem = f"needs a {name}" if found is None else f"is not drawn of one {name}"
                raise KeyProblem(f"the figure '{self.figure.figure}' {problem} (got {found!r})", name)
        return self


class PlotSpec(DrawnFigure):
    """What is drawn, and of what kind of model."""

    provides: list[str] = Field([])
    """Abilities of the model's denoiser."""

    @property
    def subject(self) -> Subject:
        """What the figure is drawn of."""
        of_data = self.setting.abilities if self.setting else ()
        return Subject(self.setting, self.model, frozenset(of_data) | frozenset(self.provides))
