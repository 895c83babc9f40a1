"""Models trained in closed form: when their exact losses part, where they end, and what theory says of both."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from edgemem.analysis.evaluations import Evaluations
from edgemem.analysis.time_scaling import ENDS, Family, families
from edgemem.config.regress import RegressSpec
from edgemem.numerics.loss_times import loss_times
from edgemem.numerics.random_features import optimal_loss, score_error
from edgemem.numerics.random_features_theory import (
    Losses,
    constants,
    final_losses,
    memorizing_time,
    slow_time,
    two_channels,
)
from edgemem.numerics.statistics import mean_interval
from edgemem.numerics.training_time import exponents


EVENTS = {
    "generalizing": "nine tenths of the fall of the test loss are over",
    "least": "the test loss is least",
    "half": "the two losses are half as far apart as in the end",
    "train": "the training loss is halfway from there to its end",
}
# A ridge that stands for none where theory needs one.
NO_RIDGE = 1e-7
# How far theory is asked: of so many features a sample at least, and at most d^2 of them.
LEAST_FEATURES = 2


class Flow(NamedTuple):
    """What is known of a flow at one time of diffusion, of one size.

    **Attributes:** `t`: that time; `tau`: training times, the last one infinite; `losses`: over d; `theory`: the losses
    of two channels, None where data are not N(0, I) or features have a bias; `final`: the asymptotic ones at the end;
    `published`, `slow`: times of theory, on the clock of `tau`.
    """

    t: float
    tau: np.ndarray
    losses: Losses
    theory: Losses | None
    final: Losses | None
    published: float
    slow: float


def flow_of(evaluation: xr.Dataset, n_samples: int, dim: int, size: int, time: float, *, theory: bool = True) -> Flow:
    """Return a flow of an evaluation, with its theory where it has one."""
    own = evaluation.flow_loss.sel(model_size=size).sel(time=time, method="nearest")
    t, tau, how = float(own.time), own.tau.values, own.attrs
    losses = Losses(*(own.sel(split=split).values for split in ("train", "test")))
    if not (theory and has_theory(evaluation)):
        return Flow(t, tau, losses, None, None, np.nan, np.nan)
    psi_n, psi_p, of = n_samples / dim, size / dim, constants(t, float(how["gain"]))
    rate = 1.0 if how["clock"] == "score" else 1 / t**2  # of the score's clock, on which theory has its times
    draws, ridge = float(how["draws"]), max(float(how["ridge"]), NO_RIDGE)
    return Flow(
        t,
        tau,
        losses,
        two_channels(of, psi_n, psi_p, rate * tau),
        final_losses(of, psi_n, psi_p, draws=draws, ridge=ridge),
        memorizing_time(of, psi_n, psi_p) / rate if psi_p > psi_n else np.nan,
        slow_time(of, psi_n, psi_p) / rate,
    )


def has_theory(evaluation: xr.Dataset) -> bool:
    """Return whether data are N(0, I) and features have no bias, of which theory speaks."""
    mean, variance = evaluation.get("true_mean"), evaluation.get("true_variance")
    if mean is None or variance is None or evaluation.flow_loss.attrs["biased"]:
        return False
    return not mean.values.any() and variance.item() == 1


def flow_table(spec: RegressSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return times and ends of the losses of all models that are trained in closed form; empty if there are none.

    Sizes are those of any of the models; where a model has none there is NaN. A time that is not reached is inf.
    """
    cases = [case for case in spec.cases if "closed_form" in case.provides]
    if not cases:
        return xr.Dataset()
    every = [evaluations[case.setting.name, case.model, seed] for case in cases for seed in spec.seeds]
    sizes, times = np.unique(np.concatenate([one.model_size for one in every])), every[0].time.values
    shape = len(spec.settings), len(spec.models), len(sizes), len(times)
    of_run = len(spec.settings), len(spec.models), len(spec.seeds), len(sizes), len(times)
    measured = {"flow_tau": np.full((*of_run, len(EVENTS)), np.nan), "least_flow_loss": np.full(of_run, np.nan)}
    measured["final_flow_loss"] = np.full((*of_run, 2), np.nan)
    predicted = {name: np.full(shape, np.nan) for name in ("published_tau", "slow_tau")}
    predicted["two_channel_tau"] = np.full((*shape, len(EVENTS)), np.nan)
    predicted["asymptotic_loss"] = np.full((*shape, 2), np.nan)
    for case in cases:
        at = spec.settings.index(case.setting), list(spec.models).index(case.model)
        for j, seed in enumerate(spec.seeds):
            evaluation = evaluations[case.setting.name, case.model, seed]
            for size in evaluation.model_size.values.tolist():
                row = int(np.searchsorted(sizes, size))
                for k, time in enumerate(times.tolist()):
                    own = flow_of(evaluation, case.setting.N, case.setting.dim, size, time, theory=j == 0)
                    _enter(measured, (*at, j, row, k), own)
                    _enter_theory(predicted, (*at, row, k), own)
    return _dataset(measured, predicted, sizes, every[0])


