"""The store of versions' files: a DVC repository of its own in `.versions`, which git ignores.

It knows nothing of git. Each version is a folder in it, pointed to by `NAME.dvc`, which is there only while it is saved
or restored.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from edgemem.errors import EdgememError
from edgemem.files.file_lock import file_lock
from edgemem.versions.environment import dvc_command
from edgemem.versions.version import Version


STORE = Path(".versions")
CURRENT = STORE / "current"


@contextlib.contextmanager
def opened_store(versions: Iterable[Version]) -> Iterator[None]:
    """Keep other commands from the store meanwhile, and let it know these versions and no other."""
    STORE.mkdir(exist_ok=True)
    with file_lock(STORE / "store"):
        if not (STORE / ".dvc").exists():
            _dvc("init", "--no-scm", "--quiet")
            # Hard links would let a job that writes into its old output write into the store.
            for key, value in {"cache.type": "reflink,copy", "core.analytics": "false"}.items():
                _dvc("config", key, value)
        _clear()
        for pointer in STORE.glob("[!.]*.dvc"):
            pointer.unlink()
        for version in versions:
            _pointer(version.name).write_text(re.sub("path: .*", f'path: "{version.name}"', version.data))
        try:
            yield
        finally:
            _clear()


def _clear() -> None:
    """Remove the folders of versions, also those that a killed command has left."""
    for folder in STORE.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            shutil.rmtree(folder)


def staging(name: str) -> Path:
    """Return the folder of a version while it is saved or restored."""
    return STORE / name


def _pointer(name: str) -> Path:
    return STORE / f"{name}.dvc"


def keep(name: str) -> str:
    """Take the staged files of a new version into the store, and return DVC's pointer to them."""
    _dvc("add", "--quiet", "--no-relink", name)
    return _pointer(name).read_text()


def fetch_out(name: str, folders: Iterable[str] = ()) -> Path:
    """Return the folder with the files of a version, or those in some folders of it only.

    **Raises:** EdgememError if they are not all in the store.
    """
    targets = [f"{name}/{folder}" for folder in folders] or [name]
    try:
        _dvc("checkout", "--quiet", *targets)
    except EdgememError as error:
        if not re.search("missing|not found|No such file|failed to load|Checkout failed", str(error), re.IGNORECASE):
            raise
        raise EdgememError(
            f"the files of version '{name}' are not all here; fetch them from where they were pushed to: "
            f"python -m edgemem version pull PLACE, with a folder or s3://BUCKET/FOLDER"
        ) from error
    return staging(name)


def place() -> str | None:
    """Return where versions are pushed to and pulled from, if it was said."""
    if not (STORE / ".dvc").exists():
        return None
    found = re.search(r"^\s*url = (.*)$", (STORE / ".dvc/config").read_text(), re.MULTILINE)
    return found[1] if found else None


def set_place(url: str) -> None:
    """Push to and pull from a place, now and until another one is named."""
    _dvc("remote", "add", "--quiet", "--default", "--force", "place", url)


def push() -> None:
    """Copy the content of all versions to the place."""
    _dvc("push", "--quiet")


def pull() -> None:
    """Copy the content of all versions from the place into the store."""
    _dvc("fetch", "--quiet")


def unnamed() -> list[Path]:
    """Return the files of the store whose content no version names."""
    said = _dvc("gc", "--workspace", "--dry", "--force")
    return [Path(path) for path in re.findall("^Removing (.*)$", said, re.MULTILINE)]


def remove_unnamed() -> None:
    """Delete content that no version names from the store; what was pushed stays where it is."""
    _dvc("gc", "--workspace", "--force", "--quiet")


def _dvc(*arguments: str) -> str:
    """Return what a DVC command prints.

    **Raises:** EdgememError with what DVC said if it failed.
    """
    command = dvc_command()
    with tempfile.TemporaryDirectory() as memory:
        # DVC trusts what it remembers of a file if place, size and time are the same. It shall remember nothing.
        variables = os.environ | {"DVC_SITE_CACHE_DIR": memory, "DVC_NO_ANALYTICS": "1"}
        variables.pop("PYTHONPATH", None)
        ended = subprocess.run(
            [*command, *arguments], cwd=STORE, env=variables, capture_output=True, text=True, check=False
        )
    said = "\n".join(line for line in (ended.stdout + ended.stderr).splitlines() if line.strip())
    if ended.returncode:
        raise EdgememError(f"dvc {arguments[0]} failed: {said}")
    return said
