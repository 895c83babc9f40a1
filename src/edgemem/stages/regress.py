"""Stage 4: find the transitions of a campaign and compare them with predictions."""

import argparse
import json
from typing import Any

import numpy as np
import xarray as xr

from edgemem.config.regress import RegressSpec
from edgemem.errors import EdgememError
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.statistics import Estimate, crossing_estimates, mean_interval, pool, ratio_curve
from edgemem.numerics.theory import (
    crossing_size,
    crossover_fraction,
    finite_size_constant,
    generalizing_excess_loss,
    partially_memorizing_excess_loss,
)
from edgemem.storage import read_dataset, write_dataset, write_whole


LEVELS = {"m10": 0.1, "m50": 0.5, "m90": 0.9}
PREDICTORS = ("constant", "c1", "c2", "finite_size", "exact_losses")
# Fractions M/N of curves that are put on one axis.
FRACTIONS = np.linspace(0.02, 1.0, 99).round(4)
# Fractions at which metrics.json quotes ratios and learned variances.
QUOTED = (0.5, 0.7, 0.8, 0.9)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("evaluations", nargs="+", metavar="EVALUATION.nc", help="one file a setting and seed")
    parser.add_argument("--transition", required=True, metavar="OUT.nc", help="transition file to write")
    parser.add_argument("--regression", required=True, metavar="OUT.nc", help="regression file to write")
    parser.add_argument("--metrics", metavar="OUT.json", help="flat table of the main numbers to write")
    parser.add_argument("--spec", required=True, metavar="JSON", help="campaign, settings, seeds and regression")


def run(options: argparse.Namespace) -> None:
    """Write the transition and regression files, and the metrics."""
    spec = RegressSpec.parse(options.spec)
    evaluations = _by_setting_and_seed(spec, options.evaluations)
    transition = find_transitions(spec, evaluations)
    regression = predict_transitions(spec, evaluations, transition)
    inputs = options.evaluations
    title = f"of campaign {spec.campaign}"
    write_dataset(
        transition, options.transition, kind="transition", spec=spec, inputs=inputs, title=f"Transitions {title}"
    )
    write_dataset(
        regression, options.regression, kind="regression", spec=spec, inputs=inputs, title=f"Predictions {title}"
    )
    if options.metrics:
        text = json.dumps(metrics(evaluations, transition, regression), indent=2, sort_keys=True) + "\n"
        write_whole(options.metrics, lambda path: path.write_text(text))


Evaluations = dict[tuple[str, int], xr.Dataset]


def _by_setting_and_seed(spec: RegressSpec, paths: list[str]) -> Evaluations:
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


def _setting_coordinates(spec: RegressSpec) -> xr.Dataset:
    """Return the settings with all their axes as coordinates."""
    table = [setting.model_dump() for setting in spec.settings]
    axes = list(dict.fromkeys(axis for row in table for axis in row))
    coordinates = {axis: ("setting", [row.get(axis, np.nan) for row in table]) for axis in axes}
    return xr.Dataset(coords={"setting": [setting.name for setting in spec.settings], **coordinates})