def _enter(table: dict[str, np.ndarray], at: tuple[int, ...], own: Flow) -> None:
    """Enter what was measured of a flow."""
    table["final_flow_loss"][at] = own.losses.train[-1], own.losses.test[-1]
    if np.isfinite(own.losses.test).all():
        table["flow_tau"][at] = loss_times(own.tau, *own.losses)
        table["least_flow_loss"][at] = own.losses.test.min()


def _enter_theory(table: dict[str, np.ndarray], at: tuple[int, ...], own: Flow) -> None:
    """Enter what theory says of a flow, if it says anything."""
    if own.theory is None or own.final is None:
        return
    table["two_channel_tau"][at] = loss_times(own.tau, *own.theory)
    table["asymptotic_loss"][at] = own.final
    table["published_tau"][at], table["slow_tau"][at] = own.published, own.slow


def _dataset(
    measured: dict[str, np.ndarray], predicted: dict[str, np.ndarray], sizes: np.ndarray, evaluation: xr.Dataset
) -> xr.Dataset:
    theory, run = ("setting", "model", "model_size", "time"), ("setting", "model", "seed", "model_size", "time")
    variables = {
        "flow_tau": ((*run, "flow_event"), "training time of an event of the exact losses, inf if it is not reached"),
        "final_flow_loss": ((*run, "split"), "exact loss of the noise over d without end of training"),
        "least_flow_loss": (run, "least exact test loss of the noise over d"),
        "two_channel_tau": ((*theory, "flow_event"), "flow_tau of the losses of two channels"),
        "asymptotic_loss": ((*theory, "split"), "final_flow_loss for infinite d, n and p"),
        "published_tau": (theory, "published training time of memorization"),
        "slow_tau": (theory, "training time of the slow one of two channels"),
    }
    text = "; ".join(f"{name}: {what}" for name, what in EVENTS.items())
    return xr.Dataset(
        {
            name: (dims, (measured | predicted)[name], {"long_name": what, "units": "1"})
            for name, (dims, what) in variables.items()
        },
        {
            "model_size": ("model_size", sizes, {"long_name": "model size M", "units": "1"}),
            "time": evaluation.time,
            "split": evaluation.split,
            "flow_event": ("flow_event", list(EVENTS), {"long_name": text}),
        },
    )


def flow_metrics(spec: RegressSpec, table: xr.Dataset) -> dict[str, Any]:
    """Return the numbers of models in closed form of which theory speaks, nothing where there are none.

    `flow/SETTING/MODEL/SIZE/TIME/EVENT` are geometric means over data sets, with `two_channels_EVENT`, `published` and
    `slow` of theory; `.../final_train` and `final_test` means, with `asymptotic_train` and `asymptotic_test`. Where N
    varies `flow/FAMILY/MODEL/SIZE/TIME/EVENT_on_n` are exponents, `EVENT_on_n_N` those from each N to the next,
    `score_error_on_n` that of the least error of the score, and `EVENT_spread_over_CLOCK` the standard deviation over N
    of log10 EVENT divided by what should make it one number, of at least two features a sample and at most d^2.
    `flow/SETTING/MODEL/TIME/peak` is the size of the largest final test loss over N, and `rise_at_end` the logarithm of
    that loss at the largest size over the largest at all others, above zero where there is no peak between.

    **Arguments:** `table`: the transitions, with what `flow_table` returns.
    """
    found: dict[str, Any] = {}
    if "flow_tau" not in table:
        return found
    for family in families(table):
        for model in table.model.values:
            for time in table.time.values:
                own = table.sel(setting=family.settings, model=model, time=time)
                known = own.slow_tau.notnull()
                if not known.any():
                    continue
                own = own.isel(model_size=known.any("setting").values)
                where = f"{model}/{{}}/t{time:.3g}"
                for setting in family.settings:
                    found |= dict(_of_setting(own.sel(setting=setting), f"flow/{setting}/{where}"))
                dim = next(one.dim for one in spec.settings if one.name == family.settings[0])
                found |= dict(_of_family(own, family, dim, f"flow/{family.name}/{where}"))
    return found


