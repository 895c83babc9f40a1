"""The summary metrics of a campaign under stable names, for tables, claims and comparisons between versions."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from edgemem.analysis.agreement import ENDS
from edgemem.analysis.convergence import in_gap, usable
from edgemem.analysis.copied_samples import (
    copied_samples,
    density_correlation,
    duplicated_over_single,
    has_duplicates,
)
from edgemem.analysis.evaluations import Evaluations, last_step, of_cases
from edgemem.analysis.flows import flow_metrics
from edgemem.analysis.published import LOSS_TIME, RATIO_POINTS
from edgemem.analysis.starts import ratios_at_n, samples_held, starts_metrics
from edgemem.analysis.time_scaling import times_metrics
from edgemem.analysis.transition import CRITERIA, NAMES
from edgemem.analysis.variances import variances
from edgemem.analysis.weightings import weightings_metrics
from edgemem.config.regress import PREDICTORS, RegressSpec
from edgemem.config.study import Case
from edgemem.numerics.simplex_weights import count_directions
from edgemem.numerics.statistics import mean_interval
from edgemem.numerics.theory import generalizing_excess_loss


# What transitions count of models.
COUNTED = ("models", "models_left_out", "models_still_falling", "models_too_short")
# Signal-to-noise ratios for which theorem 3.1 is judged: there components are told apart, and losses are not rounding.
THEOREM_SNR = (1.5, 1e6)
# The ratio of models that are as large as their data.
AT_N = "memorization_ratio_at_1"
# The ratio that chance alone gives.
NULL = "null_memorization_ratio"


def metrics(
    spec: RegressSpec, evaluations: Evaluations, transition: xr.Dataset, regression: xr.Dataset
) -> dict[str, float | None]:
    """Return numbers by name, `SETTING/MODEL/QUANTITY`, `predictor/NAME/QUANTITY` and so on; None where unknown."""
    measured = {}
    for case, m50 in zip(spec.cases, of_cases(spec, transition.m50), strict=True):
        own = [evaluations[case.setting.name, case.model, seed] for seed in spec.seeds]
        null = np.array([evaluation.null_memorization_ratio for evaluation in own])
        found = _at_fractions(spec, case, own) | _of_setting(case, own) | _of_samples(own, m50) | _of_components(own)
        measured[case.name] = found | {NULL: null}
    return summary(spec, measured, transition, regression)


def summary(
    spec: RegressSpec, measured: dict[str, dict[str, np.ndarray]], transition: xr.Dataset, regression: xr.Dataset
) -> dict[str, float | None]:
    """Return the numbers of `metrics` from what was measured of each case, over seeds, beside its transition."""
    at_n = {case: own[AT_N] for case, own in measured.items() if AT_N in own}
    table: dict[str, Any] = _of_campaign(spec, transition, regression)
    table |= ratios_at_n(spec, at_n) | starts_metrics(spec, transition) | weightings_metrics(spec, transition)
    table |= times_metrics(transition) | flow_metrics(spec, transition)
    places, predicted = _by_case(spec, transition), _by_case(spec, regression)
    constants = regression.finite_size_constant.sel(setting=[case.setting.name for case in spec.cases]).values
    for i, case in enumerate(spec.cases):
        own = {name: values[i] for name, values in places.items()}
        for name, value in _of_transition(own, transition.threshold.values).items():
            table[f"{case.name}/{name}"] = value
        for name, value in _of_measured(dict(measured[case.name])):
            table[f"{case.name}/{name}"] = value
        for fraction in spec.regression.report_fractions:
            constant = np.interp(fraction, regression.fraction.values, constants[i], left=np.nan, right=np.nan)
            table[f"{case.name}/finite_size_constant_at_{fraction:g}"] = constant
        for predictor, value in zip(PREDICTORS, predicted["predicted_fraction"][i], strict=True):
            table[f"{case.name}/predicted_m50_{predictor}"] = value
    # JSON has no NaN; eight digits are more than any of these numbers has.
    return {name: float(f"{value:.8g}") if np.isfinite(value) else None for name, value in table.items()}


def _by_case(spec: RegressSpec, dataset: xr.Dataset) -> dict[str, np.ndarray]:
    """Return what a table has of settings and models, by case."""
    return {
        str(name): of_cases(spec, array)
        for name, array in dataset.data_vars.items()
        if {"setting", "model"} <= set(array.dims)
    }


def _of_measured(measured: dict[str, np.ndarray]) -> Iterator[tuple[str, Any]]:
    """Yield the mean over seeds of what is measured of a case, with its interval and their spread."""
    null = measured.pop(NULL)
    for quantity, values in measured.items():
        value, low, high = mean_interval(values)
        if quantity.startswith("memorization_ratio"):  # Student's interval does not know that a ratio is in [0, 1]
            low, high = np.clip([low, high], 0, 1)
        yield quantity, value
        yield f"{quantity}_low", low
        yield f"{quantity}_high", high
        yield f"{quantity}_seed_stddev", values.std(ddof=1) if len(values) > 1 else np.nan
    yield NULL, np.mean(null)


def _of_transition(own: dict[str, np.ndarray], thresholds: np.ndarray) -> dict[str, Any]:
    """Return where a case's transition is, how wide, how many models and data sets there are, what became of them.

    **Arguments:** `own`: the table of transitions at the case.
    """
    ends = ("pooled", "pooled_low", "pooled_high", "binomial_stderr", "seed_stddev")
    found: dict[str, Any] = {f"{level}_{end}": own[f"{level}_{end}"] for level in NAMES for end in ends}
    found |= {
        # Below 0.1 at N / 2 means that 0.1 is reached later.
        "transitions": np.sum((own["corrected_m10"] > 0.5) & np.isfinite(own["corrected_m90"])),
        "data_sets": len(own["m50"]),
        **{name: own[name].sum() for name in COUNTED},
        "data_sets_below_half": np.sum(own["highest_ratio"] < 0.5),
        "data_sets_above_half": np.sum(own["lowest_ratio"] >= 0.5),
    }
    by_threshold = {
        f"m50_at_threshold_{threshold:.4g}": own["m50_by_threshold"][:, i] for i, threshold in enumerate(thresholds)
    }
    for name, values in {"corrected_width": own["corrected_width"], **by_threshold}.items():
        found |= dict(zip((name, f"{name}_low", f"{name}_high"), mean_interval(values), strict=True))
    return found


def _of_campaign(spec: RegressSpec, transition: xr.Dataset, regression: xr.Dataset) -> dict[str, Any]:
    """Return what is one number for all cases."""
    table: dict[str, Any] = {
        "campaign/settings": transition.sizes["setting"],
        "campaign/seeds": transition.sizes["seed"],
        "campaign/seed_variance": np.mean(of_cases(spec, transition.m50_seed_stddev) ** 2),
        **{f"campaign/{name}": np.nansum(transition[name]) for name in COUNTED},
        "campaign/data_sets_below_half": np.sum(transition.highest_ratio.values < 0.5),
        "campaign/data_sets_above_half": np.sum(transition.lowest_ratio.values >= 0.5),
        **variances(spec, transition),
    }
    for name in ("m50_mean", "m50_mean_low", "m50_mean_high", "m50_stddev"):
        table[f"campaign/{name}"] = transition[name].item()
    first = of_cases(spec, transition.binomial_mean.sel(criterion="first", points=RATIO_POINTS))
    ends = ("campaign/m50_first_50", "campaign/m50_first_50_low", "campaign/m50_first_50_high")
    table |= dict(zip(ends, mean_interval(first), strict=True))
    for threshold in transition.threshold.values:
        by_case = of_cases(spec, transition.m50_by_threshold.sel(threshold=threshold)).mean(axis=1)
        name = f"campaign/m50_at_threshold_{threshold:.4g}"
        table |= dict(zip((name, f"{name}_low", f"{name}_high"), mean_interval(by_case), strict=True))
    for criterion in CRITERIA:
        for points in transition.points.values:
            for name in ("binomial_variance", "binomial_mean"):
                cell = transition[name].sel(criterion=criterion, points=points)
                table[f"campaign/{name}_{criterion}_{points}"] = cell.mean().item()
    agreements = {
        str(name): array.values for name, array in regression.data_vars.items() if array.dims[:1] == ("predictor",)
    }
    for i, predictor in enumerate(PREDICTORS):
        own = {name: values[i] for name, values in agreements.items()}
        table |= _of_predictor(predictor, own, regression.fold.values)
    return table | _of_weights(regression)


def _of_predictor(predictor: str, own: dict[str, np.ndarray], folds: np.ndarray) -> dict[str, Any]:
    """Return the errors of a predictor by fold, and how measured transitions follow it.

    **Arguments:** `own`: what `agreement` has of it.
    """
    found: dict[str, Any] = {}
    by_fold = ("squared_error", "count", *(f"{name}{end}" for name in ("gain", "floor") for end in ENDS))
    for i, fold in enumerate(map(str, folds)):
        for name in by_fold:
            stem, _, end = name.partition("_") if name.startswith(("gain", "floor")) else (name, "", "")
            found[f"{stem}_{fold}" + (f"_{end}" if end else "")] = own[name][i]
    names = ["p_value", *(f"{name}{end}" for name in ("bias", "slope", "within_slope") for end in ENDS)]
    found |= {name: own[name] for name in names}
    return {f"predictor/{predictor}/{name}": value for name, value in found.items()}


def _of_weights(regression: xr.Dataset) -> dict[str, Any]:
    """Return how the search for weights went, and how many directions of them the measurements tell."""
    objectives, singular = regression.objective.values, regression.singular_value.values
    known = np.isfinite(singular).all()
    return {
        "regression/objective": objectives[0],
        "regression/objective_worst": objectives[-1],
        "regression/starts": len(objectives),
        "regression/starts_converged": regression.converged.values.sum(),
        # Equal to a hundredth: what differs less makes no difference to a prediction.
        "regression/starts_at_best": (objectives <= 1.01 * objectives[0]).sum(),
        "regression/noise_variance": regression.noise_variance.item(),
        "regression/identified_directions": count_directions(singular) if known else np.nan,
        **{f"regression/singular_value_{i:02}": value for i, value in enumerate(singular, 1)},
    }


def _at_fractions(spec: RegressSpec, case: Case, own: list[xr.Dataset]) -> dict[str, np.ndarray]:
    """Return the values over seeds of what is reported at some model sizes, losses at one time."""
    found: dict[str, np.ndarray] = {}
    last = [last_step(evaluation) for evaluation in own]
    # Values at a size are read between models that have converged.
    at, kept = np.array(spec.regression.report_fractions), [usable(one) for one in last]
    gaps = [
        dict(zip(at, in_gap(one.fraction.values, own, at), strict=True)) for one, own in zip(last, kept, strict=True)
    ]
    last = [one.isel(model_size=own) for one, own in zip(last, kept, strict=True)]
    train = [one.sel(split="train").sel(time=LOSS_TIME, method="nearest") for one in last]
    memorizing = np.array([one.reference_loss.sel(reference="memorizing").item() for one in train])
    for fraction in spec.regression.report_fractions:
        quantities = ["memorization_ratio", *(["learned_variance"] if "components" in case.provides else [])]
        for quantity in quantities:
            found[f"{quantity}_at_{fraction:g}"] = _between([one[quantity] for one in last], fraction, gaps)
        if {"distance_to_nearest_mean", "true_variance"} <= set(own[0]):
            found[f"samples_held_at_{fraction:g}"] = _between([samples_held(one) for one in last], fraction, gaps)
        found[f"trained_loss_at_{fraction:g}"] = _between([one.loss for one in train], fraction, gaps)
        size = fraction * case.setting.N
        # Beyond N there is no subset of the samples.
        partially = np.array(
            [np.interp(size, one.subset_size, one.partially_memorizing_loss, right=np.nan) for one in train]
        )
        found[f"partially_memorizing_loss_at_{fraction:g}"] = partially
        if "isotropic_theory" in case.provides and fraction < 1:
            scale = case.setting.dim * own[0].true_variance.item()
            found[f"constant_at_{fraction:g}"] = (partially - memorizing) / ((1 - fraction) * scale)
    return found


def _between(values: list[xr.DataArray], fraction: float, gaps: list[dict[float, bool]]) -> np.ndarray:
    """Return a quantity of each seed at a fraction between model sizes; NaN beyond them and where models left out leave
    a gap."""
    return np.array(
        [
            np.interp(fraction, own.fraction, own, left=np.nan, right=np.nan)
            if own.size and not gap[fraction]
            else np.nan
            for own, gap in zip(values, gaps, strict=True)
        ]
    )


def _of_setting(case: Case, own: list[xr.Dataset]) -> dict[str, np.ndarray]:
    """Return the values over seeds of what is reported of a setting's own denoiser, where it has one."""
    found: dict[str, np.ndarray] = {}
    if "true_denoiser" not in case.provides:
        return found
    references = [evaluation.reference_loss.sel(split="train") for evaluation in own]
    losses = [loss.sel(reference="generalizing") for loss in references]
    found["generalizing_loss"] = np.array([loss.sel(time=LOSS_TIME, method="nearest").item() for loss in losses])
    snr = own[0].snr.values
    chosen = (snr >= THEOREM_SNR[0]) & (snr <= THEOREM_SNR[1])
    if "isotropic_theory" in case.provides and chosen.any():
        theory = generalizing_excess_loss(case.setting.dim, own[0].true_variance.item(), snr[chosen])
        memorizing = [loss.sel(reference="memorizing") for loss in references]
        excess = np.array([(loss - least).values[chosen] for loss, least in zip(losses, memorizing, strict=True)])
        found["generalizing_loss_over_theory"] = np.mean(excess / theory, axis=1)
    return found


