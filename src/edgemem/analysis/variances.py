"""What transition points of a campaign scatter by: settings, data sets and counting, told apart."""

from typing import Any

import numpy as np
import xarray as xr

from edgemem.analysis.evaluations import group, of_cases
from edgemem.analysis.transition import binomial_variance
from edgemem.config.regress import RegressSpec
from edgemem.numerics.statistics import Estimate
from edgemem.numerics.variance_components import components, share_of_data_sets


def variances(spec: RegressSpec, transition: xr.Dataset) -> dict[str, Any]:
    """Return the components of variance of M50 / N, `components/FAMILY/MODEL/PART`, for each N by itself as well."""
    m50 = of_cases(spec, transition.m50)
    counting = of_cases(spec, binomial_variance(transition))
    groups = np.array([group(case) for case in spec.cases])
    n_samples = np.array([case.setting.N for case in spec.cases])
    table: dict[str, Any] = {}
    for name in dict.fromkeys(groups):
        own = groups == name
        table |= _named(f"components/{name}", m50[own], counting[own])
        for n in np.unique(n_samples[own]):
            chosen = own & (n_samples == n)
            table |= _named(f"components/{name}/N={n}", m50[chosen], counting[chosen])
    return table


def _named(name: str, m50: np.ndarray, counting: np.ndarray) -> dict[str, Any]:
    """Return the components of some cases, of which those without a transition in some data set are left out."""
    complete = np.isfinite(m50).all(axis=1)
    m50, counting = m50[complete], np.nan_to_num(counting[complete])
    found: dict[str, Any] = {f"{name}/settings": len(m50), f"{name}/seeds": m50.shape[1]}
    unknown = Estimate(np.nan, np.nan, np.nan)
    parts = {"between_settings": unknown, "between_data_sets": unknown, "total": unknown, "share_of_data_sets": unknown}
    found[f"{name}/counting"] = counting.mean() if len(m50) else np.nan
    if len(m50):
        split = components(m50, counting)
        parts |= {"between_settings": split.between_cases, "between_data_sets": split.between_data_sets}
        parts |= {"total": split.total, "share_of_data_sets": share_of_data_sets(m50, counting)}
    for part, estimate in parts.items():
        found |= dict(zip((f"{name}/{part}", f"{name}/{part}_low", f"{name}/{part}_high"), estimate, strict=True))
    return found
