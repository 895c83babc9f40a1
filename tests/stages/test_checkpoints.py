"""A training job that is stopped goes on where it stood, and ends as if it had never been stopped."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np
import pytest
import xarray as xr

from edgemem.cli import main
from edgemem.config.train import TrainSpec
from edgemem.engine import job_state
from edgemem.engine.trainer import Trainer
from edgemem.errors import EdgememError
from edgemem.runtime.checkpoints import Checkpoints

from .conftest import PROTOCOL, Made, command, train_spec


# A coarse grid and a fine one: 5 + 2 models of 100 blocks each, more than one of them of one padded shape. Steps at
# which models are kept lie at the end of a block of two steps, within one, and before all of them.
SPEC = train_spec(
    protocol=PROTOCOL | {"steps": 200, "clip_norm": None, "update_ema": 0.9},
    sizes={"coarse": 5, "fine": 2, "probe": 50},
    snapshots=[1, 20, 99, 200],
)


def same(found: xr.Dataset, expected: xr.Dataset) -> bool:
    """Return whether two models files hold the same bits at all steps, but for the seconds of training."""
    return found.drop_vars("train_seconds").identical(expected.drop_vars("train_seconds").assign_attrs(found.attrs))


@pytest.fixture
def line(made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command of a training job that writes a checkpoint after every block."""
    monkeypatch.setenv("EDGEMEM_CHECKPOINT_MINUTES", "0")
    return command("train", made.samples[1], tmp_path / "models.nc", spec=SPEC)


