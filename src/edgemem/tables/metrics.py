"""The main numbers of a campaign under stable names, for tables, claims and comparisons between versions."""

from typing import Any

import numpy as np
import xarray as xr

from edgemem.config.regress import PREDICTORS, RegressSpec
from edgemem.numerics.statistics import mean_interval
from edgemem.numerics.theory import generalizing_excess_loss
from edgemem.tables.evaluations import Evaluations, is_isotropic
from edgemem.tables.transition import LEVELS, RULES


# Time of the losses that are quoted, the nearest of the grid; psi = 6.7, as in the paper's figures.
LOSS_TIME = 0.36
# Signal-to-noise ratios for which theorem 3.1 is quoted: there components are told apart, and losses are not rounding.
THEOREM_SNR = (1.5, 1e6)


def metrics(
    spec: RegressSpec, evaluations: Evaluations, transition: xr.Dataset, regression: xr.Dataset
) -> dict[str, float | None]:
    """Return numbers by name, `SETTING/QUANTITY`, `predictor/NAME/QUANTITY` and so on; None where one is unknown."""
    table: dict[str, Any] = _of_campaign(transition, regression)
    for setting in map(str, transition.setting.values):
        row = transition.sel(setting=setting)
        for level in LEVELS:
            for end in ("pooled", "pooled_low", "pooled_high", "counting_stderr", "seed_stddev"):
                table[f"{setting}/{level}_{end}"] = row[f"{level}_{end}"].item()
        own = [evaluations[setting, seed] for seed in spec.seeds]
        for quantity, values in _quoted(spec, own, int(row.N)).items():
            value, low, high = mean_interval(values)
            if quantity.startswith("memorization_ratio"):  # Student's interval does not know that a ratio is in [0, 1]
                low, high = np.clip([low, high], 0, 1)
            table[f"{setting}/{quantity}"] = value
            table[f"{setting}/{quantity}_low"] = low
            table[f"{setting}/{quantity}_high"] = high
            table[f"{setting}/{quantity}_seed_stddev"] = values.std(ddof=1) if len(values) > 1 else np.nan
        for fraction in spec.regression.quoted:
            constant = regression.finite_size_constant.sel(setting=setting).interp(fraction=fraction).item()
            table[f"{setting}/finite_size_constant_at_{fraction:g}"] = constant
        table[f"{setting}/null_memorization_ratio"] = np.mean([e.null_memorization_ratio for e in own])
        for predictor in PREDICTORS:
            cell = regression.sel(setting=setting, predictor=predictor)
            table[f"{setting}/predicted_m50_{predictor}"] = cell.predicted_fraction.item()
    # JSON has no NaN; eight digits are more than any of these numbers has.
    return {name: float(f"{value:.8g}") if np.isfinite(value) else None for name, value in table.items()}


def _of_campaign(transition: xr.Dataset, regression: xr.Dataset) -> dict[str, Any]:
    """Return what is one number for all settings."""
    table: dict[str, Any] = {
        "campaign/settings": transition.sizes["setting"],
        "campaign/seeds": transition.sizes["seed"],
        "campaign/seed_variance": np.mean(transition.m50_seed_stddev.values**2),
    }
    for name in ("m50_mean", "m50_mean_low", "m50_mean_high", "m50_stddev"):
        table[f"campaign/{name}"] = transition[name].item()
    for rule in RULES:
        for points in transition.points.values:
            cell = transition.sel(rule=rule, points=points)
            table[f"campaign/counting_variance_{rule}_{points}"] = cell.counting_variance.mean().item()
            table[f"campaign/counting_mean_{rule}_{points}"] = cell.counting_mean.mean().item()
    for predictor in PREDICTORS:
        row = regression.sel(predictor=predictor)
        for fold in map(str, regression.fold.values):
            table[f"predictor/{predictor}/squared_error_{fold}"] = row.squared_error.sel(fold=fold).item()
        for name in ("p_value", "bias", "bias_low", "bias_high", "slope", "slope_low", "slope_high"):
            table[f"predictor/{predictor}/{name}"] = row[name].item()
    objectives = regression.objective.values
    table |= {
        "regression/objective": objectives[0],
        "regression/objective_worst": objectives[-1],
        "regression/starts": len(objectives),
        "regression/starts_converged": regression.converged.values.sum(),
        # Equal to a hundredth: what differs less makes no difference to a prediction.
        "regression/starts_at_best": (objectives <= 1.01 * objectives[0]).sum(),
    }
    for i, value in enumerate(regression.singular_value.values[:6], 1):
        table[f"regression/singular_value_{i}"] = value
    return table


def _quoted(spec: RegressSpec, own: list[xr.Dataset], n_samples: int) -> dict[str, np.ndarray]:
    """Return the values over seeds of what is quoted of a setting, at some model sizes M/N and one time."""
    quoted: dict[str, np.ndarray] = {}
    at = [e.sel(split="train").sel(time=LOSS_TIME, method="nearest") for e in own]
    memorizing = np.array([e.loss.sel(denoiser="memorizing").values[0] for e in at])
    generalizing = np.array([e.loss.sel(denoiser="generalizing").values[0] for e in at])
    # What follows from the approximations is quoted where they apply.
    law = (own[0].true_variance.item(), own[0].true_mean.shape[1]) if is_isotropic(own[0]) else None
    for fraction in spec.regression.quoted:
        size = fraction * n_samples
        for quantity in ("memorization_ratio", "learned_variance"):
            quoted[f"{quantity}_at_{fraction:g}"] = np.array([np.interp(size, e.model_size, e[quantity]) for e in own])
        trained = [np.interp(size, e.model_size, e.loss.sel(denoiser="trained")) for e in at]
        quoted[f"trained_loss_at_{fraction:g}"] = np.array(trained)
        partially = np.array([np.interp(size, e.subset_size, e.partially_memorizing_loss) for e in at])
        quoted[f"partially_memorizing_loss_at_{fraction:g}"] = partially
        if law and fraction < 1:
            variance, dim = law
            constant = (partially - memorizing) / ((1 - fraction) * dim * variance)
            quoted[f"constant_at_{fraction:g}"] = constant
    quoted["generalizing_loss"] = generalizing
    snr = own[0].snr.values
    chosen = (snr >= THEOREM_SNR[0]) & (snr <= THEOREM_SNR[1])
    if law and chosen.any():
        variance, dim = law
        theory = generalizing_excess_loss(dim, variance, snr[chosen])
        excess = [e.loss.isel(model_size=0).sel(split="train", denoiser="generalizing").values[chosen] for e in own]
        quoted["generalizing_loss_over_theory"] = np.mean(np.array(excess) / theory, axis=1)
    return quoted
