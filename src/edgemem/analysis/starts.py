"""Models that differ in where training started: what each reaches at each size, and the best known minimum.

The theory of the paper speaks of minima of the loss, and a training reaches one of many. Of several models of one size
that were trained on the same data the one with the least training loss is the best known minimum.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from edgemem.analysis.convergence import usable
from edgemem.analysis.evaluations import Evaluations, last_step
from edgemem.analysis.transition import LEVELS
from edgemem.config.protocol import CONTINUED
from edgemem.config.regress import RegressSpec
from edgemem.numerics.statistics import crossing, mean_interval, monotone_logit


MEASURED = {
    "start_ratio": "memorization ratio",
    "start_variance": "learned variance",
    "start_objective": "training loss, weighted as in training, x_0 scale",
    "start_held": "fraction of the training samples that have a learned mean nearer than sigma*",
}


def starts_table(spec: RegressSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return what the models of `regression.best_of` reach, by size, and which of them has the least training loss.

    Their sizes are the same; models that have not converged are unknown. Empty where there are none to compare.
    """
    models = spec.regression.best_of
    found = {
        (i, models.index(case.model), j): _of_model(last_step(evaluations[case.setting.name, case.model, seed]))
        for i, setting in enumerate(spec.settings)
        for case in spec.cases
        if case.setting.name == setting.name and case.model in models
        for j, seed in enumerate(spec.seeds)
    }
    if not found:
        return xr.Dataset()
    # Small N may have fewer sizes: multiples of it that round to the same one are one.
    count = max(len(values["start_ratio"]) for values in found.values())
    shape = len(spec.settings), len(models), len(spec.seeds), count
    table = {name: np.full(shape, np.nan) for name in MEASURED}
    fraction, total = np.full((shape[0], count), np.nan), np.zeros(shape[0], int)
    for at, values in found.items():
        own = slice(len(values["start_ratio"]))
        fraction[at[0], own], total[at[0]] = values["fraction"], values["generated"]
        for name in MEASURED:
            table[name][(*at, own)] = values[name]
    least = least_loss(table["start_objective"])
    best_ratio = _chosen(table["start_ratio"], least)
    places = np.array(
        [[_crossings(of_seed, fraction[i], total[i]) for of_seed in best_ratio[i]] for i in range(shape[0])]
    )
    of_setting = ("setting", "seed", "place")
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, str]] = {
        "start_fraction": (("setting", "place"), fraction, "model size M / N of the models that are compared"),
        **{name: (("setting", "start", "seed", "place"), table[name], text) for name, text in MEASURED.items()},
        "least_loss": (of_setting, least, "number of the start with the least training loss, -1 where none is known"),
        "best_ratio": (of_setting, best_ratio, "memorization ratio of the model with the least training loss"),
        **{
            f"best_{level}": (("setting", "seed"), places[..., k], f"{level} / N of the models with the least loss")
            for k, level in enumerate(LEVELS)
        },
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()},
        {"start": ("start", models, {"long_name": "model that is compared by its start"})},
    )


def _crossings(ratio: Float[np.ndarray, "place"], fraction: Float[np.ndarray, "place"], total: int) -> list[float]:
    """Return where the monotone curve nearest to the ratios of a data set crosses the levels, NaN where it does not."""
    known = np.isfinite(ratio)
    if known.sum() < 2:
        return [float("nan")] * len(LEVELS)
    logit = monotone_logit(np.rint(ratio[known] * total).astype(np.int64)[None], int(total))
    found = np.array([crossing(fraction[known], logit, level)[0] for level in LEVELS.values()])
    return [float(place) for place in np.where(np.isfinite(found), found, np.nan)]


