"""Simulated campaigns whose truth is known, with the summary metrics that the analysis makes of them.

What is simulated are the places of the transition by setting and data set, and the losses by case and data set; tables,
fits, folds, components and intervals are those of the package. For speed the paper's regression is fitted from one good
start instead of 75, and on the folds alone that claims are judged by, and counting errors are drawn instead of
bootstrapped: the truth is then that of the predictions as they are, and the rules are the same.
"""

import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import xarray as xr
from scipy.optimize import Bounds, minimize

from edgemem import pieces
from edgemem.analysis import published, weights
from edgemem.analysis.cases import Cases
from edgemem.analysis.fits import FITS
from edgemem.analysis.metrics import NULL, summary
from edgemem.analysis.prediction import held_out, predictions_table
from edgemem.analysis.theory import NAMES as THEORIES
from edgemem.analysis.theory import Losses
from edgemem.analysis.transition import CRITERIA, FRACTIONS, Read, transition_table
from edgemem.analysis.weights import CONSTANT
from edgemem.config.regress import RegressSpec
from edgemem.numerics.memorization import THRESHOLDS
from edgemem.numerics.regression import Crossover, Fit, objective
from edgemem.numerics.simplex_weights import fit_simplex
from edgemem.numerics.statistics import Z
from edgemem.numerics.theory import crossing_size, crossover_fraction
from edgemem.reporting.figure_values import CASE
from edgemem.reporting.numbers import Metrics
from edgemem.reporting.summary_metrics import read_metrics


RESULTS = Path(__file__).parents[1] / "docs/results"
# The worlds. Where nothing has an effect no predictor can know the places: they are permuted between settings. With an
# effect they depend on sigma*^2 as measured; where theory is right they are where the exact losses cross.
NO_EFFECT, EFFECT, THEORY = "no_effect", "effect", "theory"
WORLDS = (NO_EFFECT, EFFECT, THEORY)
# The values of sigma*^2 of a campaign's settings.
DESIGNS = {"one": (1.0,), "two": (0.25, 4.0), "five": (0.25, 0.5, 1.0, 2.0, 4.0)}
# Standard deviations of M50 / N between data sets and between settings of one sigma*^2, and of one by counting.
SEEDS, SETTINGS, COUNTING = (0.004, 0.008, 0.012), (0.0, 0.004, 0.0075), 0.0018
# Of where the exact losses of one data set cross, and of losses and variances over what theory has.
LOSSES, OTHERS = 0.006, 0.01
REPORTED = (0.5, 0.7, 0.9, 1.0)
# Just inside and just outside of a bound, where errors are most frequent, as multiples of it.
EDGES = (0.999, 1.001)
TIMES = np.linspace(0.999, 0.001, published.TIMES)
SNR = (1 - TIMES**2) / TIMES**2
WIDTH = 0.2
# The sum of the weights from which the fit starts.
SCALE = 10.0


class Truth(NamedTuple):
    """What is true in a simulated campaign.

    **Attributes:** `world`, `design`: by their names; `place`: M50 / N of each case over all data sets; `centre`,
    `between`: mean and variance of the distribution that it is drawn from; `normal`: whether that is a normal one, not
    one of places that differ with sigma*^2; `between_data_sets`: standard deviation; `width`, `complete`: of a
    transition, and the share of data sets in which there is one; `crossing`: where the exact losses of each case cross;
    `ratio`: the generalizing loss over theory's, by case; `constant`, `formula`: C by case and fraction, and the
    formula's; `variance`: learned, over sigma*^2, by fraction; `losses`: of the paper's figure minus ours.
    """

    world: str
    design: str
    place: np.ndarray
    centre: float
    between: float
    normal: bool
    between_data_sets: float
    width: float
    complete: float
    crossing: np.ndarray
    ratio: np.ndarray
    constant: np.ndarray
    formula: np.ndarray
    variance: dict[float, float]
    losses: np.ndarray


class Simulated(NamedTuple):
    """A campaign with what is true in it, the table of its predictions, and its summary metrics."""

    spec: RegressSpec
    truth: Truth
    regression: xr.Dataset
    metrics: Metrics

    @property
    def cases(self) -> list[str]:
        """The names of its cases."""
        return [case.name for case in self.spec.cases]


