"""Whether a barrier of the training loss divides two models, in a table with a verdict."""

from edgemem.analysis.barriers import BARRIER, OF_DIFFERENCE, RELATIVE
from edgemem.reporting.definitions import BARRIER_SHARE
from edgemem.reporting.numbers import Metrics, interval
from edgemem.reporting.pages import markdown_table


SECTION, ENDS = f"/{BARRIER}/", ("_low", "_high")


def verdict(low: float | None, high: float | None) -> str:
    """Return what the interval of the trained curve's barrier, as a share of the higher end's loss, says.

    A trained curve bounds the lowest path from above: it can show that there is no barrier, never that there is one.
    """
    if high is not None and high < BARRIER_SHARE:
        return "no barrier"
    if low is not None and low > BARRIER_SHARE:
        return "no path without a barrier was found"
    return "cannot tell"


def barriers_text(metrics: Metrics) -> str:
    """Return a table of the barriers between models of the campaign; empty if it has followed no paths."""
    curves = [name for name in metrics if SECTION in name and name.endswith("_curve")]
    if not curves:
        return ""
    rows = []
    for name in curves:
        case, _, way = name.partition(SECTION)
        other, fraction, _ = way.rsplit("_", 2)
        relative = f"{case}/{RELATIVE}/{way}"
        low, high = (metrics.get(f"{relative}{end}") for end in ENDS)
        line = name.removesuffix("curve") + "line"
        cells = [interval(metrics, line, ".4g"), interval(metrics, name, ".4g"), interval(metrics, relative, ".4f")]
        rows.append(
            [
                case,
                other,
                fraction,
                *cells,
                interval(metrics, f"{case}/{OF_DIFFERENCE}/{way}", ".4f"),
                verdict(low, high),
            ]
        )
    header = ["from", "to", "size", "on the line", "on the curve", "of the higher end", "of the difference", "verdict"]
    return (
        f"## Barriers between models\n\n{markdown_table(header, rows)}\n\nThe largest training loss along a path minus "
        "that of the higher end: along the straight line, components matched, and along a trained curve, of which the "
        "shares are as well; means over seeds with 95 % intervals. The size is M / N, or parameters over N d. There is "
        "no barrier where the upper end of the curve’s, as a share of the higher end’s loss, is below "
        f"{BARRIER_SHARE:g}; where the lower end is above, no path without a barrier was found, which does not say "
        "that there is none."
    )
