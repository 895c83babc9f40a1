"""Models that differ in how training weights the times of diffusion alone: by how much that moves their transition."""

from typing import Any

import numpy as np
import xarray as xr

from edgemem.config.regress import RegressSpec
from edgemem.numerics.statistics import mean_interval


def weightings_metrics(spec: RegressSpec, table: xr.Dataset) -> dict[str, Any]:
    """Return M50 / N of each weighting minus that of the first, data set by data set, means with 95 % intervals.

    `weightings/SETTING/WEIGHTING/MODEL/m50_from_first`. Models with the same abilities that start at the same place are
    compared; the first is the first of the configuration.

    **Arguments:** `table`: the transitions, with `m50` by setting, model and seed.
    """
    found: dict[str, Any] = {}
    first: dict[tuple[str, str, frozenset[str]], str] = {}
    for case in spec.cases:
        model = spec.models[case.model]
        reference = first.setdefault((case.setting.name, model.start, case.provides), case.model)
        if model.weighting == spec.models[reference].weighting:
            continue
        own = table.m50.sel(setting=case.setting.name)
        moved = own.sel(model=case.model).values - own.sel(model=reference).values
        name = f"weightings/{case.setting.name}/{model.weighting}/{case.model}/m50_from_first"
        ends = (f"{name}{end}" for end in ("", "_low", "_high"))
        found |= dict(zip(ends, mean_interval(np.asarray(moved)), strict=True))
    return found
