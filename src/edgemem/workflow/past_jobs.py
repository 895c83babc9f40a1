"""What jobs that have ended took, beside what the resource functions say of them."""

import csv
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from edgemem.config.agreement import AgreementSpec
from edgemem.config.barrier import BarrierSpec
from edgemem.config.base import Spec
from edgemem.config.evaluate import EvaluateSpec
from edgemem.config.geometry import GeometrySpec
from edgemem.config.sample import SampleSpec
from edgemem.config.sensitivity import SensitivitySpec
from edgemem.config.train import TrainSpec
from edgemem.errors import EdgememError
from edgemem.files.attributes import read_attributes
from edgemem.files.lineage import unpacked
from edgemem.layout import RESULTS, STAGES, benchmark_of
from edgemem.workflow import resources


# What the stages read that read models.
OF_MODELS: dict[str, type[Spec]] = {
    "evaluate": EvaluateSpec,
    "sensitivity": SensitivitySpec,
    "barrier": BarrierSpec,
    "agreement": AgreementSpec,
}


class PastJob(NamedTuple):
    """A job that has ended.

    **Arguments:** `case`: the setting and the model, or the figure, that it was of; `work`, `size`: seconds and bytes
    by the resource functions; `seconds`, `cpu_seconds`, `bytes`: those that it took; `megabytes`: its peak; the two
    that Snakemake samples are None where the job ended before it looked.
    """

    case: tuple[str, ...]
    work: float
    size: float
    seconds: float
    cpu_seconds: float | None
    megabytes: float | None
    bytes: float


def past_jobs(stage: str, most: int = 200) -> list[PastJob]:
    """Return the latest jobs of a stage whose benchmarks and results are here, at most so many of them."""
    known = Path(benchmark_of(stage, ".")).parent
    job = re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(STAGES[stage].job)))
    found = []
    for benchmark in sorted(known.rglob("*.tsv"), key=lambda path: -path.stat().st_mtime):
        names = job.fullmatch(str(benchmark.relative_to(known).with_suffix("")))
        try:
            if names:
                found.append(_past_job(stage, names.groupdict(), benchmark))
        except (OSError, ValueError, LookupError, EdgememError):  # of another version, or of pieces that are not here
            continue
        if len(found) == most:
            break
    return found


def _past_job(stage: str, names: Mapping[str, str], benchmark: Path) -> PastJob:
    files = [Path(RESULTS, path.format(**names)) for path in STAGES[stage].files.values()]
    work, size = _problem(stage, read_attributes(files[0]))
    with benchmark.open(newline="") as file:
        row = list(csv.DictReader(file, delimiter="\t"))[-1]
    cpu, peak = (None if row[column] in ("NA", "-") else float(row[column]) for column in ("cpu_time", "max_rss"))
    case = tuple(names[name] for name in ("setting", "model", "figure") if name in names)
    return PastJob(case, work, size, float(row["s"]), cpu, peak, sum(file.stat().st_size for file in files))


def _problem(stage: str, attributes: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds and the bytes that the resource functions say of what made a file."""
    spec = attributes.get("spec", "")
    if stage == "sample":
        setting = SampleSpec.parse(spec).setting
        return resources.sample_seconds(setting), resources.sample_bytes(setting)
    if stage == "geometry":
        geometry = GeometrySpec.parse(spec)
        return resources.geometry_seconds(geometry), resources.geometry_bytes(geometry)
    if stage == "train":
        trained = TrainSpec.parse(spec)
        return resources.train_seconds(trained), resources.train_bytes(trained)
    if stage in OF_MODELS:
        own: Any = OF_MODELS[stage].parse(spec)
        told = unpacked(attributes["ancestry"]).values()
        trained = TrainSpec.parse(next(file["spec"] for file in told if file["edgemem_file"] == "models"))
        return tuple(getattr(resources, f"{stage}_{what}")(own, trained) for what in ("seconds", "bytes"))
    return resources.tables_seconds(len(json.loads(attributes.get("inputs", "[]")))), resources.TABLE
