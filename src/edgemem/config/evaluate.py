"""What the evaluate stage reads."""

from typing import Any

from pydantic import Field

from edgemem.config.base import Fraction, Model, Seed, Spec
from edgemem.config.sample import TEST_POOL
from edgemem.config.sampling import Sampling
from edgemem.config.settings import Setting


class Evaluation(Model):
    """How trained models are measured."""

    generated: int = Field(2000, ge=50, le=10_000_000, description="Points generated from each model.")
    threshold: Fraction = Field(
        1 / 3, gt=0, lt=1, description="A point is memorized if nearest <= threshold * second nearest distance."
    )
    draws: int = Field(20, ge=2, le=100_000, description="Noise draws for each sample and time in the losses.")
    test_samples: int = Field(100, ge=2, le=TEST_POOL, description="Test samples used, the first of the pool.")


class EvaluateSpec(Spec):
    """One evaluation job: all sizes and steps of one model, on one setting and seed."""

    setting: Setting
    seed: Seed
    model: str
    denoiser: str
    options: dict[str, Any] = Field({})
    """Options of the denoiser that are not at their defaults."""
    sampling: Sampling
    evaluation: Evaluation