class Known(NamedTuple):
    """A setting with its losses as a real campaign has measured them."""

    setting: dict[str, Any]
    constant: np.ndarray  # at REPORTED
    formula: np.ndarray  # at REPORTED
    crossing: float
    finite_size: float


@cache
def _measured() -> tuple[dict[float, list[Known]], dict[float, float]]:
    """Return settings with their losses by sigma*^2, and the mean M50 / N of each sigma*^2 in `refute`."""
    settings: dict[float, list[Known]] = {}
    places: dict[float, list[float]] = {}
    for campaign in ("refute", "paper"):
        metrics = read_metrics(RESULTS / campaign / "metrics.json")
        for name in (name.removesuffix("/m50_pooled") for name in metrics if name.endswith("/m50_pooled")):
            found = re.fullmatch(r"gaussian_N(\d+)_d(\d+)_K(\d+)(?:_var([\d.]+))?(?:_sep([\d.]+))?/mixture", name)
            if found is None:
                continue
            n, d, k = (int(found[i]) for i in (1, 2, 3))
            variance, separation = (float(found[i] or 1) for i in (4, 5))
            setting = {"family": "gaussian", "N": n, "d": d, "K": k, "variance": variance, "separation": separation}
            columns = [
                np.array([metrics[f"{name}/{what}_at_{min(fraction, 0.9):g}"] for fraction in REPORTED])
                for what in ("constant", "finite_size_constant")
            ]
            crossings = (metrics[f"{name}/predicted_m50_{of}"] for of in ("exact_losses", "finite_size"))
            own = settings.setdefault(variance, [])
            if all(one.setting != setting for one in own):
                own.append(Known(setting, *columns, *crossings))
            if campaign == "refute":
                places.setdefault(variance, []).append(metrics[f"{name}/m50_pooled"])
    return settings, {variance: float(np.mean(values)) for variance, values in places.items()}


