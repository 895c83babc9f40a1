"""A file is written whole or not at all: full disks, folders that cannot be written, killed jobs."""

import errno
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import xarray as xr

from edgemem.cli import main
from edgemem.errors import EdgememError
from edgemem.files.atomic_write import atomic_write

from .conftest import (
    agreement_spec,
    barrier_spec,
    command,
    geometry_spec,
    plot_spec,
    regress_spec,
    sample_spec,
    sensitivity_spec,
    train_spec,
)


# Runs a command in a process that may write no file longer than so many bytes. The signal that says so is ignored, as
# the interpreter does by default: what remains is an error of the write, as on a full disk.
LIMITED = """
import resource, signal, sys
from edgemem.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.exit(main(sys.argv[2:]))
"""


def run_limited(limit: int, line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *line], capture_output=True, text=True, check=False
    )


def writers(made, folder: Path) -> dict[str, list[str]]:
    """Return a command line for each kind of file."""
    out, plot = folder / "out.nc", ("plot", "mechanism", made.evaluations[1])
    return {
        "sample": command("sample", out, spec=sample_spec()),
        "train": command("train", made.samples[1], out, spec=train_spec()),
        "geometry": command("geometry", made.samples[1], out, spec=geometry_spec()),
        "evaluate": made.evaluate(made.models[1], out),
        "sensitivity": command("sensitivity", made.samples[1], made.models[1], out, spec=sensitivity_spec()),
        "barrier": command(
            "barrier", made.samples[1], made.models[1], made.others[1], out, spec=barrier_spec()
        ),
        "agreement": command(
            "agreement", made.samples[1], made.models[1], made.part_samples[1], made.part_models[1], out,
            spec=agreement_spec(),
        ),
        "regress": command(
            "regress", *made.evaluations.values(), "--transition", out, "--regression", folder / "r.nc",
            spec=regress_spec(),
        ),
        "png": command(*plot, "--out", folder / "o.png", spec=plot_spec("mechanism")),
        "pdf": command(*plot, "--out", folder / "o.pdf", spec=plot_spec("mechanism")),
        "csv": command(*plot, "--out", folder / "o.csv", spec=plot_spec("mechanism")),
    }  # fmt: skip


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if not path.is_dir()]


@pytest.mark.parametrize(
    "name",
    [
        "sample",
        "png",
        "pdf",
        "csv",
    ],
)
def test_full_disk(made, tmp_path: Path, name: str):
    ended = run_limited(2000, writers(made, tmp_path / "new")[name])
    assert files_below(tmp_path) == []
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert "cannot write" in ended.stderr
    assert "make room" in ended.stderr


@pytest.mark.parametrize("name", ["geometry", "train", "evaluate", "sensitivity", "barrier", "agreement", "regress"])
def test_full_disk_of_long_jobs(made, tmp_path: Path, capsys, monkeypatch, name: str):
    """The same in this process, where the models are compiled: the library fails after some bytes."""

    def fill(self, path, **_):
        Path(path).write_bytes(b"half a file")
        raise RuntimeError("NetCDF: HDF error")

    monkeypatch.setattr(xr.Dataset, "to_netcdf", fill)
    assert main(writers(made, tmp_path)[name]) == 1
    assert files_below(tmp_path) == []
    assert "cannot write" in capsys.readouterr().err.splitlines()[-1]


def test_old_file_survives_a_full_disk(made, tmp_path: Path):
    old = tmp_path / "out.nc"
    old.write_bytes(b"old")
    assert run_limited(2000, writers(made, tmp_path)["sample"]).returncode == 1
    assert files_below(tmp_path) == [old]
    assert old.read_bytes() == b"old"


def in_own_mount(script: str, folder: Path, line: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount, and in it a command line; skip where the machine does not allow it."""
    unshare = ["unshare", "--map-root-user", "--mount"]
    try:
        allowed = subprocess.run(
            [*unshare, "mount", "-t", "tmpfs", "none", str(folder)], capture_output=True, check=False
        ).returncode
    except FileNotFoundError:
        allowed = 1
    if allowed != 0:
        pytest.skip("this machine does not let a user mount a file system of their own")
    words = ["sh", "-c", textwrap.dedent(script), "sh", str(folder), sys.executable, "-m", "edgemem", *line]
    return subprocess.run([*unshare, *words], capture_output=True, text=True, check=False)


def test_full_file_system(made, tmp_path: Path):
    script = """
        folder=$1; shift
        mount -t tmpfs -o size=16k none "$folder" || exit 99
        "$@"; code=$?
        ls -A "$folder"
        exit $code
    """
    ended = in_own_mount(script, tmp_path, writers(made, tmp_path)["sample"])
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "cannot write" in ended.stderr
    assert "(0 MB free there)" in ended.stderr


def test_read_only_file_system(made, tmp_path: Path):
    script = """
        folder=$1; shift
        mount -t tmpfs -o ro none "$folder" || exit 99
        "$@"
    """
    ended = in_own_mount(script, tmp_path, writers(made, tmp_path)["sample"])
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "cannot write" in ended.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("name", ["sample", "train", "evaluate", "regress", "png", "pdf"])
def test_read_only_folder(made, tmp_path: Path, capsys, name: str):
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        assert main(writers(made, folder)[name]) == 1
        assert list(folder.iterdir()) == []
    finally:
        folder.chmod(0o700)
    message = capsys.readouterr().err.splitlines()[-1]
    assert "cannot write" in message
    assert "ermission denied" in message


@pytest.mark.parametrize("name", ["sample", "regress", "png", "pdf"])
def test_folder_that_is_a_file(made, tmp_path: Path, capsys, name: str):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file")
    assert main(writers(made, blocked)[name]) == 1
    assert files_below(tmp_path) == [blocked]
    assert "cannot write" in capsys.readouterr().err.splitlines()[-1]


def test_folders_are_made(made, tmp_path: Path):
    assert main(writers(made, tmp_path / "a/b")["sample"]) == 0
    assert files_below(tmp_path) == [tmp_path / "a/b/out.nc"]


def test_nothing_is_seen_before_the_file_is_whole(tmp_path: Path):
    path = tmp_path / "out.txt"

    def write(temporary: Path) -> None:
        temporary.write_text("whole")
        assert temporary.parent == tmp_path  # on the same file system, so that renaming is one step
        assert temporary.suffix == path.suffix  # by which matplotlib knows the format
        assert not path.exists()

    atomic_write(path, write)
    assert path.read_text() == "whole"
    assert files_below(tmp_path) == [path]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), RuntimeError("HDF"), KeyboardInterrupt()])
def test_interrupted_writing_leaves_nothing(tmp_path: Path, error: BaseException):
    def write(temporary: Path) -> None:
        temporary.write_text("half")
        raise error

    with pytest.raises((EdgememError, KeyboardInterrupt)):
        atomic_write(tmp_path / "out.txt", write)
    assert files_below(tmp_path) == []


def test_output_that_exists_is_replaced(made, tmp_path: Path):
    out = tmp_path / "out.nc"
    shutil.copy(made.models[1], out)
    assert main(writers(made, tmp_path)["sample"]) == 0
    assert xr.load_dataset(out).attrs["edgemem_file"] == "samples"
