"""What this machine computes on."""

from pathlib import Path


def has_gpu() -> bool:
    """Return whether the machine has an NVIDIA GPU, without starting JAX."""
    return any(Path("/proc/driver/nvidia/gpus").glob("*"))
