"""Forks of the server are to their callers what a Python of their own would be."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .campaign import Workflow


@pytest.fixture
def start(shared: Path, quick: None, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """A function that starts a script with variables of its own."""
    workflow = Workflow(tmp_path, shared / "cache")

    def start(text: str, *words: str, **variables: str) -> subprocess.Popen[str]:
        (tmp_path / "script.py").write_text(text)
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        environment = workflow.environment | variables
        return subprocess.Popen(
            [workflow.python, tmp_path / "script.py", *words], cwd=tmp_path, env=environment, text=True, **pipes
        )

    return start


def test_words_variables_and_streams_are_the_callers(start, tmp_path: Path):
    """It reads what it is given, in the folder of the caller, and ends with the code that it says."""
    text = (
        "import atexit, os, sys\n"
        "atexit.register(lambda: print('last'))\n"
        "print(sys.argv[1:], os.environ['MINE'], os.getcwd(), sys.stdin.read(), sys.path[0], 'jax' in sys.modules)\n"
        "print('wrong', file=sys.stderr)\n"
        "sys.exit(int(sys.argv[1]))\n"
    )
    for code in (0, 7):
        process = start(text, str(code), MINE="own")
        printed, wrong = process.communicate("given")
        assert printed == f"['{code}'] own {tmp_path} given {tmp_path} True\nlast\n"
        assert (wrong, process.returncode) == ("wrong\n", code)


def test_an_error_is_a_traceback_and_a_code(start):
    process = start("raise SystemError('no')")
    _, wrong = process.communicate()
    assert process.returncode == 1
    assert "SystemError: no" in wrong


def test_what_libraries_read_when_they_are_imported_is_not_the_servers(start):
    """With other such variables the caller gets a Python of its own."""
    process = start("import os, sys; print('jax' in sys.modules, os.environ['JAX_ENABLE_X64'])", JAX_ENABLE_X64="1")
    assert process.communicate()[0] == "False 1\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_signals_reach_the_fork(start, tmp_path: Path, number: signal.Signals):
    """Whoever ends the caller ends the fork."""
    process = start("import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    fork = Path("/proc") / process.stdout.readline().strip()
    assert fork.exists()
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    deadline = time.monotonic() + 600
    while fork.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
