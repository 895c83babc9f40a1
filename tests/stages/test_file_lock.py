"""Two processes never make one file at once, as the jobs of a killed Snakemake and of the next one would."""

import json
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgemem.cli import main
from edgemem.errors import EdgememError
from edgemem.files.atomic_write import atomic_write
from edgemem.files.file_lock import file_lock, lock_of

from .conftest import command, sample_spec


# Makes a file, and stays in its middle until it is told to go on.
HOLDER = """
import sys
from pathlib import Path
from edgemem.files.atomic_write import atomic_write
from edgemem.files.file_lock import file_lock
with file_lock(sys.argv[1]):
    print("holds", flush=True)
    sys.stdin.readline()
    atomic_write(sys.argv[1], lambda path: path.write_text(sys.argv[2]))
"""


def start(path: Path, text: str) -> subprocess.Popen[str]:
    """Start a process that makes a file of some text."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", HOLDER, str(path), text], text=True, **pipes)


def test_the_second_waits_for_the_first(tmp_path: Path):
    """A process that makes the same file begins when the first has ended, says so, and its file is the one left."""
    path = tmp_path / "new" / "file.txt"
    first = start(path, "old")
    assert first.stdout.readline() == "holds\n"
    second = start(path, "new")
    assert second.stderr.readline() == f"waiting for another process, which holds {lock_of(path)}\n"
    holder = json.loads(lock_of(path).read_text())
    assert holder["host"] == platform.node()
    assert holder["process"] == first.pid
    assert holder["started"] == pytest.approx(time.time(), abs=60)
    assert first.communicate("\n") == ("", "")
    assert path.read_text() == "old"
    assert second.communicate("\n") == ("holds\n", "")
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_the_killed_is_not_waited_for(tmp_path: Path):
    """A process that was killed leaves its lock file, and the next one takes it over and removes it."""
    path = tmp_path / "file.txt"
    killed = start(path, "old")
    assert killed.stdout.readline() == "holds\n"
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert lock_of(path).exists()
    with file_lock(path):
        assert json.loads(lock_of(path).read_text())["process"] == os.getpid()
    assert not lock_of(path).exists()


def test_many_at_once(tmp_path: Path):
    """Of ten processes that make the same file, each has it for itself at some time."""
    path = tmp_path / "file.txt"
    jobs = [start(path, str(number)) for number in range(10)]
    for job in jobs:
        job.stdin.write("\n")
        job.stdin.flush()
    for job in jobs:
        printed, errors = job.communicate()
        assert job.returncode == 0, errors
        assert printed == "holds\n"
    assert list(tmp_path.iterdir()) == [path]


def test_every_stage_locks_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A stage holds its output from before it reads its inputs until it has written."""
    output = tmp_path / "samples.nc"

    def look(path, write):
        assert lock_of(output).exists()
        atomic_write(path, write)

    monkeypatch.setattr("edgemem.files.netcdf.atomic_write", look)
    assert main(command("sample", output, spec=sample_spec())) == 0
    assert list(tmp_path.iterdir()) == [output]


def test_a_job_that_fails_leaves_no_lock(tmp_path: Path):
    """What ends with an error leaves nothing for others to wait for."""
    with pytest.raises(EdgememError), file_lock(tmp_path / "file.txt"):
        raise EdgememError("no")
    assert not list(tmp_path.iterdir())
