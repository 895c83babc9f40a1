"""What the geometry stage reads."""

from typing import TYPE_CHECKING

from edgemem.config.base import Fraction, Seed, Spec
from edgemem.config.sampling import Sampling
from edgemem.config.settings import AbstractSetting, Setting


# How an evaluation is measured otherwise is no part of it.
if TYPE_CHECKING:
    from edgemem.config.evaluate import Evaluation

# Points drawn from a mixture of centres; DDIM paths; draws around each sample.
DRAWN, PATHS, AROUND = 1000, 1000, 100


class GeometrySpec(Spec):
    """The training samples of one setting and seed, measured without any model."""

    setting: Setting
    seed: Seed
    sampling: Sampling
    draws: int
    """Noise draws for each sample and time, those in which losses are measured."""
    threshold: Fraction

    @classmethod
    def of(cls, setting: AbstractSetting, seed: int, sampling: Sampling, evaluation: "Evaluation") -> "GeometrySpec":
        """Return what the stage reads for evaluations that are measured in this way."""
        draws, threshold = evaluation.draws, evaluation.threshold
        return cls(setting=setting, seed=seed, sampling=sampling, draws=draws, threshold=threshold)