def find_transitions(spec: RegressSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return M10, M50 and M90 as fractions of N, for each seed and pooled, and the pooled curves of the ratio."""
    shape = (len(spec.settings), len(spec.seeds))
    per_seed = np.full((*shape, len(LEVELS), 3), np.nan)
    pooled = np.full((len(spec.settings), len(LEVELS), 5), np.nan)
    curves = np.full((*shape, len(FRACTIONS)), np.nan)
    for i, setting in enumerate(spec.settings):
        for j, seed in enumerate(spec.seeds):
            evaluation = evaluations[setting.name, seed]
            fractions = evaluation.model_size.values / setting.N
            counts, total = evaluation.memorized_count.values, int(evaluation.generated_count)
            rng = named_generator(seed, "regress", setting.name, "bootstrap")
            per_seed[i, j] = crossing_estimates(fractions, counts, total, tuple(LEVELS.values()), rng=rng)
            curves[i, j] = ratio_curve(fractions, counts, total, FRACTIONS)
        pooled[i] = [pool([Estimate(*row) for row in per_seed[i, :, k]]) for k in range(len(LEVELS))]

    dataset = _setting_coordinates(spec).assign_coords(
        seed=spec.seeds, fraction=("fraction", FRACTIONS, {"long_name": "model size M / N", "units": "1"})
    )
    for k, (name, level) in enumerate(LEVELS.items()):
        what = f"fraction M/N at which the memorization ratio reaches {level:g}"
        ends = {"": what, "_low": f"{what}, lower 95 % end", "_high": f"{what}, upper 95 % end"}
        for column, (end, long_name) in enumerate(ends.items()):
            attributes = {"long_name": f"{long_name}, counting error alone" if end else long_name, "units": "1"}
            dataset[name + end] = (("setting", "seed"), per_seed[:, :, k, column], attributes)
            attributes = {"long_name": f"{long_name}, pooled over seeds", "units": "1"}
            dataset[f"{name}_pooled{end}"] = ("setting", pooled[:, k, column], attributes)
        dataset[f"{name}_counting_stderr"] = (
            "setting",
            pooled[:, k, 3],
            {"long_name": f"standard error of {name}_pooled from counting generated points", "units": "1"},
        )
        dataset[f"{name}_seed_stddev"] = (
            "setting",
            pooled[:, k, 4],
            {"long_name": f"standard deviation of {name} between seeds, counting error removed", "units": "1"},
        )
    mean, low, high = mean_interval(np.moveaxis(curves, 1, 0))
    for name, values, long_name in (
        ("ratio_curve", mean, "fitted memorization ratio, mean over seeds"),
        ("ratio_curve_low", np.clip(low, 0, 1), "lower 95 % end of ratio_curve, from the spread over seeds"),
        ("ratio_curve_high", np.clip(high, 0, 1), "upper 95 % end of ratio_curve, from the spread over seeds"),
    ):
        dataset[name] = (("setting", "fraction"), values, {"long_name": long_name, "units": "1"})
    return dataset


def predict_transitions(spec: RegressSpec, evaluations: Evaluations, transition: xr.Dataset) -> xr.Dataset:
    """Return what each predictor says of M50 / N, and its squared error on the settings it saw and did not see.

    The crossovers weight all times equally on the x_0 scale, lambda = 1 in (21).
    """
    n_settings, n_seeds = len(spec.settings), len(spec.seeds)
    first = evaluations[spec.settings[0].name, spec.seeds[0]]
    weight = np.ones(first.sizes["time"])
    measured = transition.m50_pooled.values
    holdout = _holdout(spec)

    predicted = np.full((len(PREDICTORS), n_settings, n_seeds), np.nan)
    constants = np.full((n_settings, n_seeds, len(FRACTIONS)), np.nan)
    known = measured[~holdout & np.isfinite(measured)]
    predicted[0] = known.mean() if len(known) else np.nan
    for i, setting in enumerate(spec.settings):
        for j, seed in enumerate(spec.seeds):
            evaluation = evaluations[setting.name, seed]
            snr = evaluation.snr.values
            variance, mean = evaluation.true_variance.item(), evaluation.true_mean.values
            dim = mean.shape[1]
            constants[i, j] = finite_size_constant(np.maximum(FRACTIONS * setting.N, 1), mean, variance)
            generalizing = np.mean(weight * generalizing_excess_loss(dim, variance, snr)) / np.mean(weight)
            partially = partially_memorizing_excess_loss(dim, variance, FRACTIONS, constants[i, j])
            predicted[1, i, j] = crossover_fraction(snr, weight, variance, 1)
            predicted[2, i, j] = crossover_fraction(snr, weight, variance, 2)
            predicted[3, i, j] = crossing_size(FRACTIONS, partially - generalizing)
            train = evaluation.sel(split="train")
            excess = train.partially_memorizing_loss - train.loss.sel(denoiser="generalizing").isel(model_size=0)
            exact = (excess * xr.DataArray(weight, dims="time")).mean("time").values
            predicted[4, i, j] = crossing_size(evaluation.subset_size.values, exact) / setting.N

    value, low, high = mean_interval(np.moveaxis(predicted, 2, 0))
    error = (value - measured) ** 2
    folds = {"train": ~holdout, "holdout": holdout}
    # A fold in which no transition was measured has no error.
    by_fold = [
        [np.mean(row[chosen]) if len(chosen := np.flatnonzero(fold & np.isfinite(row))) else np.nan for row in error]
        for fold in folds.values()
    ]
    dataset = _setting_coordinates(spec).assign_coords(
        predictor=list(PREDICTORS), fold=list(folds), fraction=transition.fraction, time=first.time, snr=first.snr
    )
    dataset["weight"] = ("time", weight, {"long_name": "weight lambda of each time in the crossovers", "units": "1"})
    dims = ("predictor", "setting")
    dataset["predicted_fraction"] = (dims, value, {"long_name": "predicted M50 / N, mean over seeds", "units": "1"})
    dataset["predicted_fraction_low"] = (dims, low, {"long_name": "lower 95 % end, spread over seeds", "units": "1"})
    dataset["predicted_fraction_high"] = (dims, high, {"long_name": "upper 95 % end, spread over seeds", "units": "1"})
    dataset["measured_fraction"] = ("setting", measured, {"long_name": "measured M50 / N, pooled", "units": "1"})
    dataset["squared_error"] = (
        ("predictor", "fold"),
        np.array(by_fold).T,
        {"long_name": "mean squared error of predicted_fraction over the settings of a fold", "units": "1"},
    )
    dataset["holdout"] = ("setting", holdout.astype(np.int8), {"long_name": "1 if kept out of fits", "units": "1"})
    dataset["finite_size_constant"] = (
        ("setting", "fraction"),
        constants.mean(axis=1),
        {"long_name": "C(M) of the partially memorizing excess loss C (1 - M/N) d sigma*^2", "units": "1"},
    )
    return dataset


def _holdout(spec: RegressSpec) -> np.ndarray:
    """Return which settings are kept out of fits; at least one is always left in."""
    names = [setting.name for setting in spec.settings]
    count = min(round(spec.regression.holdout * len(names)), len(names) - 1)
    chosen = named_generator(spec.regression.seed, "regress", "holdout").permutation(len(names))[:count]
    return np.isin(np.arange(len(names)), chosen)


def metrics(evaluations: Evaluations, transition: xr.Dataset, regression: xr.Dataset) -> dict[str, float | None]:
    """Return the main numbers under stable names, `setting/quantity` or `predictor/quantity`; None where unknown."""
    table: dict[str, Any] = {}
    for setting in map(str, transition.setting.values):
        row = transition.sel(setting=setting)
        for level in LEVELS:
            for end in ("pooled", "pooled_low", "pooled_high", "counting_stderr", "seed_stddev"):
                table[f"{setting}/{level}_{end}"] = row[f"{level}_{end}"].item()
        own = [evaluation for (name, _), evaluation in evaluations.items() if name == setting]
        for quantity in ("memorization_ratio", "learned_variance"):
            for fraction in QUOTED:
                values = [np.interp(fraction * int(row.N), e.model_size, e[quantity]) for e in own]
                value, low, high = mean_interval(np.array(values))
                if quantity == "memorization_ratio":  # Student's interval does not know that a ratio lies in [0, 1]
                    low, high = np.clip([low, high], 0, 1)
                table[f"{setting}/{quantity}_at_{fraction:g}"] = value
                table[f"{setting}/{quantity}_at_{fraction:g}_low"] = low
                table[f"{setting}/{quantity}_at_{fraction:g}_high"] = high
        table[f"{setting}/null_memorization_ratio"] = np.mean([e.null_memorization_ratio for e in own])
        for predictor in PREDICTORS:
            cell = regression.sel(setting=setting, predictor=predictor)
            table[f"{setting}/predicted_m50_{predictor}"] = cell.predicted_fraction.item()
    for predictor in PREDICTORS:
        for fold in ("train", "holdout"):
            error = regression.squared_error.sel(predictor=predictor, fold=fold).item()
            table[f"predictor/{predictor}/squared_error_{fold}"] = error
    # JSON has no NaN; eight digits are more than any of these numbers has.
    return {name: float(f"{value:.8g}") if np.isfinite(value) else None for name, value in table.items()}
