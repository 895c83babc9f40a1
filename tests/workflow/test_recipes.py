"""The recipes of docs/extending.md, followed word by word from top to bottom."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from .campaign import ROOT, SETTING, TINY, Workflow, copy_finished, count
from .conftest import once


PAGE = (ROOT / "docs/extending.md").read_text()
RECIPE = re.compile(
    r"^(?:File `(?P<file>[^`]+)`|In `(?P<edited>[^`]+)`, (?P<how>below|instead of) `(?P<line>[^`]+)`):\n\n"
    r"```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SPHERE = "sphere_N10_d2"
CONFIG: dict[str, Any] = {
    "seeds": [1],
    "settings": [*TINY["settings"], {"family": "sphere", "N": 10, "d": 2}],
    "models": TINY["models"] | {"mine": {"denoiser": "blocks", "sizes": [1, 2], "protocol": "tiny"}},
    "figures": [{"figure": "most_copied", "count": 5}],
}


def follow(folder: Path) -> int:
    """Do what the page says in a copy of the repository, and return how many things those were."""
    done = 0
    for recipe in RECIPE.finditer(PAGE):
        if recipe["file"]:
            path = folder / recipe["file"]
            assert not path.exists(), path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(recipe["text"])
        else:
            path = folder / recipe["edited"]
            lines = path.read_text().splitlines(keepends=True)
            places = [number for number, line in enumerate(lines) if line.strip() == recipe["line"].strip()]
            assert len(places) == 1, (path, recipe["line"], places)
            if recipe["how"] == "below":
                lines.insert(places[0] + 1, recipe["text"])
            else:
                lines[places[0]] = recipe["text"]
            path.write_text("".join(lines))
        done += 1
    return done


@pytest.fixture
def extended(finished: Path, shared: Path, tmp_path: Path) -> Workflow:
    """The finished tiny campaign after all recipes and a run; what was there when it began is in `before.json`."""

    def run(folder: Path) -> None:
        copy_finished(finished, folder)
        workflow = Workflow(folder, shared / "cache")
        workflow.configure(seeds=[1])
        before = {file.path for file in workflow.files()}
        assert follow(folder) == PAGE.count("\nFile `") + PAGE.count("\nIn `")
        for command in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
            words = command.replace("python", workflow.python, 1).split()
            (folder / "docs").mkdir(exist_ok=True)
            (folder / "docs/configuration.md").write_text((ROOT / "docs/configuration.md").read_text())
            subprocess.run(words, cwd=folder, env=workflow.environment, check=True)
        workflow.configure(**CONFIG)
        run = workflow.snakemake("--cores", "2")
        assert run.returncode == 0, run.stdout
        (folder / "before.json").write_text(json.dumps(sorted(before)))

    copy_finished(once(shared, "recipes", run), tmp_path / "workflow")
    return Workflow(tmp_path / "workflow", shared / "cache")


def test_denoiser_and_family(extended: Workflow):
    """The denoiser is trained on the new family's data and on the others', and measured."""
    for setting in (SPHERE, SETTING):
        with xr.open_dataset(extended / f"results/{path(extended, 'evaluations', setting)}") as evaluation:
            assert evaluation.model_size.values.tolist() == [1, 2]
            assert evaluation.memorized_count.dims == ("model_size", "step")


def path(workflow: Workflow, kind: str, setting: str) -> str:
    """Return the path of a file of the model `mine`, found as a user finds it."""
    rows = (workflow / "results/tiny/files.csv").read_text().splitlines()
    (row,) = (row for row in rows if f"/{kind}/{setting}/seed1/mine-" in row)
    return re.search(rf"{kind}/[^,]+\.nc", row)[0]  # type: ignore[index]


def test_figure(extended: Workflow):
    """It is drawn for each setting and model, and stands in the report."""
    drawn = {file.stem for file in (extended / "results/tiny/figures").glob("most_copied_*.png")}
    assert {f"most_copied_{SPHERE}_mine", f"most_copied_{SETTING}_mixture"} <= drawn
    assert "Copies of each sample" in (extended / "results/tiny/report.html").read_text()


def test_metric(extended: Workflow):
    """It is among the summary metrics, with its interval."""
    metrics = json.loads((extended / "results/tiny/metrics.json").read_text())
    assert {f"{SETTING}/mixture/most_copied{end}" for end in ("", "_low", "_high")} <= set(metrics)


def test_configuration_key(extended: Workflow):
    """It renamed no file, stands in the table of all keys, and is read."""
    before = json.loads((extended / "before.json").read_text())
    listed = (extended / "results/tiny/files.csv").read_text()
    kept = [name for name in before if "/models/" in name or "/evaluations/" in name]
    assert len(kept) == 4
    assert all(name in listed for name in kept)
    assert "`protocols.NAME.beta2`" in (extended / "docs/configuration.md").read_text()
    protocols = TINY["protocols"] | {"tiny": TINY["protocols"]["tiny"] | {"beta2": 0.9}}
    extended.configure(**CONFIG, protocols=protocols)
    assert count(extended.jobs())["train"] == 2 + 3


def test_stage(extended: Workflow):
    """Its file is part of the campaign, and status knows it."""
    assert (extended / "results/tiny/tally.txt").read_text() == f"tiny: {2 * 3 + 3 * 2} models\n"
    command = [extended.python, "-m", "edgemem", "status", "--configfile", "tiny.yaml"]
    ended = subprocess.run(
        command, cwd=extended.folder, env=extended.environment, capture_output=True, text=True, check=False
    )
    assert re.search(r"^tally +1\b", ended.stdout, re.MULTILINE), ended.stdout + ended.stderr


def test_nothing_is_left_to_do(extended: Workflow):
    """All recipes together are a finished campaign."""
    assert extended.pending() == {}
