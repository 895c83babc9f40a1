"""What the sample stage reads."""

from edgemem.config.base import Seed, Spec
from edgemem.config.settings import Setting


# Test samples drawn with every data set. Evaluation uses the first `evaluation.test_samples` of them, so that asking
# for more of them neither redraws the data nor retrains a model.
TEST_POOL = 1000


class SampleSpec(Spec):
    """One data set: a setting and a seed."""

    setting: Setting
    seed: Seed
