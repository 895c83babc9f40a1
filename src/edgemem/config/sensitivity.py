"""What the sensitivity stage reads."""

from typing import Annotated, Any

from pydantic import Field

from edgemem.config.base import Seed, Spec
from edgemem.config.sampling import Sampling
from edgemem.config.settings import Setting
from edgemem.config.study import Study


class SensitivitySpec(Spec):
    """The models of one setting and seed, generated from in several ways; the first is the campaign's own."""

    setting: Setting
    seed: Seed
    model: str
    denoiser: str
    options: dict[str, Any] = Field({})
    """Options of the denoiser that are not at their defaults."""
    generated: int
    sampling: Annotated[list[Sampling], Field(min_length=1)]
    thresholds: Annotated[list[float], Field(min_length=1)]
    points: Annotated[list[int], Field(min_length=1)]


def sensitivity_spec(study: Study, figure: Any, setting: str, seed: int, model: str) -> SensitivitySpec:
    """Return what the sensitivity stage reads.

    **Arguments:** `figure`: options of the figure `sensitivity`.
    """
    trained = study.models[model]
    return SensitivitySpec(
        setting=study.by_name[setting],
        seed=seed,
        model=model,
        denoiser=trained.denoiser,
        options=trained.options,
        generated=study.evaluation.generated,
        sampling=figure.variants(study.sampling),
        thresholds=list(dict.fromkeys([study.evaluation.threshold, *figure.thresholds])),
        points=sorted({*figure.points, study.evaluation.generated}),
    )
