"""Stage: list the files of a campaign with what made them."""

import argparse
import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgemem.config.file_list import CampaignFile, FilesSpec, listed_files
from edgemem.config.study import Study
from edgemem.files.atomic_write import atomic_write
from edgemem.stages.campaign_spec import add_campaign_spec


NAMES = ("kind", "path", "setting", "seed", "model", "figure")
WITH_PARAMETERS = ("sample", "train", "geometry", "evaluate")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("output", metavar="OUT.csv", help="table to write")
    add_campaign_spec(parser, "data, models, evaluations and drawings of the campaign")


def run(options: argparse.Namespace) -> None:
    """Write a row for each file: its names, then the parameters that made it, empty where they do not apply."""
    rows = list(rows_of(FilesSpec.parse(options.spec)))
    columns = dict.fromkeys(name for row in rows for name in row)

    def write(path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    atomic_write(options.output, write)


def rows_of(spec: FilesSpec) -> Iterator[dict[str, Any]]:
    """Yield the rows of a campaign's files, in the order of the stages: cells by column.

    A parameter's column is called by the way to it in the configuration: `setting.N`, `protocol.steps`.
    """
    for file in listed_files(spec):
        values = {name: getattr(file, name) for name in NAMES}
        # Of a sensitivity file, table or figure the parameters stand in the file itself.
        yield values | (dict(_flat(parameters(spec, file))) if file.stage in WITH_PARAMETERS else {})


def parameters(study: Study, file: CampaignFile) -> dict[str, Any]:
    """Return the parameters that made a file, its own and those of what it was made of."""
    assert file.setting is not None
    found: dict[str, Any] = {"setting": study.by_name[file.setting].model_dump(mode="json")}
    if file.stage == "geometry":
        spec = study.geometry_spec(file.setting, study.seeds[0])
        evaluation = {"draws": spec.draws, "threshold": spec.threshold}
        return found | {"sampling": spec.sampling.model_dump(mode="json"), "evaluation": evaluation}
    if file.model is None:
        return found
    trained = study.models[file.model].model_dump(mode="json")
    found["model"] = {name: trained[name] for name in ("denoiser", "options", "sizes", "snapshots")}
    found["protocol"] = {"name": trained["protocol_name"], **trained["protocol"]}
    if file.stage == "train":
        return found | {"sampling": study.sampling.grid.model_dump(mode="json")}
    return found | {
        "sampling": study.sampling.model_dump(mode="json"),
        "evaluation": study.evaluation.model_dump(mode="json"),
    }


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values in nested mappings by the way to them; lists as JSON."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, json.dumps(value) if isinstance(value, list | bool) else value
