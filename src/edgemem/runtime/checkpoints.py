"""Checkpoints of a long job: written at intervals and when the job is asked to stop, and read when it starts again."""

import contextlib
import json
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from edgemem.errors import EdgememError
from edgemem.files.atomic_write import atomic_write


class Checkpoints:
    """The checkpoint of one job, in a folder beside its output.

    It belongs to all that the job's result depends on, its `identity`. A checkpoint of another identity is not used,
    and neither is one that is damaged: the job starts afresh and says why.

    **Arguments:** `output`: file that the job makes; `identity`: what its result depends on, by name; `log`: prints a
    line.

    **Raises:** EdgememError if EDGEMEM_CHECKPOINT_MINUTES is no number.
    """

    def __init__(self, output: str | Path, identity: Mapping[str, str], log: Callable[[str], None]):
        output = Path(output)
        self.file = output.with_name(f"{output.name}.work") / "checkpoint.npz"
        self._identity, self._log = dict(identity), log
        self._interval = _interval()
        self._written = time.monotonic()
        self._asked_to_stop = False

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Handle SIGTERM within: the next call of `offer` writes a checkpoint and ends the process.

        Schedulers send it some time before they kill a job. The checkpoint goes when the job has done its work.
        """

        def stop(number: int, frame: object) -> None:
            self._asked_to_stop = True

        before = signal.signal(signal.SIGTERM, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)
        shutil.rmtree(self.file.parent, ignore_errors=True)

    def offer(self, arrays: Callable[[], Mapping[str, Any]]) -> None:
        """Write a checkpoint if it is time.

        **Arguments:** `arrays`: returns the state by name, in arrays of numbers or text.

        **Raises:** SystemExit after SIGTERM, with the exit code of a process that it has ended.
        """
        if not self._asked_to_stop and time.monotonic() - self._written < self._interval:
            return
        try:
            atomic_write(self.file, lambda path: np.savez(path, _identity=json.dumps(self._identity), **arrays()))
        except EdgememError as error:
            # The work done so far is better finished than given up.
            self._log(f"no checkpoint: {error}")
        self._written = time.monotonic()
        if self._asked_to_stop:
            self._log(f"stopped by SIGTERM; the same command goes on from {self.file}")
            raise SystemExit(128 + signal.SIGTERM)

    def load(self) -> dict[str, np.ndarray]:
        """Return the state that was written last, empty where there is none that belongs to this job."""
        if not self.file.exists():
            return {}
        try:
            with self.file.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                state = dict(stored)
            identity = json.loads(str(state.pop("_identity")))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            self._log(f"{self.file} is damaged ({error}): starting afresh")
            return {}
        if identity != self._identity:
            differ = [name for name in self._identity if identity.get(name) != self._identity[name]]
            self._log(f"{self.file} was written with another {', '.join(differ)}: starting afresh")
            return {}
        return state


def _interval() -> float:
    """Return the seconds between checkpoints; writing one takes milliseconds."""
    text = os.environ.get("EDGEMEM_CHECKPOINT_MINUTES", "1")
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1
    if not minutes >= 0:
        raise EdgememError(
            f"EDGEMEM_CHECKPOINT_MINUTES must be a number of minutes, 0 or more (got '{text}'); 1 if it is not set"
        )
    return 60 * minutes
