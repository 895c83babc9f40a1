"""What predictors say of the transitions of a campaign, and how wrong they are where they have seen nothing."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from edgemem.analysis.agreement import agreement
from edgemem.analysis.cases import Cases
from edgemem.analysis.evaluations import Evaluations, case_coordinates, group, of_cases, over_cases
from edgemem.analysis.fits import FITS, simplex_envelope
from edgemem.analysis.theory import Losses, is_isotropic, losses_of
from edgemem.analysis.transition import binomial_variance
from edgemem.analysis.weights import fit, weights
from edgemem.config.regress import PREDICTORS, RegressSpec
from edgemem.config.settings import PART
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.statistics import mean_interval
from edgemem.numerics.variance_components import components


NAMES = tuple(PREDICTORS)


class Fold(NamedTuple):
    """Squared errors, (predictor, case), NaN where a case is not in the fold, and predictions that fits made there."""

    error: np.ndarray
    predicted: np.ndarray


def predict_transitions(spec: RegressSpec, evaluations: Evaluations, transition: xr.Dataset) -> xr.Dataset:
    """Return what each predictor says of M50 / N, and its squared error on the settings it saw and did not see.

    Predictors speak of models with components alone: of others there is only what was measured.
    """
    return predictions_table(spec, losses_of(spec, evaluations), transition)


def predictions_table(spec: RegressSpec, losses: Losses, transition: xr.Dataset) -> xr.Dataset:
    """Return what `predict_transitions` does, of losses that are known."""
    cases = _cases(spec, losses, transition)
    holdout = held_out(spec)
    kept_out = np.array([holdout[case.setting.name] for case in spec.cases])

    theory = losses.predictions
    everywhere = np.full((len(NAMES), len(spec.cases), len(spec.seeds)), np.nan)
    for name, values in theory.items():
        everywhere[NAMES.index(name)] = values
    for name, predict in FITS.items():
        everywhere[NAMES.index(name)] = predict(cases, ~kept_out)[:, None]
    value, low, high = mean_interval(np.moveaxis(everywhere, 2, 0))
    stderr = everywhere.std(axis=2, ddof=1) / np.sqrt(len(spec.seeds)) if len(spec.seeds) > 1 else 0 * value

    folds = {
        "train": _fold(cases, value, ~kept_out),
        "holdout": _fold(cases, value, kept_out),
        **_left_out(cases, value),
        "leave_one_threshold_out": _threshold_left_out(cases, value, losses, transition),
    }
    unseen = folds.get("leave_one_variance_out", folds["holdout"]).predicted.copy()
    for name in theory:  # has seen nothing anywhere
        unseen[NAMES.index(name)] = value[NAMES.index(name)]
    dataset = case_coordinates(spec).assign_coords(
        predictor=("predictor", list(PREDICTORS), {"long_name": "what predicts the transition"}),
        fold=("fold", list(folds), {"long_name": "settings over which errors are averaged"}),
        fraction=transition.fraction,
        time=losses.time,
        snr=losses.snr,
    )
    for name, values, long_name in (
        ("predicted_fraction", value, "predicted M50 / N, mean over seeds"),
        ("predicted_fraction_low", low, "lower 95 % end, spread over seeds"),
        ("predicted_fraction_high", high, "upper 95 % end, spread over seeds"),
        ("predicted_unseen", unseen, "M50 / N predicted by fits that have not seen the setting's sigma*^2"),
    ):
        dims, table = ("setting", "model", "predictor"), over_cases(spec, values.T)
        dataset[name] = xr.DataArray(table, dims=dims).transpose("predictor", ...)
        dataset[name].attrs = {"long_name": long_name, "units": "1"}
    dataset["measured_fraction"] = (
        ("setting", "model"),
        over_cases(spec, cases.measured),
        {"long_name": "measured M50 / N, pooled", "units": "1"},
    )
    ends = _envelopes(cases)
    for column, end in enumerate(("low", "high")):
        what = f"{end} end of what weights that fit the other sigma*^2 equally well predict"
        dataset[f"envelope_{end}"] = (
            ("setting", "model"),
            over_cases(spec, ends[:, column]),
            {"long_name": what, "units": "1"},
        )
    dataset["holdout"] = (
        "setting",
        np.array(list(holdout.values()), np.int8),
        {"long_name": "1 if kept out of fits", "units": "1"},
    )
    dataset["finite_size_constant"] = (
        ("setting", "fraction"),
        losses.constants,
        {"long_name": "C(M) of the partially memorizing excess loss C (1 - M/N) d sigma*^2", "units": "1"},
    )
    dataset["noise_variance"] = ((), cases.noise, {"long_name": "variance of measured_fraction between data sets"})
    dataset["noise_variance"].attrs["units"] = "1"
    errors = {name: fold.error for name, fold in folds.items()}
    seeds = of_cases(spec, transition.m50) - everywhere
    dataset = dataset.merge(weights(cases, fit(cases, ~kept_out)))
    return dataset.merge(agreement(cases, errors, seeds, unseen, stderr))


def _cases(spec: RegressSpec, losses: Losses, transition: xr.Dataset) -> Cases:
    """Return what predictors are fitted to."""
    m50 = of_cases(spec, transition.m50)
    counting = of_cases(spec, binomial_variance(transition))
    of_components = np.array(["components" in case.provides for case in spec.cases])
    complete = np.isfinite(m50).all(axis=1) & of_components
    noise = np.nan
    if m50.shape[1] > 1 and complete.any():
        parts = components(m50[complete], np.nan_to_num(counting[complete]))
        noise = (parts.between_data_sets.value + parts.binomial) / m50.shape[1]
    return Cases(
        spec,
        [group(case) if own else None for case, own in zip(spec.cases, of_components, strict=True)],
        losses.snr.values,
        of_cases(spec, transition.m50_pooled),
        float(noise),
        np.array([is_isotropic(case) for case in spec.cases]),
        np.array([float(case.setting.axes.get("variance", np.nan)) for case in spec.cases]),
        losses.difference,
    )


def held_out(spec: RegressSpec) -> dict[str, bool]:
    """Return which settings are kept out of fits, by name; at least one is always left in.

    Parts of the samples of one distribution are kept out together: a fit that has seen one has seen the others.
    """
    names = list(dict.fromkeys(setting.truth_name for setting in spec.settings))
    count = min(round(spec.regression.holdout * len(names)), len(names) - 1)
    chosen = named_generator(spec.regression.seed, "regress", "holdout").permutation(len(names))[:count]
    out = {names[i] for i in chosen}
    return {setting.name: setting.truth_name in out for setting in spec.settings}


def _fold(cases: Cases, predicted: np.ndarray, chosen: np.ndarray) -> Fold:
    """Return the errors of predictions at the chosen cases."""
    inside = np.where(chosen, predicted, np.nan)
    return Fold((inside - cases.measured) ** 2, inside)


def _envelopes(cases: Cases) -> np.ndarray:
    """Return the range of each case's prediction by weights that fit the other sigma*^2, (case, (low, high))."""
    ends = np.full((len(cases.variance), 2), np.nan)
    for variance in np.unique(cases.variance[cases.isotropic]):
        same = cases.isotropic & (cases.variance == variance)
        ends[same] = simplex_envelope(cases, cases.variance != variance, int(np.flatnonzero(same)[0]))
    return ends


