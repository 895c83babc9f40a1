"""A repository with a finished campaign for each test; DVC and a server of S3, each set up once."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from workflow.campaign import ROOT, copy_finished
from workflow.conftest import finished, once, quick, shared, workflow  # noqa: F401

from .repository import Repository, begin


@pytest.fixture
def repository(finished: Path, shared: Path, tmp_path: Path) -> Repository:  # noqa: F811
    """The finished campaign in a git repository of its own, without DVC."""
    return begin(finished, tmp_path / "repository", shared / "cache")


@pytest.fixture(scope="session")
def dvc(shared: Path) -> Path:  # noqa: F811
    """The environment of DVC, as the first command that needs it sets it up."""

    def make(folder: Path) -> None:
        (folder / "envs").mkdir(parents=True)
        shutil.copy(ROOT / "envs/versions.txt", folder / "envs")
        code = "from edgemem.versions.environment import dvc_command; dvc_command()"
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        ended = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        assert "setting up DVC in .venv-dvc, once" in ended.stderr

    return once(shared, "dvc", make) / ".venv-dvc"


@pytest.fixture
def versioned(repository: Repository, dvc: Path) -> Repository:
    """The repository with DVC."""
    (repository / ".venv-dvc").symlink_to(dvc)
    return repository


@pytest.fixture
def two(finished: Path, dvc: Path, shared: Path, tmp_path: Path) -> Repository:  # noqa: F811
    """The repository with a version v1, and v2 of another key of the evaluation, which is where it stands."""

    def make(folder: Path) -> None:
        repository = begin(finished, folder, shared / "cache")
        (folder / ".venv-dvc").symlink_to(dvc)
        repository.save("v1", "-m", "as it was")
        repository.change()
        repository.save("v2")

    copy_finished(once(shared, "two", make), tmp_path / "repository")
    return Repository(tmp_path / "repository", shared / "cache")


@pytest.fixture(scope="session")
def s3(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:  # noqa: F811
    """The variables that lead to a server of S3 on this machine, with a bucket named `versions`."""

    def make(folder: Path) -> None:
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "envs/s3-test.txt")], check=True)

    python = once(shared, "s3", make) / "bin/python"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "not-in-any-file",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    log = tmp_path_factory.mktemp("s3") / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        bucket = "import boto3; boto3.client('s3').create_bucket(Bucket='versions')"
        subprocess.run([str(python), "-c", bucket], env=os.environ | variables, check=True)
        yield variables
    finally:
        server.terminate()
        server.wait()
