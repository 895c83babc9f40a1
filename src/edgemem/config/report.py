"""What the report stage reads."""

from edgemem.config.collect import CollectSpec
from edgemem.config.plot import DrawnFigure
from edgemem.config.regress import Regression


class ReportSpec(CollectSpec):
    """A finished campaign with all its parameters: a report shows them beside the results."""

    regression: Regression
    figures: list[DrawnFigure]
