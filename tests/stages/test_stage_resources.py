"""The memory that jobs ask of a cluster, against what their commands take."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.geometry import GeometrySpec
from edgemem.config.train import TrainSpec
from edgemem.files.netcdf import write_dataset
from edgemem.workflow import resources


pytestmark = pytest.mark.slow

# A process of its own starts the command: the peak of a child is never below what its parent has before it.
LAUNCH = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
# On a node two Snakemakes start the command, of 138 MB each.
SNAKEMAKES = 280
MODEL = {"model": "mixture", "denoiser": "isotropic_mixture"}
PROTOCOL = {"steps": 2, "draws": 1, "peak_lr": 0.01, "final_lr": 0.001}


def peak(*words: str | Path, spec: dict[str, Any]) -> float:
    """Run a command of edgemem, and return the most megabytes that it has had."""
    command = [sys.executable, "-m", "edgemem", *map(str, words), "--spec", json.dumps(spec)]
    done = subprocess.run(
        [sys.executable, "-c", LAUNCH, *command],
        env=os.environ | {"NPROC": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(done.stdout) * 1024 / 1e6


def test_training_takes_the_memory_it_asks_for(tmp_path: Path):
    """A training with large arrays stays below what it asks for, which is at most three times as much."""
    setting = {"family": "gaussian", "N": 20_000, "d": 500, "K": 3}
    peak("sample", tmp_path / "samples.nc", spec={"setting": setting, "seed": 1})
    spec = {"setting": setting, "seed": 1, **MODEL, "protocol": PROTOCOL | {"minibatch": 100}}
    spec |= {"sizes": [2500, 5000], "time_grid": {"times": 4}}
    used = peak("train", tmp_path / "samples.nc", tmp_path / "models.nc", spec=spec)
    promised = resources.train_memory(TrainSpec.parse(json.dumps(spec)), 1)
    assert promised / 3 < used < promised - SNAKEMAKES


def test_evaluation_takes_the_memory_it_asks_for(tmp_path: Path):
    """As training; here of the noise and the errors of all subsets."""
    setting = {"family": "gaussian", "N": 1000, "d": 500, "K": 3}
    common = {"setting": setting, "seed": 1}
    grid = {"times": 2}
    train = common | MODEL | {"protocol": PROTOCOL, "sizes": [10], "time_grid": grid}
    evaluation = {"generated": 50, "draws": 20, "test_samples": 10}
    spec = common | MODEL | {"sampling": grid, "evaluation": evaluation}
    samples, models = tmp_path / "samples.nc", tmp_path / "models.nc"
    peak("sample", samples, spec=common)
    peak("train", samples, models, spec=train)
    geometry = tmp_path / "geometry.nc"
    of_samples = GeometrySpec.model_validate(common | {"sampling": grid, "draws": 20, "threshold": "1/3"})
    write_dataset(xr.Dataset(), geometry, kind="geometry", spec=of_samples, inputs=[samples], title="None is needed")
    used = peak("evaluate", samples, models, tmp_path / "evaluation.nc", "--geometry", geometry, spec=spec)
    trained = TrainSpec.parse(json.dumps(train))
    promised = resources.evaluate_memory(EvaluateSpec.parse(json.dumps(spec)), trained, 1)
    assert promised / 3 < used < promised - SNAKEMAKES


@pytest.mark.parametrize(("sizes", "draws"), [({"N": 200, "d": 2000}, 2), ({"N": 1000, "d": 10}, 20)])
def test_geometry_takes_the_memory_it_asks_for(tmp_path: Path, sizes: dict[str, int], draws: int):
    """As training; here of the points around each sample, and of the distances of noised samples."""
    common = {"setting": {"family": "gaussian", "K": 3} | sizes, "seed": 1}
    spec = common | {"sampling": {"times": 2}, "draws": draws, "threshold": "1/3"}
    peak("sample", tmp_path / "samples.nc", spec=common)
    used = peak("geometry", tmp_path / "samples.nc", tmp_path / "geometry.nc", spec=spec)
    promised = resources.geometry_memory(GeometrySpec.parse(json.dumps(spec)), 1)
    assert promised / 3 < used < promised - SNAKEMAKES
