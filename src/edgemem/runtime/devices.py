"""What a job computes on: a GPU of its own, or the CPU."""

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from edgemem.errors import EdgememError


# Where the lock files of all jobs of this machine lie.
LOCKS = "/tmp/edgemem-gpus"
# Open for as long as the process lives, which is as long as JAX keeps the GPU's memory.
_leases: list[TextIO] = []


def lease_gpu(log: Callable[[str], None]) -> str | None:
    """Take one free GPU for the rest of this process, waiting for one if need be, and return its number.

    To be called before JAX is imported: JAX opens every GPU that it sees, and takes three quarters of its memory.
    Whoever holds the lock of a GPU's file has the GPU; the system drops it when the process ends, however it does.

    A scheduler that gives a job its GPU sets CUDA_VISIBLE_DEVICES: one GPU named there is taken as it is, of several
    one is leased. EDGEMEM_PRETEND_GPUS names GPUs that are not there, EDGEMEM_GPU_LOCKS another folder for the locks.

    **Arguments:** `log`: prints a line.

    **Returns:** the GPU, or None where there is none: the job computes on the CPU.

    **Raises:** EdgememError if the lock files cannot be made.
    """
    gpus, given = _visible_gpus()
    if not gpus:
        log("no GPU: on the CPU")
        return None
    gpu = gpus[0] if given and len(gpus) == 1 else _lease(gpus, log)
    os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    if not given:
        # The numbers are those of the machine's slots; by default CUDA counts the fastest first.
        os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    # What the job needs, when it needs it: what it does not use is left to others.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    return gpu


def _visible_gpus() -> tuple[list[str], bool]:
    """Return the GPUs that this process may use, and whether somebody else has chosen them."""
    for name in ("CUDA_VISIBLE_DEVICES", "EDGEMEM_PRETEND_GPUS"):
        if name in os.environ:
            named = [gpu.strip() for gpu in os.environ[name].split(",")]
            return [gpu for gpu in named if gpu not in ("", "-1")], name == "CUDA_VISIBLE_DEVICES"
    return [str(number) for number, _ in enumerate(Path("/proc/driver/nvidia/gpus").glob("*"))], False


def _lease(gpus: list[str], log: Callable[[str], None]) -> str:
    """Return the first of some GPUs that is free. Those who wait take turns: one looks for a GPU, the others queue."""
    folder = Path(os.environ.get("EDGEMEM_GPU_LOCKS", LOCKS))
    waiting = f"waiting for a GPU: {', '.join(gpus)} are in use (locks in {folder})"
    with _lock_file(folder, "turn") as turn:
        waited = False
        if not _locked(turn):
            log(waiting)
            waited = True
            fcntl.flock(turn, fcntl.LOCK_EX)
        while True:
            for gpu in gpus:
                lock = _lock_file(folder, gpu)
                if _locked(lock):
                    _leases.append(lock)
                    return gpu
                lock.close()
            if not waited:
                log(waiting)
                waited = True
            time.sleep(0.1)


def _locked(file: TextIO) -> bool:
    """Return whether this process could lock a file at once."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_file(folder: Path, name: str) -> TextIO:
    """Return an open lock file, which all users of the machine may lock."""
    path = folder / f"{name.replace('/', '_')}.lock"
    try:
        if not path.exists():
            if not folder.exists():
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(0o1777)  # whatever the umask says
            path.touch(exist_ok=True)
        return path.open()
    except OSError as error:
        raise EdgememError(
            f"{path} cannot be used to lease a GPU: {error.strerror}; name another folder with EDGEMEM_GPU_LOCKS"
        ) from None
