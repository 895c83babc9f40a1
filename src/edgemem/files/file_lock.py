"""One process at a time makes a file."""

import contextlib
import fcntl
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from edgemem.files.atomic_write import explained


@contextlib.contextmanager
def file_lock(path: str | Path) -> Iterator[None]:
    """Keep other processes from making the same file meanwhile; wait for one that does.

    When Snakemake is killed, its jobs go on. Started again, it starts them again, and without this the older job would
    replace the newer one's file after others have read it. The lock file beside the output says whose it is; a job that
    was killed leaves it, no longer locked.

    **Raises:** EdgememError when nothing can be written there, with the reason.
    """
    path = Path(path)
    lock = lock_of(path)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _locked(lock)
        holder = {"host": platform.node(), "process": os.getpid(), "started": time.time()}
        os.ftruncate(file, 0)
        os.write(file, json.dumps(holder).encode())
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # a folder that has become read-only
            lock.unlink()
        os.close(file)


def lock_of(path: Path) -> Path:
    """Return the lock file of an output: who holds it is making the file."""
    return path.with_name(f".{path.name}.job")


def is_held(lock: Path) -> bool:
    """Return whether a process holds a lock file, as far as this machine can see.

    **Raises:** OSError if there is no such file.
    """
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _locked(path: Path) -> int:
    """Return the open descriptor of a lock file, locked."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting for another process, which holds {path}", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            print(f"{path} cannot be locked here ({error.strerror})", file=sys.stderr, flush=True)
            return file
        # The job that held it may have removed it, and another may have made it anew.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(file).st_ino:
                return file
        os.close(file)
