"""All environments are one: the same packages in the same versions, by hash, from wherever pip is told to look."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml


ROOT = Path(__file__).parents[2]
ENVS = ROOT / "envs"
LOCKS = ("cpu", "cuda", "dev")
RECIPE = (ENVS / "edgemem.def").read_text(encoding="utf-8")
CONDA = yaml.safe_load((ENVS / "environment.yaml").read_text(encoding="utf-8"))


def entries(lock: str) -> list[str]:
    """Return the entries of a lock file, each on one line."""
    return (ENVS / f"{lock}.txt").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


def pins(lines: list[str]) -> dict[str, str]:
    """Return version and marker by package."""
    found = [
        re.fullmatch(r"([a-z0-9._-]+)(?:\[\w+\])?(==[^\s;]+(?: ; [^\\]+?)?)(?:\s+--hash=.*)?", line) for line in lines
    ]
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize("other", ["cuda", "dev"])
def test_every_lock_has_the_pins_of_the_smallest(other: str):
    """What runs on a GPU, and what is tested, is what runs on a CPU, and more."""
    assert pins(entries("cpu")).items() <= pins(entries(other)).items()


def test_cuda_adds_packages_for_cuda_alone():
    """The packages that only a machine with a GPU gets are JAX's plugins and NVIDIA's libraries, on Linux."""
    added = pins(entries("cuda")).items() - pins(entries("cpu")).items()
    assert {name.partition("-")[0] for name, _ in added} == {"jax", "nvidia"}
    assert all("sys_platform == 'linux'" in pin for _, pin in added)


def test_conda_installs_the_pins_of_the_smallest():
    """`envs/environment.yaml` is the lock file for CPUs, for sites that use conda."""
    (packages,) = [entry["pip"] for entry in CONDA["dependencies"] if isinstance(entry, dict)]
    assert pins(packages) == pins(entries("cpu"))


@pytest.mark.parametrize("lock", [*LOCKS, "bench", "versions", "s3-test"])
def test_every_package_is_locked_by_hash_and_no_index_is_named(lock: str):
    """pip refuses a file that is not the one locked, and takes it from the index that it is configured with."""
    for entry in entries(lock):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
        assert "://" not in entry
        assert "index" not in entry.partition("==")[2]


def test_container_installs_the_lock_and_nothing_else():
    """The recipe has no versions of its own: pip gets the lock file with its hashes, then the package alone."""
    installed = [line.split("install ")[1] for line in RECIPE.splitlines() if " pip install " in line]
    options = [line.replace("--no-cache-dir ", "") for line in installed]
    assert options == ["--require-hashes -r envs/cuda.txt", "--no-deps --no-build-isolation ."]
    assert "==" not in RECIPE
    (copied,) = re.findall(r"^%files\n((?: +.*\n)+)", RECIPE, re.MULTILINE)
    assert all((ROOT / line.split()[0]).exists() for line in copied.splitlines())


def test_one_python_is_the_oldest_supported():
    """The container and conda have the Python that the locks were made for, the oldest that the package accepts."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest = project["requires-python"].removeprefix(">=")
    assert f"python={oldest}" in CONDA["dependencies"]
    assert f"From: python:{oldest}\n" in RECIPE
    assert f"--python-version {oldest} --generate-hashes" in (ROOT / "Makefile").read_text(encoding="utf-8")
