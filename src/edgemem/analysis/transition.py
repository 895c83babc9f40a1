"""Where the transitions of a campaign are."""

import numpy as np
import xarray as xr

from edgemem.analysis.evaluations import Evaluations, case_coordinates, last_step, over_cases
from edgemem.analysis.published import RATIO_POINTS
from edgemem.config.regress import RegressSpec
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.statistics import (
    Estimate,
    binomial_spread,
    crossing_estimates,
    mean_interval,
    pool,
    ratio_curve,
)


LEVELS = {"m10": 0.1, "m50": 0.5, "m90": 0.9}
# Model sizes, as fractions, of curves that are put on one axis.
FRACTIONS = np.linspace(0.02, 1.0, 99).round(4)
# How M50 is read off the ratios: where the fitted curve crosses one half, or the paper's, the first size with one half.
CRITERIA = ("fitted", "first")


def find_transitions(spec: RegressSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return M10, M50 and M90 as fractions of N, for each seed and pooled, and the pooled curves of the ratio.

    Of a model without components they are the same fractions of its own size, the coordinate `fraction`.
    """
    shape = (len(spec.cases), len(spec.seeds))
    per_seed = np.full((*shape, len(LEVELS), 3), np.nan)
    pooled = np.full((len(spec.cases), len(LEVELS), 5), np.nan)
    curves = np.full((*shape, len(FRACTIONS)), np.nan)
    for i, case in enumerate(spec.cases):
        for j, seed in enumerate(spec.seeds):
            fractions, counts, total = _counts(evaluations[case.setting.name, case.model, seed])
            rng = named_generator(seed, "regress", case.setting.name, "bootstrap")
            per_seed[i, j] = crossing_estimates(fractions, counts, total, tuple(LEVELS.values()), rng=rng)
            curves[i, j] = ratio_curve(fractions, counts, total, FRACTIONS)
        pooled[i] = [pool([Estimate(*row) for row in per_seed[i, :, k]]) for k in range(len(LEVELS))]

    dataset = case_coordinates(spec).assign_coords(
        seed=("seed", spec.seeds, {"long_name": "seed of a data set and its models", "units": "1"}),
        fraction=("fraction", FRACTIONS, {"long_name": "model size M / N", "units": "1"}),
    )
    dims = ("setting", "model")
    for k, (name, level) in enumerate(LEVELS.items()):
        what = f"fraction M/N at which the memorization ratio reaches {level:g}"
        ends = {"": what, "_low": f"{what}, lower 95 % end", "_high": f"{what}, upper 95 % end"}
        for column, (end, long_name) in enumerate(ends.items()):
            attributes = {"long_name": f"{long_name}, binomial error alone" if end else long_name, "units": "1"}
            dataset[name + end] = ((*dims, "seed"), over_cases(spec, per_seed[:, :, k, column]), attributes)
            attributes = {"long_name": f"{long_name}, pooled over seeds", "units": "1"}
            dataset[f"{name}_pooled{end}"] = (dims, over_cases(spec, pooled[:, k, column]), attributes)
        dataset[f"{name}_binomial_stderr"] = (
            dims,
            over_cases(spec, pooled[:, k, 3]),
            {"long_name": f"binomial standard error of {name}_pooled", "units": "1"},
        )
        dataset[f"{name}_seed_stddev"] = (
            dims,
            over_cases(spec, pooled[:, k, 4]),
            {"long_name": f"standard deviation of {name} between seeds, binomial error removed", "units": "1"},
        )
    mean, low, high = mean_interval(np.moveaxis(curves, 1, 0))
    for name, values, long_name in (
        ("ratio_curve", mean, "fitted memorization ratio, mean over seeds"),
        ("ratio_curve_low", np.clip(low, 0, 1), "lower 95 % end of ratio_curve, from the spread over seeds"),
        ("ratio_curve_high", np.clip(high, 0, 1), "upper 95 % end of ratio_curve, from the spread over seeds"),
    ):
        dataset[name] = ((*dims, "fraction"), over_cases(spec, values), {"long_name": long_name, "units": "1"})
    return dataset.merge(_over_all(pooled[:, list(LEVELS).index("m50"), 0])).merge(_binomial(spec, evaluations))


def _counts(evaluation: xr.Dataset) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the model sizes as fractions, and how many of how many points that each generates are copies."""
    last = last_step(evaluation)
    return last.fraction.values, last.memorized_count.values, int(last.generated_count)


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


def _binomial(spec: RegressSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return mean and variance of M50 / N counted again on the same models, also with the paper's number of points."""
    totals = {int(evaluation.generated_count) for evaluation in evaluations.values()}
    points = sorted({RATIO_POINTS, *totals})
    # case, seed, criterion, points, (mean, variance)
    spread = np.full((len(spec.cases), len(spec.seeds), len(CRITERIA), len(points), 2), np.nan)
    for i, case in enumerate(spec.cases):
        for j, seed in enumerate(spec.seeds):
            fractions, counts, total = _counts(evaluations[case.setting.name, case.model, seed])
            for n, count in enumerate(points):
                rng = named_generator(seed, "regress", case.setting.name, "counting", count)
                spread[i, j, :, n] = binomial_spread(fractions, counts, total, count, rng=rng, replicates=400)
    coordinates = {
        "criterion": ("criterion", list(CRITERIA), {"long_name": "criterion by which M50 is found"}),
        "points": ("points", points, {"long_name": "generated points that are counted", "units": "1"}),
    }
    dims, why = ("setting", "model", "criterion", "points"), "over repeated counts of generated points, the same models"
    mean, variance = (over_cases(spec, spread[..., column].mean(axis=1)) for column in (0, 1))
    of_variance = {"long_name": f"variance of M50 / N of one seed {why}", "units": "1"}
    return xr.Dataset(
        {
            "binomial_mean": (dims, mean, {"long_name": f"mean of M50 / N {why}", "units": "1"}),
            "binomial_variance": (dims, variance, of_variance),
        },
        coords=coordinates,
    ).transpose("criterion", "points", ...)
