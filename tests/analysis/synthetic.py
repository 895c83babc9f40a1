"""A campaign that is made up: where its transitions are, and what its losses are, is known by formulas."""

import functools
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from edgemem import pieces
from edgemem.analysis.cases import Cases
from edgemem.analysis.evaluations import Evaluations
from edgemem.analysis.metrics import metrics
from edgemem.analysis.prediction import predict_transitions
from edgemem.analysis.theory import finite_size_constants, theory_predictions
from edgemem.analysis.transition import find_transitions
from edgemem.config.regress import PREDICTORS, RegressSpec
from edgemem.numerics.memorization import THRESHOLDS
from edgemem.numerics.regression import Crossover, Fit


SEEDS = [1, 2, 3]
POINTS = 1000
CHANCE = 0.02
# On the scale of log-odds every ratio is a line in M/N that falls by one over this width.
WIDTH = 0.05
# The nearest time to 0.36 is not 0.36; the second and the last snr are the ends of the range of theorem 3.1.
TIMES = np.array([0.999, 0.6, 0.35, 0.1, 0.001])
SNR = np.array([0.001, 1.5, 6.5, 90.0, 1e6])
SHOWN = 2
# Losses by time: of the memorizing denoiser, and the factors by which theorems fail.
MEMORIZING = np.array([0.5, 0.3, 0.2, 0.1, 0.01])
TRAINING_WEIGHT = np.array([0.2, 1.0, 3.0, 0.5, 0.1])
# What training samples say by themselves, by time; the posterior has one half between the second and the third.
POSTERIOR = np.array([0.1, 0.4, 0.8, 0.95, 1.0])
COVERAGE = np.array([0.9, 0.7, 0.4, 0.1, 0.0])
DECIDED = np.array([0.25, 0.45, 0.2, 0.1, 0.0])
CENTRES = ["fixed_centres", "ward", "ward_sampled", "likelihood", "likelihood_sampled"]
THEOREM_FACTOR = np.array([3.0, 1.02, 1.01, 1.04, 1.07])
CONSTANT_FACTOR = np.array([1.0, 1.02, 0.97, 1.05, 1.1])
VARIANCES = (0.25, 1.0, 4.0, 16.0)
MIXTURES = [
    {"family": "gaussian", "N": N, "d": d, "K": 2, "variance": variance}
    for variance in VARIANCES
    for N, d in ((10, 2), (20, 3))
]
IMAGES = {"family": "image", "N": 10, "K": 2, "size": 2}
SETTINGS = [*MIXTURES, IMAGES]
NAMES = [pieces.setting_class(str(setting["family"]))(**setting).name for setting in SETTINGS]
# Which settings each model is trained on.
MODELS = {"mixture": range(8), "second": (1, 4), "templates": (8,), "network": (2,)}
# By setting, between the seeds' deviations below.
PLACES = np.array([0.62, 0.66, 0.71, 0.7, 0.78, 0.75, 0.8, 0.83, 0.68])
# M/N of templates at which half are copies moves with the threshold.
BY_THRESHOLD = 0.2


def spec(settings: list[dict[str, Any]] = SETTINGS, models: dict[str, Any] = MODELS, **changes: Any) -> RegressSpec:
    """Return what the regress stage reads."""
    names = [pieces.setting_class(setting["family"])(**setting).name for setting in settings]
    trained = {
        name: {"provides": [] if name == "network" else ["components"], "settings": [names[i] for i in chosen]}
        for name, chosen in models.items()
    }
    common = {"campaign": "tiny", "settings": settings, "seeds": SEEDS, "models": trained}
    return RegressSpec.model_validate(common | {"regression": {"holdout": 0.25}} | changes)


def place(setting: str, model: str, seed: int) -> float:
    """Return where the ratio of a model on a setting is one half."""
    own = NAMES.index(setting)
    return float(PLACES[own] + 0.04 * (model == "second") + 0.012 * np.sin(7 * own + 3 * seed + len(model)))


def constant_of(seed: int) -> float:
    """Return C of theorem 3.2."""
    return 1.6 + 0.05 * seed


