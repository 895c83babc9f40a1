"""What predictors say of the transitions of a campaign, and how wrong they are."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from edgemem.config.regress import PREDICTORS, RegressSpec
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.regression import (
    Fit,
    approximate_crossover,
    fit_weights,
    identified_directions,
    predicted_crossing,
)
from edgemem.numerics.statistics import combined_p_value, mean_interval, slope_interval
from edgemem.numerics.theory import (
    crossing_size,
    crossover_fraction,
    finite_size_constant,
    generalizing_excess_loss,
    partially_memorizing_excess_loss,
)
from edgemem.tables.evaluations import Evaluations, is_isotropic, setting_coordinates
from edgemem.tables.transition import FRACTIONS


NAMES = tuple(PREDICTORS)
# The constant C of the partially memorizing loss in the fit of the weights, as in the paper's figure 1.
CONSTANT = 2.0


def predict_transitions(spec: RegressSpec, evaluations: Evaluations, transition: xr.Dataset) -> xr.Dataset:
    """Return what each predictor says of M50 / N, and its squared error on the settings it saw and did not see."""
    first = evaluations[spec.settings[0].name, spec.seeds[0]]
    snr = first.snr.values
    measured = transition.m50_pooled.values
    holdout = _holdout(spec)

    predicted, constants = _from_theory(spec, evaluations)
    isotropic = np.array([is_isotropic(evaluations[setting.name, spec.seeds[0]]) for setting in spec.settings])
    problem = _Settings(spec, snr, measured, isotropic)
    fit = _fit(problem, ~holdout)
    predicted[NAMES.index("constant")] = _constant(problem, ~holdout)[:, None]
    predicted[NAMES.index("fitted")] = _fitted_predictions(problem, fit)[:, None]
    value, low, high = mean_interval(np.moveaxis(predicted, 2, 0))
    error = (value - measured) ** 2
    folds = {"train": error[:, ~holdout], "holdout": error[:, holdout]}
    folds |= _left_out(problem, error)

    dataset = setting_coordinates(spec.settings).assign_coords(
        predictor=("predictor", list(PREDICTORS), {"long_name": "what predicts the transition"}),
        fold=("fold", list(folds), {"long_name": "settings over which errors are averaged"}),
        fraction=transition.fraction,
        time=first.time,
        snr=first.snr,
    )
    dims = ("predictor", "setting")
    dataset["predicted_fraction"] = (dims, value, {"long_name": "predicted M50 / N, mean over seeds", "units": "1"})
    dataset["predicted_fraction_low"] = (dims, low, {"long_name": "lower 95 % end, spread over seeds", "units": "1"})
    dataset["predicted_fraction_high"] = (dims, high, {"long_name": "upper 95 % end, spread over seeds", "units": "1"})
    dataset["measured_fraction"] = ("setting", measured, {"long_name": "measured M50 / N, pooled", "units": "1"})
    dataset["squared_error"] = (
        ("predictor", "fold"),
        np.array([[_mean_of_known(row) for row in rows] for rows in folds.values()]).T,
        {"long_name": "mean squared error of predicted_fraction over the settings of a fold", "units": "1"},
    )
    dataset["holdout"] = ("setting", holdout.astype(np.int8), {"long_name": "1 if kept out of fits", "units": "1"})
    dataset["finite_size_constant"] = (
        ("setting", "fraction"),
        constants.mean(axis=1),
        {"long_name": "C(M) of the partially memorizing excess loss C (1 - M/N) d sigma*^2", "units": "1"},
    )
    dataset = dataset.merge(_weights(problem, fit))
    return dataset.merge(_tests(transition.m50.values, predicted, measured, value))


class _Settings(NamedTuple):
    """The settings that weights are fitted to: where the transition is, and whether the approximations apply."""

    spec: RegressSpec
    snr: np.ndarray
    measured: np.ndarray
    isotropic: np.ndarray


def _mean_of_known(values: np.ndarray) -> float:
    """Return the mean without what is unknown: a setting in which no transition was measured has no error."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _constant(problem: _Settings, chosen: np.ndarray) -> np.ndarray:
    """Return for each setting the mean over the chosen settings of its family; NaN where none of them is.

    Families are not compared with each other: that would make the constant look worse beside predictors of one alone.
    """
    families = np.array([setting.family for setting in problem.spec.settings])
    return np.array([_mean_of_known(problem.measured[chosen & (families == family)]) for family in families])


def _holdout(spec: RegressSpec) -> np.ndarray:
    """Return which settings are kept out of fits; at least one is always left in."""
    names = [setting.name for setting in spec.settings]
    count = min(round(spec.regression.holdout * len(names)), len(names) - 1)
    chosen = named_generator(spec.regression.seed, "regress", "holdout").permutation(len(names))[:count]
    return np.isin(np.arange(len(names)), chosen)


