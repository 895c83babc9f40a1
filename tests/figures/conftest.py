"""Evaluations made up of numbers that are easy to tell apart, and the tables that the regression makes of them."""

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from edgemem import pieces
from edgemem.analysis.comparison import compare
from edgemem.analysis.prediction import predict_transitions
from edgemem.analysis.starts import starts_table
from edgemem.analysis.theory import CENTRES
from edgemem.analysis.training_times import training_times
from edgemem.analysis.transition import find_transitions
from edgemem.config.compare import CompareSpec
from edgemem.config.plot import PlotSpec
from edgemem.config.regress import RegressSpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.engine.sensitivity import find_transitions as find_sensitivity
from edgemem.numerics.memorization import THRESHOLDS


N, D, K = 20, 3, 2
TIMES = np.array([0.999, 0.7, 0.36, 0.1, 0.001])
GENERATED = 400


class Model(NamedTuple):
    """A model that evaluations are made up of: what its denoiser provides, and where it has its transition."""

    provides: list[str]
    # The model sizes that all seeds have, and what M/N or its like is at size 1.
    sizes: list[int]
    unit: float
    fraction: str
    m50: float = 0.6
    settings: tuple[int, ...] | None = None


# `other` is a second model on one of the settings; of `network` the size is no number of components, and its fraction
# goes far beyond one.
COMMON = [4, 8, 12, 16, 20]
MODELS = {
    "mixture": Model(["components"], COMMON, 1 / N, "model size M / N"),
    "other": Model(["components"], COMMON, 1 / N, "model size M / N", 0.7, (0,)),
    "network": Model([], [8, 16, 32, 64], 6 / (N * D), "parameters / (N d)", 1.5, (1,)),
}