@pytest.fixture(scope="session")
def undisturbed(made: Made, tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """The models of the job when nothing stops it."""
    output = tmp_path_factory.mktemp("undisturbed") / "models.nc"
    assert main(command("train", made.samples[1], output, spec=SPEC)) == 0
    assert [path.name for path in output.parent.iterdir()] == ["models.nc"]
    return xr.load_dataset(output)


@pytest.fixture
def stop_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A function that has SIGTERM sent to this process before a block of training, counted from now, ends."""
    offer = Checkpoints.offer

    def stop_at(block: int) -> None:
        left = block

        def counted(self, arrays):
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGTERM)
            offer(self, arrays)

        monkeypatch.setattr(Checkpoints, "offer", counted)

    return stop_at


def checkpoint(tmp_path: Path) -> Path:
    return tmp_path / "models.nc.work" / "checkpoint.npz"


def test_sigterm_leaves_a_checkpoint_and_the_same_command_goes_on(line, undisturbed, stop_at, tmp_path, capsys):
    """Stopped in the first model, at the end of one, between the grids and in the last, the job ends the same."""
    for blocks in (1, 150, 50, 200, 250):
        stop_at(blocks)
        with pytest.raises(SystemExit) as stopped:
            main(line)
        assert stopped.value.code == 128 + signal.SIGTERM
        assert not (tmp_path / "models.nc").exists()
        assert checkpoint(tmp_path).exists()
        assert "stopped by SIGTERM; the same command goes on from" in capsys.readouterr().err
    stop_at(0)
    assert main(line) == 0
    assert "goes on from a checkpoint: 6 sizes done" in capsys.readouterr().err
    assert same(xr.load_dataset(tmp_path / "models.nc"), undisturbed)
    assert [path.name for path in tmp_path.iterdir()] == ["models.nc"]


def test_seconds_of_training_count_all_processes(line, stop_at, tmp_path):
    """A model that was stopped has the seconds of both processes, and the handler of signals is the old one again."""
    handler = signal.getsignal(signal.SIGTERM)
    stop_at(90)
    with pytest.raises(SystemExit):
        main(line)
    assert signal.getsignal(signal.SIGTERM) == handler
    with np.load(checkpoint(tmp_path)) as state:
        before = float(state["training/seconds"])
    assert main(line) == 0
    assert xr.load_dataset(tmp_path / "models.nc").train_seconds.sel(model_size=2) > before > 0


def test_models_trained_together_go_on(made: Made, tmp_path, stop_at):
    """The same where all sizes of a grid are trained in one program, as on a GPU."""
    spec, samples = TrainSpec.parse(json.dumps(SPEC)), made.read("samples")

    def trained() -> xr.Dataset:
        checkpoints = Checkpoints(tmp_path / "models.nc", {"spec": spec.canonical()}, print)
        with checkpoints.kept():
            return Trainer(spec, samples, together=True, checkpoints=checkpoints).train_all()

    expected = trained()
    for block in (30, 90):
        stop_at(block)
        with pytest.raises(SystemExit):
            trained()
    assert same(trained(), expected)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ("spec", "was written with another spec"),
        ("snapshots", "was written with another spec"),
        ("samples", "was written with another samples file"),
        ("code", "was written with another version of edgemem's code"),
        ("JAX", "was written with another version of JAX"),
        ("extension", "was written with another version of edgemem's code"),
        ("truncated", "is damaged"),
        ("byte", "is damaged"),
        ("text", "is damaged"),
    ],
)
def test_foreign_or_damaged_checkpoint(line, undisturbed, stop_at, made, tmp_path, capsys, monkeypatch, other, reason):
    """A checkpoint of another spec, of other samples or of other code, or a damaged one, is named and not used."""
    first = list(line)
    if other == "spec":
        first = command("train", made.samples[1], tmp_path / "models.nc", spec=SPEC | {"sizes": [4, 10]})
    if other == "snapshots":
        first = command("train", made.samples[1], tmp_path / "models.nc", spec=SPEC | {"snapshots": 1})
    if other == "extension":
        own = tmp_path.with_name(f"{tmp_path.name}-own") / "circle.py"
        own.parent.mkdir()
        own.write_text("from edgemem.config.settings import AbstractSetting\n\n\nclass Own(AbstractSetting): ...\n")
        first += ["--extensions", str(own)]
    if other == "samples":
        twin = tmp_path / "twin.nc"
        xr.load_dataset(made.samples[1]).assign(x_train=lambda data: 2 * data.x_train).to_netcdf(twin)
        first[1] = str(twin)
    stop_at(120)
    with monkeypatch.context() as before:
        if other == "code":
            changed = tmp_path.with_name(f"{tmp_path.name}-code") / "edgemem"
            shutil.copytree(Path(job_state.__file__).parents[1], changed)
            losses = changed / "numerics/losses.py"
            losses.write_text(losses.read_text() + "# changed\n")
            before.setattr(job_state, "__file__", str(changed / "engine/job_state.py"))
        if other == "JAX":
            before.setattr(jax, "__version__", "0.0.1")
        with pytest.raises(SystemExit):
            main(first)
    file = checkpoint(tmp_path)
    content = bytearray(file.read_bytes())
    if other == "truncated":
        file.write_bytes(content[:-100])
    elif other == "byte":
        content[content.index(b"2/loss") + 200] ^= 1
        file.write_bytes(content)
    elif other == "text":
        file.write_text("no checkpoint")
    capsys.readouterr()
    monkeypatch.setenv("EDGEMEM_CHECKPOINT_MINUTES", "60")  # the others have been looked at
    assert main(line) == 0
    printed = capsys.readouterr().err
    assert f"{file} {reason}" in printed
    assert "starting afresh" in printed
    assert same(xr.load_dataset(tmp_path / "models.nc"), undisturbed)
    assert not file.exists()


def test_no_room_for_a_checkpoint(line, undisturbed, tmp_path, capsys, monkeypatch):
    """Where a checkpoint cannot be written the job says so and goes on: what it has done so far is worth more."""

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    assert main(line) == 0
    assert "no checkpoint: cannot write" in capsys.readouterr().err
    assert same(xr.load_dataset(tmp_path / "models.nc"), undisturbed)


@pytest.mark.parametrize("minutes", ["soon", "-1", "nan", ""])
def test_interval_that_is_no_number(minutes: str, monkeypatch, tmp_path):
    """A variable that is no number of minutes is refused by name."""
    monkeypatch.setenv("EDGEMEM_CHECKPOINT_MINUTES", minutes)
    with pytest.raises(EdgememError, match=r"EDGEMEM_CHECKPOINT_MINUTES must be a number of minutes.*got"):
        Checkpoints(tmp_path / "models.nc", {}, print)


def test_interval(monkeypatch, tmp_path):
    """Checkpoints are written when the interval has passed, not before."""
    monkeypatch.setenv("EDGEMEM_CHECKPOINT_MINUTES", "0.01")
    checkpoints = Checkpoints(tmp_path / "models.nc", {}, print)
    checkpoints.offer(lambda: {"x": np.arange(3)})
    assert checkpoints.load() == {}
    time.sleep(0.61)
    checkpoints.offer(lambda: {"x": np.arange(3)})
    np.testing.assert_array_equal(checkpoints.load()["x"], np.arange(3))


# A network whose step takes some of the points of its samples, and whose sizes bisection chooses.
NETWORK = train_spec(
    denoiser="mlp",
    protocol=PROTOCOL | {"steps": 400, "draws": None, "points_per_step": 32, "initialization": "random"},
    sizes={"smallest": 4, "largest": 16, "count": 3, "probe": 50},
    snapshots=[1, 20, 99, 400],
)


@pytest.mark.slow
@pytest.mark.parametrize(("spec", "times"), [(SPEC, 50), (NETWORK, 20)], ids=["mixture", "network"])
def test_random_kills(made: Made, tmp_path, spec: dict, times: int):
    """A job that is killed at random moments, by SIGKILL or SIGTERM, ends with the bits of an undisturbed one."""
    rng = random.Random(times)
    output = tmp_path / "models.nc"
    line = command("train", made.samples[1], output, spec=spec)
    words = [sys.executable, "-W", "error", "-m", "edgemem", *line]
    compiled = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path.with_name("compiled"))}
    environment = os.environ | compiled | {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    environment |= {"EDGEMEM_CHECKPOINT_MINUTES": "0"}
    for _ in range(2):
        started = time.monotonic()
        subprocess.run(words, check=True, capture_output=True, env=environment)
        seconds = time.monotonic() - started
        undisturbed = xr.load_dataset(output)
        output.unlink()
    kills = 0
    while kills < times:
        job = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment)
        try:
            job.communicate(timeout=rng.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            job.send_signal(rng.choice([signal.SIGKILL, signal.SIGTERM]))
            job.communicate()
        kills += job.returncode in (-signal.SIGKILL, -signal.SIGTERM, 128 + signal.SIGTERM)
        if job.returncode == 0:
            # It was faster than all kills: what was found so far is compared, and the next one starts afresh.
            assert same(xr.load_dataset(output), undisturbed)
            output.unlink()
            shutil.rmtree(checkpoint(tmp_path).parent, ignore_errors=True)
    assert main(line) == 0
    assert same(xr.load_dataset(output), undisturbed)
    assert [path.name for path in tmp_path.iterdir()] == ["models.nc"]
