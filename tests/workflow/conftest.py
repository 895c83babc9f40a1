"""The finished campaign, made once, and a copy of it for each test."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from .campaign import FORKS, Workflow, copy_finished, copy_parts
from .forks import forks


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(shared: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that the first of all processes that asks for it makes, for reading only."""
    folder, made, failed = shared / name, shared / f"{name}.made", shared / f"{name}.failed"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made.exists() or failed.exists()):
            failed.write_text("see the first test that failed for it")
            make(folder)
            failed.rename(made)
    assert made.exists(), f"{name}: {failed.read_text()}"
    return folder


@pytest.fixture(scope="session")
def quick(shared: Path) -> Iterator[None]:
    """A Python that starts at once, for all workflows of this process."""
    cache = shared / "cache"
    # Each folder of tests that imports this fixture has it for itself, and all share one server.
    with nullcontext() if (cache / FORKS).exists() else forks(cache / FORKS, Workflow(shared, cache).environment):
        yield


@pytest.fixture(scope="session")
def finished(shared: Path, quick: None) -> Path:
    """The folder of the tiny campaign after a complete run."""

    def run(folder: Path) -> None:
        copy_parts(folder)
        workflow = Workflow(folder, shared / "cache")
        workflow.configure()
        run = workflow.snakemake("--cores", "2")
        assert run.returncode == 0, f"the tiny campaign does not finish:\n{run.stdout}"

    return once(shared, "finished", run)


@pytest.fixture
def workflow(finished: Path, shared: Path, tmp_path: Path) -> Iterator[Workflow]:
    """The finished campaign in a folder that the test may change."""
    folder = tmp_path / "workflow"
    copy_finished(finished, folder)
    return Workflow(folder, shared / "cache")
