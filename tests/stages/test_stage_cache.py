"""Compiled programs are kept for later jobs, and jobs that run at once or are killed never spoil them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


COMPILE = """
import sys, jax, jax.numpy as jnp
from jax._src import monitoring
from edgemem.runtime.compilation_cache import shared_compilation_cache

hits = []
monitoring.register_event_listener(lambda event, **_: hits.append(event) if event.endswith("/cache_hits") else None)
with shared_compilation_cache():
    jax.jit(lambda x: jnp.sin(x) @ x)(jnp.ones((50, 50))).block_until_ready()
    print(len(hits), jax.config.jax_compilation_cache_dir)
    {then}
"""


def command(then: str = "") -> list[str]:
    return [sys.executable, "-W", "error", "-c", COMPILE.format(then=then)]


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    return {
        **os.environ,
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "cache"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }


def entries(environment) -> dict[str, bytes]:
    folder = Path(environment["JAX_COMPILATION_CACHE_DIR"])
    return {path.name: path.read_bytes() for path in folder.glob("*")} if folder.exists() else {}


def test_the_next_job_compiles_nothing(environment):
    """What one process has compiled the next one reads, and leaves as it is; no other file is left."""
    first = subprocess.run(command(), env=environment, check=True, capture_output=True, text=True)
    kept = entries(environment)
    hits, folder = first.stdout.split()
    assert hits == "0"
    assert kept
    assert Path(folder) != Path(environment["JAX_COMPILATION_CACHE_DIR"])
    assert not Path(folder).exists()
    second = subprocess.run(command(), env=environment, check=True, capture_output=True, text=True)
    hits, folder = second.stdout.split()
    assert int(hits) > 0
    assert entries(environment) == kept
    assert not Path(folder).exists()


@pytest.mark.parametrize("memory", ["missing", "full"])
def test_without_memory_jobs_do_the_same(environment, tmp_path, memory: str):
    """Where files cannot be kept in memory they are in the folder for temporary files; no job ends for want of room."""
    (tmp_path / "tmp").mkdir()
    environment["TMPDIR"] = str(tmp_path / "tmp")
    hinder = {
        "missing": f"compilation_cache.MEMORY = compilation_cache.Path({str(tmp_path / 'missing')!r})",
        "full": "compilation_cache.Path.symlink_to = lambda *_: (_ for _ in ()).throw(OSError(28, 'no space'))",
    }[memory]
    run = [sys.executable, "-W", "error", "-c", f"from edgemem.runtime import compilation_cache\n{hinder}\n{COMPILE}"]
    run[-1] = run[-1].format(then="")
    for hits in (False, memory == "missing"):
        ended = subprocess.run(run, env=environment, check=True, capture_output=True, text=True)
        found, folder = ended.stdout.split()
        assert (int(found) > 0) == hits
        assert (Path(folder).parent == tmp_path / "tmp") == (memory == "missing")
    assert entries(environment)


def test_a_killed_job_leaves_nothing_half_written(environment):
    """A process that dies, with an entry half written, adds nothing to the shared folder."""
    half = "(__import__('pathlib').Path(jax.config.jax_compilation_cache_dir) / 'half').write_bytes(b'x')"
    killed = subprocess.run(command(f"{half}; import os; os.kill(os.getpid(), 9)"), env=environment, check=False)
    assert killed.returncode == -9
    assert not entries(environment)


def test_jobs_at_the_same_time(environment):
    """Processes that compile the same programs at once all succeed without a word, and leave whole entries."""
    jobs = [
        subprocess.Popen(command(), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for job in jobs:
        _, errors = job.communicate()
        assert job.returncode == 0, errors
        assert not errors
    after = subprocess.run(command(), env=environment, check=True, capture_output=True, text=True)
    assert int(after.stdout.split()[0]) > 0
    assert not after.stderr
    assert not [name for name in entries(environment) if name.startswith(".")]


def test_a_folder_that_cannot_be_written_costs_only_time(environment, tmp_path):
    """Where the cache cannot be kept, the job says so in one line and goes on."""
    (tmp_path / "file").write_text("")
    environment["JAX_COMPILATION_CACHE_DIR"] = str(tmp_path / "file" / "cache")
    run = subprocess.run(command(), env=environment, check=True, capture_output=True, text=True)
    assert run.stderr.count("\n") == 1
    assert "not kept" in run.stderr