def evaluation(variance: float, seed: int, reached: float, name: str = "mixture") -> xr.Dataset:
    """Return an evaluation whose memorization ratio rises to `reached`; each seed has a model size of its own.

    Before the last step there is another, of which only courses of training speak.
    """
    model = MODELS[name]
    number = list(MODELS).index(name)
    rng = np.random.default_rng([seed, int(100 * variance), number])
    own = 0.01 * seed + 0.05 * number
    sizes = np.sort([*model.sizes, 12 + seed])
    fraction = sizes * model.unit
    ratio = reached / (1 + np.exp(-(fraction - model.m50 - 0.02 * seed) / 0.08))
    counts = np.round(GENERATED * ratio).astype(int)
    psi = (1 - TIMES**2) / TIMES**2
    nested = np.linspace(2 + 0.1 * seed, 0, N)[:, None] * D * variance * np.ones(len(TIMES))
    reference = np.empty((2, 3, len(TIMES)))
    reference[:, 0] = (D * variance / (1 + psi * variance)) * rng.uniform(0.9, 1.1)
    reference[:, 1] = 1e-6 * np.arange(1, len(TIMES) + 1)
    reference[:, 2] = 3 * reference[:, 0]
    over_sizes = {
        "loss": (("split", "model_size", "time"), rng.uniform(1, 2, (2, len(sizes), len(TIMES)))),
        "memorized_count": ("model_size", counts),
        "memorization_ratio": ("model_size", counts / GENERATED),
        # Copies lie at a third of what divides them from the others.
        "nearest_distance": (
            ("model_size", "generated_point"),
            np.where(np.arange(GENERATED) < counts[:, None], 0.1, 0.9),
        ),
        "second_distance": (("model_size", "generated_point"), np.ones((len(sizes), GENERATED))),
        # Samples of low density, which come last, are copied more, of each data set in another way.
        "copied": (
            ("sample", "model_size"),
            (counts * (4 + np.arange(N)[:, None] + 3 * np.sin(seed * np.arange(N)[:, None])) / (10 * N)).astype(int),
        ),
    }
    over_sizes["loss_stderr"] = ("split", "model_size", "time"), 0.01 * over_sizes["loss"][1]
    if "components" in model.provides:
        over_sizes |= {
            "learned_variance": ("model_size", variance * (1 - sizes / N) + own),
            "distance_to_nearest_sample": ("model_size", 2 - sizes / N + 2 * own),
            "distance_to_nearest_true_mean": ("model_size", 1 + sizes / N + 3 * own),
            "distance_to_nearest_mean": (
                ("model_size", "sample"),
                np.where(np.arange(N) < sizes[:, None] / 2, 0.1, 10.0),
            ),
        }
        by_time = rng.uniform(0.1, 0.9, (2, len(TIMES)))
        geometry = {
            "posterior_weight": ("time", np.linspace(0.1, 1, len(TIMES))),
            "shell_coverage": ("time", by_time[0]),
            "decided": ("time", by_time[1]),
            "copy_variance": ((), 0.2 * variance),
            "half_copies": ("centres", N * rng.uniform(0.6, 0.9, len(CENTRES))),
            "copy_variance_by_threshold": ("threshold", rng.uniform(0.1, 0.3, len(THRESHOLDS)) * variance),
            "half_copies_by_threshold": (
                ("threshold", "centres"),
                N * rng.uniform(0.6, 0.9, (len(THRESHOLDS), len(CENTRES))),
            ),
        }
    else:
        geometry = {}
    last = xr.Dataset(over_sizes)
    steps = xr.concat([(0.3 * last).astype(last.dtypes), last], dim="step")
    return steps.assign(
        geometry
        | {
            "reference_loss": (("split", "reference", "time"), reference),
            "partially_memorizing_loss": (("split", "subset_size", "time"), np.stack([nested, 1.1 * nested + 0.1])),
            "generated_count": ((), GENERATED),
            "converged": ("model_size", np.ones(len(sizes), np.int8)),
            "still_falling": ("model_size", np.zeros(len(sizes), np.int8)),
            "training_weight": ("time", 1 / TIMES),
            "null_memorization_ratio": ((), 0.01 * seed),
            "true_mean": (("component", "feature"), np.array([[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0]])),
            "true_variance": ((), variance),
            "copies_of": ("sample", np.arange(N)),
            "log_density": ("sample", -10.0 - 2 * np.arange(N)),
        }
    ).assign_coords(
        {
            "model_size": sizes,
            **({"centres": list(CENTRES)} if geometry else {}),
            "fraction": ("model_size", fraction, {"long_name": model.fraction, "units": "1"}),
            "parameters": ("model_size", sizes * (D if "components" in model.provides else 6)),
            "step": [10, 1000],
            "points": ("step", N * np.array([10, 1000])),
            "subset_size": np.arange(1, N + 1),
            "time": TIMES,
            "snr": ("time", psi),
            "reference": ["generalizing", "memorizing", "linear"],
            "split": ["train", "test"],
        }
    )


