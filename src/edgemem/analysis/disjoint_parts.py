"""How far models trained on different samples agree, from the files of the stage `agreement`."""

from collections.abc import Iterable, Iterator

import numpy as np
import xarray as xr

from edgemem.numerics.statistics import mean_interval


# What is said of a model size at the last step that is kept: the agreement of the two models, and what they copy.
AGREEMENT, RATIO = "agreement_of_parts", "memorization_ratio_of_parts"
# What is said of the data: the agreement of the two denoisers that memorize them.
MEMORIZING = "memorizing_agreement_of_parts"


def agreement_metrics(files: Iterable[xr.Dataset]) -> dict[str, float | None]:
    """Return how far the models of two parts agree by name, means over seeds with Student's intervals.

    `SETTING/MODEL/agreement_of_parts/FRACTION` and `memorization_ratio_of_parts/FRACTION`, mean of both parts, of the
    last step and of each size that all seeds have; `SETTING/MODEL/memorizing_agreement_of_parts`.
    """
    by_case: dict[str, list[xr.Dataset]] = {}
    for file in files:
        by_case.setdefault(f"{file.attrs['setting']}/{file.attrs['model']}", []).append(file.isel(step=-1))
    table = {
        f"{case}/{name}{end}": float(value)
        for case, own in by_case.items()
        for name, values in _by_name(own)
        for end, value in zip(("", "_low", "_high"), mean_interval(values), strict=True)
    }
    # JSON has no NaN.
    return {name: float(f"{value:.8g}") if np.isfinite(value) else None for name, value in table.items()}


def _by_name(files: list[xr.Dataset]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each number of a case with its values by seed."""
    yield MEMORIZING, np.array([file.memorizing_agreement.item() for file in files])
    for size in sorted(set.intersection(*(set(file.model_size.values.tolist()) for file in files))):
        of_size = [file.sel(model_size=size) for file in files]
        fraction = f"{of_size[0].fraction.item():.6g}"
        yield f"{AGREEMENT}/{fraction}", np.array([one.agreement.item() for one in of_size])
        ratios = [one.memorized_count.mean("part").item() / one.generated_count.item() for one in of_size]
        yield f"{RATIO}/{fraction}", np.array(ratios)
