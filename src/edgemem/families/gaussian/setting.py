"""Settings of isotropic Gaussian mixtures."""

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from edgemem.config.settings import AbstractSetting


class GaussianSetting(AbstractSetting):
    """An isotropic Gaussian mixture: K means uniform on a sphere, one covariance sigma*^2 I."""

    provides: ClassVar = ("true_mean", "true_variance", "true_denoiser", "isotropic_theory")

    family: Literal["gaussian"] = Field(description="Data family: isotropic Gaussian mixture.")
    N: int = Field(ge=10, le=1_000_000, description="Number of training samples.")
    d: int = Field(ge=1, le=20_000, description="Dimension of a sample.")
    K: int = Field(ge=1, description="Number of components of the true mixture, at most N.")
    variance: float = Field(1.0, ge=0.01, le=100, description="Variance sigma*^2 of each true component.")
    separation: float = Field(1.0, ge=0, le=10, description="Multiplies the radius sqrt(d) of the true means.")

    @field_validator("separation")
    @classmethod
    def _no_negative_zero(cls, separation: float) -> float:
        return separation + 0.0

    @model_validator(mode="after")
    def _at_most_one_component_a_sample(self) -> Self:
        if self.K > self.N:
            raise ValueError(f"K must be at most N (got K={self.K}, N={self.N})")
        return self

    @property
    def name(self) -> str:
        """The name, for example `gaussian_N200_d50_K12_var2`."""
        parts = [f"gaussian_N{self.N}_d{self.d}_K{self.K}"]
        if self.variance != 1:
            parts.append(f"var{self.variance:.12g}")
        if self.separation != 1:
            parts.append(f"sep{self.separation:.12g}")
        return "_".join(parts)

    @property
    def title(self) -> str:
        """The title, for example `gaussian mixture, N = 200, d = 50, K = 12, σ*² = 2`."""
        parts = [f"gaussian mixture, N = {self.N}, d = {self.d}, K = {self.K}"]
        if self.variance != 1:
            parts.append(f"σ*² = {self.variance:.12g}")
        if self.separation != 1:
            parts.append(f"separation {self.separation:.12g}")
        return ", ".join(parts)

    @property
    def dim(self) -> int:
        """The dimension d."""
        return self.d
