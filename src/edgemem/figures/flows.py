"""Models that are trained in closed form, in a campaign and in its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgemem.config.base import KeyProblem, nearest


if TYPE_CHECKING:
    import xarray as xr

    from edgemem.config.campaign import Campaign

# How curves of theory are drawn, and what they are called.
THEORY = {"two_channels": ("--", "two channels"), "slow": ("-.", "slow channel"), "published": (":", "published")}


def check_flows(campaign: Campaign, model: str | None = None) -> None:
    """Check that a model is trained in closed form, that which is named or any.

    **Raises:** KeyProblem that says what is missing.
    """
    able = [name for name, trained in campaign.study.models.items() if "closed_form" in trained.provides]
    if not able:
        raise KeyProblem("no model is trained in closed form; add one of random_features", "figure")
    if model is not None and model not in able:
        raise KeyProblem(f"{model} is not trained in closed form{nearest(model, able)}", "model")


def with_theory(table: xr.Dataset) -> list[str]:
    """Return the models of a campaign's table of which theory speaks."""
    if "slow_tau" not in table:
        return []
    known = table.slow_tau.notnull().any([dim for dim in table.slow_tau.dims if dim != "model"])
    found: list[str] = table.model.values[known.values].tolist()
    return found


def times_of(times: np.ndarray, most: int = 2) -> list[float]:
    """Return the times of diffusion that are drawn: all if they are few, else the one at which losses are shown."""
    from edgemem.analysis.published import LOSS_TIME

    if len(times) <= most:
        return [float(time) for time in times]
    return [float(times[np.abs(times - LOSS_TIME).argmin()])]
