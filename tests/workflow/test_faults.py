"""Whatever happens to a run, one plain rerun ends with the results of an undisturbed one.

Each kind of fault once; `python -m tests.workflow.faults` does many rounds.
"""

import os
import random
from pathlib import Path

import pytest

from .conftest import once
from .faults import FAULTS, Workflow, disturbed_round, undisturbed


MOUNTS = ("a full disk", "read-only results")


@pytest.fixture(scope="session")
def reference(shared: Path) -> tuple[Workflow, float]:
    """The undisturbed campaign, and the seconds it takes."""

    def make(folder: Path) -> None:
        folder.mkdir()
        _, seconds = undisturbed(folder, shared / "cache")
        (folder / "seconds").write_text(str(seconds))

    folder = once(shared, "undisturbed", make)
    return Workflow(folder / "reference", shared / "cache"), float((folder / "seconds").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_one_rerun_mends_it(fault: str, reference: tuple[Workflow, float], tmp_path: Path):
    """After a fault at a random moment a rerun completes, leaves nothing to do, and gives the same bits."""
    if fault in MOUNTS and os.getuid() != 0:
        pytest.skip("only root can mount a file system")
    disturbed_round(fault, random.Random(fault), *reference, tmp_path / "round")
