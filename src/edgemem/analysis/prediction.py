"""What predictors say of the transitions of a campaign, and how wrong they are."""

import numpy as np
import xarray as xr

from edgemem.analysis.evaluations import Evaluations, case_coordinates, of_cases, over_cases
from edgemem.analysis.transition import FRACTIONS
from edgemem.analysis.weights import Cases, fit, fitted_predictions, weights
from edgemem.config.regress import PREDICTORS, RegressSpec
from edgemem.numerics.hypotheses import combined_p_value, slope_interval
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.statistics import mean_interval
from edgemem.numerics.theory import (
    crossing_size,
    crossover_fraction,
    finite_size_constant,
    generalizing_excess_loss,
    partially_memorizing_excess_loss,
)


NAMES = tuple(PREDICTORS)


def predict_transitions(spec: RegressSpec, evaluations: Evaluations, transition: xr.Dataset) -> xr.Dataset:
    """Return what each predictor says of M50 / N, and its squared error on the settings it saw and did not see.

    Predictors speak of models with components alone: of others there is only what was measured.
    """
    first = evaluations[spec.cases[0].setting.name, spec.cases[0].model, spec.seeds[0]]
    measured = of_cases(spec, transition.m50_pooled)
    isotropic = np.array([{"isotropic_theory", "components"} <= case.provides for case in spec.cases])
    cases = Cases(spec, first.snr.values, measured, isotropic)
    holdout = _holdout(spec)
    kept_out = np.array([holdout[case.setting.name] for case in spec.cases])

    predicted = _from_theory(spec, evaluations)
    found = fit(cases, ~kept_out)
    predicted[NAMES.index("constant")] = _constant(cases, ~kept_out)[:, None]
    predicted[NAMES.index("fitted")] = fitted_predictions(cases, found)[:, None]
    value, low, high = mean_interval(np.moveaxis(predicted, 2, 0))
    error = (value - measured) ** 2
    folds = {"train": error[:, ~kept_out], "holdout": error[:, kept_out]}
    folds |= _left_out(cases, error)

    dataset = case_coordinates(spec).assign_coords(
        predictor=("predictor", list(PREDICTORS), {"long_name": "what predicts the transition"}),
        fold=("fold", list(folds), {"long_name": "settings over which errors are averaged"}),
        fraction=transition.fraction,
        time=first.time,
        snr=first.snr,
    )
    for name, values, long_name in (
        ("predicted_fraction", value, "predicted M50 / N, mean over seeds"),
        ("predicted_fraction_low", low, "lower 95 % end, spread over seeds"),
        ("predicted_fraction_high", high, "upper 95 % end, spread over seeds"),
    ):
        dims, table = ("setting", "model", "predictor"), over_cases(spec, values.T)
        dataset[name] = xr.DataArray(table, dims=dims).transpose("predictor", ...)
        dataset[name].attrs = {"long_name": long_name, "units": "1"}
    dataset["measured_fraction"] = (
        ("setting", "model"),
        over_cases(spec, measured),
        {"long_name": "measured M50 / N, pooled", "units": "1"},
    )
    dataset["squared_error"] = (
        ("predictor", "fold"),
        np.array([[_mean_of_known(row) for row in rows] for rows in folds.values()]).T,
        {"long_name": "mean squared error of predicted_fraction over the settings of a fold", "units": "1"},
    )
    dataset["holdout"] = (
        "setting",
        np.array(list(holdout.values()), np.int8),
        {"long_name": "1 if kept out of fits", "units": "1"},
    )
    dataset["finite_size_constant"] = (
        ("setting", "fraction"),
        _constants_of_settings(spec, evaluations),
        {"long_name": "C(M) of the partially memorizing excess loss C (1 - M/N) d sigma*^2", "units": "1"},
    )
    dataset = dataset.merge(weights(cases, found))
    return dataset.merge(_tests(of_cases(spec, transition.m50), predicted, measured, value))


