"""DVC in an environment of its own, set up when it is first needed: nobody else has to have its hundred packages."""

import shutil
import subprocess
import sys
from pathlib import Path

from edgemem.errors import EdgememError
from edgemem.files.lineage import sha256


FOLDER = Path(".venv-dvc")
LOCK = Path("envs/versions.txt")
PYTHON = FOLDER / "bin/python"
# Holds the checksum of the lock file that was installed.
INSTALLED = FOLDER / "installed"


def dvc_command() -> list[str]:
    """Return the words that start DVC, after setting it up if it is not there as the lock file says.

    **Raises:** EdgememError with what pip said if it cannot be installed.
    """
    wanted = sha256(LOCK)
    if not INSTALLED.exists() or INSTALLED.read_text() != wanted:
        print(f"setting up DVC in {FOLDER}, once; this takes a minute", file=sys.stderr, flush=True)
        shutil.rmtree(FOLDER, ignore_errors=True)
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run([sys.executable, "-m", "venv", str(FOLDER)])
        _run([*pip, "--require-hashes", "-r", str(LOCK)])
        INSTALLED.write_text(wanted)
    return [str(PYTHON.absolute()), "-m", "dvc"]


def _run(command: list[str]) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        said = "\n".join((ended.stderr or ended.stdout).strip().splitlines()[-5:])
        raise EdgememError(
            f"DVC cannot be set up in {FOLDER}:\n{said}\n"
            "Versions need it; type the command again where pip can install packages"
        )
