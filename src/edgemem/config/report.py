"""What the report stage reads."""

from typing import Annotated

from pydantic import Field

from edgemem.config.collect import CollectSpec
from edgemem.config.evaluate import Evaluation
from edgemem.config.plot import PlotSpec
from edgemem.config.regress import Regression
from edgemem.config.sampling import Sampling
from edgemem.config.settings import Setting
from edgemem.config.train import ModelSizes, Protocol


class ReportSpec(CollectSpec):
    """A finished campaign with all its parameters: a report shows them beside what came out."""

    settings: Annotated[list[Setting], Field(min_length=1)]
    model_sizes: ModelSizes
    training: dict[str, Protocol]
    """The protocols in use by name."""
    sampling: Sampling
    evaluation: Evaluation
    regression: Regression
    figures: list[PlotSpec]
