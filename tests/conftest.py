"""What all tests share: a process that has compiled much lets go of it before the next module."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


# Linux allows 65,530 mappings of memory a process, of which compiled programs take some each; beyond, JAX crashes.
MOST_MAPPINGS = 20_000


@pytest.fixture(scope="module", autouse=True)
def forget_programs() -> Iterator[None]:
    """Forget compiled programs after a module, if there are many."""
    yield
    mappings = Path("/proc/self/maps")
    if "jax" in sys.modules and mappings.exists() and mappings.read_bytes().count(b"\n") > MOST_MAPPINGS:
        sys.modules["jax"].clear_caches()
        gc.collect()
