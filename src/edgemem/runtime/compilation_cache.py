"""JAX's persistent compilation cache, shared by jobs that run at the same time and may be killed at any moment."""

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jax
from jax.experimental.compilation_cache.compilation_cache import reset_cache


# Where Linux keeps files in memory.
MEMORY = Path("/dev/shm")


@contextlib.contextmanager
def shared_compilation_cache() -> Iterator[None]:
    """Keep the programs that are compiled within, for this process and all later ones.

    JAX writes an entry under its final name: a job that is killed meanwhile leaves half an entry, which no job repairs,
    and another may read it before it is whole. So a process writes to a folder of its own, where links to the shared
    entries stand, and what it has compiled is copied and renamed into the shared folder when it is done.

    The folder of its own is in memory where there is room for it: there is a link for each entry, and a disk takes
    milliseconds to remove one.

    The shared folder is JAX's own setting, JAX_COMPILATION_CACHE_DIR; without it nothing is kept.
    """
    setting = jax.config.values["jax_compilation_cache_dir"]
    if not setting:
        yield
        return
    shared = Path(setting).absolute()
    with _private_folder() as folder:
        private = Path(folder)
        with contextlib.suppress(OSError):  # without room for more links more is compiled
            for entry in _files(shared):
                (private / entry.name).symlink_to(entry)
        try:
            _use(private)
            yield
        finally:
            _use(shared)
            _publish(private, shared)


def _private_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder of this process, in memory where that can be."""
    prefix = "edgemem-jax-cache-"
    try:
        return tempfile.TemporaryDirectory(prefix=prefix, dir=MEMORY)
    except OSError:
        return tempfile.TemporaryDirectory(prefix=prefix)


def _use(folder: Path) -> None:
    jax.config.update("jax_compilation_cache_dir", str(folder))
    # XLA's own cache of tuned kernels would make the folder's name part of what identifies a program.
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
    reset_cache()  # JAX reads the setting once, at its first compilation


def _files(folder: Path) -> list[Path]:
    """Return the entries of a folder; hidden files are being written."""
    return [path for path in folder.glob("[!.]*") if path.is_file()]


def _publish(private: Path, shared: Path) -> None:
    """Copy what is new in one folder to the other; if that fails, a line says so, since only time is lost."""
    try:
        shared.mkdir(parents=True, exist_ok=True)
        for entry in _files(private):
            if not entry.is_symlink() and not (shared / entry.name).exists():
                temporary = shared / f".{entry.name}.{os.getpid()}"
                try:
                    shutil.copyfile(entry, temporary)
                    temporary.replace(shared / entry.name)
                finally:
                    temporary.unlink(missing_ok=True)
    except OSError as error:
        print(f"compiled programs are not kept for the next job: {error}", file=sys.stderr)
