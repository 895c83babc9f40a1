"""What theory predicts of the transitions of a campaign without any fit, and the losses that fits of weights need."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from edgemem.analysis.evaluations import Evaluations, last_step
from edgemem.analysis.transition import FRACTIONS
from edgemem.config.regress import RegressSpec
from edgemem.config.study import Case
from edgemem.numerics.memorization import THRESHOLDS
from edgemem.numerics.memorizing_posterior import collapse
from edgemem.numerics.theory import (
    crossing_size,
    crossover_fraction,
    finite_size_constant,
    generalizing_excess_loss,
    partially_memorizing_excess_loss,
)


# C(M) at the fractions of curves, by the names of settings and the seed.
Constants = dict[tuple[str, int], np.ndarray]
# Predictors by their weights of the times, at which the exact losses cross, and by centres of their own.
CROSSINGS = ("exact_losses", "own_exact", "danger", "collapse", "decided")
CENTRES = ("fixed_centres", "ward", "ward_sampled", "likelihood", "likelihood_sampled")
NAMES = ("c1", "c2", "snr_weight", "finite_size", "own_c2", *CROSSINGS, "copy_variance_line", *CENTRES)
# Those that know of the threshold of the memorization test.
OF_THRESHOLD = ("copy_variance_line", *CENTRES)


class Losses(NamedTuple):
    """What the losses of a campaign's data say, before any transition is known.

    **Attributes:** `predictions`: of M50 / N without any fit, (case, seed) by predictor; `difference`: by case that of
    the two exact losses, (subset size, time), mean over seeds, None where there are none to cross; `constants`: C(M),
    (setting, fraction); `by_threshold`: predictions by other thresholds of the memorization test, (threshold, case,
    seed), by the predictors that know of it.
    """

    time: xr.DataArray
    snr: xr.DataArray
    predictions: dict[str, np.ndarray]
    difference: list[np.ndarray | None]
    constants: np.ndarray
    by_threshold: dict[str, np.ndarray]


def losses_of(spec: RegressSpec, evaluations: Evaluations) -> Losses:
    """Return what predictions need of the losses in evaluations."""
    first = evaluations[spec.cases[0].setting.name, spec.cases[0].model, spec.seeds[0]]
    difference: list[np.ndarray | None] = []
    for case in spec.cases:
        own = (last_step(evaluations[case.setting.name, case.model, seed]) for seed in spec.seeds)
        applies = has_losses_to_cross(case)
        difference.append(np.mean([excess_difference(one) for one in own], axis=0) if applies else None)
    constants = finite_size_constants(spec, evaluations)
    of_settings = [np.mean([constants[setting.name, seed] for seed in spec.seeds], axis=0) for setting in spec.settings]
    predictions = theory_predictions(spec, evaluations, constants)
    by_threshold = threshold_predictions(spec, evaluations)
    return Losses(first.time, first.snr, predictions, difference, np.array(of_settings), by_threshold)


def theory_predictions(spec: RegressSpec, evaluations: Evaluations, constants: Constants) -> dict[str, np.ndarray]:
    """Return the predictions of M50 / N that need no fit, (case, seed) by predictor; NaN where one does not apply.

    `c1`, `c2`, `finite_size` and `exact_losses` weight all times equally on the x_0 scale, lambda = 1 in (21);
    `snr_weight` by psi; `own_c2` and `own_exact` as the training did that made the models; the others of `CROSSINGS`
    as the training samples say. `copy_variance_line` is 1 - v_c / sigma*^2. Where the paper's approximations do not
    hold there are only the predictions by the exact losses, those of the setting's own generalizing denoiser, and by
    `CENTRES`, which need the training samples alone.
    """
    found = {name: np.full((len(spec.cases), len(spec.seeds)), np.nan) for name in NAMES}
    for i, case in enumerate(spec.cases):
        for j, seed in enumerate(spec.seeds):
            own = evaluations[case.setting.name, case.model, seed]
            for name, value in _of_case(case, own, constants[case.setting.name, seed]).items():
                found[name][i, j] = value
    return found


def threshold_predictions(spec: RegressSpec, evaluations: Evaluations) -> dict[str, np.ndarray]:
    """Return what predictors that know of the threshold of the memorization test say by others than the campaign's.

    By `THRESHOLDS`, (threshold, case, seed) by predictor; NaN where one does not apply.
    """
    shape = len(THRESHOLDS), len(spec.cases), len(spec.seeds)
    found = {name: np.full(shape, np.nan) for name in OF_THRESHOLD}
    for i, case in enumerate(spec.cases):
        if "components" not in case.provides:
            continue
        for j, seed in enumerate(spec.seeds):
            own = evaluations[case.setting.name, case.model, seed]
            places = _of_samples(case, own, own.copy_variance_by_threshold, own.half_copies_by_threshold)
            for name, values in places.items():
                found[name][:, i, j] = values
    return found


def _of_samples(
    case: Case, evaluation: xr.Dataset, variance: xr.DataArray, half: xr.DataArray
) -> dict[str, np.ndarray]:
    """Return what training samples and a threshold say, of data with components, from `copy_variance` and
    `half_copies`."""
    found = {name: half.sel(centres=name).values / case.setting.N for name in CENTRES}
    if is_isotropic(case):
        found["copy_variance_line"] = 1 - variance.values / evaluation.true_variance.item()
    return found


def _of_case(case: Case, evaluation: xr.Dataset, constant: np.ndarray) -> dict[str, float]:
    found: dict[str, float] = {}
    if "components" in case.provides:
        own = _of_samples(case, evaluation, evaluation.copy_variance, evaluation.half_copies)
        found |= {name: value.item() for name, value in own.items()}
    if has_losses_to_cross(case):
        difference = excess_difference(evaluation)
        for name, weight in time_weights(evaluation).items():
            crossing = crossing_size(evaluation.subset_size.values, difference @ weight)
            found[name] = crossing / case.setting.N
    if is_isotropic(case):
        snr, variance, dim = evaluation.snr.values, evaluation.true_variance.item(), case.setting.dim
        one = np.ones_like(snr)
        found["c1"] = crossover_fraction(snr, one, variance, 1.0)
        found["c2"] = crossover_fraction(snr, one, variance, 2.0)
        found["snr_weight"] = crossover_fraction(snr, snr, variance, 2.0)
        found["own_c2"] = crossover_fraction(snr, evaluation.training_weight.values, variance, 2.0)
        generalizing = np.mean(generalizing_excess_loss(dim, variance, snr))
        partially = partially_memorizing_excess_loss(dim, variance, FRACTIONS, constant)
        found["finite_size"] = crossing_size(FRACTIONS, partially - generalizing)
    return found


def time_weights(evaluation: xr.Dataset) -> dict[str, np.ndarray]:
    """Return the weights of the times that are known before any transition is, by the predictor that they give."""
    posterior = evaluation.posterior_weight.values
    weights = (
        np.ones_like(posterior),
        evaluation.training_weight.values,
        posterior * evaluation.shell_coverage.values,
        collapse(posterior),
        evaluation.decided.values,
    )
    return dict(zip(CROSSINGS, weights, strict=True))


def is_isotropic(case: Case) -> bool:
    """Return whether the paper's approximations hold, and sizes count components."""
    return {"isotropic_theory", "components"} <= case.provides


