"""Gradient flow as a protocol: training that is known in closed form, without an optimizer."""

from typing import Literal

import numpy as np
from pydantic import Field

from edgemem.config.base import KeyProblem, Model
from edgemem.config.sampling import TimeGrid
from edgemem.declared import Declared


class FlowProtocol(Model):
    """Gradient flow from zero on the loss of each time of diffusion by itself; steps are training time tau."""

    steps: int = Field(
        ge=1, le=10**15, description="Training time tau at the end; a unit is a sum of learning rates of d^2."
    )
    clock: Literal["eps", "score"] = Field(
        description="Output whose weights flow: `eps`, the noise, as of usual networks, or `score`, which at time t is "
        "slower by t^2. In the end the weights are the same."
    )
    draws: int | None = Field(
        None, ge=1, le=100_000, description="Noise draws of each sample, the same at all tau; their exact mean if null."
    )
    ridge: float = Field(
        0.0, ge=0, le=1e4, description="Penalty of the weights, added to the eigenvalues of the features' moments."
    )

    @property
    def initialization(self) -> str:
        """The start of all flows."""
        return "zero"

    @property
    def weighting_name(self) -> str:
        """Times are not weighted against each other: each has weights of its own."""
        return "separate"

    def points(self, n_samples: int) -> int:
        """Return the noised points that training sees of each sample; 0 where it has their exact mean."""
        return self.draws or 0

    def seen(self, steps: list[int], n_samples: int) -> np.ndarray:
        """Return tau itself after each step, in the place of noised points seen, which a flow has not."""
        return np.array(steps)

    def check_denoiser(self, declared: Declared) -> None:
        """Check that the denoiser's training is known in closed form.

        **Raises:** KeyProblem if it is not.
        """
        if "closed_form" not in declared.provides:
            raise KeyProblem(
                "the denoiser is trained by an optimizer; give this model a protocol with peak_lr, final_lr and draws",
                "clock",
            )

    def check_times(self, grid: TimeGrid) -> None:
        """Check nothing: a flow is at every time by itself."""