def _of_setting(own: xr.Dataset, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the times and ends of a setting, beside theory."""
    own = own.isel(model_size=own.slow_tau.notnull().values).transpose("seed", "model_size", ...)
    for i, size in enumerate(own.model_size.values):
        at, where = own.isel(model_size=i), name.format(size)
        for event in EVENTS:
            tau = at.flow_tau.sel(flow_event=event).values
            yield from _named(f"{where}/{event}", [float(np.exp(end)) for end in mean_interval(_logs(tau))])
            yield f"{where}/two_channels_{event}", at.two_channel_tau.sel(flow_event=event).item()
        for split in ("train", "test"):
            yield from _named(f"{where}/final_{split}", mean_interval(at.final_flow_loss.sel(split=split).values))
            yield f"{where}/asymptotic_{split}", at.asymptotic_loss.sel(split=split).item()
        yield f"{where}/published", at.published_tau.item()
        yield f"{where}/slow", at.slow_tau.item()
    if own.sizes["model_size"] > 1:
        final = own.final_flow_loss.sel(split="test").values
        largest = np.log(own.model_size.values[final.argmax(axis=1)] / own.N.item())
        where = name.replace("/{}", "")
        yield from _named(f"{where}/peak", [float(np.exp(end)) for end in mean_interval(largest)])
        yield from _named(f"{where}/rise_at_end", mean_interval(np.log(final[:, -1] / final[:, :-1].max(axis=1))))


def _of_family(own: xr.Dataset, family: Family, dim: int, name: str) -> Iterator[tuple[str, Any]]:
    """Yield how times depend on N."""
    for size in own.model_size.values.tolist():
        at, where = own.sel(model_size=size), name.format(size)
        kept = at.slow_tau.notnull().values
        n_samples, at = family.n_samples[kept], at.isel(setting=kept)
        if len(n_samples) < 2:
            continue
        for event in EVENTS:
            tau = at.flow_tau.sel(flow_event=event).transpose("seed", "setting").values
            yield from _named(f"{where}/{event}_on_n", exponents(n_samples, tau)["whole"][:3])
            for i, n in enumerate(n_samples[:-1]):
                local = exponents(n_samples[i : i + 2], tau[:, i : i + 2])["whole"]
                yield from _named(f"{where}/{event}_on_n_{n}", local[:3])
            asked = (size >= LEAST_FEATURES * n_samples) & (size <= dim**2)
            if asked.sum() > 1:
                # What may make all N one.
                clocks = {
                    "n": n_samples,
                    "published": at.published_tau.values,
                    "slow": at.slow_tau.values,
                    "two_channels": at.two_channel_tau.sel(flow_event=event).values,
                }
                for clock, unit in clocks.items():
                    spread = _logs(tau / unit)[:, asked].std(axis=1, ddof=1) / np.log(10)
                    yield from _named(f"{where}/{event}_spread_over_{clock}", mean_interval(spread))
        t = at.time.item()
        error = score_error(at.least_flow_loss.transpose("seed", "setting").values, t, optimal_loss(t))
        yield from _named(f"{where}/score_error_on_n", exponents(n_samples, error)["whole"][:3])


def _logs(times: np.ndarray) -> np.ndarray:
    """Return the logarithms of times, NaN of those that are not reached."""
    return np.log(np.where(np.isfinite(times), times, np.nan))


def _named(name: str, values: Any) -> Iterator[tuple[str, Any]]:
    yield from ((f"{name}{end}", float(value)) for end, value in zip(ENDS, values, strict=True))
