"""Where the transition is when points are generated in other ways, from the files of the stage `sensitivity`."""

from collections.abc import Iterable, Iterator

import numpy as np
import xarray as xr

from edgemem.numerics.statistics import mean_interval


def ways_metrics(files: Iterable[xr.Dataset]) -> dict[str, float | None]:
    """Return M50 / N of each way to generate points, and its shift from the campaign's own way, by name.

    `SETTING/MODEL/m50_by/SAMPLER_TIMES_TMIN` and `..._shift`, means over seeds with Student's intervals. A shift is
    taken within each seed: all ways start from the same noise. The threshold of the memorization test is the
    campaign's own.
    """
    by_case: dict[str, list[xr.Dataset]] = {}
    for file in files:
        by_case.setdefault(f"{file.attrs['setting']}/{file.attrs['model']}", []).append(file)
    table = {
        f"{case}/m50_by/{name}": value
        for case, own in by_case.items()
        for way, values in _by_way(own)
        for name, value in _named(way, values)
    }
    # JSON has no NaN.
    return {name: float(f"{value:.8g}") if np.isfinite(value) else None for name, value in table.items()}


def _by_way(files: list[xr.Dataset]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name of each way with M50 by seed, and the shifts of each but the first, the campaign's own."""
    first = files[0]
    m50 = np.array([file.m50.isel(threshold=0).values for file in files])  # seed, way
    for i in range(first.sizes["variant"]):
        sampler, times, t_min = (first[name].values[i] for name in ("sampler", "times", "t_min"))
        name = f"{sampler}_{times}_{t_min:g}"
        yield name, m50[:, i]
        if i > 0:
            yield f"{name}_shift", m50[:, i] - m50[:, 0]


def _named(name: str, values: np.ndarray) -> Iterator[tuple[str, float]]:
    for end, value in zip(("", "_low", "_high"), mean_interval(values), strict=True):
        yield f"{name}{end}", float(value)
