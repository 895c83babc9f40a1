"""The evaluations of a campaign by setting, model and seed, and arrays over its cases."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from edgemem.config.regress import RegressSpec
from edgemem.config.study import Case
from edgemem.errors import EdgememError
from edgemem.files.netcdf import read_dataset


# By the names of setting and model, and the seed.
Evaluations = dict[tuple[str, str, int], xr.Dataset]


def read_evaluations(paths: Iterable[str], cases: Iterable[tuple[str, str]], seeds: Sequence[int]) -> Evaluations:
    """Return the evaluations of some cases and seeds, by what each file says that it is of.

    **Arguments:** `cases`: names of setting and model.

    **Raises:** EdgememError if one is missing, given twice or of another case or seed.
    """
    wanted = {(setting, model, seed): None for setting, model in cases for seed in seeds}
    found: Evaluations = {}
    for path in paths:
        dataset = read_dataset(path, "evaluations")
        name = dataset.attrs["setting"], dataset.attrs["model"], int(dataset.attrs["seed"])
        if name not in wanted:
            raise EdgememError(f"{path} was made for {_in_words(*name)}, which is not among those of --spec")
        if name in found:
            raise EdgememError(f"{path} is a second evaluation of {_in_words(*name)}")
        found[name] = dataset
    missing = [name for name in wanted if name not in found]
    if missing:
        raise EdgememError(f"no evaluation of {_in_words(*missing[0])} was given ({len(missing)} are missing)")
    return found


def _in_words(setting: str, model: str, seed: int) -> str:
    return f"{model} on {setting}, seed {seed}"


def last_step(evaluation: xr.Dataset) -> xr.Dataset:
    """Return what was measured at the last step that is kept, by default the end of training: transitions are of it."""
    return evaluation.isel(step=-1)


def over_cases(spec: RegressSpec, values: np.ndarray) -> np.ndarray:
    """Return values of the cases as an array (setting, model, ...), NaN where a model is not trained on a setting.

    **Arguments:** `values`: along their first axis those of `spec.cases`.
    """
    table = np.full((len(spec.settings), len(spec.models), *values.shape[1:]), np.nan)
    table[_positions(spec)] = values
    return table


def of_cases(spec: RegressSpec, array: xr.DataArray) -> np.ndarray:
    """Return the values of an array over settings and models at the cases, which are the first axis."""
    found: np.ndarray = array.transpose("setting", "model", ...).values[_positions(spec)]
    return found


def _positions(spec: RegressSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of each case's setting and model."""
    settings, models = [setting.name for setting in spec.settings], list(spec.models)
    rows = [settings.index(case.setting.name) for case in spec.cases]
    return np.array(rows), np.array([models.index(case.model) for case in spec.cases])


def group(case: Case) -> str:
    """Return the family and the model of a case: what is compared across settings has both in common."""
    return f"{case.setting.family}/{case.model}"


def case_coordinates(spec: RegressSpec) -> xr.Dataset:
    """Return the settings with all their axes and the models as coordinates, and which is trained on which."""
    table = {setting.name: {"family": setting.family, **setting.axes} for setting in spec.settings}
    fields = [field for setting in spec.settings for field in type(setting).model_fields.items()]
    coordinates: dict[str, Any] = {
        "setting": ("setting", list(table), {"long_name": "setting"}),
        "model": ("model", list(spec.models), {"long_name": "model that is trained"}),
        "initialization": (
            "model",
            [model.start for model in spec.models.values()],
            {"long_name": "where training starts"},
        ),
    }
    for axis in dict.fromkeys(axis for row in table.values() for axis in row):
        # Families differ in their axes: where one has no number there is NaN, where it has no text there is none.
        text = any(isinstance(row.get(axis), str) for row in table.values())
        values = [row.get(axis, "" if text else np.nan) for row in table.values()]
        what = "; ".join(dict.fromkeys(str(field.description).rstrip(".") for name, field in fields if name == axis))
        coordinates[axis] = ("setting", values, {"long_name": what} | ({} if text else {"units": "1"}))
    trained = np.zeros((len(spec.settings), len(spec.models)), np.int8)
    trained[_positions(spec)] = 1
    what = "1 if the model is trained on the setting, else 0: there all else is unknown"
    return xr.Dataset({"trained": (("setting", "model"), trained, {"long_name": what, "units": "1"})}, coordinates)