def losses(variance: float, dim: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the losses of the generalizing, (time,), and the partially memorizing denoiser, (subset size, time)."""
    generalizing = MEMORIZING + THEOREM_FACTOR * (1 + 0.01 * seed) * dim * variance / (1 + SNR * variance)
    rest = (1 - np.arange(1, n + 1) / n)[:, None]
    return generalizing, MEMORIZING + CONSTANT_FACTOR * constant_of(seed) * rest * dim * variance


def half_copies(n: int, variance: float, seed: int) -> np.ndarray:
    """Return the sizes at which half of what comes from centres that are not trained are copies."""
    return n * (0.6 + 0.05 * np.arange(5) + 0.01 * seed + 0.002 * variance)


def copy_variance(variance: float, seed: int) -> float:
    """Return the variance around training samples at which half of the points are copies."""
    return variance * (0.2 + 0.01 * seed)


def evaluation(case: Any, seed: int, middle: float | None = None) -> xr.Dataset:
    """Return an evaluation. The models of the first two sizes have not converged, and hold what must not be used.

    Before the last step nothing is memorized; the largest model has not converged, but is the memorizing denoiser.
    """
    n, dim, variance = case.setting.N, case.setting.dim, case.setting.axes["variance"]
    middle = place(case.setting.name, case.model, seed) if middle is None else middle
    sizes = np.arange(1, n + 1)
    fraction = sizes / n
    unused = sizes <= 2
    # Which point is a copy by which threshold: ratios of distances at evenly spread probabilities.
    odds = np.log((np.arange(POINTS) + 0.5) / (POINTS - np.arange(POINTS) - 0.5))
    ratio = 1 / 3 + (WIDTH * odds - (fraction - middle)[:, None]) / BY_THRESHOLD
    ratio[unused] = 0.0
    by_step = np.stack([np.ones_like(ratio), np.maximum(ratio, 0)], axis=1)
    copies = (by_step <= 1 / 3).sum(axis=2)
    generalizing, partially = losses(variance, dim, n, seed)
    linear = MEMORIZING + 4 * dim * variance
    trained = MEMORIZING + (1.002 - fraction + 0.01 * seed * fraction * (fraction < 1))[:, None] * (linear - MEMORIZING)
    trained[unused] = 1e9
    learned = variance * (1 - fraction) * (1 + 0.01 * seed)
    learned[unused] = 1e9
    before = np.full_like(trained, 1e9)
    falling = (sizes == 1) | (sizes == n)
    dataset = xr.Dataset(
        {
            "loss": (
                ("split", "model_size", "step", "time"),
                np.stack([np.stack([before, factor * trained], axis=1) for factor in (1, 2)]),
            ),
            "reference_loss": (
                ("split", "reference", "time"),
                np.stack([np.stack([factor * generalizing, MEMORIZING, linear]) for factor in (1, 2.5)]),
            ),
            "partially_memorizing_loss": (("split", "subset_size", "time"), np.stack([partially, 2 * partially])),
            "memorized_count": (("model_size", "step"), copies),
            "memorization_ratio": (("model_size", "step"), copies / POINTS),
            "generated_count": ((), POINTS),
            "nearest_distance": (("model_size", "step", "generated_point"), 2 * by_step),
            "second_distance": (("model_size", "step", "generated_point"), np.full_like(by_step, 2.0)),
            "converged": ("model_size", (~(unused | falling)).astype(np.int8)),
            "still_falling": ("model_size", falling.astype(np.int8)),
            "training_weight": ("time", TRAINING_WEIGHT),
            "null_memorization_ratio": ((), CHANCE),
            "true_mean": (("component", "feature"), np.stack([np.ones(dim), np.zeros(dim)])),
            "true_variance": ((), variance),
            "copied": (("sample", "model_size", "step"), copied_samples(n, seed, copies)),
            "copies_of": ("sample", np.arange(n)),
            "log_density": ("sample", -1.0 * np.arange(n)),
        },
        coords={
            "model_size": sizes,
            "fraction": ("model_size", fraction),
            "step": [10, 100],
            "subset_size": sizes,
            "time": TIMES,
            "snr": ("time", SNR),
            "split": ["train", "test"],
            "reference": ["generalizing", "memorizing", "linear"],
        },
        attrs={"spec": '{"evaluation": {"threshold": 0.3333333333333333}}'},
    )
    if "components" in case.provides:
        dataset["learned_variance"] = (("model_size", "step"), np.stack([0 * fraction, learned], axis=1))
        for name, values in (("posterior_weight", POSTERIOR), ("shell_coverage", COVERAGE), ("decided", DECIDED)):
            dataset[name] = ("time", values)
        dataset["copy_variance"] = ((), copy_variance(variance, seed))
        # The last first: they are known by their names.
        dataset["half_copies"] = ("centres", half_copies(n, variance, seed)[::-1])
        dataset["copy_variance_by_threshold"] = ("threshold", copy_variance(variance, seed) * 3 * np.array(THRESHOLDS))
        by_threshold = half_copies(n, variance, seed) * (1.1 - 0.3 * np.array(THRESHOLDS))[:, None]
        dataset["half_copies_by_threshold"] = (("threshold", "centres"), by_threshold[:, ::-1])
        dataset = dataset.assign_coords(centres=CENTRES[::-1], threshold=list(THRESHOLDS))
    return dataset


def copied_samples(n: int, seed: int, copies: np.ndarray) -> np.ndarray:
    """Return how many of the copies of each model are of each sample: of all sizes and steps another number.

    Samples of low density, which come last, have more, all but the one of the seed's number.
    """
    more = 1.0 + np.arange(n)
    more[seed] = 3 * n
    return (copies * more[:, None, None] / (4 * n)).astype(int)


def evaluations(of: RegressSpec) -> Evaluations:
    """Return the evaluations of a campaign."""
    return {(case.setting.name, case.model, seed): evaluation(case, seed) for case in of.cases for seed in of.seeds}


class Campaign(NamedTuple):
    """A campaign with its tables."""

    spec: RegressSpec
    evaluations: Evaluations
    transition: xr.Dataset
    regression: xr.Dataset
    metrics: dict[str, float | None]


@functools.cache
def campaign() -> Campaign:
    """Return the campaign, made once."""
    return analysed(spec(), evaluations(spec()))


def analysed(of: RegressSpec, made: Evaluations) -> Campaign:
    """Return the tables of evaluations."""
    transition = find_transitions(of, made)
    regression = predict_transitions(of, made, transition)
    return Campaign(of, made, transition, regression, metrics(of, made, transition, regression))


@functools.cache
def theory() -> dict[str, np.ndarray]:
    """Return what predictors without a fit say, (case, seed)."""
    made = campaign().evaluations
    return theory_predictions(spec(), made, finite_size_constants(spec(), made))


def seeds_of_cases() -> np.ndarray:
    """Return the true M50 / N, (case, seed)."""
    return np.array([[place(case.setting.name, case.model, seed) for seed in SEEDS] for case in spec().cases])


def held_out() -> np.ndarray:
    """Return which cases the campaign kept out of fits."""
    kept = campaign().regression.holdout
    return np.array([bool(kept.sel(setting=case.setting.name)) for case in spec().cases])


def cases(measured: np.ndarray | None = None) -> Cases:
    """Return what predictors are fitted to, by the formulas above; its M50 / N may be others."""
    of = spec()
    true = seeds_of_cases()
    with_components = np.array([case.model != "network" for case in of.cases])
    difference = []
    for case in of.cases:
        setting = case.setting
        both = [losses(setting.axes["variance"], setting.dim, setting.N, seed) for seed in SEEDS]
        own = np.mean([partially - generalizing for generalizing, partially in both], axis=0)
        difference.append(own if case.model != "network" else None)
    return Cases(
        of,
        [None if case.model == "network" else f"{case.setting.family}/{case.model}" for case in of.cases],
        SNR,
        true.mean(axis=1) if measured is None else measured,
        float(true[with_components].var(axis=1, ddof=1).mean() / len(SEEDS)),
        np.array([case.setting.family == "gaussian" and case.model != "network" for case in of.cases]),
        np.array([case.setting.axes["variance"] for case in of.cases]),
        difference,
    )


def quick_fit(crossovers: list[Crossover]) -> Fit:
    """Weights that depend on every measured place, and on the N and sigma*^2 that it belongs to."""
    found = sum(np.sum(one.measured) * np.abs(one.difference[0]) for one in crossovers)
    best = 5 * found / sum(len(one.measured) for one in crossovers)
    return Fit(np.stack([best, 2 * best, 3 * best]), np.array([0.5, 0.505, 0.6]), np.array([True, False, True]))


def quick_constant(sizes: np.ndarray, mean: np.ndarray, variance: float) -> np.ndarray:
    """A constant C(M) that depends on all that it is given."""
    return 1.4 + 0.01 * sizes + 0.02 * variance + 0.1 * mean.mean()


def predictor(name: str) -> int:
    """Return the place of a predictor in tables."""
    return list(PREDICTORS).index(name)