def _of_samples(own: list[xr.Dataset], m50: np.ndarray) -> dict[str, np.ndarray]:
    """Return the values over seeds of what tells which training samples are copied first.

    **Arguments:** `m50`: M50 / N of each seed.
    """
    samples = [copied_samples(last_step(evaluation), place) for evaluation, place in zip(own, m50, strict=True)]
    found = {"copies_density_correlation": np.array([density_correlation(one) for one in samples])}
    if any(map(has_duplicates, own)):
        found["copies_of_duplicated_over_single"] = np.array([duplicated_over_single(one) for one in samples])
    return found


def _of_components(own: list[xr.Dataset]) -> dict[str, np.ndarray]:
    """Return, over seeds, how far the ratio falls at most from a size to a larger one, where weights are learned."""
    if "effective_components" not in own[0]:
        return {}
    falls = []
    for evaluation in own:
        last = last_step(evaluation)
        ratio = last.memorization_ratio.values[usable(last)]
        falls.append(largest_fall(ratio) if ratio.size else np.nan)
    return {"largest_fall": np.array(falls)}


def largest_fall(ratio: Float[np.ndarray, "size"]) -> float:
    """Return how far a ratio falls at most from a size to any larger one, max_{i <= j} (r_i - r_j)."""
    return float(np.max(np.maximum.accumulate(ratio) - ratio))
