"""`files.csv` lists all files of a campaign with what made them."""

import csv
import json
from pathlib import Path

import pytest
import yaml

from edgemem.cli import main
from edgemem.config.file_list import files_of
from edgemem.config.loading import read_campaign
from edgemem.families.gaussian.setting import GaussianSetting


CONFIG = {
    "campaign": "tiny",
    "seeds": [1, 2],
    "settings": [
        {"family": "gaussian", "N": 10, "d": 2, "K": 2, "variance": [1, 2]},
        {"family": "image", "templates": "digits", "N": 10, "K": 2, "size": 4},
    ],
    "models": {
        "mixture": {"denoiser": "isotropic_mixture", "sizes": {"coarse": 2, "fine": 1}, "protocol": "short"},
        "templates": {"denoiser": "coloured_templates", "sizes": [5, 10], "protocol": "long"},
    },
    "protocols": {
        name: {"steps": steps, "draws": 1, "peak_lr": 0.001, "final_lr": 0.001}
        for name, steps in (("short", 10), ("long", 20))
    },
    "figures": ["losses", "sensitivity"],
}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The rows of the campaign's table; its folder is the current one."""
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(yaml.safe_dump(CONFIG))
    return write()


def write() -> list[dict[str, str]]:
    """Write the table of the campaign here, and return its rows."""
    spec = read_campaign("config.yaml").files_spec().canonical()
    assert main(["files", "files.csv", "--spec", spec]) == 0
    with Path("files.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_result_has_a_row(table: list[dict[str, str]]):
    """All files that the campaign makes are there, with the names that they have."""
    names = ("kind", "path", "setting", "seed", "model", "figure")
    expected = [
        tuple("" if (value := getattr(file, name)) is None else str(value) for name in names)
        for file in files_of(read_campaign("config.yaml"))
    ]
    assert [tuple(row[name] for name in names) for row in table] == expected
    assert {row["kind"] for row in table} >= {"samples", "sensitivity", "transition", "pdf", "png", "report", "files"}


def test_parameters_are_those_that_made_the_file(table: list[dict[str, str]]):
    """A row has the parameters of its own stage and of those before it, and none of later ones or other families."""
    by_kind = {
        row["kind"]: row for row in table if row["setting"].startswith("gaussian") and row["model"] != "templates"
    }
    samples, models, evaluations = (by_kind[kind] for kind in ("samples", "models", "evaluations"))
    assert {name for name, value in samples.items() if value and "." in name} == {
        f"setting.{key}" for key in GaussianSetting.model_fields
    }
    assert (samples["setting.N"], samples["setting.variance"]) == ("10", "2.0")
    assert (models["model.denoiser"], models["model.sizes.coarse"]) == ("isotropic_mixture", "2")
    assert (models["protocol.name"], models["protocol.steps"]) == ("short", "10")
    assert models["sampling.times"] == "26"
    assert models["evaluation.draws"] == models["sampling.sampler"] == models["setting.size"] == ""
    assert (evaluations["evaluation.draws"], evaluations["protocol.steps"]) == ("20", "10")
    assert evaluations["sampling.sampler"] == "ddim"


def test_lists_are_written_as_json(table: list[dict[str, str]]):
    """A list of sizes is one cell, and can be read back."""
    sizes = {row["model.sizes"] for row in table if row["model"] == "templates"} - {""}
    assert [json.loads(text) for text in sizes] == [[5, 10]]


def test_tables_have_no_parameters(table: list[dict[str, str]]):
    """The tables and pages of the campaign have a row each, with kind and path alone."""
    rows = [row for row in table if not row["setting"]]
    assert [row["path"] for row in rows] == [
        f"results/tiny/{n}" for n in ("transition.nc", "regression.nc", "metrics.json", "files.csv", "report.html")
    ]
    assert all(not value for row in rows for name, value in row.items() if name not in ("kind", "path"))


def test_the_same_campaign_gives_the_same_bytes(table: list[dict[str, str]]):
    """Written twice, the table is the same."""
    before = Path("files.csv").read_bytes()
    write()
    assert Path("files.csv").read_bytes() == before