class Case(NamedTuple):
    """Evaluations of models on two settings, and the tables made of them."""

    name: str
    spec: RegressSpec
    evaluations: dict[tuple[str, str], list[xr.Dataset]]
    transition: xr.Dataset
    regression: xr.Dataset
    comparison: xr.Dataset
    sensitivity: dict[tuple[str, str], list[xr.Dataset]]
    barriers: dict[tuple[str, str], list[xr.Dataset]]
    agreements: dict[tuple[str, str], list[xr.Dataset]]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The names of setting and model, in their order."""
        return list(self.evaluations)

    def of(self, figure: str) -> list[tuple[str, str]]:
        """Return the names of setting and model of which a figure can be drawn."""
        needed = set(pieces.figure_options(figure).requires)
        return [(case.setting.name, case.model) for case in self.spec.cases if needed <= case.provides]

    def row(self, table: xr.Dataset, pair: tuple[str, str]) -> xr.Dataset:
        """Return what a table says of a setting and a model."""
        return table.sel(setting=pair[0], model=pair[1])

    def column(self, array: xr.DataArray) -> np.ndarray:
        """Return what a table says of each setting and model, in their order."""
        return np.array([array.sel(setting=setting, model=model) for setting, model in self.pairs])

    def inputs(self, pair: tuple[str, str] | None) -> dict[str, Sequence[xr.Dataset]]:
        """Return what a figure reads."""
        tables = {kind: [getattr(self, kind)] for kind in ("transition", "regression", "comparison")}
        if pair is None:
            return tables
        return tables | {kind: getattr(self, kind)[pair] for kind in OF_CASES}

    def draw(self, figure: str, pair: tuple[str, str] | None = None, **options: Any) -> Figure:
        """Return a figure, of the first setting and model if none are named."""
        over_all = not pieces.figure_options(figure).subject
        return drawn(self.name, figure, None if over_all else pair or self.pairs[0], **options)

    def plot_spec(self, figure: str, pair: tuple[str, str] | None, **options: Any) -> PlotSpec:
        """Return the spec of a figure."""
        spec: dict[str, Any] = {"figure": {"figure": figure} | REQUIRED.get(figure, {}) | options}
        if pair is not None:
            (setting,) = (setting for setting in self.spec.settings if setting.name == pair[0])
            spec |= {"setting": setting.model_dump()}
            if "model" in pieces.figure_options(figure).subject:
                spec |= {"model": pair[1], "provides": self.spec.models[pair[1]].provides}
        return PlotSpec.model_validate(spec)


# Kinds of files of which there is one for each setting, model and seed.
OF_CASES = ("evaluations", "sensitivity", "barriers", "agreements")
# Options that a figure cannot do without.
REQUIRED = {"barrier": {"to": "end"}}
# Seeds; variances of the two settings; memorization ratio of the largest model; models.
CASES = {
    "one seed": ([1], (1.0, 4.0), 1.0, ["mixture"]),
    "three seeds": ([1, 2, 3], (1.0, 4.0), 1.0, ["mixture"]),
    "never memorizing": ([1, 2, 3], (1.0, 0.25), 0.0, ["mixture"]),
    "one seed, never memorizing": ([1], (4.0, 1.0), 0.0, ["mixture"]),
    "ends inside the transition": ([1, 2], (0.25, 4.0), 0.7, ["mixture"]),
    "several models": ([1, 2, 3], (1.0, 4.0), 1.0, ["mixture", "other", "network"]),
}


@functools.cache
def case(name: str) -> Case:
    """Return a case by name; made once."""
    seeds, variances, reached, models = CASES[name]
    settings = [{"family": "gaussian", "N": N, "d": D, "K": K, "variance": variance} for variance in variances]
    names = [pieces.setting_class("gaussian")(**setting).name for setting in settings]
    spec = RegressSpec.model_validate(
        {
            "campaign": "made-up",
            "settings": settings,
            "models": {
                model: {
                    "provides": MODELS[model].provides,
                    "settings": [names[i] for i in MODELS[model].settings or range(len(names))],
                }
                for model in models
            },
            "seeds": seeds,
            "regression": {"holdout": 0.5, "best_of": [model for model in models if MODELS[model].provides]},
        }
    )
    made = {
        (c.setting.name, c.model): [evaluation(c.setting.variance, seed, reached, c.model) for seed in seeds]
        for c in spec.cases
    }
    by_seed = {(*pair, seed): one for pair, several in made.items() for seed, one in zip(seeds, several, strict=True)}
    transition = find_transitions(spec, by_seed).merge(starts_table(spec, by_seed)).merge(training_times(spec, by_seed))
    regression = predict_transitions(spec, by_seed, transition)
    ways = {
        (c.setting.name, c.model): [
            sensitivity(c, seed, by_seed[c.setting.name, c.model, seed].isel(step=-1)) for seed in seeds
        ]
        for c in spec.cases
    }
    tables = (table.assign_attrs(spec=spec.canonical()) for table in (transition, regression))
    paths = {
        pair: [barriers(one.isel(step=-1), seed) for seed, one in zip(seeds, several, strict=True)]
        for pair, several in made.items()
    }
    parts = {
        pair: [agreements(one, seed) for seed, one in zip(seeds, several, strict=True)]
        for pair, several in made.items()
    }
    return Case(name, spec, made, *tables, comparison(spec, reached), ways, paths, parts)


def barriers(measured: xr.Dataset, seed: int) -> xr.Dataset:
    """Return paths at two model sizes, on which the line rises far above its ends and the curve a little."""
    place, sizes = np.linspace(0, 1, 5), measured.model_size.values[[0, -1]]
    ends = np.array([1.0, 2.0])[:, None] * (1 + place) + 0.1 * seed  # by size; the second end is higher
    rise = np.array([5.0, 0.1])[:, None, None] * (place * (1 - place)) * (1 + 0.1 * seed)
    loss = ends + rise  # path, size, place
    higher = ends[:, -1]
    return xr.Dataset(
        {
            "loss": (("path", "model_size", "place"), loss),
            "loss_stderr": (("path", "model_size", "place"), 0.01 * np.ones_like(loss)),
            "barrier": (("path", "model_size"), (loss - higher[:, None]).max(axis=-1)),
            "barrier_stderr": (("path", "model_size"), 0.01 * np.ones(loss.shape[:2])),
            "higher_end_loss": ("model_size", higher),
            "lower_end_loss": ("model_size", ends[:, 0]),
            "memorized_count": (
                ("path", "model_size", "place"),
                (GENERATED * (1 - place) * np.ones_like(loss)).astype(int) // (1 + seed),
            ),
            "generated_count": ((), GENERATED),
        },
        coords={
            "path": ["line", "curve"],
            "place": place,
            "model_size": sizes,
            "fraction": measured.fraction.sel(model_size=sizes),
        },
    )


def agreements(measured: xr.Dataset, seed: int) -> xr.Dataset:
    """Return the agreement of two models, which is less where more is memorized; the second copies half as much."""
    counts = measured.memorized_count.transpose("model_size", "step").values
    found = 1 - 0.8 * counts / GENERATED - 0.01 * seed
    over = ("model_size", "step")
    return xr.Dataset(
        {
            "distance": (over, 6 * (1 - found)),
            "distance_stderr": (over, 0.1 * np.ones_like(found)),
            "random_distance": (over, 6 * np.ones_like(found)),
            "agreement": (over, found),
            "agreement_low": (over, found - 0.02),
            "agreement_high": (over, found + 0.02),
            "memorizing_agreement": ((), 0.1 + 0.02 * seed),
            "memorized_count": (("part", *over), np.stack([counts, counts // 2])),
            "generated_count": ((), GENERATED),
        },
        coords={
            "part": [1, 2],
            "model_size": measured.model_size,
            "step": measured.step,
            "fraction": measured.fraction,
        },
    )


def sensitivity(of: Any, seed: int, measured: xr.Dataset) -> xr.Dataset:
    """Return transitions by five ways to generate points and three thresholds, each with more or fewer copies."""
    ways = [("ddim", 26, 0.001), ("ddim", 101, 0.001), ("ddpm", 26, 0.001), ("ddpm", 101, 0.001), ("ddim", 26, 0.1)]
    thresholds = [1 / 3, 0.2, 0.5]
    more = 1 + 0.01 * np.arange(len(ways))[:, None, None] + 0.2 * (np.array(thresholds)[:, None] - 1 / 3)
    spec = SensitivitySpec.model_validate(
        {
            "setting": of.setting,
            "seed": seed,
            "model": of.model,
            "denoiser": "isotropic_mixture",
            "generated": GENERATED,
            "sampling": [{"sampler": sampler, "times": times, "t_min": t_min} for sampler, times, t_min in ways],
            "thresholds": thresholds,
            "points": [50, GENERATED],
        }
    )
    counts = xr.Dataset(
        {
            "memorized_count": (
                ("variant", "threshold", "model_size"),
                (measured.memorized_count.values * more).round().clip(0, GENERATED).astype(int),
            ),
            "generated_count": ((), GENERATED),
        },
        coords={
            "model_size": measured.model_size,
            "fraction": measured.fraction,
            "threshold": thresholds,
            **{
                name: ("variant", list(values))
                for name, values in zip(("sampler", "times", "t_min"), zip(*ways, strict=True), strict=True)
            },
        },
    )
    return find_sensitivity(spec, counts)


def comparison(spec: RegressSpec, reached: float) -> xr.Dataset:
    """Return a comparison of two models with a reference, which memorize somewhat earlier or later."""
    protocol = {"steps": 10, "draws": 1, "peak_lr": 0.1, "final_lr": 0.1}
    compared = CompareSpec.model_validate(
        {
            "campaign": spec.campaign,
            "settings": spec.settings,
            "seeds": [1, 2, 3],
            "candidates": {"slow": protocol | {"steps": 100}, "quick": protocol},
            "references": {setting.name: "exact" for setting in spec.settings},
        }
    )
    runs = {}
    for setting in compared.settings:
        for seed in compared.seeds:
            for name, later in (("exact", 0), ("slow", 0.01), ("quick", -0.04)):
                made = evaluation(setting.variance, seed, reached)
                made["memorized_count"] = (made.memorized_count * (1 + later)).round().clip(0, GENERATED).astype(int)
                made["learned_variance"] = made.learned_variance * (1 + later * seed)
                runs[setting.name, name, seed] = made
    return compare(compared, runs)


@functools.cache
def drawn(name: str, figure: str, pair: tuple[str, str] | None, **options: Any) -> Figure:
    """Return a figure of a case; drawn once, and only looked at."""
    spec = case(name).plot_spec(figure, pair, **options)
    return pieces.figure_module(figure).draw(spec.figure, spec.subject, case(name).inputs(pair))


def last(evaluations: Sequence[xr.Dataset]) -> list[xr.Dataset]:
    """Return what was measured at the end of training."""
    return [evaluation.sel(step=evaluation.step.max()) for evaluation in evaluations]


Artist = Line2D | ErrorbarContainer | BarContainer


def labelled(axes: Axes, *words: str) -> Artist:
    """Return the one curve of a panel whose label has all these words."""
    found = [
        artist
        for artist in [*axes.containers, *axes.lines]
        if all(word in str(artist.get_label()) for word in words) and not str(artist.get_label()).startswith("_")
    ]
    assert len(found) == 1, [artist.get_label() for artist in [*axes.containers, *axes.lines]]
    return found[0]


def data(artist: Artist) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of a curve."""
    line = artist.lines[0] if isinstance(artist, ErrorbarContainer) else artist
    return tuple(np.asarray(values, float) for values in line.get_data())


