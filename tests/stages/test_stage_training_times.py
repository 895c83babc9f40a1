"""Courses of training go from evaluations of several steps into the table of transitions, and from it into figures."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgemem.cli import main
from edgemem.files.netcdf import read_dataset

from .conftest import MODEL, NAME, SIZES, SNAPSHOTS, Made, command, plot_spec, regress_spec


@pytest.fixture(scope="module")
def tables(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tables of a campaign whose models are kept at several steps."""
    folder = tmp_path_factory.mktemp("tables")
    words = ["regress", made.snapshot_evaluations, "--transition", folder / "transition.nc"]
    words += ["--regression", folder / "regression.nc", "--metrics", folder / "metrics.json"]
    assert main(command(*words, spec=regress_spec(seeds=[1]))) == 0
    return folder


def test_courses_are_in_the_file(made: Made, tables: Path):
    """With times that are not reached as infinity, which the file keeps."""
    table = read_dataset(tables / "transition.nc", "transition").sel(setting=NAME, model=MODEL, seed=1)
    measured = made.read("snapshot_evaluations")
    assert table.step.values.tolist() == SNAPSHOTS and table.model_size.values.tolist() == SIZES
    np.testing.assert_array_equal(
        table.course_ratio.transpose("model_size", "step"), measured.memorization_ratio.transpose("model_size", "step")
    )
    never = measured.memorization_ratio.max("step").values < 0.9
    assert never.any()
    assert np.isinf(table.tau.sel(event="tau90").values[never]).all()
    # Each step sees every sample twice.
    assert table.draws_per_step.item() == 2


def test_times_are_metrics(tables: Path):
    found = json.loads((tables / "metrics.json").read_text(encoding="utf-8"))
    names = [f"times/{NAME}/{MODEL}/{size}/tau50" for size in SIZES]
    assert {*names, *(f"{name}_censored" for name in names)} <= found.keys()


@pytest.mark.parametrize("figure", ["course", "collapse", "plane", "phase"])
def test_figures_are_drawn_from_the_table_alone(tables: Path, tmp_path: Path, figure: str):
    words = ["plot", figure, tables / "transition.nc", "--out", tmp_path / "figure.csv"]
    assert main(command(*words, spec=plot_spec(figure))) == 0
    assert len((tmp_path / "figure.csv").read_text(encoding="utf-8").splitlines()) > 2
