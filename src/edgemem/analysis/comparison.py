"""Models that differ in their training, compared with a reference."""

import numpy as np
import xarray as xr

from edgemem.analysis.evaluations import Evaluations, last_step
from edgemem.analysis.published import LOSS_TIME
from edgemem.config.compare import CompareSpec
from edgemem.numerics.hypotheses import equivalence
from edgemem.numerics.statistics import crossing, monotone_logit


# Bounds within which a model is equivalent to the reference.
BOUNDS = {"m50": 0.01, "log_variance": np.log(1.05)}
COMPARED = {
    "m50": "M50 / N",
    "log_variance": "log of the learned variance",
    "log_train_loss": f"log of the training loss at t = {LOSS_TIME}",
    "log_test_loss": f"log of the test loss at t = {LOSS_TIME}",
}


def compare(spec: CompareSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return each candidate's difference from the reference, with the intervals of two one-sided tests.

    Differences are taken seed by seed: on the same data, from the same start. They are averaged over all sizes below N,
    where the variance is zero.
    """
    dataset = xr.Dataset(
        coords={
            "model": ("model", list(spec.candidates), {"long_name": "model that is compared"}),
            "setting": ("setting", [setting.name for setting in spec.settings], {"long_name": "setting"}),
            "seed": ("seed", spec.seeds, {"long_name": "seed of a data set and its models", "units": "1"}),
            "reference": (
                "setting",
                [spec.references[setting.name] for setting in spec.settings],
                {"long_name": "model with which the others are compared"},
            ),
        }
    )
    for name, difference in _differences(spec, evaluations).items():
        long_name = f"difference of {COMPARED[name]} from the reference"
        dataset[name] = (("model", "setting", "seed"), difference, {"long_name": long_name, "units": "1"})
        intervals = np.array([equivalence(row) for row in difference])  # model, (mean, low, high), setting
        for column, end in enumerate(("mean", "low", "high")):
            dataset[f"{name}_{end}"] = (
                ("model", "setting"),
                intervals[:, column],
                {"long_name": f"{long_name}, {end} over seeds" + " of 90 %" * (column > 0), "units": "1"},
            )
    inside = [(dataset[f"{name}_low"] > -bound) & (dataset[f"{name}_high"] < bound) for name, bound in BOUNDS.items()]
    dataset["equivalent"] = np.logical_and(*inside).astype(np.int8)
    dataset["equivalent"].attrs = {
        "long_name": f"1 if M50 is within {BOUNDS['m50']:g} N and the variance within 5 %, both at 5 %, else 0",
        "units": "1",
    }
    dataset["points"] = (
        ("model", "setting"),
        [[protocol.points(setting.N) for setting in spec.settings] for protocol in spec.candidates.values()],
        {"long_name": "noised points that training sees of each sample", "units": "1"},
    )
    return dataset


def _differences(spec: CompareSpec, evaluations: Evaluations) -> dict[str, np.ndarray]:
    """Return the differences from the reference, (candidate, setting, seed), by what differs."""
    shape = (len(spec.candidates), len(spec.settings), len(spec.seeds))
    differences = {name: np.full(shape, np.nan) for name in COMPARED}
    for j, setting in enumerate(spec.settings):
        for k, seed in enumerate(spec.seeds):
            measured = {
                model: _measured(evaluations[setting.name, model, seed])
                for model in {*spec.candidates, spec.references[setting.name]}
            }
            reference = measured[spec.references[setting.name]]
            for i, model in enumerate(spec.candidates):
                for name, difference in differences.items():
                    difference[i, j, k] = np.mean(measured[model][name] - reference[name])
    return differences


def _measured(evaluation: xr.Dataset) -> dict[str, np.ndarray]:
    """Return what is compared of one setting, model and seed."""
    last = last_step(evaluation)
    logit = monotone_logit(last.memorized_count.values[None], int(last.generated_count))
    m50 = crossing(last.fraction.values, logit, 0.5)
    below = last.isel(model_size=(last.fraction < 1).values)
    loss = below.loss.sel(time=LOSS_TIME, method="nearest")
    return {
        "m50": np.where(np.isfinite(m50), m50, np.nan),
        "log_variance": np.log(below.learned_variance.values),
        "log_train_loss": np.log(loss.sel(split="train").values),
        "log_test_loss": np.log(loss.sel(split="test").values),
    }