def has_losses_to_cross(case: Case) -> bool:
    """Return whether the data have a true denoiser whose loss the partially memorizing one's can cross."""
    return {"true_denoiser", "components"} <= case.provides


def excess_difference(evaluation: xr.Dataset) -> np.ndarray:
    """Return the partially memorizing loss minus the generalizing one on the training samples, (subset size, time)."""
    train = evaluation.sel(split="train")
    excess = train.partially_memorizing_loss - train.reference_loss.sel(reference="generalizing")
    values: np.ndarray = excess.transpose("subset_size", "time").values
    return values


def finite_size_constants(spec: RegressSpec, evaluations: Evaluations) -> Constants:
    """Return C(M) at the fractions of curves, by setting and seed; NaN where the approximations do not apply."""
    found = {(setting.name, seed): np.full(len(FRACTIONS), np.nan) for setting in spec.settings for seed in spec.seeds}
    # Of several models on a setting any will do: it is the data's, and takes a second.
    for case in {case.setting.name: case for case in spec.cases if "isotropic_theory" in case.provides}.values():
        size = np.maximum(FRACTIONS * case.setting.N, 1)
        for seed in spec.seeds:
            own = evaluations[case.setting.name, case.model, seed]
            constant = finite_size_constant(size, own.true_mean.values, own.true_variance.item())
            found[case.setting.name, seed] = constant
    return found
