"""Courses of training and the times on them: of models that are kept at several steps."""

import numpy as np
import xarray as xr

from edgemem.analysis.evaluations import Evaluations
from edgemem.analysis.published import LOSS_TIME
from edgemem.analysis.transition import LEVELS
from edgemem.config.regress import RegressSpec
from edgemem.config.study import Case
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.training_time import at_time, crossing_times, excess_time, least_loss_time


# The share by which the test loss is above its least at tau_5.
EXCESS = 0.05
# Times on a course of training: where the ratio first reaches each level, and two of the test loss.
EVENTS = {
    **{f"tau{100 * level:.0f}": f"the memorization ratio first reaches {level:g}" for level in LEVELS.values()},
    "tau_test": "the test loss is least",
    "tau_5": f"the test loss is {100 * EXCESS:g} % above its least, after that",
}
# What is kept of each course, by step: losses at the time of the paper's figures.
COURSES = {
    "course_ratio": "memorization ratio",
    "course_train_loss": f"training loss at t = {LOSS_TIME}",
    "course_test_loss": f"test loss at t = {LOSS_TIME}",
}
# What is kept of the times.
TIMES = {
    "tau": "optimizer steps until an event, inf if it is not reached, 0 if it lies before the first step kept",
    "tau_low": "tau, lower 95 % end, from counting or the noise of losses alone",
    "tau_high": "tau, upper 95 % end, from counting or the noise of losses alone",
    "tau_censored": "1 if the event is not reached, -1 if it lies before the first step kept, else 0",
    "loss_at_tau": f"training loss at t = {LOSS_TIME} at tau",
}


def training_times(spec: RegressSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return the courses of all models that are kept at several steps, and the times on them; empty if there are none.

    Sizes and steps are those of any of the models; where a model has none there is NaN. A time that is censored is inf,
    not reached, or 0, before the first step.
    """
    found = {
        (spec.settings.index(case.setting), list(spec.models).index(case.model), j): (case, seed, evaluation)
        for case in spec.cases
        for j, seed in enumerate(spec.seeds)
        if (evaluation := evaluations[case.setting.name, case.model, seed]).sizes["step"] > 1
    }
    if not found:
        return xr.Dataset()
    sizes, steps = (
        np.unique(np.concatenate([evaluation[name] for *_, evaluation in found.values()]))
        for name in ("model_size", "step")
    )
    of_model, of_run = (len(spec.settings), len(spec.models)), (len(spec.settings), len(spec.models), len(spec.seeds))
    table = {name: np.full((*of_run, len(sizes), len(steps)), np.nan) for name in COURSES}
    table |= {name: np.full((*of_run, len(sizes), len(EVENTS)), np.nan) for name in TIMES}
    parameters, draws = np.full((*of_model, len(sizes)), np.nan), np.full(of_model, np.nan)
    for at, (case, seed, evaluation) in found.items():
        own_sizes = np.searchsorted(sizes, evaluation.model_size)
        own = np.ix_(own_sizes, np.searchsorted(steps, evaluation.step))
        courses = _courses(evaluation)
        for name, values in courses.items():
            table[name][at][own] = values
        for name, values in _times(case, seed, evaluation, courses["course_train_loss"]).items():
            table[name][at][own_sizes] = values
        parameters[at[:2]][own_sizes] = evaluation.parameters
        draws[at[:2]] = (evaluation.points / evaluation.step).values[-1] / case.setting.N
    dims = ("setting", "model", "seed", "model_size")
    seen = "noised points of each training sample that a step sees, mean over samples"
    variables: dict[str, tuple[tuple[str, ...], np.ndarray, str]] = {
        **{name: ((*dims, "step"), table[name], text) for name, text in COURSES.items()},
        **{name: ((*dims, "event"), table[name], text) for name, text in TIMES.items()},
        "parameters": (("setting", "model", "model_size"), parameters, "number of trained parameters"),
        "draws_per_step": (("setting", "model"), draws, seen),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()},
        {
            "model_size": ("model_size", sizes, {"long_name": "model size M", "units": "1"}),
            "step": ("step", steps, {"long_name": "optimizer steps after which the model was kept", "units": "1"}),
            "event": ("event", list(EVENTS), {"long_name": "; ".join(f"{k}: {text}" for k, text in EVENTS.items())}),
        },
    )


def _courses(evaluation: xr.Dataset) -> dict[str, np.ndarray]:
    """Return what is kept of the courses of a run, (size, step)."""
    loss = evaluation.loss.sel(time=LOSS_TIME, method="nearest")
    courses = {
        "course_ratio": evaluation.memorization_ratio,
        "course_train_loss": loss.sel(split="train"),
        "course_test_loss": loss.sel(split="test"),
    }
    return {name: array.transpose("model_size", "step").values for name, array in courses.items()}


def _times(case: Case, seed: int, evaluation: xr.Dataset, train_loss: np.ndarray) -> dict[str, np.ndarray]:
    """Return the times of a run with their intervals, (size, event)."""
    steps, total = evaluation.step.values, int(evaluation.generated_count)
    test = evaluation.sel(split="test").sel(time=LOSS_TIME, method="nearest")
    rows = []
    for i, size in enumerate(evaluation.model_size.values.tolist()):
        own = test.isel(model_size=i)
        rng = named_generator(seed, "regress", case.setting.name, case.model, "training time", size)
        loss, stderr = own.loss.values, own.loss_stderr.values
        times = [
            *crossing_times(steps, own.memorized_count.values, total, tuple(LEVELS.values()), rng=rng),
            least_loss_time(steps, loss, stderr),
            excess_time(steps, loss, stderr, EXCESS),
        ]
        rows.append([(*time, time.censored, at_time(steps, train_loss[i], time.value)) for time in times])
    return dict(zip(TIMES, np.moveaxis(np.array(rows, np.float64), 2, 0), strict=True))
