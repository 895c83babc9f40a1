"""A tiny campaign that is run once, and the means to run single commands."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import pytest
import xarray as xr
from jax.experimental.compilation_cache import compilation_cache

from edgemem import pieces
from edgemem.cli import main


# Two padded shapes, 8 and 16 components, and few times: what takes long here is compiling.
SETTING = {"family": "gaussian", "N": 10, "d": 2, "K": 2, "variance": 0.5, "separation": 2}
NAME = "gaussian_N10_d2_K2_var0.5_sep2"
MODEL, DENOISER = "mixture", "isotropic_mixture"
TIMES = {"times": 4}
PROTOCOL = {"steps": 20, "draws": 2, "peak_lr": 0.01, "final_lr": 0.001, "clip_norm": 100}
SIZES = [2, 5, 10, 12]
SNAPSHOTS = [3, 10, 20]
EVALUATION = {"generated": 60, "draws": 20, "test_samples": 10}
SEEDS = [1, 2]
OTHER_END = "from_means"
PART_SIZES = [2, 3, 10]


def sample_spec(**changes: Any) -> dict[str, Any]:
    """Return what `sample` reads."""
    return {"setting": SETTING, "seed": 1} | changes


def train_spec(**changes: Any) -> dict[str, Any]:
    """Return what `train` reads."""
    return case() | {"sizes": SIZES, "protocol": PROTOCOL, "time_grid": TIMES} | changes


def geometry_spec(**changes: Any) -> dict[str, Any]:
    """Return what `geometry` reads."""
    return sample_spec() | {"sampling": TIMES, "draws": EVALUATION["draws"], "threshold": "1/3"} | changes


def evaluate_spec(**changes: Any) -> dict[str, Any]:
    """Return what `evaluate` reads."""
    return case() | {"sampling": TIMES, "evaluation": EVALUATION} | changes


def sensitivity_spec(**changes: Any) -> dict[str, Any]:
    """Return what `sensitivity` reads: the evaluation's way to generate points, and two others."""
    ways = [TIMES, TIMES | {"times": 6}, TIMES | {"sampler": "ddpm"}]
    read = {"generated": EVALUATION["generated"], "sampling": ways, "thresholds": [1 / 3, 0.5], "points": [50, 60]}
    return case() | read | changes


def other_end_spec(**changes: Any) -> dict[str, Any]:
    """Return what `train` reads to train the model at the other end of paths."""
    return train_spec(model=OTHER_END, protocol=PROTOCOL | {"initialization": "true_means"}, sizes=[5, 10]) | changes


def barrier_spec(**changes: Any) -> dict[str, Any]:
    """Return what `barrier` reads: paths to the model of the other start, at the largest size and another."""
    measured = {"draws": EVALUATION["draws"], "sampling": TIMES, "generated": EVALUATION["generated"]}
    paths = {"to": OTHER_END, "protocol": PROTOCOL, "sizes": [5, 10], "places": 5, "threshold": "1/3"}
    return case() | measured | paths | changes


def part_spec(**changes: Any) -> dict[str, Any]:
    """Return what `train` reads to train the model on the other part of the samples, at several steps."""
    return train_spec(setting=SETTING | {"part": 2}, sizes=PART_SIZES, snapshots=SNAPSHOTS) | changes


def agreement_spec(**changes: Any) -> dict[str, Any]:
    """Return what `agreement` reads."""
    measured = {"time_grid": TIMES, "generated": EVALUATION["generated"], "threshold": "1/3"}
    return case() | measured | changes


def case() -> dict[str, Any]:
    """Return which model, on which data."""
    return {"setting": SETTING, "seed": 1, "model": MODEL, "denoiser": DENOISER}


def regress_spec(**changes: Any) -> dict[str, Any]:
    """Return what `regress` reads."""
    models = {MODEL: {"provides": ["components"], "settings": [NAME]}}
    common = {"campaign": "tiny", "settings": [SETTING], "models": models, "seeds": SEEDS, "regression": {}}
    return common | changes


def plot_spec(figure: str, **changes: Any) -> dict[str, Any]:
    """Return what `plot` reads: of the setting and the model only what the figure is drawn of."""
    subject = {"setting": SETTING, "model": MODEL}
    of = {name: subject[name] for name in pieces.figure_options(figure).subject}
    return {"figure": {"figure": figure}} | of | changes


def command(*words: str | Path, spec: Mapping[str, Any] | str, extensions: Iterable[Path] = ()) -> list[str]:
    """Return a command line."""
    line = [*map(str, words), "--spec", spec if isinstance(spec, str) else json.dumps(spec)]
    return [*line, *(["--extensions", *map(str, extensions)] if extensions else [])]


