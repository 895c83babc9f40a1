"""The comparison of models that differ in their training, as a table."""

from collections.abc import Callable

import numpy as np
import xarray as xr

from edgemem.reporting.numbers import interval
from edgemem.reporting.pages import Table


def comparison_table(comparison: xr.Dataset) -> Table:
    """Return one row a model and setting, the models that saw the fewest points first."""
    differences = ["ΔM₅₀ / N", "variance", "train loss", "test loss"]
    rows = []
    for model in comparison.model.values[np.argsort(comparison.points.sum("setting").values, kind="stable")]:
        for setting in comparison.setting.values:
            row = comparison.sel(model=model, setting=setting)
            losses = [_difference(row, name, _percent, "+.1f", " %") for name in ("log_train_loss", "log_test_loss")]
            rows.append(
                [
                    str(model),
                    f"{row.points.item():,}",
                    str(setting),
                    row.reference.item(),
                    _difference(row, "m50", float, "+.4f"),
                    _difference(row, "log_variance", _percent, "+.1f", " %"),
                    *losses,
                    "yes" if row.equivalent else "no",
                ]
            )
    return Table(["model", "points", "setting", "reference", *differences, "equivalent"], rows)


def _percent(log: float) -> float:
    return float(100 * np.expm1(log))


def _difference(row: xr.Dataset, name: str, change: Callable[[float], float], form: str, unit: str = "") -> str:
    """Return a difference with its interval; in some data set one of the two may have no transition."""
    ends = {"": "mean", "_low": "low", "_high": "high"}
    values = {f"{name}{end}": change(row[f"{name}_{column}"].item()) for end, column in ends.items()}
    return interval(values, name, form) + unit if np.isfinite(list(values.values())).all() else "unknown"
