"""Where the transitions of a campaign are."""

import functools
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from edgemem.analysis.convergence import in_gap, left_out, usable
from edgemem.analysis.copies import copied_counts
from edgemem.analysis.evaluations import Evaluations, case_coordinates, group, last_step, over_cases
from edgemem.analysis.published import RATIO_POINTS
from edgemem.config.regress import RegressSpec
from edgemem.numerics.memorization import THRESHOLDS
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.statistics import (
    Estimate,
    Z,
    binomial_spread,
    crossing,
    crossing_estimates,
    mean_interval,
    monotone_logit,
    pool,
    ratio_curve,
)
from edgemem.numerics.variance_components import one_seed_interval


LEVELS = {"m10": 0.1, "m50": 0.5, "m90": 0.9}
# The same levels of the ratio with chance taken off, (ratio - chance) / (1 - chance).
NAMES = (*LEVELS, *(f"corrected_{name}" for name in LEVELS))
# Model sizes, as fractions, of curves that are put on one axis.
FRACTIONS = np.linspace(0.02, 1.0, 99).round(4)
# How M50 is read off the ratios: where the fitted curve crosses one half, or the paper's, the first size with one half.
CRITERIA = ("fitted", "first")


class Read(NamedTuple):
    """What is read off the evaluations of a campaign, by case and seed, NaN where it is unknown.

    **Attributes:** `places`: (case, seed, name, (value, low, high)), with the binomial interval; `curves`: ratios at
    `FRACTIONS`; `extremes`: the lowest and the highest ratio; `by_threshold`: M50 / N by `THRESHOLDS`; `counted`:
    numbers of models; `points`: numbers of generated points, for which `again` has mean and variance of M50 / N counted
    again, (case, seed, criterion, points, 2).
    """

    places: np.ndarray
    curves: np.ndarray
    extremes: np.ndarray
    by_threshold: np.ndarray
    counted: dict[str, np.ndarray]
    points: list[int]
    again: np.ndarray


