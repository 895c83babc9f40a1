"""Compare two folders of results: models bit for bit, metrics to a millionth.

    python -m benchmarks.same_numbers OLD/results NEW/results --campaign quick

Both may be of this version, or the older one of files without a model's name in their metrics and without steps (schema
version 1). What exists in one of them alone is counted and named; what differs is printed, and the exit code is then 1.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from edgemem.reporting.summary_metrics import read_metrics


TOLERANCE = 1e-6
# Models by the family that they were trained on, when each family had one denoiser.
MODELS = {"gaussian": "mixture", "image": "templates"}


def metrics_of(results: Path, campaign: str) -> dict[str, float | None]:
    """Return the summary metrics of a campaign under today's names."""
    found: dict[str, float | None] = {}
    for name, value in read_metrics(results / campaign / "metrics.json").items():
        parts = name.replace("counting_", "binomial_").split("/")
        if len(parts) == 2 and (family := parts[0].partition("_")[0]) in MODELS:
            parts.insert(1, MODELS[family])
        found["/".join(parts)] = value
    return found


def models_of(results: Path) -> dict[tuple[str, str, str], Path]:
    """Return the models files by setting, seed and model."""
    found = {}
    for path in sorted((results / "models").glob("*/seed*/*.nc")):
        setting, seed = path.parts[-3:-1]
        with xr.open_dataset(path) as dataset:
            name = dataset.attrs.get("model") or MODELS[setting.partition("_")[0]]
        found[setting, seed, name] = path
    return found


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    """Return what was trained, at the last step, and the trace of its loss; the variance as the square of its root."""
    with xr.open_dataset(path) as dataset:
        last = dataset.isel(step=-1) if "step" in dataset.dims else dataset
        found = {str(name): last[name].values for name in last if last[name].dims[:1] == ("model_size",)}
        found["training_loss"] = last.training_loss.values
    if "standard_deviation" in found:
        found["variance"] = found.pop("standard_deviation").astype(np.float32) ** 2
    timed = ("train_seconds", "parameters")
    # Images were stored by rows and columns, and are now stored by pixels.
    return {
        name: array.reshape(*array.shape[:2], -1) if name in ("template", "mean") else array
        for name, array in found.items()
        if name not in timed
    }


def differing_models(old: Path, new: Path) -> Iterator[str]:
    """Yield a line for each array of a model that is not the same to the last bit."""
    before, after = models_of(old), models_of(new)
    for key in sorted({*before, *after}):
        if key not in before or key not in after:
            yield f"models of {' '.join(key)} are in {'the new' if key in after else 'the old'} results alone"
            continue
        ours, theirs = arrays_of(after[key]), arrays_of(before[key])
        for name in sorted({*ours} & {*theirs}):
            one, other = ours[name], theirs[name]
            same = np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
            if not same:
                yield f"models of {' '.join(key)}: {name} differs"
        for name in sorted({*ours} ^ {*theirs}):
            yield f"models of {' '.join(key)}: {name} is in one of them alone"


def differing_metrics(old: dict[str, float | None], new: dict[str, float | None]) -> Iterator[str]:
    """Yield a line for each metric that both have and that differs by more than a millionth."""
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name], new[name]
        if before is None or after is None:
            same = before is after
        else:
            same = abs(after - before) <= TOLERANCE * max(abs(before), abs(after))
        if not same:
            yield f"{name}: {before} -> {after}"


def main() -> int:
    """Print what differs, and return 1 if anything does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path, help="folder of results")
    parser.add_argument("new", type=Path, help="folder of results")
    parser.add_argument("--campaign", default="quick")
    options = parser.parse_args()
    old, new = (metrics_of(folder, options.campaign) for folder in (options.old, options.new))
    lines = [*differing_metrics(old, new), *differing_models(options.old, options.new)]
    print("\n".join(lines))
    common = len(old.keys() & new.keys())
    print(f"{common} metrics in both, {len(old) - common} in the old alone, {len(new) - common} in the new alone")
    for what, names in (("old", old.keys() - new.keys()), ("new", new.keys() - old.keys())):
        kinds = sorted({re.sub(r"_at_[0-9.]+", "_at_*", name.rpartition("/")[2]) for name in names})
        print(f"in the {what} alone: {', '.join(kinds) or 'none'}")
    print(f"models: {len(models_of(options.new))} files compared bit for bit")
    print(f"{len(lines)} differences" if lines else "the same")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
