"""A family in one file: points around a circle in the first two of d dimensions."""

from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from edgemem.config.settings import AbstractSetting
from edgemem.families.abstract import AbstractData


class RingSetting(AbstractSetting):
    """Points at a uniform angle on a circle of radius sqrt(d), with Gaussian noise around them."""

    provides: ClassVar = ()

    family: Literal["ring"] = Field(description="Data family: points around a circle.")
    N: int = Field(ge=10, description="Number of training samples.")
    d: int = Field(ge=2, description="Dimension of a sample.")
    noise: float = Field(0.1, gt=0, description="Standard deviation of the noise.")

    @property
    def name(self) -> str:
        """The name, for example `ring_N50_d2`."""
        return f"ring_N{self.N}_d{self.d}" + (f"_noise{self.noise:.12g}" if self.noise != 0.1 else "")

    @property
    def title(self) -> str:
        """The title, for example `ring, N = 50, d = 2, noise 0.1`."""
        return f"ring, N = {self.N}, d = {self.d}, noise {self.noise:g}"

    @property
    def dim(self) -> int:
        """The dimension d."""
        return self.d


class RingData(AbstractData):
    """x = sqrt(d) (cos a, sin a, 0, ...) + noise z."""

    def draw_truth(self, setting, sources, *, rng):
        """Return the radius and the noise."""
        return xr.Dataset({"radius": ((), np.sqrt(setting.d)), "noise": ((), setting.noise), "d": ((), setting.d)})

    def shape(self, truth):
        """Return `feature`."""
        return {"feature": truth.d.item()}

    def draw_samples(self, truth, count, *, rng):
        """Return points, and component 0 for each: a circle has one."""
        angle = rng.uniform(0, 2 * np.pi, count)
        x = truth.noise.item() * rng.standard_normal((count, truth.d.item()))
        x[:, :2] += truth.radius.item() * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return x, np.zeros(count, int)
