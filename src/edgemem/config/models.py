"""What is trained: a denoiser, its sizes, its protocol, and the steps at which it is kept."""

import re
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, PositiveInt, Tag, model_validator

from edgemem import pieces
from edgemem.config.base import KeyProblem, Model, as_number, list_or_other, nearest
from edgemem.config.sampling import TimeGrid
from edgemem.declared import Declared


class SizeGrid(Model):
    """A coarse grid over 0 < M <= N, then a fine one inside the transition that the coarse one shows."""

    coarse: int = Field(10, ge=2, le=1000, description="Number of coarse sizes, k N / coarse rounded down.")
    fine: int = Field(10, ge=0, le=1000, description="Number of sizes placed inside the transition.")
    probe: int = Field(500, ge=50, le=1_000_000, description="Points generated from a model to place further sizes.")


def _distinct(what: str) -> AfterValidator:
    def check(values: list[Any]) -> list[Any]:
        if len(set(values)) < len(values):
            raise ValueError(f"a {what} is listed twice (got {values})")
        return sorted(values, key=lambda value: (True, _factor(value)) if isinstance(value, str) else (False, value))

    return AfterValidator(check)


OF_N = r"^(\d+(\.\d+)?)? *N$"


def _factor(text: str) -> float:
    """Return what stands before N."""
    return float(text.removesuffix("N").strip() or 1)


def _shortest(text: str) -> str:
    """Return a size as a multiple of N, spelled as equal ones are: `0.5 N`."""
    factor = _factor(text)
    if factor == 0:
        raise ValueError(f"a size must be above 0 (got {text!r})")
    return f"{factor:g} N"


SizeOfN = Annotated[str, Field(pattern=OF_N), AfterValidator(_shortest)]
ModelSize = Annotated[
    Annotated[PositiveInt, BeforeValidator(as_number), Tag("number")] | Annotated[SizeOfN, Tag("text")],
    # Of `10`, which the command line gives as text, as of anything else that is wrong, one hears as of a number.
    Discriminator(lambda value: "text" if isinstance(value, str) and re.search("[A-Za-z]$", value) else "number"),
]
SizeList = Annotated[list[ModelSize], Field(min_length=1), _distinct("model size")]


def listed_sizes(sizes: list[int | str], n_samples: int) -> list[int]:
    """Return the sizes of a list on N samples, ascending, each once; multiples of N are rounded down."""
    # A hair above, so that 0.29 N is 29 of 100 samples.
    return sorted({max(1, int(_factor(s) * n_samples + 1e-9)) if isinstance(s, str) else s for s in sizes})


class SizeContour(Model):
    """Sizes between two others that show, by bisection, where the ratio is one half at each step that is kept."""

    smallest: ModelSize = Field(description="Smallest size, trained first.")
    largest: ModelSize = Field(description="Largest size, trained second.")
    count: int = Field(8, ge=2, le=1000, description="Number of sizes, the two among them; fewer if no more tell.")
    probe: int = Field(500, ge=50, le=1_000_000, description="Points generated from a model to place further sizes.")

    def ends(self, n_samples: int) -> list[int]:
        """Return the smallest and the largest size on N samples.

        **Raises:** ValueError if there is nothing between them.
        """
        low, high = (listed_sizes([size], n_samples)[0] for size in (self.smallest, self.largest))
        if low >= high:
            raise ValueError(f"smallest must be below largest (got {low} and {high} with N = {n_samples})")
        return [low, high]


def _kind_of_sizes(value: Any) -> str:
    if isinstance(value, list):
        return "list"
    ends = isinstance(value, dict) and not {"smallest", "largest"}.isdisjoint(value)
    return "contour" if ends or isinstance(value, SizeContour) else "grid"


ModelSizes = Annotated[
    Annotated[SizeGrid, Tag("grid")] | Annotated[SizeContour, Tag("contour")] | Annotated[SizeList, Tag("list")],
    Discriminator(_kind_of_sizes),
]


