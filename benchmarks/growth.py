"""How time and memory of a training step grow, and what that means for the largest problems: rewrites docs/growth.md.

python -m benchmarks.growth
"""

import os


os.environ.setdefault("NPROC", "1")

import platform
from collections.abc import Iterator

import jax
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.jobs import ROOT, protocol
from benchmarks.steps import Size, engine_bytes, engine_step, seconds
from edgemem.figures.style import new_figure


PAGE, IMAGE = ROOT / "docs/growth.md", ROOT / "docs/images/growth.png"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
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
    """Measure, draw the image and rewrite the page between its markers."""
    figure, panels = new_figure(4, width=2.2)
    lines = [
        f"{platform.platform()}, Python {platform.python_version()}, jax {jax.__version__}, "
        f"{jax.devices()[0].device_kind}, one thread.",
        "",
        "| | value | step, ms | growth | temporary memory, MiB |",
        "| --- | --- | --- | --- | --- |",
    ]
    for axes, (field, (letter, values)) in zip(panels, AXES.items(), strict=True):
        sizes = [BASE._replace(**{field: value}) for value in values]
        step = np.array([seconds([engine_step], size, rounds=7).min() for size in sizes])
        memory = np.array([engine_bytes(size) for size in sizes]) / 2**20
        slope = np.diff(np.log(step)) / np.diff(np.log(values))
        for i, value in enumerate(values):
            growth = "" if i == 0 else f"{letter}^{slope[i - 1]:.2f}"
            lines.append(f"| {letter} | {value:,} | {1e3 * step[i]:.3f} | {growth} | {memory[i]:.1f} |")
        axes.loglog(values, 1e3 * step, "o-", color="#0072B2", label="step, ms")
        axes.loglog(values, memory, "s--", color="#D55E00", label="temporary memory, MiB")
        axes.set_xlabel(letter)
    panels[0].legend()
    IMAGE.parent.mkdir(exist_ok=True)
    figure.savefig(IMAGE)
    plt.close(figure)
    lines += ["", *gpu_lines(), "", *largest_lines()]
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text("\n".join([before + BEGIN, *lines, END]) + after, encoding="utf-8")


def job_bytes(n_samples: int, dim: int, model_size: int, numbers: int, models: int) -> int:
    """Return the memory of a training job by its arrays of float32.

    Samples twice (as they are, and as columns in blocks); of each model means, gradient, Adam's two moments, the
    average of the updates, an update and a copy; five arrays points x components of a block, whose size is fixed.
    """
    return 4 * (2 * n_samples * dim + 7 * models * model_size * dim + 5 * numbers)


def gpu_lines() -> Iterator[str]:
    """Say what a GPU of 80 GB could hold and how long a step would take it, computed."""
    yield "A GPU of 80 GB, computed: five products of 2 N M d operations a model, one draw, 30 TFLOP/s in float32."
    yield ""
    steps = protocol("fast")["steps"]
    yield f"| N = M | d | models at once | memory, GB | a step, s | {steps:,} steps, h |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for size, dim, models in GPU_PROBLEMS:
        memory = job_bytes(size, dim, size, 2**26, models) / 1e9
        step = 10 * size * size * dim * models / 30e12
        yield f"| {size:,} | {dim:,} | {models} | {memory:.2f} | {step:.2g} | {steps * step / 3600:,.3f} |"


def largest_lines() -> Iterator[str]:
    """Say what two cores and 4 GiB train in an hour: two jobs of twenty sizes, from the time of a measured step."""
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
    yield (
        f"Two cores, 4 GiB, one hour: two jobs side by side, each the {models} sizes of N = {at.n_samples:,}, "
        f"d = {dim} with protocol `fast`, {minutes:.0f} minutes (a measured step of the mean size times {models} × "
        f"{fast['steps']:,}). Their arrays take {memory:.2f} GiB each, beside the half GiB of a process: the time is "
        "what limits."
    )


if __name__ == "__main__":
    main()
