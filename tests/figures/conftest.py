"""Evaluations made up of numbers that are easy to tell apart, and the tables that the regression makes of them."""

import functools
import importlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import stats

from edgemem.config.compare import CompareSpec
from edgemem.config.plot import PlotSpec
from edgemem.config.regress import RegressSpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.settings import GaussianSetting
from edgemem.stages.compare import compare
from edgemem.stages.sensitivity import find_transitions as find_sensitivity
from edgemem.tables.prediction import predict_transitions
from edgemem.tables.transition import find_transitions


N, D, K = 20, 3, 2
TIMES = np.array([0.999, 0.7, 0.36, 0.1, 0.001])
GENERATED = 400
COMMON = [4, 8, 12, 16, 20]


def evaluation(variance: float, seed: int, reached: float) -> xr.Dataset:
    """Return an evaluation whose memorization ratio rises to `reached`; each seed has a model size of its own."""
    rng = np.random.default_rng([seed, int(100 * variance)])
    sizes = np.sort([*COMMON, 12 + seed])
    ratio = reached / (1 + np.exp(-(sizes / N - 0.6 - 0.02 * seed) / 0.08))
    counts = np.round(GENERATED * ratio).astype(int)
    psi = (1 - TIMES**2) / TIMES**2
    nested = np.linspace(2 + 0.1 * seed, 0, N)[:, None] * D * variance * np.ones(len(TIMES))
    loss = rng.uniform(1, 2, (2, 4, len(sizes), len(TIMES)))
    loss[:, 0] = (D * variance / (1 + psi * variance)) * rng.uniform(0.9, 1.1)
    loss[:, 1] = 1e-6 * np.arange(1, len(TIMES) + 1)
    loss[:, 2] = nested[sizes - 1]
    mean = np.array([[1.0, 1.0, 1.0], [-1.0, 1.0, -1.0]])
    return xr.Dataset(
        {
            "loss": (("split", "denoiser", "model_size", "time"), loss),
            "partially_memorizing_loss": (("split", "subset_size", "time"), np.stack([nested, 1.1 * nested + 0.1])),
            "memorized_count": ("model_size", counts),
            "generated_count": ((), GENERATED),
            "memorization_ratio": ("model_size", counts / GENERATED),
            "null_memorization_ratio": ((), 0.01 * seed),
            "learned_variance": ("model_size", variance * (1 - sizes / N) + 0.01 * seed),
            "distance_to_nearest_sample": ("model_size", 2 - sizes / N + 0.02 * seed),
            "distance_to_nearest_true_mean": ("model_size", 1 + sizes / N + 0.03 * seed),
            "true_mean": (("component", "feature"), mean),
            "true_variance": ((), variance),
        },
        coords={
            "model_size": sizes,
            "subset_size": np.arange(1, N + 1),
            "time": TIMES,
            "snr": ("time", psi),
            "denoiser": ["generalizing", "memorizing", "partially_memorizing", "trained"],
            "split": ["train", "test"],
        },
    )


# Figures that are not drawn for one setting.
OVER_ALL = ("prediction", "regression", "refutation", "protocols")


class Case(NamedTuple):
    """Evaluations of two settings, and the tables made of them."""

    name: str
    spec: RegressSpec
    evaluations: dict[str, list[xr.Dataset]]
    transition: xr.Dataset
    regression: xr.Dataset
    comparison: xr.Dataset
    sensitivity: dict[str, list[xr.Dataset]]

    @property
    def settings(self) -> list[str]:
        """The names of the settings."""
        return list(self.evaluations)

    def inputs(self, setting: str | None) -> dict[str, Sequence[xr.Dataset]]:
        """Return what a figure reads."""
        tables = {kind: [getattr(self, kind)] for kind in ("transition", "regression", "comparison")}
        if setting is None:
            return tables
        return tables | {"evaluations": self.evaluations[setting], "sensitivity": self.sensitivity[setting]}

    def draw(self, figure: str, setting: str | None = None, **options: Any) -> Figure:
        """Return a figure, of the first setting if none is named."""
        return drawn(self.name, figure, None if figure in OVER_ALL else setting or self.settings[0], **options)