def settings_of(design: str, count: int, rng: np.random.Generator) -> list[Known]:
    """Return settings with values of sigma*^2 in turn; where a campaign has measured too few, d of some is larger."""
    by_variance, _ = _measured()
    values = DESIGNS[design]
    chosen: list[Known] = []
    for i, variance in enumerate(values):
        pool = by_variance[variance]
        order = rng.permutation(len(pool))
        for j in range(len(range(i, count, len(values)))):
            known = pool[order[j % len(pool)]]
            chosen.append(known._replace(setting=known.setting | {"d": known.setting["d"] + j // len(pool)}))
    if design == "one" and rng.random() < 0.5:  # that of the paper's figures
        n, d, k = (published.SETTING[key] for key in ("N", "d", "K"))
        if all((one.setting["N"], one.setting["d"], one.setting["K"]) != (n, d, k) for one in chosen):
            chosen[0] = chosen[0]._replace(setting=chosen[0].setting | {"N": n, "d": d, "K": k, "separation": 1.0})
    return chosen


def simulate(world: str, design: str, settings: int, seeds: int, rng: np.random.Generator) -> Simulated:
    """Return a simulated campaign of isotropic mixtures."""
    known = settings_of(design, settings, rng)
    variances = np.array([one.setting["variance"] for one in known])
    spread = _one_of(rng, SETTINGS)
    data_sets = _one_of(rng, SEEDS) if rng.random() < 0.8 else 0.02 * _one_of(rng, EDGES)
    if world == NO_EFFECT and rng.random() < 0.2:
        spread = data_sets * _one_of(rng, EDGES)  # data sets have half of the variance
    place, centre, between, normal = _places(world, known, variances, spread, rng)
    truth = Truth(
        world,
        design,
        place,
        centre,
        between,
        normal,
        data_sets,
        WIDTH,
        1.0 if rng.random() < 0.7 else 0.5 * _one_of(rng, (*EDGES, 0.4)),
        np.array([one.crossing for one in known]),
        *_losses(known, rng),
        _variances(rng),
        _figure(rng),
    )
    spec = _spec([one.setting for one in known], "mixture", seeds)
    transition = transition_table(spec, read(spec, truth, 0.0, rng))
    losses = _predictions(spec, known, seeds, rng)
    judged = {name: partial(_where_judged, FITS[name]) for name in ("fitted", "exact_fitted")}
    with patch.object(weights, "fit_weights", _fit), patch.dict(FITS, judged):
        regression = predictions_table(spec, losses, transition)
    return Simulated(spec, truth, regression, summary(spec, _at(spec, truth, rng), transition, regression))


def simulate_images(settings: int, seeds: int, rng: np.random.Generator) -> Simulated:
    """Return a simulated campaign of images: there is a transition, or not, it is at four fifths and narrow, or not."""
    place = _one_of(rng, (0.8, 0.78 * (2 - EDGES[0]), 0.82 * EDGES[0], 0.82 * EDGES[1], 0.9))
    places = place + _one_of(rng, (0.0, 0.0, 0.0075)) * rng.standard_normal(settings)
    truth = Truth(
        NO_EFFECT,
        "images",
        places,
        place,
        0.0,
        True,
        _one_of(rng, SEEDS),
        _one_of(rng, (WIDTH, *(0.25 * edge for edge in EDGES), 0.4)),
        _one_of(rng, (1.0, *(0.5 * edge for edge in EDGES), 0.2)),
        np.full(settings, np.nan),
        *np.full((3, settings, len(REPORTED)), np.nan),
        {},
        np.zeros(0),
    )
    given = [{"family": "image", "templates": "digits", "N": 100 + i, "K": 4} for i in range(settings)]
    spec = _spec(given, "templates", seeds)
    transition = transition_table(spec, read(spec, truth, 0.034, rng))
    nothing = {name: np.full((settings, seeds), np.nan) for name in THEORIES}
    constants = np.full((settings, len(FRACTIONS)), np.nan)
    regression = predictions_table(spec, Losses(*_times(), nothing, [None] * settings, constants, {}), transition)
    measured = {case.name: {NULL: np.full(seeds, 0.034)} for case in spec.cases}
    return Simulated(spec, truth, regression, summary(spec, measured, transition, regression))


def read(spec: RegressSpec, truth: Truth, chance: float, rng: np.random.Generator) -> Read:
    """Return what would be read off the evaluations."""
    shape = len(spec.cases), len(spec.seeds)
    middle = truth.place[:, None] + truth.between_data_sets * rng.standard_normal(shape)
    half = truth.width / 2 + 0.005 * rng.standard_normal((*shape, 2))
    complete = rng.random(shape) < truth.complete
    true = np.stack([middle - half[..., 0], middle, np.where(complete, middle + half[..., 1], np.nan)], axis=-1)
    true = np.concatenate([true, true], axis=-1)  # corrected for chance as well
    value = true + COUNTING * rng.standard_normal(true.shape)
    # Where it is known to lie varies less than what is counted.
    error = COUNTING * np.exp(0.05 * rng.standard_normal(true.shape))
    places = np.stack([value, value - Z * error, value + Z * error], axis=-1)
    again = np.empty((*shape, len(CRITERIA), 2, 2))
    again[..., 0] = value[..., 1, None, None] + np.array([0.0, 0.01])[:, None]
    again[..., 1] = np.array([[40, 1], [60, 4]]) * COUNTING**2
    zero = np.zeros(shape)
    counted = {"models": zero + 20, "models_left_out": zero, "models_still_falling": zero, "models_too_short": zero}
    curves = np.broadcast_to(np.linspace(chance, 1, len(FRACTIONS)), (*shape, len(FRACTIONS)))
    extremes = np.broadcast_to([chance, 1.0], (*shape, 2))
    by_threshold = np.repeat(value[..., 1, None], len(THRESHOLDS), axis=-1)
    return Read(places, curves, extremes, by_threshold, counted, [published.RATIO_POINTS, 2000], again)


def _places(
    world: str, known: list[Known], variances: np.ndarray, spread: float, rng: np.random.Generator
) -> tuple[np.ndarray, float, float, bool]:
    """Return the place of each setting, and mean, variance and normality of the distribution that it is from."""
    noise = spread * rng.standard_normal(len(known))
    if world == THEORY:
        crossing = np.array([one.crossing for one in known])
        return crossing + noise, float(crossing.mean()), spread**2 + float(crossing.var()), False
    measured = np.array([_measured()[1][variance] for variance in variances])
    if world == EFFECT:
        return measured + noise, float(measured.mean()), spread**2 + float(measured.var()), len(set(variances)) == 1
    if rng.random() < 0.5:
        centre, between = float(measured.mean()), spread**2 + float(measured.var())
        return rng.permutation(measured) + noise, centre, between, len(set(variances)) == 1
    centre = 0.8 + 0.02 * _one_of(rng, (0.0, 0.0, *(sign * edge for sign in (-1, 1) for edge in EDGES)))
    return centre + noise, centre, spread**2, True


def _losses(known: list[Known], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the generalizing loss over theory's, C, and the formula's: all right, at the edge of a bound, or wrong."""
    shape = len(known), len(REPORTED)
    differ = _one_of(rng, (0.0, 0.002, 0.02)) * rng.standard_normal(len(known))
    ratio = _one_of(rng, (1.0, *(1 + sign * 0.02 * edge for sign in (-1, 1) for edge in EDGES), 1.06)) + differ
    formula = np.array([one.formula for one in known])
    ends = (0.98, 1.8, 2.04, 2.2)
    if rng.random() < 0.5:
        off = _one_of(rng, (0.0, *(sign * 0.05 * edge for sign in (-1, 1) for edge in EDGES), 0.2))
        constant = formula * (1 + off)
    else:
        constant = np.full(shape, _one_of(rng, (1.5, 2.0, *(end * edge for end in ends for edge in EDGES))))
    constant = constant + _one_of(rng, (0.0, 0.0, 0.05)) * rng.standard_normal(shape)
    return ratio, constant, formula


def _variances(rng: np.random.Generator) -> dict[float, float]:
    """Return the learned variance over sigma*^2 by fraction: a line to zero, one that bends, or one that ends above."""
    found = {fraction: 1 - fraction for fraction in REPORTED}
    found[1.0] = _one_of(rng, (0.001, *(0.02 * edge for edge in EDGES), 0.1))
    found[0.7] += _one_of(rng, (0.0, *(sign * 0.05 * edge for sign in (-1, 1) for edge in EDGES), 0.15))
    return found


def _figure(rng: np.random.Generator) -> np.ndarray:
    """Return the differences of the paper's training losses from ours: none, or one at the edge of the bound."""
    found = np.zeros(len(published.TRAINED_LOSS))
    bound = 0.05 * published.GENERALIZING_LOSS
    edges = (sign * bound * edge for sign in (-1, 1) for edge in EDGES)
    found[rng.integers(len(found))] = _one_of(rng, (0.0, *edges, 0.8))
    return found


def _at(spec: RegressSpec, truth: Truth, rng: np.random.Generator) -> dict[str, dict[str, np.ndarray]]:
    """Return what is measured of each case beside its transition, over seeds."""
    seeds = len(spec.seeds)

    def scattered(value: float, stddev: float) -> np.ndarray:
        return np.asarray(value + stddev * rng.standard_normal(seeds))

    found: dict[str, dict[str, np.ndarray]] = {}
    for i, case in enumerate(spec.cases):
        own = {NULL: np.zeros(seeds), "generalizing_loss_over_theory": scattered(truth.ratio[i], 0.5 * OTHERS)}
        for j, fraction in enumerate(REPORTED):
            scale = case.setting.axes["variance"]
            own[f"learned_variance_at_{fraction:g}"] = scale * scattered(truth.variance[fraction], OTHERS)
            if fraction < 1:
                own[f"constant_at_{fraction:g}"] = scattered(truth.constant[i, j], 3 * OTHERS)
        if case.name == CASE:
            # The paper shows one data set.
            for (fraction, value), off in zip(published.TRAINED_LOSS.items(), truth.losses, strict=True):
                ours = value - off - 5 * OTHERS * rng.standard_normal()
                own[f"trained_loss_at_{fraction:g}"] = scattered(ours, 5 * OTHERS)
        found[case.name] = own
    return found


def _predictions(spec: RegressSpec, known: list[Known], seeds: int, rng: np.random.Generator) -> Losses:
    """Return what the losses of each data set say."""
    variances = np.array([one.setting["variance"] for one in known])
    one = np.ones_like(SNR)
    crossing, shape = np.array([each.crossing for each in known]), (len(known), seeds)
    predictions = {}
    for name, weight, constant in (
        ("c1", one, 1.0),
        ("c2", one, 2.0),
        ("snr_weight", SNR, 2.0),
        ("own_c2", SNR, 2.0),  # noise prediction
    ):
        by_setting = np.array([crossover_fraction(SNR, weight, variance, constant) for variance in variances])
        predictions[name] = np.repeat(by_setting[:, None], seeds, axis=1)
    predictions["finite_size"] = np.repeat([[each.finite_size] for each in known], seeds, axis=1)
    predictions["exact_losses"] = crossing[:, None] + LOSSES * rng.standard_normal(shape)
    difference: list[np.ndarray | None] = []
    constants = np.empty((len(spec.settings), len(FRACTIONS)))
    for i, each in enumerate(known):
        size = each.setting["N"]
        fraction = np.arange(1, size + 1) / size
        kernel = 1 / (1 + SNR * variances[i])
        excess = np.interp(fraction, REPORTED, each.constant) * (1 - fraction)
        # They cross where those of this setting have been seen to.
        at = predictions["exact_losses"][i].mean()
        factor = np.interp(at, fraction, excess) / kernel.mean()
        difference.append(excess[:, None] - factor * kernel)
        constants[i] = np.interp(FRACTIONS, REPORTED, each.formula)
    predictions["own_exact"] = np.repeat(
        [[crossing_size(np.arange(1, len(own) + 1), own @ SNR) / len(own)] for own in difference if own is not None],
        seeds,
        axis=1,
    )
    return Losses(*_times(), predictions, difference, constants, {})


def _where_judged(fit: Callable[[Cases, np.ndarray], np.ndarray], cases: Cases, chosen: np.ndarray) -> np.ndarray:
    """Return a fit's predictions where a claim is judged by them: hold-out, and one sigma*^2 left out."""
    holdout = held_out(cases.spec)
    variances = cases.variance[~chosen]
    of_variance = len(np.unique(variances)) == 1 and not np.isin(cases.variance[chosen], variances).any()
    if of_variance or np.array_equal(~chosen, [holdout[case.setting.name] for case in cases.spec.cases]):
        return fit(cases, chosen)
    return np.full(len(cases.measured), np.nan)


def _fit(crossovers: list[Crossover]) -> Fit:
    """Return the weights of the paper's regression from one start, where least squares on the simplex ends."""
    kernels = [CONSTANT * (1 - one.fraction[0]) - one.difference[0] for one in crossovers]
    counts = np.array([len(one.measured) for one in crossovers])
    target = np.array([one.measured.mean() for one in crossovers])
    start = SCALE * fit_simplex(1 - np.array(kernels) / CONSTANT, target, counts.astype(float))
    found = minimize(
        partial(objective, crossovers),
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(0, np.inf),
        options={"maxiter": 30},
    )
    return Fit(found.x[None], np.array([found.fun]), np.array([found.success]))


def _times() -> tuple[xr.DataArray, xr.DataArray]:
    return xr.DataArray(TIMES, dims="time"), xr.DataArray(SNR, dims="time")


def _spec(settings: list[dict[str, Any]], model: str, seeds: int) -> RegressSpec:
    names = [pieces.setting_class(setting["family"])(**setting).name for setting in settings]
    given = {
        "campaign": "simulated",
        "settings": settings,
        "models": {model: {"provides": ["components"], "settings": names}},
        "seeds": list(range(1, seeds + 1)),
        "regression": {"report_fractions": list(REPORTED)},
    }
    return RegressSpec.model_validate(given)


def _one_of(rng: np.random.Generator, values: tuple[float, ...]) -> float:
    return float(values[rng.integers(len(values))])