def _from_theory(spec: RegressSpec, evaluations: Evaluations) -> tuple[np.ndarray, np.ndarray]:
    """Return the predictions that need no fit, (predictor, setting, seed), and C(M), (setting, seed, fraction).

    All but `snr_weight` weight all times equally on the x_0 scale, lambda = 1 in (21). Where the true law is no
    isotropic mixture there is only the prediction by the exact losses: those of its own generalizing denoiser.
    """
    predicted = np.full((len(PREDICTORS), len(spec.settings), len(spec.seeds)), np.nan)
    constants = np.full((len(spec.settings), len(spec.seeds), len(FRACTIONS)), np.nan)
    row = {name: predicted[i] for i, name in enumerate(PREDICTORS)}
    for i, setting in enumerate(spec.settings):
        for j, seed in enumerate(spec.seeds):
            evaluation = evaluations[setting.name, seed]
            snr = evaluation.snr.values
            train = evaluation.sel(split="train")
            excess = train.partially_memorizing_loss - train.loss.sel(denoiser="generalizing").isel(model_size=0)
            exact = excess.mean("time").values
            row["exact_losses"][i, j] = crossing_size(evaluation.subset_size.values, exact) / setting.N
            if not is_isotropic(evaluation):
                continue
            variance, mean = evaluation.true_variance.item(), evaluation.true_mean.values
            dim = mean.shape[1]
            constants[i, j] = finite_size_constant(np.maximum(FRACTIONS * setting.N, 1), mean, variance)
            generalizing = np.mean(generalizing_excess_loss(dim, variance, snr))
            partially = partially_memorizing_excess_loss(dim, variance, FRACTIONS, constants[i, j])
            row["c1"][i, j] = crossover_fraction(snr, np.ones_like(snr), variance, 1)
            row["c2"][i, j] = crossover_fraction(snr, np.ones_like(snr), variance, 2)
            row["snr_weight"][i, j] = crossover_fraction(snr, snr, variance, 2)
            row["finite_size"][i, j] = crossing_size(FRACTIONS, partially - generalizing)
    return predicted, constants


def _fit(problem: _Settings, chosen: np.ndarray) -> Fit | None:
    """Return the weights fitted to some settings; None where none of them has a transition and the approximations."""
    groups: dict[tuple[int, float], list[float]] = {}
    for setting, value, fitted in zip(problem.spec.settings, problem.measured, chosen & problem.isotropic, strict=True):
        if fitted and np.isfinite(value):
            groups.setdefault((setting.N, setting.variance), []).append(value)
    if not groups:
        return None
    return fit_weights(
        [
            approximate_crossover(*group, snr=problem.snr, constant=CONSTANT, measured=np.array(m))
            for group, m in groups.items()
        ]
    )


def _fitted_predictions(problem: _Settings, fit: Fit | None) -> np.ndarray:
    """Return Mbar / N of each setting; NaN where the approximations do not apply."""
    predicted = np.full(len(problem.spec.settings), np.nan)
    if fit is not None:
        for i in np.flatnonzero(problem.isotropic):
            setting = problem.spec.settings[i]
            crossover = approximate_crossover(setting.N, setting.variance, problem.snr, CONSTANT, np.array([]))
            predicted[i] = predicted_crossing(crossover, fit.weights[0])
    return predicted


def _left_out(problem: _Settings, error: np.ndarray) -> dict[str, np.ndarray]:
    """Return the squared errors, (predictor, setting), where each value of an axis in turn was kept out of fits.

    Every axis with several values is a fold: there a fit has seen no setting with the same N, say.
    """
    folds = {}
    measured = problem.measured
    table = [setting.model_dump() for setting in problem.spec.settings]
    for axis in dict.fromkeys(axis for row in table for axis in row):
        values = [row.get(axis) for row in table]  # None where a family has no such axis
        known = {value for value in values if value is not None}
        if len(known) < 2:
            continue
        # Where a setting has no such axis there is nothing to leave out.
        errors = np.where([value is not None for value in values], error, np.nan)
        for value in sorted(known):
            out = np.array([other == value for other in values])
            constant = _constant(problem, ~out)
            fitted = _fitted_predictions(problem, _fit(problem, ~out))
            errors[NAMES.index("constant"), out] = (constant - measured)[out] ** 2
            errors[NAMES.index("fitted"), out] = (fitted - measured)[out] ** 2
        folds[f"leave_one_{axis}_out"] = errors
    return folds


def _weights(problem: _Settings, fit: Fit | None) -> xr.Dataset:
    """Return the fitted weights, how the search for them went, and what of them the settings can tell."""
    snr = problem.snr
    fit = fit or Fit(np.full((1, len(snr)), np.nan), np.full(1, np.nan), np.zeros(1, bool))
    best = fit.weights[0]
    isotropic = [s for s, applies in zip(problem.spec.settings, problem.isotropic, strict=True) if applies]
    variances = np.array([setting.variance for setting in isotropic])
    known = np.isfinite(best).all()
    singular = identified_directions(variances, snr, best) if known else np.full(min(len(variances), len(snr)), np.nan)
    variables = {
        "lambda_tilde": ("time", best, "fitted weight of each time in the crossover"),
        "lambda_tilde_by_start": (("start", "time"), fit.weights, "weights found from each start, best first"),
        "objective": ("start", fit.objectives, "objective of lambda_tilde_by_start"),
        "converged": ("start", fit.converged.astype(np.int8), "1 if the search from a start ended by itself"),
        "singular_value": ("direction", singular, "singular values of the predictions' derivative by lambda_tilde"),
    }
    return xr.Dataset(
        {name: (dims, values, {"long_name": text, "units": "1"}) for name, (dims, values, text) in variables.items()}
    )


def _tests(m50: np.ndarray, predicted: np.ndarray, measured: np.ndarray, value: np.ndarray) -> xr.Dataset:
    """Return for each predictor whether measured and predicted fractions agree, and vary together."""
    difference = m50 - predicted  # predictor, setting, seed: paired where a prediction depends on the data set
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
