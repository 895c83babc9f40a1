"""Where the transitions of a campaign are."""

import numpy as np
import xarray as xr

from edgemem.config.regress import RegressSpec
from edgemem.numerics.randomness import named_generator
from edgemem.numerics.statistics import (
    Estimate,
    counting_spread,
    crossing_estimates,
    mean_interval,
    pool,
    ratio_curve,
)
from edgemem.published import RATIO_POINTS
from edgemem.tables.evaluations import Evaluations, setting_coordinates


LEVELS = {"m10": 0.1, "m50": 0.5, "m90": 0.9}
# Fractions M/N of curves that are put on one axis.
FRACTIONS = np.linspace(0.02, 1.0, 99).round(4)
# How M50 is read off the ratios: where the fitted curve crosses one half, or the paper's, the first size with one half.
RULES = ("fitted", "first")


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

    dataset = setting_coordinates(spec.settings).assign_coords(
        seed=("seed", spec.seeds, {"long_name": "seed of a data set and its models", "units": "1"}),
        fraction=("fraction", FRACTIONS, {"long_name": "model size M / N", "units": "1"}),
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
    return dataset.merge(_over_settings(dataset.m50_pooled.values)).merge(_counting(spec, evaluations))


def _over_settings(m50: np.ndarray) -> xr.Dataset:
    """Return the mean of M50 / N over the settings with its interval, and how much the settings differ."""
    value, low, high = mean_interval(m50)
    what = "M50 / N, mean over settings"
    return xr.Dataset(
        {
            "m50_mean": ((), value, {"long_name": what, "units": "1"}),
            "m50_mean_low": ((), low, {"long_name": f"{what}, lower 95 % end, spread over settings", "units": "1"}),
            "m50_mean_high": ((), high, {"long_name": f"{what}, upper 95 % end, spread over settings", "units": "1"}),
            "m50_stddev": (
                (),
                np.std(m50, ddof=1) if len(m50) > 1 else np.nan,
                {"long_name": "standard deviation of m50_pooled between settings", "units": "1"},
            ),
        }
    )


def _counting(spec: RegressSpec, evaluations: Evaluations) -> xr.Dataset:
    """Return mean and variance of M50 / N counted again on the same models, also with the paper's number of points."""
    totals = {int(evaluation.generated_count) for evaluation in evaluations.values()}
    points = sorted({RATIO_POINTS, *totals})
    # rule, points, setting, seed, (mean, variance)
    spread = np.full((len(RULES), len(points), len(spec.settings), len(spec.seeds), 2), np.nan)
    for i, setting in enumerate(spec.settings):
        for j, seed in enumerate(spec.seeds):
            evaluation = evaluations[setting.name, seed]
            fractions = evaluation.model_size.values / setting.N
            counts, total = evaluation.memorized_count.values, int(evaluation.generated_count)
            for n, count in enumerate(points):
                rng = named_generator(seed, "regress", setting.name, "counting", count)
                spread[:, n, i, j] = counting_spread(fractions, counts, total, count, rng=rng, replicates=400)
    coordinates = {
        "rule": ("rule", list(RULES), {"long_name": "rule by which M50 is found"}),
        "points": ("points", points, {"long_name": "generated points that are counted", "units": "1"}),
    }
    dims, why = ("rule", "points", "setting"), "over repeated counts of generated points, the same models"
    return xr.Dataset(
        {
            "counting_mean": (dims, spread[..., 0].mean(axis=3), {"long_name": f"mean of M50 / N {why}", "units": "1"}),
            "counting_variance": (
                dims,
                spread[..., 1].mean(axis=3),
                {"long_name": f"variance of M50 / N of one seed {why}", "units": "1"},
            ),
        },
        coords=coordinates,
    )
