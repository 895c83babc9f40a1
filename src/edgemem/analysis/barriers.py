"""How high the barriers between models are, from the files of the stage `barrier`."""

import json
from collections.abc import Iterable, Iterator

import numpy as np
import xarray as xr

from edgemem.numerics.statistics import mean_interval


# What is said of a barrier: itself, as a share of the loss of the higher end, and of the difference of the ends.
BARRIER, RELATIVE, OF_DIFFERENCE = "barrier_to", "relative_barrier_to", "barrier_over_difference_to"


def barrier_metrics(files: Iterable[xr.Dataset]) -> dict[str, float | None]:
    """Return the barriers between models by name, means over seeds with Student's intervals.

    `SETTING/MODEL/barrier_to/OTHER_FRACTION_PATH`, PATH being `line` or `curve`; `relative_barrier_to` the same divided
    by the loss of the higher end, and `barrier_over_difference_to` by the difference of the losses of the ends.
    """
    by_case: dict[str, list[xr.Dataset]] = {}
    for file in files:
        by_case.setdefault(f"{file.attrs['setting']}/{file.attrs['model']}", []).append(file)
    table = {
        f"{case}/{name}{end}": float(value)
        for case, own in by_case.items()
        for name, values in _by_name(own)
        for end, value in zip(("", "_low", "_high"), mean_interval(values), strict=True)
    }
    # JSON has no NaN.
    return {name: float(f"{value:.8g}") if np.isfinite(value) else None for name, value in table.items()}


def _by_name(files: list[xr.Dataset]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each number of a case with its values by seed."""
    other = json.loads(files[0].attrs["spec"])["to"]
    for size in files[0].model_size.values:
        of_size = [file.sel(model_size=size) for file in files]
        higher, lower = (np.array([f[f"{end}_end_loss"].item() for f in of_size]) for end in ("higher", "lower"))
        for path in files[0].path.values:
            height = np.array([file.barrier.sel(path=path).item() for file in of_size])
            way = f"{other}_{of_size[0].fraction.item():.6g}_{path}"
            yield f"{BARRIER}/{way}", height
            yield f"{RELATIVE}/{way}", height / higher
            with np.errstate(divide="ignore", invalid="ignore"):  # of two ends with one loss there is no such share
                yield f"{OF_DIFFERENCE}/{way}", height / (higher - lower)
