"""Courses of training in a campaign's table, of models that are kept at several steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgemem.config.base import KeyProblem
from edgemem.config.models import snapshot_steps


if TYPE_CHECKING:
    import xarray as xr

    from edgemem.config.campaign import Campaign
    from edgemem.config.study import TrainedModel


def has_courses(model: TrainedModel) -> bool:
    """Return whether a model is kept at several steps."""
    return len(snapshot_steps(model.snapshots, model.protocol.steps)) > 1


def check_courses(campaign: Campaign, model: str | None) -> str:
    """Return the model that is drawn, the first that is kept at several steps if none is named.

    **Raises:** KeyProblem that says what to write, if it is not.
    """
    able = [name for name, trained in campaign.study.models.items() if has_courses(trained)]
    if not able:
        raise KeyProblem("no model is kept at several steps; write snapshots: 25 under one of models", "figure")
    if model is not None and model not in able:
        raise KeyProblem(f"{model} is not kept at several steps (allowed: {', '.join(able)})", "model")
    return model or able[0]


def models_with_courses(table: xr.Dataset) -> list[str]:
    """Return the models of a campaign's table that are kept at several steps."""
    if "tau" not in table:
        return []
    kept = table.tau.notnull().any([dim for dim in table.tau.dims if dim != "model"])
    found: list[str] = table.model.values[kept.values].tolist()
    return found


def with_courses(table: xr.Dataset, model: str) -> xr.Dataset:
    """Return what a table has of a model, of the settings, sizes and steps of which all seeds have courses."""
    own = table.sel(model=model)
    known = own.course_ratio.notnull().all("seed")
    for dim in ("setting", "model_size", "step"):
        own = own.isel({dim: known.any([other for other in known.dims if other != dim]).values})
    return own


def some_of(values: np.ndarray, count: int = 6) -> np.ndarray:
    """Return values, of many a few that are evenly spread over them, the first and the last among them."""
    chosen = np.linspace(0, len(values) - 1, min(len(values), count)).round().astype(int)
    return values[np.unique(chosen)]


def name_of(table: xr.Dataset, setting: str) -> str:
    """Return what a setting is called: by its number of samples where all others have another one."""
    n_samples = table.N.values.astype(int)
    different = len(set(n_samples)) == len(n_samples)
    return f"N = {int(table.N.sel(setting=setting))}" if different else setting
