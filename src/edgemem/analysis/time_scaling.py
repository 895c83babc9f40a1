"""How training times depend on the number of samples and the model size, and what the ratio is a function of."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from edgemem.numerics.statistics import mean_interval
from edgemem.numerics.training_time import Exponent, errors_off_one_curve, exponents, gain


# Axes on which courses may be one curve: what the ratio is tested to be a function of, and what it is compared with.
LOSS, RIVALS = "train_loss", ("points", "points_times_size")
ENDS = ("", "_low", "_high")


class Family(NamedTuple):
    """Settings of a campaign that differ in the number of samples alone, by ascending N."""

    name: str
    settings: list[str]
    n_samples: np.ndarray


def families(table: xr.Dataset) -> list[Family]:
    """Return the families of settings that differ in N alone; their name is that of a setting without its N.

    **Arguments:** `table`: that of the transitions, whose settings have all their axes.
    """
    axes = [name for name, array in table.coords.items() if array.dims == ("setting",) and name not in ("setting", "N")]
    found: dict[tuple[Any, ...], list[int]] = {}
    for i in range(table.sizes["setting"]):
        found.setdefault(tuple(str(table[axis].values[i]) for axis in axes), []).append(i)
    names, n_samples = table.setting.values, table.N.values.astype(int)
    ordered = [np.array(sorted(own, key=n_samples.__getitem__)) for own in found.values()]
    return [
        Family(names[own[0]].replace(f"_N{n_samples[own[0]]}", "", 1), names[own].tolist(), n_samples[own])
        for own in ordered
    ]


def times_metrics(table: xr.Dataset) -> dict[str, Any]:
    """Return the numbers of training times, nothing where no model is kept at several steps.

    `times/SETTING/MODEL/SIZE/EVENT`: the geometric mean over data sets in steps, unknown where it is censored in one of
    them; `..._censored`: in how many; `.../loss_at_EVENT`: the training loss there. Exponents are
    `times/FAMILY/MODEL/SIZE/EVENT_on_n` and `times/SETTING/MODEL/EVENT_on_size`, also of the `_lower_half` and the
    `_upper_half` of the places, with the numbers of places, `_places` and `_left_out`. Whether the ratio is one
    function of the training loss rather than of the noised points seen of each sample, or of these times the model
    size, is told by `times/FAMILY/MODEL/residual_on_AXIS` and `.../loss_gain_over_AXIS`.

    **Arguments:** `table`: the transitions, with what `training_times` returns.
    """
    found: dict[str, Any] = {}
    if "tau" not in table:
        return found
    for family in families(table):
        for model in table.model.values:
            own = table.sel(setting=family.settings, model=model)
            kept = own.tau.notnull().any(["seed", "event"])  # setting, size
            if not kept.any():
                continue
            own = own.isel(model_size=kept.any("setting").values)
            for setting in family.settings:
                found |= dict(_of_setting(own.sel(setting=setting), f"times/{setting}/{model}"))
            found |= dict(_of_family(own, family, f"times/{family.name}/{model}"))
    return found


def _of_setting(own: xr.Dataset, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the times of a setting, and how they depend on the model size."""
    for event in own.event.values:
        at = own.sel(event=event).transpose("model_size", "seed", ...)
        for size, times, loss in zip(own.model_size.values, at.tau.values, at.loss_at_tau.values, strict=True):
            if np.isnan(times).all():
                continue
            censored = np.isinf(times) | (times == 0)
            with np.errstate(divide="ignore"):
                logs = np.where(censored, np.nan, np.log(times))
            yield from _named(f"{name}/{size}/{event}", (np.exp(end) for end in mean_interval(logs)))
            yield f"{name}/{size}/{event}_censored", censored.sum()
            yield from _named(f"{name}/{size}/loss_at_{event}", mean_interval(loss))
        yield from _exponents(f"{name}/{event}_on_size", exponents(own.model_size.values, at.tau.values.T))


def _of_family(own: xr.Dataset, family: Family, name: str) -> Iterator[tuple[str, Any]]:
    """Yield how times depend on N, and what the ratio is a function of."""
    for size in own.model_size.values:
        for event in own.event.values:
            tau = own.tau.sel(event=event, model_size=size).transpose("seed", "setting").values
            yield from _exponents(f"{name}/{size}/{event}_on_n", exponents(family.n_samples, tau))
    errors = dict(zip((LOSS, *RIVALS), curve_errors(own, family.n_samples), strict=True))
    for axis, of_axis in errors.items():
        yield f"{name}/residual_on_{axis}", np.sqrt(of_axis.mean()) if len(of_axis) else np.nan
    for axis in RIVALS:
        yield from _named(f"{name}/loss_gain_over_{axis}", gain(errors[LOSS], errors[axis]))


def curve_errors(own: xr.Dataset, n_samples: np.ndarray) -> list[np.ndarray]:
    """Return, for each axis, the squared error of the ratio off one curve of all runs, by setting and size.

    A run's course is predicted from those of other numbers of samples or sizes. Nothing where there are no others.

    **Arguments:** `own`: courses of a model on settings that differ in N alone; `n_samples`: theirs.
    """
    dims = ("setting", "model_size", "seed", "step")
    ratio, loss = (own[name].transpose(*dims).values for name in ("course_ratio", "course_train_loss"))
    seen = (own.draws_per_step * own.step).transpose("setting", "step").values[:, None, None]
    sizes = own.model_size.values[None, :, None, None]
    group = np.arange(ratio.shape[0] * ratio.shape[1]).reshape(*ratio.shape[:2], 1, 1)
    known = np.isfinite(ratio)
    _, group = np.unique(np.broadcast_to(group, ratio.shape)[known], return_inverse=True)
    if len(group) == 0 or group.max() == 0:
        return [np.zeros(0)] * (1 + len(RIVALS))
    axes = (-np.log(loss), np.log(seen), np.log(seen * sizes))
    return [errors_off_one_curve(np.broadcast_to(x, ratio.shape)[known], ratio[known], group) for x in axes]


def _exponents(name: str, parts: dict[str, Exponent]) -> Iterator[tuple[str, Any]]:
    for part, one in parts.items():
        own = name if part == "whole" else f"{name}_{part}"
        yield from _named(own, one[:3])
    yield f"{name}_places", parts["whole"].places
    yield f"{name}_left_out", parts["whole"].left_out


def _named(name: str, values: Any) -> Iterator[tuple[str, Any]]:
    yield from ((f"{name}{end}", float(value)) for end, value in zip(ENDS, values, strict=True))
