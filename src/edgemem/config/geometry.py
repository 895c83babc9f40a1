"""What the geometry stage reads."""

from edgemem.config.base import Fraction, Seed, Spec
from edgemem.config.sampling import Sampling
from edgemem.config.settings import Setting


class GeometrySpec(Spec):
    """The training samples of one setting and seed: what they say by themselves."""

    setting: Setting
    seed: Seed
    sampling: Sampling
    draws: int
    """Noise draws for each sample and time, those in which losses are measured."""
    threshold: Fraction