def find_transitions(spec: RegressSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return M10, M50 and M90 as fractions of N, for each seed and pooled, and the pooled curves of the ratio.

    Of a model without components they are the same fractions of its own size, the coordinate `fraction`. Models that
    have not converged are left out, and counted; a place among several of them is unknown.
    """
    return transition_table(spec, _read(spec, evaluations))


def _read(spec: RegressSpec, evaluations: Evaluations) -> Read:
    """Return where the transitions of single evaluations are."""
    shape = (len(spec.cases), len(spec.seeds))
    per_seed = np.full((*shape, len(NAMES), 3), np.nan)
    curves = np.full((*shape, len(FRACTIONS)), np.nan)
    extremes = np.full((*shape, 2), np.nan)
    by_threshold = np.full((*shape, len(THRESHOLDS)), np.nan)
    counted: dict[str, np.ndarray] = {}
    for i, case in enumerate(spec.cases):
        for j, seed in enumerate(spec.seeds):
            last = last_step(evaluations[case.setting.name, case.model, seed])
            for name, value in left_out(last).items():
                counted.setdefault(name, np.zeros(shape))[i, j] = value
            kept = usable(last)
            chosen = last.isel(model_size=kept)
            if not kept.any():
                continue
            fractions, counts, total = chosen.fraction.values, chosen.memorized_count.values, int(last.generated_count)
            rng = named_generator(seed, "regress", case.setting.name, "bootstrap")
            levels = _levels(last)
            per_seed[i, j] = crossing_estimates(fractions, counts, total, levels, rng=rng)
            gap = functools.partial(in_gap, last.fraction.values, kept)
            per_seed[i, j, gap(per_seed[i, j, :, 0])] = np.nan
            curves[i, j] = np.where(gap(FRACTIONS), np.nan, ratio_curve(fractions, counts, total, FRACTIONS))
            extremes[i, j] = counts.min() / total, counts.max() / total
            found = np.array([_m50(chosen, threshold) for threshold in THRESHOLDS])
            by_threshold[i, j] = np.where(gap(found), np.nan, found)
    m50 = per_seed[:, :, NAMES.index("m50"), 0]
    return Read(per_seed, curves, extremes, by_threshold, counted, *_counted_again(spec, evaluations, m50))


def transition_table(spec: RegressSpec, read: Read) -> xr.Dataset:
    """Return the table of the transitions that were read off single evaluations, each place pooled over seeds."""
    per_seed, curves, extremes, by_threshold, counted = read[:5]
    dims = ("setting", "model")
    dataset = case_coordinates(spec).assign_coords(
        seed=("seed", spec.seeds, {"long_name": "seed of a data set and its models", "units": "1"}),
        fraction=("fraction", FRACTIONS, {"long_name": "model size M / N", "units": "1"}),
        threshold=("threshold", list(THRESHOLDS), {"long_name": "threshold of the memorization test", "units": "1"}),
    )

    # All at once: a table that grows by one variable is made anew each time.
    table: dict[str, Any] = {}

    def add(name: str, more: tuple[str, ...], values: np.ndarray, long_name: str) -> None:
        table[name] = ((*dims, *more), over_cases(spec, values), {"long_name": long_name, "units": "1"})

    for k, name in enumerate(NAMES):
        _add_place(spec, add, name, per_seed[:, :, k])
    width = per_seed[:, :, NAMES.index("corrected_m90"), 0] - per_seed[:, :, NAMES.index("corrected_m10"), 0]
    add("corrected_width", ("seed",), width, "width of the transition, corrected_m90 - corrected_m10")
    add("m50_by_threshold", ("seed", "threshold"), by_threshold, "m50 by another threshold of the memorization test")
    for column, name in enumerate(("lowest_ratio", "highest_ratio")):
        text = f"{name.replace('_', ' ')} of the models that are in fits"
        add(name, ("seed",), extremes[..., column], text.replace("ratio", "memorization ratio"))
    for name, values in counted.items():
        add(name, ("seed",), values, f"number of {name.replace('_', ' ')}")
    mean, low, high = mean_interval(np.moveaxis(curves, 1, 0))
    for name, values, long_name in (
        ("ratio_curve", mean, "fitted memorization ratio, mean over seeds"),
        ("ratio_curve_low", np.clip(low, 0, 1), "lower 95 % end of ratio_curve, from the spread over seeds"),
        ("ratio_curve_high", np.clip(high, 0, 1), "upper 95 % end of ratio_curve, from the spread over seeds"),
    ):
        add(name, ("fraction",), values, long_name)
    m50 = per_seed[:, :, NAMES.index("m50"), 0].mean(axis=1)
    return dataset.assign(table).merge(_over_all(m50)).merge(_binomial(spec, read))


def _levels(last: xr.Dataset) -> tuple[float, ...]:
    """Return the ratios at which the levels are reached: those themselves, and c + (1 - c) of them, c by chance."""
    chance = last.null_memorization_ratio.item()
    return (*LEVELS.values(), *(chance + (1 - chance) * level for level in LEVELS.values()))


def _m50(chosen: xr.Dataset, threshold: float) -> float:
    """Return M50 / N by a threshold, NaN where the ratio does not cross one half."""
    logit = monotone_logit(copied_counts(chosen, threshold)[None], int(chosen.generated_count))
    found = float(crossing(chosen.fraction.values, logit, 0.5)[0])
    return found if np.isfinite(found) else np.nan


def _add_place(spec: RegressSpec, add: Any, name: str, per_seed: np.ndarray) -> None:
    """Add the place of one level to the table: of each seed with its binomial interval, and pooled over seeds.

    **Arguments:** `per_seed`: (case, seed, (value, low, high)).
    """
    corrected, level = name.startswith("corrected"), LEVELS[name.removeprefix("corrected_")]
    what = f"fraction M/N at which the {'chance-corrected ' * corrected}memorization ratio reaches {level:g}"
    pooled = np.array([pool([Estimate(*row) for row in of_case]) for of_case in per_seed])
    if len(spec.seeds) == 1:
        # Of one data set nobody knows what others would give; the spread between settings has it, and more.
        groups = np.array([group(case) for case in spec.cases])
        pooled[:, 1], pooled[:, 2] = one_seed_interval(pooled[:, 0], groups)
    spread = "spread over seeds" if len(spec.seeds) > 1 else "spread between settings of one seed each"
    for column, end in enumerate(("", "_low", "_high")):
        which = {"_low": ", lower 95 % end", "_high": ", upper 95 % end"}.get(end, "")
        add(name + end, ("seed",), per_seed[..., column], what + (f"{which}, binomial error alone" if which else ""))
        covers = f"{which}, {spread}" if which else ""
        add(f"{name}_pooled{end}", (), pooled[:, column], f"{what}, mean over seeds{covers}")
    add(f"{name}_binomial_stderr", (), pooled[:, 3], f"binomial standard error of {name}_pooled")
    removed = f"standard deviation of {name} between seeds, binomial error removed"
    add(f"{name}_seed_stddev", (), pooled[:, 4], removed)


def binomial_variance(transition: xr.Dataset, name: str = "m50") -> xr.DataArray:
    """Return the variance of a place that counting alone gives, from its binomial interval, for each seed."""
    return ((transition[f"{name}_high"] - transition[f"{name}_low"]) / (2 * Z)) ** 2


def _over_all(m50: np.ndarray) -> xr.Dataset:
    """Return the mean of M50 / N over the cases with its interval, and how much the cases differ."""
    value, low, high = mean_interval(m50)
    what, cases = "M50 / N, mean over settings and models", "spread over settings and models"
    return xr.Dataset(
        {
            "m50_mean": ((), value, {"long_name": what, "units": "1"}),
            "m50_mean_low": ((), low, {"long_name": f"{what}, lower 95 % end, {cases}", "units": "1"}),
            "m50_mean_high": ((), high, {"long_name": f"{what}, upper 95 % end, {cases}", "units": "1"}),
            "m50_stddev": (
                (),
                np.std(m50, ddof=1) if len(m50) > 1 else np.nan,
                {"long_name": "standard deviation of m50_pooled between settings and models", "units": "1"},
            ),
        }
    )


def _counted_again(spec: RegressSpec, evaluations: Evaluations, m50: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Return mean and variance of M50 / N counted again on the same models, also with the paper's number of points.

    **Arguments:** `m50`: (case, seed), NaN where there is none, and none to be counted again.
    """
    totals = {int(evaluation.generated_count) for evaluation in evaluations.values()}
    points = sorted({RATIO_POINTS, *totals})
    # case, seed, criterion, points, (mean, variance)
    spread = np.full((len(spec.cases), len(spec.seeds), len(CRITERIA), len(points), 2), np.nan)
    for i, case in enumerate(spec.cases):
        for j, seed in enumerate(spec.seeds):
            last = last_step(evaluations[case.setting.name, case.model, seed])
            if np.isnan(m50[i, j]):
                continue
            chosen = last.isel(model_size=usable(last))
            fractions, counts, total = chosen.fraction.values, chosen.memorized_count.values, int(last.generated_count)
            for n, count in enumerate(points):
                rng = named_generator(seed, "regress", case.setting.name, "counting", count)
                spread[i, j, :, n] = binomial_spread(fractions, counts, total, count, rng=rng, replicates=400)
    return points, spread


def _binomial(spec: RegressSpec, read: Read) -> xr.Dataset:
    """Return mean and variance over seeds of M50 / N counted again."""
    coordinates = {
        "criterion": ("criterion", list(CRITERIA), {"long_name": "criterion by which M50 is found"}),
        "points": ("points", read.points, {"long_name": "generated points that are counted", "units": "1"}),
    }
    dims, why = ("setting", "model", "criterion", "points"), "over repeated counts of generated points, the same models"
    mean, variance = (over_cases(spec, read.again[..., column].mean(axis=1)) for column in (0, 1))
    of_variance = {"long_name": f"variance of M50 / N of one seed {why}", "units": "1"}
    return xr.Dataset(
        {
            "binomial_mean": (dims, mean, {"long_name": f"mean of M50 / N {why}", "units": "1"}),
            "binomial_variance": (dims, variance, of_variance),
        },
        coords=coordinates,
    ).transpose("criterion", "points", ...)
