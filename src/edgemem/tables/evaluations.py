"""The evaluations of a campaign by setting and seed, and the coordinates that its tables share."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from edgemem.config.regress import RegressSpec
from edgemem.config.settings import Setting
from edgemem.errors import EdgememError
from edgemem.storage import read_dataset


Evaluations = dict[tuple[str, int], xr.Dataset]


def by_setting_and_seed(spec: RegressSpec, paths: list[str]) -> Evaluations:
    """Return the evaluations by setting's name and seed.

    **Raises:** EdgememError if one is missing, given twice or not of the campaign.
    """
    wanted = {
        (json.dumps(setting.model_dump(mode="json"), sort_keys=True), seed): (setting.name, seed)
        for setting in spec.settings
        for seed in spec.seeds
    }
    evaluations: Evaluations = {}
    for path in paths:
        dataset = read_dataset(path, "evaluations")
        made_for = json.loads(dataset.attrs["spec"])
        name = wanted.get((json.dumps(made_for["setting"], sort_keys=True), made_for["seed"]))
        if name is None:
            raise EdgememError(
                f"{path} was made for setting {made_for['setting']}, seed {made_for['seed']}, "
                "which is not among the settings and seeds of --spec"
            )
        if name in evaluations:
            raise EdgememError(f"{path} is a second evaluation of {name[0]}, seed {name[1]}")
        evaluations[name] = dataset
    missing = sorted(set(wanted.values()) - set(evaluations))
    if missing:
        raise EdgememError(
            f"no evaluation of {missing[0][0]}, seed {missing[0][1]} was given ({len(missing)} are missing)"
        )
    return evaluations


def setting_coordinates(settings: Iterable[Setting]) -> xr.Dataset:
    """Return the settings with all their axes as coordinates."""
    settings = list(settings)
    table = {setting.name: setting.model_dump() for setting in settings}
    fields = [field for setting in settings for field in type(setting).model_fields.items()]
    coordinates: dict[str, Any] = {"setting": ("setting", list(table), {"long_name": "setting"})}
    for axis in dict.fromkeys(axis for row in table.values() for axis in row):
        # Families differ in their axes: where one has no number there is NaN, where it has no text there is none.
        text = any(isinstance(row.get(axis), str) for row in table.values())
        values = [row.get(axis, "" if text else np.nan) for row in table.values()]
        what = "; ".join(dict.fromkeys(str(field.description).rstrip(".") for name, field in fields if name == axis))
        coordinates[axis] = ("setting", values, {"long_name": what} | ({} if text else {"units": "1"}))
    return xr.Dataset(coords=coordinates)


def is_isotropic(evaluation: xr.Dataset) -> bool:
    """Return whether the true law is an isotropic mixture, of which alone the paper's approximations speak."""
    return "true_mean" in evaluation