def _mean_of_known(values: np.ndarray) -> float:
    """Return the mean without what is unknown: a case in which no transition was measured has no error."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _constant(cases: Cases, chosen: np.ndarray) -> np.ndarray:
    """Return for each case the mean over the chosen cases of its family and model; NaN where none of them is.

    Families and models are not compared with each other: that would make the constant look worse beside predictors of
    one alone.
    """
    groups = [(case.setting.family, case.model) if "components" in case.provides else None for case in cases.spec.cases]
    means = {
        group: _mean_of_known(cases.measured[chosen & np.array([other == group for other in groups])])
        for group in groups
    }
    return np.array([np.nan if group is None else means[group] for group in groups])


def _holdout(spec: RegressSpec) -> dict[str, bool]:
    """Return which settings are kept out of fits, by name; at least one is always left in."""
    names = [setting.name for setting in spec.settings]
    count = min(round(spec.regression.holdout * len(names)), len(names) - 1)
    chosen = named_generator(spec.regression.seed, "regress", "holdout").permutation(len(names))[:count]
    return {name: i in chosen for i, name in enumerate(names)}


def _from_theory(spec: RegressSpec, evaluations: Evaluations) -> np.ndarray:
    """Return the predictions that need no fit, (predictor, case, seed).

    All but `snr_weight` weight all times equally on the x_0 scale, lambda = 1 in (21). Where the paper's approximations
    do not hold there is only the prediction by the exact losses: those of the setting's own generalizing denoiser.
    """
    predicted = np.full((len(PREDICTORS), len(spec.cases), len(spec.seeds)), np.nan)
    row = {name: predicted[i] for i, name in enumerate(PREDICTORS)}
    for i, case in enumerate(spec.cases):
        if "components" not in case.provides:
            continue
        for j, seed in enumerate(spec.seeds):
            evaluation = evaluations[case.setting.name, case.model, seed]
            snr = evaluation.snr.values
            if "true_denoiser" in case.provides:
                train = evaluation.sel(split="train")
                excess = train.partially_memorizing_loss - train.reference_loss.sel(reference="generalizing")
                exact = excess.mean("time").values
                row["exact_losses"][i, j] = crossing_size(evaluation.subset_size.values, exact) / case.setting.N
            if "isotropic_theory" in case.provides:
                variance, dim = evaluation.true_variance.item(), case.setting.dim
                generalizing = np.mean(generalizing_excess_loss(dim, variance, snr))
                constant = _finite_size_constant(evaluation, case.setting.N)
                partially = partially_memorizing_excess_loss(dim, variance, FRACTIONS, constant)
                row["c1"][i, j] = crossover_fraction(snr, np.ones_like(snr), variance, 1.0)
                row["c2"][i, j] = crossover_fraction(snr, np.ones_like(snr), variance, 2.0)
                row["snr_weight"][i, j] = crossover_fraction(snr, snr, variance, 2.0)
                row["finite_size"][i, j] = crossing_size(FRACTIONS, partially - generalizing)
    return predicted


def _finite_size_constant(evaluation: xr.Dataset, n_samples: int) -> np.ndarray:
    """Return C(M) at the fractions of curves."""
    size = np.maximum(FRACTIONS * n_samples, 1)
    return finite_size_constant(size, evaluation.true_mean.values, evaluation.true_variance.item())


def _constants_of_settings(spec: RegressSpec, evaluations: Evaluations) -> np.ndarray:
    """Return C(M), (setting, fraction), mean over seeds; NaN where the approximations do not apply."""
    found = {setting.name: np.full(len(FRACTIONS), np.nan) for setting in spec.settings}
    for case in spec.cases:  # of several models on a setting any will do: it is the data's
        if "isotropic_theory" in case.provides:
            own = (evaluations[case.setting.name, case.model, seed] for seed in spec.seeds)
            found[case.setting.name] = np.mean([_finite_size_constant(one, case.setting.N) for one in own], axis=0)
    return np.array(list(found.values()))


def _left_out(cases: Cases, error: np.ndarray) -> dict[str, np.ndarray]:
    """Return the squared errors, (predictor, case), where each value of an axis in turn was kept out of fits.

    Every axis with several values is a fold: there a fit has seen no setting with the same N, say.
    """
    folds = {}
    measured = cases.measured
    table = [{"family": case.setting.family, **case.setting.axes} for case in cases.spec.cases]
    for axis in dict.fromkeys(axis for row in table for axis in row):
        values = [row.get(axis) for row in table]  # None where a family has no such axis
        known = {value for value in values if value is not None}
        if len(known) < 2:
            continue
        # Where a setting has no such axis there is nothing to leave out.
        errors = np.where([value is not None for value in values], error, np.nan)
        for value in sorted(known):
            out = np.array([other == value for other in values])
            constant = _constant(cases, ~out)
            fitted = fitted_predictions(cases, fit(cases, ~out))
            errors[NAMES.index("constant"), out] = (constant - measured)[out] ** 2
            errors[NAMES.index("fitted"), out] = (fitted - measured)[out] ** 2
        folds[f"leave_one_{axis}_out"] = errors
    return folds


def _tests(m50: np.ndarray, predicted: np.ndarray, measured: np.ndarray, value: np.ndarray) -> xr.Dataset:
    """Return for each predictor whether measured and predicted fractions agree, and vary together."""
    difference = m50 - predicted  # predictor, case, seed: paired where a prediction depends on the data set
    bias = np.array(
        [mean_interval(row[np.isfinite(row)]) if np.isfinite(row).any() else [np.nan] * 3 for row in measured - value]
    )
    # What varies by less than a thousandth of N is one prediction: lambda = psi says 0.99997 or 0.99998.
    slope = np.array([slope_interval(row.round(3), measured) for row in value])
    columns = {
        "p_value": (
            np.array([combined_p_value(row) for row in difference]),
            "p-value of: in every setting the mean over seeds of M50 / N is the predicted one",
        ),
        "bias": (bias[:, 0], "measured minus predicted M50 / N, mean over settings"),
        "bias_low": (bias[:, 1], "bias, lower 95 % end, spread over settings"),
        "bias_high": (bias[:, 2], "bias, upper 95 % end, spread over settings"),
        "slope": (slope[:, 0], "slope of measured on predicted M50 / N over settings; 1 if the theory is right"),
        "slope_low": (slope[:, 1], "slope, lower 95 % end"),
        "slope_high": (slope[:, 2], "slope, upper 95 % end"),
    }
    return xr.Dataset(
        {
            name: ("predictor", values, {"long_name": long_name, "units": "1"})
            for name, (values, long_name) in columns.items()
        }
    )