def starts_metrics(spec: RegressSpec, table: xr.Dataset) -> dict[str, Any]:
    """Return numbers of the models that are compared by their starts, `starts/SETTING/...`, means over data sets.

    `best_m50`: M50 / N of the best known minima. Of each model, below `INITIALIZATION/MODEL`: `m50_from_first`, its
    M50 / N minus that of the first, data set by data set; `ratio_at_n`, its memorization ratio at M = N;
    `least_loss_share`, the share of data sets and sizes up to N at which it has the least training loss.
    `up_minus_down`: the ratio of a sweep up in M minus that of a sweep down, mean over sizes up to N.
    """
    found: dict[str, Any] = {}
    if "start" not in table.dims:
        return found
    for i, setting in enumerate(spec.settings):
        own = table.isel(setting=i)
        values = {f"best_{level}": own[f"best_{level}"].values for level in LEVELS}
        fraction = own.start_fraction.values
        up_to_n = fraction <= 1
        least = own.least_loss.transpose("seed", "place").values[:, up_to_n]
        at_n = np.flatnonzero(np.isclose(fraction, 1))
        first = own.start.values[0]
        for k, start in enumerate(own.start.values):
            if setting.name not in (model := spec.models[str(start)]).settings:
                continue
            name = f"{model.start}/{start}"
            places = table.m50.sel(model=start).isel(setting=i) - table.m50.sel(model=first).isel(setting=i)
            values[f"{name}/m50_from_first"] = places.values
            if len(at_n):
                values[f"{name}/ratio_at_n"] = own.start_ratio.sel(start=start).values[:, at_n[0]]
            known = least >= 0
            found[f"starts/{setting.name}/{name}/least_loss_share"] = (
                (least == k).sum() / known.sum() if known.any() else np.nan
            )
        swept = [k for way in CONTINUED for k, start in enumerate(own.start.values) if spec.models[start].start == way]
        if len(swept) == len(CONTINUED):
            up, down = own.start_ratio.transpose("start", "seed", "place").values[swept][..., up_to_n]
            values["up_minus_down"] = (up - down).mean(axis=1)
        for quantity, one in values.items():
            ends = (f"starts/{setting.name}/{quantity}{end}" for end in ("", "_low", "_high"))
            found |= dict(zip(ends, mean_interval(one), strict=True))
    return found


def ratios_at_n(spec: RegressSpec, ratios: Mapping[str, Float[np.ndarray, "seed"]]) -> dict[str, Any]:
    """Return the memorization ratio at M = N of every model of settings with several starts, means over data sets.

    Names are those of `starts_metrics`. **Arguments:** `ratios`: of each case, by its name.
    """
    found: dict[str, Any] = {}
    for case in spec.cases:
        others = {spec.models[other.model].start for other in spec.cases if other.setting.name == case.setting.name}
        if len(others) > 1 and case.name in ratios:
            name = f"starts/{case.setting.name}/{spec.models[case.model].start}/{case.model}/ratio_at_n"
            ends = (f"{name}{end}" for end in ("", "_low", "_high"))
            found |= dict(zip(ends, mean_interval(ratios[case.name]), strict=True))
    return found


def least_loss(
    objective: Float[np.ndarray, "setting start seed place"],
) -> Int[np.ndarray, "setting seed place"]:
    """Return which start has the least training loss, by setting, seed and size, -1 where no loss is known."""
    known = np.isfinite(objective)
    found = np.where(known, objective, np.inf).argmin(axis=1)
    return np.where(known.any(axis=1), found, -1)


def _chosen(
    values: Float[np.ndarray, "setting start seed place"], which: Int[np.ndarray, "setting seed place"]
) -> Float[np.ndarray, "setting seed place"]:
    """Return the values of the starts that were chosen, NaN where none was."""
    taken = np.take_along_axis(values, np.maximum(which, 0)[:, None], axis=1)[:, 0]
    return np.where(which < 0, np.nan, taken)


def samples_held(last: xr.Dataset) -> xr.DataArray:
    """Return, by size, the fraction of the training samples that have a learned mean nearer than sigma*."""
    held = last.distance_to_nearest_mean < np.sqrt(last.true_variance.item())
    return held.mean("sample")


def _of_model(last: xr.Dataset) -> dict[str, Any]:
    """Return what one training has reached, by size; of models that have not converged nothing but the size."""
    kept = usable(last)
    values = {
        "start_ratio": last.memorization_ratio,
        "start_variance": last.learned_variance,
        "start_objective": (last.training_weight * last.loss.sel(split="train")).mean("time"),
        "start_held": samples_held(last) if "true_variance" in last else np.nan,
    }
    found: dict[str, Any] = {name: np.where(kept, value, np.nan) for name, value in values.items()}
    return found | {"fraction": last.fraction.values, "generated": int(last.generated_count)}