def _left_out(cases: Cases, value: np.ndarray) -> dict[str, Fold]:
    """Return the folds in which each value of an axis in turn was kept out of fits.

    Every axis with several values is a fold: there a fit has seen no setting with the same N, say. Of sigma*^2 there
    are two more, values inside of those that were seen (interpolation) and at an end (extrapolation). Models with
    components are an axis, too, as they may differ in weighting or start: what predicts one of them is fitted to all
    others of the family together. The part of the samples is none: it says which data set it is, as a seed does.
    """
    folds = {}
    table = [
        {"family": case.setting.family, **({} if own is None else {"model": case.model}), **case.setting.axes}
        for case, own in zip(cases.spec.cases, cases.group, strict=True)
    ]
    pooled = cases._replace(group=[own and own.partition("/")[0] for own in cases.group])
    for axis in dict.fromkeys(axis for row in table for axis in row if axis != PART):
        values = [row.get(axis) for row in table]  # None where a family has no such axis
        known = {value for value in values if value is not None}
        if len(known) < 2:
            continue
        predicted = np.where([value is not None for value in values], value, np.nan)
        for one in sorted(known):
            out = np.array([other == one for other in values])
            for name, predict in FITS.items():
                predicted[NAMES.index(name), out] = predict(pooled if axis == "model" else cases, ~out)[out]
        folds[f"leave_one_{axis}_out"] = _fold(cases, predicted, np.ones(len(values), bool))
        if axis == "variance" and len(known) > 2:
            end = np.array([one in (min(known), max(known)) for one in values])
            folds["interpolation"] = _fold(cases, predicted, ~end)
            folds["extrapolation"] = _fold(cases, predicted, end)
    return folds


def _threshold_left_out(cases: Cases, value: np.ndarray, losses: Losses, transition: xr.Dataset) -> Fold:
    """Return the errors where each threshold of the memorization test in turn was kept out of fits.

    A fit has seen the mean place by all other thresholds, of the same cases. The error of a case is the mean over
    thresholds; it is unknown where one of the places is.
    """
    measured = of_cases(cases.spec, transition.m50_by_threshold).mean(axis=1).T  # threshold, case
    measured = np.where([own is not None for own in cases.group], measured, np.nan)
    predicted = np.stack([value] * len(measured))  # threshold, predictor, case
    for name, places in losses.by_threshold.items():
        predicted[:, NAMES.index(name)] = places.mean(axis=2)
    for i in range(len(measured)):
        seen = cases._replace(measured=np.delete(measured, i, axis=0).mean(axis=0))
        for name, predict in FITS.items():
            predicted[i, NAMES.index(name)] = predict(seen, np.ones(len(cases.group), bool))
    error = (predicted - measured[:, None]) ** 2
    return Fold(error.mean(axis=0), predicted.mean(axis=0))
