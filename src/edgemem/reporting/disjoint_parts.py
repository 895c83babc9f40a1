"""How far models trained on different samples agree, in a table."""

from edgemem.analysis.disjoint_parts import AGREEMENT, MEMORIZING, RATIO
from edgemem.reporting.numbers import Metrics, interval, number
from edgemem.reporting.pages import markdown_table


SECTION, ENDS = f"/{AGREEMENT}/", ("_low", "_high")


def agreement_text(metrics: Metrics) -> str:
    """Return a table of the agreement of models of different samples; empty if the campaign has compared none."""
    found = [name for name in metrics if SECTION in name and not name.endswith(ENDS)]
    if not found:
        return ""
    rows = []
    for name in found:
        case, _, fraction = name.partition(SECTION)
        names = name, f"{case}/{MEMORIZING}", f"{case}/{RATIO}/{fraction}"
        rows.append([case, number(float(fraction), ".3g"), *(interval(metrics, name, ".3f") for name in names)])
    header = ["model", "size", "agreement", "of two memorizing denoisers", "memorization ratio"]
    return (
        f"## Models of different samples\n\n{markdown_table(header, rows)}\n\nTwo models of the same size and "
        "training, whose samples are of one distribution but have none in common, generate points from the same noise, "
        "at the end of training. Their agreement is one minus the mean squared distance of the two points of one noise "
        "over that of points of different noises: one of two equal maps, which both must have from the distribution. "
        "Beside it, that of the denoisers that memorize the two sets of samples, and the fraction of generated points "
        "that are copies, mean of both models. Means over seeds with 95 % intervals. The size is M / N, or parameters "
        "over N d."
    )