class Made(NamedTuple):
    """The files of the tiny campaign, by kind and seed, and of the first seed other sizes and steps."""

    samples: dict[int, Path]
    geometry: dict[int, Path]
    models: dict[int, Path]
    evaluations: dict[int, Path]
    sensitivity: dict[int, Path]
    others: dict[int, Path]
    barriers: dict[int, Path]
    part_samples: dict[int, Path]
    part_models: dict[int, Path]
    agreements: dict[int, Path]
    grid_models: Path
    snapshot_models: Path
    snapshot_evaluations: Path
    transition: Path
    regression: Path
    metrics: Path

    def evaluate(self, models: Path, out: Path, seed: int = 1, **changes: Any) -> list[str]:
        """Return the command that evaluates models of a seed."""
        words = "evaluate", self.samples[seed], models, out, "--geometry", self.geometry[seed]
        return command(*words, spec=evaluate_spec(seed=seed, **changes))

    def file(self, kind: str) -> Path:
        """Return the path of one file of a kind, of the first seed where there are several."""
        files = getattr(self, kind)
        return files[SEEDS[0]] if isinstance(files, dict) else files

    def read(self, kind: str) -> xr.Dataset:
        """Return one file of a kind."""
        return xr.load_dataset(self.file(kind))


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep compiled programs, as the workflow does: each training compiles its own, and most are alike."""
    settings = {
        "jax_compilation_cache_dir": str(tmp_path_factory.mktemp("compiled")),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    before = {name: getattr(jax.config, name) for name in settings}
    for values in (settings, before):
        for name, value in values.items():
            jax.config.update(name, value)
        compilation_cache.reset_cache()  # or it stays what it was when the first program was compiled
        if values is settings:
            yield


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The tiny campaign, run stage by stage; besides it, models on a grid, and models kept at several steps."""
    folder = tmp_path_factory.mktemp("tiny")
    files = Made(
        **{
            kind: {seed: folder / kind / f"seed{seed}.nc" for seed in SEEDS}
            for kind in (
                *("samples", "geometry", "models", "evaluations", "sensitivity", "others", "barriers"),
                *("part_samples", "part_models", "agreements"),
            )
        },
        grid_models=folder / "grid.nc",
        snapshot_models=folder / "snapshot_models.nc",
        snapshot_evaluations=folder / "snapshot_evaluations.nc",
        transition=folder / "transition.nc",
        regression=folder / "regression.nc",
        metrics=folder / "metrics.json",
    )
    lines = []
    for seed in SEEDS:
        samples, models, evaluation = files.samples[seed], files.models[seed], files.evaluations[seed]
        lines += [
            command("sample", samples, spec=sample_spec(seed=seed)),
            command("train", samples, models, spec=train_spec(seed=seed)),
            command("geometry", samples, files.geometry[seed], spec=geometry_spec(seed=seed)),
            files.evaluate(models, evaluation, seed=seed),
            command("sensitivity", samples, models, files.sensitivity[seed], spec=sensitivity_spec(seed=seed)),
            command("train", samples, files.others[seed], spec=other_end_spec(seed=seed)),
            command(
                *("barrier", samples, models, files.others[seed], files.barriers[seed]), spec=barrier_spec(seed=seed)
            ),
        ]
    samples = files.samples[1]
    lines += [
        command("train", samples, files.grid_models, spec=train_spec(sizes={"coarse": 2, "fine": 2, "probe": 50})),
        command("train", samples, files.snapshot_models, spec=train_spec(snapshots=SNAPSHOTS)),
        files.evaluate(files.snapshot_models, files.snapshot_evaluations),
    ]
    for seed, models in ((1, files.snapshot_models), (2, files.models[2])):
        parts = files.samples[seed], models, files.part_samples[seed], files.part_models[seed]
        setting = {"setting": SETTING | {"part": 2}, "seed": seed}
        lines += [
            command("sample", files.part_samples[seed], spec=sample_spec(**setting)),
            command("train", *parts[2:], spec=part_spec(seed=seed)),
            command("agreement", *parts, files.agreements[seed], spec=agreement_spec(seed=seed)),
        ]
    outputs = {"--transition": files.transition, "--regression": files.regression, "--metrics": files.metrics}
    options = [word for pair in outputs.items() for word in pair]
    lines.append(command("regress", *files.evaluations.values(), *options, spec=regress_spec()))
    for line in lines:
        assert main(line) == 0
    return files


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """A function that runs a command which must fail, and returns its message.

    It may print progress before, but the last line is the message; no new file may lie in the test's folder.
    """

    def files(folder: Path) -> list[Path]:
        return sorted(path for path in folder.rglob("*") if not path.is_dir())

    def refused(*words: str | Path, spec: Mapping[str, Any] | str, extensions: Iterable[Path] = ()) -> str:
        before = files(tmp_path)
        capsys.readouterr()
        assert main(command(*words, spec=spec, extensions=extensions)) == 1
        assert files(tmp_path) == before
        printed = capsys.readouterr()
        assert printed.out == ""
        message = printed.err.splitlines()[-1]
        assert message.startswith(f"edgemem {words[0]}: ")
        assert [line for line in printed.err.splitlines()[:-1] if not line.startswith("[")] == []
        return message

    return refused