SnapshotCount = Annotated[int, Field(ge=1, le=1000)]
StepList = Annotated[list[PositiveInt], Field(min_length=1), _distinct("step")]
Snapshots = Annotated[Annotated[SnapshotCount, Tag("other")] | Annotated[StepList, Tag("list")], list_or_other]


def snapshot_steps(snapshots: int | list[int], steps: int) -> list[int]:
    """Return the steps after which a model is kept, ascending.

    A number n says so many, evenly spaced in the logarithm of the step: S^(k/n) rounded, k = 1..n, of S steps. They are
    fewer where two of them round to the same step.
    """
    if isinstance(snapshots, list):
        return snapshots
    exact = float(steps) ** (np.arange(1, snapshots + 1) / snapshots)
    return [int(step) for step in np.unique(exact.round())]


class ModelEntry(Model):
    """What is trained under a name, which stands in paths, figures and tables."""

    denoiser: str = Field(description="Name of the denoiser.")
    options: dict[str, Any] = Field({}, description="Options of the denoiser.")
    sizes: ModelSizes = Field(
        SizeGrid(),
        description="Model sizes: a grid over 0 < M <= N, for denoisers with components; a list of sizes, which may be "
        "multiples of N: [0.5 N, N, 2 N]; or two ends, between which bisection finds where the ratio is one half: "
        "{smallest: 4, largest: 128}.",
    )
    protocol: str = Field(description="Name of the protocol with which they are trained.")
    snapshots: Snapshots = Field(
        1,
        description="Steps after which the model is kept and measured: so many, evenly spaced in the logarithm of the "
        "step, or a list of steps; with 1 the last step alone.",
    )
    families: list[str] | None = Field(
        None, description="Data families that it is trained on; all that it can serve if null."
    )
    settings: list[str] | None = Field(
        None, description="Names of the settings that it is trained on; all of its families if null."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.denoiser not in (known := pieces.names("denoiser")):
            raise KeyProblem(
                f"there is no denoiser '{self.denoiser}'{nearest(self.denoiser, known)}; {pieces.OWN_FILE}", "denoiser"
            )
        for name, value in self.options.items():
            if name in TimeGrid.model_fields and name in self.declared.options:
                raise KeyProblem(f"it is that of the campaign (got {value!r}); set sampling.{name}", "options", name)
            if name not in (options := self.declared.options):
                allowed = nearest(name, options) if options else f"; {self.denoiser} has none"
                raise KeyProblem(f"there is no option '{name}'{allowed}", "options", name)
            try:
                self.declared.option(name, value)
            except ValueError as error:
                raise KeyProblem(str(error), "options", name) from None
        sizes = self.sizes
        listed = [sizes.smallest, sizes.largest] if isinstance(sizes, SizeContour) else sizes
        of_n = isinstance(listed, SizeGrid) or any(isinstance(size, str) for size in listed)
        if of_n and "components" not in self.declared.provides:
            raise KeyProblem(
                f"sizes of {self.denoiser} are no numbers of components, of which alone a grid over 0 < M <= N or "
                "multiples of N can be made; list them, as in sizes: [16, 32, 64]",
                "sizes",
            )
        for i, family in enumerate(self.families or []):
            if family not in (known := pieces.names("family")):
                raise KeyProblem(f"there is no family '{family}'{nearest(family, known)}", "families", i)
        return self

    @property
    def declared(self) -> Declared:
        """What the denoiser declares."""
        return pieces.declared(self.denoiser)

    def own_options(self, grid: TimeGrid) -> dict[str, Any]:
        """Return the options that are not at their defaults, those that are keys of the time grid as it has them."""
        defaults = self.declared.defaults()
        options = {name: self.declared.option(name, value) for name, value in self.options.items()}
        options |= {name: getattr(grid, name) for name in TimeGrid.model_fields if name in defaults}
        return {name: value for name, value in options.items() if value != defaults[name]}
