"""What several modules of numerical tests use."""

import jax
import pytest


@pytest.fixture
def float64():
    """Let JAX compute in float64 during a test, as the evaluation does; training runs in float32."""
    with jax.enable_x64(True):
        yield
