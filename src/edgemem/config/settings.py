"""Settings: which data the models are trained on. Each data family has a class of its own, in its folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeAlias

from edgemem import pieces
from edgemem.config.base import Model
from edgemem.config.by_name import ByName
from edgemem.config.datasets import Datasets


# The axis of which set of training samples of one distribution it is; a family need not have it.
PART = "part"
# Abilities of data of which the true mean of each component is known.
COMPONENT_MEANS = {"true_mean", "templates"}


class AbstractSetting(Model):
    """What the workflow asks of any setting: one data distribution and the number of samples drawn from it."""

    provides: ClassVar[tuple[str, ...]] = ()
    """Abilities of the family's data. `true_mean`, `true_variance`, `templates`: variables of the samples file;
    `images`: a sample is an image; `true_denoiser`, `log_density`: the posterior mean and the density of the
    distribution are known; `isotropic_theory`: the paper's approximations hold."""

    if TYPE_CHECKING:  # keys of all families, which each declares at its place among its own
        family: str
        N: int

    @property
    def name(self) -> str:
        """The setting's name in paths, which determines its data; an axis that came later appears only where it differs
        from its default."""
        raise NotImplementedError

    @property
    def truth_name(self) -> str:
        """The name of the setting with the same data distribution and the same test samples: that of part 1."""
        return self.of_part(1).name

    def of_part(self, part: int) -> Self:
        """Return the setting with another part of the training samples; itself where its family has no parts."""
        return self.model_copy(update={PART: part}) if PART in type(self).model_fields else self

    @property
    def title(self) -> str:
        """What figures call the setting."""
        raise NotImplementedError

    @property
    def dim(self) -> int:
        """The number of features of a sample."""
        raise NotImplementedError

    @property
    def abilities(self) -> tuple[str, ...]:
        """Abilities of the data of this one setting: all that the family provides, unless the family says otherwise."""
        return self.provides

    @property
    def axes(self) -> dict[str, Any]:
        """The values by which settings of the family differ, by key."""
        return {name: getattr(self, name) for name in type(self).model_fields if name != "family"}

    def sources(self, datasets: Datasets) -> list[Path]:
        """Return the files that the distribution is made of; most are made of numbers alone.

        **Raises:** EdgememError if they are not there, with what to do.
        """
        return []


if TYPE_CHECKING:
    Setting: TypeAlias = AbstractSetting
else:
    Setting = Annotated[AbstractSetting, ByName("family", pieces.setting_class)]
