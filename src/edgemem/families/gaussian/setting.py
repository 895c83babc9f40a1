"""Settings of Gaussian mixtures."""

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from edgemem.config.settings import AbstractSetting


# Numbers in the eigenvectors of anisotropic components, K d^2, that one samples file may hold: 80 MB.
LARGEST_ROTATIONS = 10_000_000
# Axes that came later, each with what stands for it in names and in titles.
LATER_AXES = {
    "weight_exponent": ("wexp", "weights ∝ k^−{}"),
    "variance_ratio": ("vratio", "variance ratio {}"),
    "spectrum_exponent": ("sexp", "eigenvalues ∝ j^−{}"),
    "spectrum_ratio": ("sratio", "eigenvalue ratio {}"),
}


class GaussianSetting(AbstractSetting):
    """A Gaussian mixture: K means uniform on a sphere, one covariance sigma*^2 I unless axes below say otherwise."""

    provides: ClassVar = ("true_mean", "true_variance", "true_denoiser", "log_density", "isotropic_theory")

    family: Literal["gaussian"] = Field(description="Data family: Gaussian mixture.")
    N: int = Field(ge=10, le=1_000_000, description="Number of training samples, those that repeat others included.")
    d: int = Field(ge=1, le=20_000, description="Dimension of a sample.")
    K: int = Field(ge=1, description="Number of components of the true mixture, at most N.")
    variance: float = Field(
        1.0, ge=0.01, le=100, description="Variance sigma*^2 of the components, the mean over samples and directions."
    )
    separation: float = Field(1.0, ge=0, le=10, description="Multiplies the radius sqrt(d) of the true means.")
    weight_exponent: float = Field(
        0.0, ge=0, le=10, description="Weights of the components k = 1..K, proportional to k^-weight_exponent."
    )
    variance_ratio: float = Field(
        1.0, ge=1e-3, le=1e3, description="Variance of the last component over that of the first, geometric in between."
    )
    spectrum_exponent: float = Field(
        0.0, ge=0, le=3, description="Eigenvalues j = 1..d of each covariance, proportional to j^-spectrum_exponent."
    )
    spectrum_ratio: float = Field(
        1.0,
        ge=1,
        le=1e3,
        description="Eigenvalues of half of the directions over those of the others; 3 is 1.5 and 0.5.",
    )
    duplicated: int = Field(0, ge=0, description="Number of training samples that occur several times among the N.")
    occurrences: int = Field(1, ge=1, description="How many times each of these occurs.")
    part: int = Field(1, ge=1, le=100, description="Which of several sets of N training samples of one distribution.")

    @field_validator("separation", "weight_exponent", "spectrum_exponent")
    @classmethod
    def _no_negative_zero(cls, value: float) -> float:
        return value + 0.0

    @model_validator(mode="after")
    def _at_most_one_component_a_sample(self) -> Self:
        if self.K > self.N:
            raise ValueError(f"K must be at most N (got K={self.K}, N={self.N})")
        return self

    @model_validator(mode="after")
    def _shapes_that_there_are(self) -> Self:
        if self.K == 1:
            for axis, default in (("weight_exponent", 0), ("variance_ratio", 1)):
                if (value := getattr(self, axis)) != default:
                    raise ValueError(f"{axis} needs at least 2 components (got {axis}={value:g}, K=1)")
        if self.spectrum_exponent != 0 and self.spectrum_ratio != 1:
            raise ValueError(
                "spectrum_exponent and spectrum_ratio are two shapes of one covariance; give one of them "
                f"(got {self.spectrum_exponent:g} and {self.spectrum_ratio:g})"
            )
        if not self._is_anisotropic:
            return self
        if self.d == 1:
            raise ValueError("spectrum_exponent and spectrum_ratio need at least 2 dimensions (got d=1)")
        if (numbers := self.K * self.d**2) > LARGEST_ROTATIONS:
            raise ValueError(
                "spectrum_exponent and spectrum_ratio need K d^2 eigenvector entries, at most "
                f"{LARGEST_ROTATIONS:,} (got {numbers:,})"
            )
        return self

    @model_validator(mode="after")
    def _duplicates_fit(self) -> Self:
        if (self.duplicated > 0) != (self.occurrences > 1):
            raise ValueError(
                "duplicated and occurrences go together: some samples at least 2 times each, or 0 and 1 "
                f"(got duplicated={self.duplicated}, occurrences={self.occurrences})"
            )
        rows, different = self.duplicated * self.occurrences, self.N - self.duplicated * (self.occurrences - 1)
        if rows > self.N or different < 2:
            raise ValueError(
                "duplicated x occurrences must be at most N, with at least 2 different samples "
                f"(got {self.duplicated} x {self.occurrences}, N={self.N})"
            )
        return self

    @property
    def name(self) -> str:
        """The name, for example `gaussian_N200_d50_K12_var2`."""
        parts = [f"gaussian_N{self.N}_d{self.d}_K{self.K}"]
        if self.variance != 1:
            parts.append(f"var{self.variance:.12g}")
        if self.separation != 1:
            parts.append(f"sep{self.separation:.12g}")
        parts += [f"{LATER_AXES[axis][0]}{value}" for axis, value in self._unusual()]
        if (repeats := (self.duplicated, self.occurrences)) != (0, 1):
            parts.append("dup{}x{}".format(*repeats))
        if self.part != 1:
            parts.append(f"part{self.part}")
        return "_".join(parts)

    @property
    def title(self) -> str:
        """The title, for example `gaussian mixture, N = 200, d = 50, K = 12, σ*² = 2`."""
        parts = [f"gaussian mixture, N = {self.N}, d = {self.d}, K = {self.K}"]
        if self.variance != 1:
            parts.append(f"σ*² = {self.variance:.12g}")
        if self.separation != 1:
            parts.append(f"separation {self.separation:.12g}")
        parts += [LATER_AXES[axis][1].format(value) for axis, value in self._unusual()]
        if (repeats := (self.duplicated, self.occurrences)) != (0, 1):
            parts.append("{} samples {} times".format(*repeats))
        if self.part != 1:
            parts.append(f"part {self.part}")
        return ", ".join(parts)

    @property
    def dim(self) -> int:
        """The dimension d."""
        return self.d

    @property
    def abilities(self) -> tuple[str, ...]:
        """What the family provides; the paper's approximations are those of equal, round components and of samples that
        are all different."""
        as_in_the_paper = not self._unusual() and not self.duplicated
        return tuple(ability for ability in self.provides if ability != "isotropic_theory" or as_in_the_paper)

    @property
    def _is_anisotropic(self) -> bool:
        return self.spectrum_exponent != 0 or self.spectrum_ratio != 1

    def _unusual(self) -> list[tuple[str, str]]:
        """Return the later axes that differ from their defaults, each with its value as names have it."""
        values = {axis: getattr(self, axis) for axis in LATER_AXES}
        fields = type(self).model_fields
        return [(axis, f"{value:.12g}") for axis, value in values.items() if value != fields[axis].default]
