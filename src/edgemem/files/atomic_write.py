"""Files are written whole or not at all."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from edgemem.errors import EdgememError


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what goes wrong in writing a file into a message for the user."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # the NetCDF library reports a full disk as a RuntimeError
        free = shutil.disk_usage(next(folder for folder in path.absolute().parents if folder.exists())).free
        raise EdgememError(
            f"cannot write {path}: {error} ({free / 1e6:.0f} MB free there). "
            "Nothing was written; make room or permit writing, and run again."
        ) from error


def atomic_write(path: str | Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name in its folder, then rename it: nobody ever sees half a file.

    **Raises:** EdgememError when the file cannot be written, with the reason; nothing is left behind.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.part{path.suffix}")
    try:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            write(temporary)
            temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):  # a folder that cannot be written to holds nothing to remove
            temporary.unlink(missing_ok=True)
