"""What a campaign took, from the benchmark files that Snakemake writes for each job."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from edgemem.analysis.published import TRAINING_POINTS
from edgemem.config.collect import CollectSpec
from edgemem.config.file_list import agreement_files, barrier_files, sensitivity_files, study_files
from edgemem.layout import STAGES, benchmark_of
from edgemem.reporting.pages import Table


# Stages with jobs for each seed; a plot is one job a figure, and the regression is one job.
BY_SEED = tuple(name for name, stage in STAGES.items() if "{seed}" in stage.job)


class Cost(NamedTuple):
    """How many jobs left a benchmark, what they took together, and the largest."""

    jobs: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


def costs(spec: CollectSpec) -> dict[str, Cost]:
    """Return the costs by stage, of the jobs whose benchmarks are there: results copied from elsewhere have none."""
    files: dict[str, list[str]] = {stage: [] for stage in BY_SEED}
    more = *sensitivity_files(spec, spec.sensitivity_keys), *barrier_files(spec, spec.barrier_keys)
    for file in [*study_files(spec), *more, *agreement_files(spec, spec.agreement_keys)]:
        files[file.stage].append(file.benchmark)
    files["regress"] = [benchmark_of("regress", spec.campaign)]
    figures = Path(benchmark_of("plot", STAGES["plot"].job.format(campaign=spec.campaign, figure="any"))).parent
    files["plot"] = sorted(map(str, figures.glob("*.tsv")))
    found = {stage: _cost(path for path in map(Path, paths) if path.exists()) for stage, paths in files.items()}
    return {stage: cost for stage, cost in found.items() if cost.jobs}


def _cost(paths: Iterable[Path]) -> Cost:
    rows = []
    for path in paths:
        with path.open(newline="") as file:
            rows += list(csv.DictReader(file, delimiter="\t"))

    def numbers(column: str) -> list[float]:
        # A job shorter than Snakemake's first look at it has no memory and no CPU time.
        return [float(row[column]) if row[column] not in ("NA", "-") else 0.0 for row in rows]

    return Cost(len(rows), sum(numbers("s")), sum(numbers("cpu_time")), max(numbers("max_rss"), default=0.0))


def cost_table(found: dict[str, Cost]) -> Table:
    """Return the costs, with their sum in the last row."""
    jobs, seconds, cpu_seconds, peaks = zip(*found.values(), strict=True) if found else ((), (), (), ())
    together = Cost(sum(jobs), sum(seconds), sum(cpu_seconds), max(peaks, default=0.0))
    rows = [
        [
            stage,
            f"{cost.jobs:,}",
            f"{cost.seconds / 3600:.3f}",
            f"{cost.cpu_seconds / 3600:.3f}",
            f"{cost.peak_mib:,.0f}",
        ]
        for stage, cost in {**found, "all": together}.items()
    ]
    return Table(["stage", "jobs", "hours, each job on one core", "CPU hours, sampled", "largest job, MiB"], rows)


def cost_text(spec: CollectSpec, found: dict[str, Cost]) -> str:
    """Return the cost of one setting, of one figure drawn again, and of the paper's protocol."""
    by_seed = sum(found[stage].seconds for stage in BY_SEED if stage in found)
    lines = [
        f"One setting with its data sets ({len(spec.seeds)}), from sampling to evaluation: "
        f"{by_seed / len(spec.settings) / 60:.2f} minutes of one core."
    ]
    if "plot" in found:
        lines.append(f"One figure drawn again: {found['plot'].seconds / found['plot'].jobs:.1f} seconds.")
    protocols = {
        (model.denoiser, model.protocol.points(case.setting.N))
        for case in spec.cases
        for model in [spec.models[case.model]]
    }
    if "train" in found and len(protocols) == 1:  # of several, the hours of each are not told apart
        denoiser, points = protocols.pop()
        published, hours = TRAINING_POINTS.get(denoiser), found["train"].seconds / 3600
        if published is not None:
            lines.append(
                f"The paper's protocol shows training {published:,} noised points of each sample instead of "
                f"{points:,}: at the same speed a point, {hours * published / points:,.0f} hours of one core "
                f"instead of {hours:.2f}."
            )
    return "\n".join(lines)
