"""How time and memory of a training step grow, and what that means for the largest problems: docs/measured/growth.json.

python -m benchmarks.growth; python -m edgemem pages docs/growth.md
"""

import os


os.environ.setdefault("NPROC", "1")

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jax
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.jobs import ROOT, protocol
from benchmarks.steps import Size, engine_bytes, engine_step, seconds
from edgemem.figures.style import new_figure
from edgemem.files.attributes import figure_metadata
from edgemem.files.lineage import lineage_attributes


NUMBERS, IMAGE = Path("docs/measured/growth.json"), Path("docs/images/growth.png")
BASE = Size(200, 50, 100, 4)
AXES = {
    "n_samples": ("N", (20, 50, 100, 200, 500, 1000, 2000)),
    "model_size": ("M", (10, 20, 50, 100, 200, 500, 1000)),
    "dim": ("d", (5, 10, 20, 50, 100, 200, 500)),
    "draws": ("draws", (1, 2, 4, 10, 20, 50, 100)),
}
# N = M, d, and how many models at once.
GPU_PROBLEMS = ((200, 50, 20), (2000, 100, 20), (20_000, 200, 20), (100_000, 1000, 20), (1_000_000, 1000, 2))


def main() -> None:
    """Measure, write the numbers of the page and draw them."""
    steps: list[dict[str, Any]] = []
    for field, (letter, values) in AXES.items():
        sizes = [BASE._replace(**{field: value}) for value in values]
        step = np.array([seconds([engine_step], size, rounds=7).min() for size in sizes])
        memory = np.array([engine_bytes(size) for size in sizes]) / 2**20
        slope = [None, *np.diff(np.log(step)) / np.diff(np.log(values))]
        for value, took, growth, used in zip(values, step, slope, memory, strict=True):
            steps.append({"axis": letter, "value": value, "ms": 1e3 * took, "growth": growth, "mib": used})
    numbers = {
        "made_by": "python -m benchmarks.growth",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True).strip(),
        "machine": f"{platform.platform()}, Python {platform.python_version()}, jax {jax.__version__}, "
        f"{jax.devices()[0].device_kind}, one thread",
        "base": {"N": BASE.n_samples, "d": BASE.dim, "M": BASE.model_size, "draws": BASE.draws},
        "steps": steps,
        "gpu": gpu(),
        "largest": largest(),
    }
    NUMBERS.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    draw(steps)


def draw(steps: Sequence[Mapping[str, Any]]) -> None:
    """Draw the image, which says that it was made of the numbers.

    **Arguments:** `steps`: as the file of numbers has them.
    """
    figure, panels = new_figure(4, width=2.2)
    for axes, (letter, _) in zip(panels, AXES.values(), strict=True):
        own = [step for step in steps if step["axis"] == letter]
        values = [step["value"] for step in own]
        axes.loglog(values, [step["ms"] for step in own], "o-", color="#0072B2", label="step, ms")
        axes.loglog(values, [step["mib"] for step in own], "s--", color="#D55E00", label="temporary memory, MiB")
        axes.set_xlabel(letter)
    panels[0].legend()
    spec = json.dumps({"figure": {"figure": "growth"}})
    attributes = {"title": "Figure growth", **lineage_attributes("figure", spec, [NUMBERS], {})}
    figure.savefig(IMAGE, metadata=figure_metadata(IMAGE.suffix, attributes))
    plt.close(figure)


def job_bytes(n_samples: int, dim: int, model_size: int, numbers: int, models: int) -> int:
    """Return the memory of a training job by its arrays of float32.

    Samples twice (as they are, and as columns in blocks); of each model means, gradient, Adam's two moments, the
    average of the updates, an update and a copy; five arrays points x components of a block, whose size is fixed.
    """
    return 4 * (2 * n_samples * dim + 7 * models * model_size * dim + 5 * numbers)


def gpu() -> dict[str, Any]:
    """Return what a GPU of 80 GB could hold and how long a step would take it, computed."""
    steps, tflops, problems = protocol("fast")["steps"], 30, []
    for size, dim, models in GPU_PROBLEMS:
        step = 10 * size * size * dim * models / (1e12 * tflops)
        problem = {"N": size, "d": dim, "models": models, "gb": job_bytes(size, dim, size, 2**26, models) / 1e9}
        problems.append(problem | {"step_seconds": step, "hours": steps * step / 3600})
    return {"gb": 80, "tflops": tflops, "steps": steps, "problems": problems}


def largest() -> dict[str, Any]:
    """Return what two cores and 4 GiB train in an hour: two jobs of twenty sizes, from the time of a measured step."""
    dim, models, fast = 100, 20, protocol("fast")
    # Ten coarse sizes are 0.55 N on average, ten fine ones about 0.8 N.
    at, minutes = Size(1000, dim, 675, fast["draws"]), 0.0
    while at.n_samples < 20_000:
        larger = Size(int(1.1 * at.n_samples), dim, int(0.675 * 1.1 * at.n_samples), fast["draws"])
        needed = models * fast["steps"] * float(np.median(seconds([engine_step], larger, rounds=5))) / 60
        if needed > 60:
            break
        at, minutes = larger, needed
    memory = job_bytes(at.n_samples, dim, at.n_samples, 2**19, 1) / 2**30
    size = {"N": at.n_samples, "d": dim, "sizes": models, "steps": fast["steps"]}
    return size | {"minutes": round(minutes), "gib": memory, "memory_gib": 4}


if __name__ == "__main__":
    main()
