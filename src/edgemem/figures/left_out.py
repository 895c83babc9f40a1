"""Models that have not converged, crossed out in figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgemem.analysis.convergence import usable
from edgemem.figures.style import COLOURS


if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


def cross_out(axes: Axes, evaluation: xr.Dataset, values: np.ndarray | xr.DataArray) -> None:
    """Cross out the models of one seed that have not converged, which are in no fit.

    **Arguments:** `evaluation`: what was measured at the last step; `values`: what is drawn of its models, by size.
    """
    out = ~usable(evaluation)
    if out.any():
        axes.plot(
            evaluation.fraction.values[out],
            np.asarray(values)[out],
            "x",
            color=COLOURS["left_out"],
            markersize=5,
            zorder=3,
            label="not converged, in no fit",
        )