def bars(artist: ErrorbarContainer, direction: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper ends of error bars, along x (0) or y (1); NaN of a point that is unknown."""
    (along,) = [
        collection
        for collection in artist.lines[2]
        if all(np.ptp(segment[:, 1 - direction]) == 0 for segment in collection.get_segments() if len(segment))
        and (len(artist.lines[2]) == 1 or collection is artist.lines[2][direction])
    ]
    segments = [segment if len(segment) else np.full((2, 2), np.nan) for segment in along.get_segments()]
    ends = np.array([segment[:, direction] for segment in segments])
    return ends.min(axis=1), ends.max(axis=1)


def undated(figure: Path) -> bytes:
    """Return the content of a PDF without the time in its lineage."""
    content, times = re.subn(rb'(?<="created": ")[^"]*', b"", figure.read_bytes())
    assert times == 1
    return content


def interval(values: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean and 95 % interval over seeds, by Student's t; the mean thrice for one seed, which has no bar."""
    values = np.array(values, float)
    mean = values.mean(axis=0)
    if len(values) == 1:
        return mean, mean, mean
    half = stats.t(len(values) - 1).ppf(0.975) * stats.sem(values, axis=0)
    return mean, mean - half, mean + half


def log_interval(values: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the same of the logarithms, as a logarithmic axis shows it; NaN where a value has none."""
    values = np.array(values, float)
    values[values <= 0] = np.nan
    return tuple(np.exp(end) for end in interval(np.log(values)))


@pytest.fixture(params=CASES)
def any_case(request: pytest.FixtureRequest) -> Case:
    """Each of the cases."""
    return case(request.param)
