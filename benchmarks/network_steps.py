"""Time a training step of the residual network `mlp` against its bare matrix products and against PyTorch.

`python -m benchmarks.network_steps` prints a table; `--torch PYTHON` names the Python of an environment with PyTorch, which
does the same steps in a process beside this one, in turn with it. `make bench` has both.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


# One thread, as the jobs of the workflow have; libraries read it once.
for variable in ("NPROC", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr
from jaxtyping import Array, Float

from benchmarks.steps import row, seconds_of
from edgemem.denoisers.mlp import Mlp
from edgemem.numerics.diffusion import loss_weight, time_grid
from edgemem.numerics.mixture_loss import matmul
from edgemem.numerics.optimizer import optimizer
from edgemem.numerics.points import Problem, tiling_of
from edgemem.numerics.training import _advance_one, _Constant, _start
