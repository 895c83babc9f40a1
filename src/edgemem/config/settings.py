"""Settings: which data the models are trained on, one class a data family."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from edgemem.config.base import Model


class GaussianSetting(Model):
    """An isotropic Gaussian mixture: K means uniform on a sphere, one covariance sigma*^2 I."""

    family: Literal["gaussian"] = Field(description="Data family: isotropic Gaussian mixture.")
    N: int = Field(ge=10, le=1_000_000, description="Number of training samples.")
    d: int = Field(ge=1, le=20_000, description="Dimension of a sample.")
    K: int = Field(ge=1, description="Number of components of the true mixture, at most N.")
    variance: float = Field(1.0, ge=0.01, le=100, description="Variance sigma*^2 of each true component.")
    separation: float = Field(1.0, ge=0, le=10, description="Multiplies the radius sqrt(d) of the true means.")

    @model_validator(mode="after")
    def _at_most_one_component_a_sample(self) -> Self:
        if self.K > self.N:
            raise ValueError(f"K must be at most N (got K={self.K}, N={self.N})")
        return self

    @field_validator("separation")
    @classmethod
    def _no_negative_zero(cls, separation: float) -> float:
        return separation + 0.0

    @property
    def name(self) -> str:
        """The setting's name in paths; an axis appears only where it differs from its default."""
        parts = [f"gaussian_N{self.N}_d{self.d}_K{self.K}"]
        if self.variance != 1:
            parts.append(f"var{self.variance:.12g}")
        if self.separation != 1:
            parts.append(f"sep{self.separation:.12g}")
        return "_".join(parts)


# A new family is a class like the one above: one more entry here and in the two unions that follow from it, `Setting`
# below and `SettingEntry` in edgemem.config.campaign.
SETTINGS: dict[str, type[GaussianSetting]] = {"gaussian": GaussianSetting}

Setting = Annotated[GaussianSetting, Field(description="One data set's law.")]