# Seeds; variances of the two settings; memorization ratio of the largest model.
CASES = {
    "one seed": ([1], (1.0, 4.0), 1.0),
    "three seeds": ([1, 2, 3], (1.0, 4.0), 1.0),
    "never memorizing": ([1, 2, 3], (1.0, 0.25), 0.0),
    "one seed, never memorizing": ([1], (4.0, 1.0), 0.0),
    "ends inside the transition": ([1, 2], (0.25, 4.0), 0.7),
}


@functools.cache
def case(name: str) -> Case:
    """Return a case by name; made once."""
    seeds, variances, reached = CASES[name]
    common = {"family": "gaussian", "N": N, "d": D, "K": K}
    spec = RegressSpec.model_validate(
        {
            "campaign": "made-up",
            "settings": [common | {"variance": variance} for variance in variances],
            "seeds": seeds,
            "regression": {"holdout": 0.5},
        }
    )
    made = {(s.name, seed): evaluation(s.variance, seed, reached) for s in spec.settings for seed in seeds}
    transition = find_transitions(spec, made)
    regression = predict_transitions(spec, made, transition)
    by_setting = {s.name: [made[s.name, seed] for seed in seeds] for s in spec.settings}
    ways = {s.name: [sensitivity(s, seed, made[s.name, seed]) for seed in seeds] for s in spec.settings}
    return Case(name, spec, by_setting, transition, regression, comparison(spec, reached), ways)


def sensitivity(setting: GaussianSetting, seed: int, measured: xr.Dataset) -> xr.Dataset:
    """Return transitions by five ways to generate points and three thresholds, each with more or fewer copies."""
    ways = [("ddim", 26, 0.001), ("ddim", 101, 0.001), ("ddpm", 26, 0.001), ("ddpm", 101, 0.001), ("ddim", 26, 0.1)]
    thresholds = [1 / 3, 0.2, 0.5]
    more = 1 + 0.01 * np.arange(len(ways))[:, None, None] + 0.2 * (np.array(thresholds)[:, None] - 1 / 3)
    spec = SensitivitySpec.model_validate(
        {
            "setting": setting,
            "seed": seed,
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
            "threshold": thresholds,
            **{
                name: ("variant", list(values))
                for name, values in zip(("sampler", "times", "t_min"), zip(*ways, strict=True), strict=True)
            },
        },
    )
    return find_sensitivity(spec, counts)


def comparison(spec: RegressSpec, reached: float) -> xr.Dataset:
    """Return a comparison of two protocols with a reference whose models memorize somewhat earlier or later."""
    protocol = {"steps": 10, "draws": 1, "peak_rate": 0.1, "final_rate": 0.1}
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
                runs[setting.name, seed, name] = made
    return compare(compared, runs)


@functools.cache
def drawn(name: str, figure: str, setting: str | None, **options: Any) -> Figure:
    """Return a figure of a case; drawn once, and only looked at."""
    spec = PlotSpec.model_validate({"figure": {"figure": figure} | options, "setting": setting})
    made = importlib.import_module(f"edgemem.figures.{figure}").draw(spec.figure, setting, case(name).inputs(setting))
    plt.close(made)
    return made


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
    """Return the lower and upper ends of error bars, along x (0) or y (1)."""
    (along,) = [
        collection
        for collection in artist.lines[2]
        if all(np.ptp(segment[:, 1 - direction]) == 0 for segment in collection.get_segments() if len(segment))
        and (len(artist.lines[2]) == 1 or collection is artist.lines[2][direction])
    ]
    ends = np.array([segment[:, direction] for segment in along.get_segments()])
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


@pytest.fixture(params=CASES)
def any_case(request: pytest.FixtureRequest) -> Case:
    """Each of the cases."""
    return case(request.param)
