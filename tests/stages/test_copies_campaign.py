"""The campaign `experiments/copies.yaml` in small: every shape of data goes all the way, and duplicates are told."""

import contextlib
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

from edgemem.cli import main
from edgemem.config.base import Spec
from edgemem.config.campaign import Campaign
from edgemem.config.file_list import files_of
from edgemem.config.loading import read_campaign, read_yaml


ROOT = Path(__file__).parents[2]
PLAIN, DUPLICATES = "gaussian_N20_d4_K3", "gaussian_N20_d4_K3_dup3x4"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """The finished campaign, in its folder: fewer samples, dimensions, sizes and steps, one seed."""
    folder = tmp_path_factory.mktemp("copies")
    own = read_yaml(ROOT / "experiments/copies.yaml") | {"evaluation": {"generated": 300, "draws": 2}}
    own["settings"] = [setting | {"N": 20, "d": 4} for setting in own["settings"]]
    for setting in own["settings"]:
        setting |= {"duplicated": 3} if "duplicated" in setting else {}
    own |= {"seeds": [1], "models": {"mixture": {"sizes": [4, 12, 20]}}, "figures": ["copies"]}
    own["sampling"] = {"times": 6}
    # Steps enough to tell whether training ended: models that have not are not asked.
    own["protocols"] = {"fast": {"steps": 1200}}
    (folder / "small.yaml").write_text(yaml.safe_dump(own))
    with contextlib.chdir(folder):
        campaign = read_campaign(ROOT / "config.yaml", "small.yaml")
        make(campaign)
        yield campaign


def make(campaign: Campaign) -> None:
    """Run the campaign's stages in the current folder."""
    made = {(file.kind, file.setting, file.seed): file.path for file in files_of(campaign)}

    def run(*words: str, spec: Spec) -> None:
        assert main([*words, "--spec", spec.canonical()]) == 0

    evaluations: dict[str, list[str]] = {name: [] for name in campaign.by_name}
    for setting, own in evaluations.items():
        for seed in campaign.seeds:
            samples, geometry, models, evaluation = (
                made[kind, setting, seed] for kind in ("samples", "geometry", "models", "evaluations")
            )
            run("sample", samples, spec=campaign.sample_spec(setting, seed))
            run("geometry", samples, geometry, spec=campaign.geometry_spec(setting, seed))
            run("train", samples, models, spec=campaign.train_spec(setting, seed, "mixture"))
            evaluate = "evaluate", samples, models, evaluation, "--geometry", geometry
            run(*evaluate, spec=campaign.evaluate_spec(setting, seed, "mixture"))
            own.append(evaluation)
    tables = {kind: made[kind, None, None] for kind in ("transition", "regression", "metrics")}
    outputs = [word for kind, path in tables.items() for word in (f"--{kind}", path)]
    run("regress", *(path for own in evaluations.values() for path in own), *outputs, spec=campaign.regress_spec())
    for setting, own in evaluations.items():
        out = [made[kind, setting, None] for kind in ("png", "csv")]
        run(
            *("plot", "copies", *own, tables["transition"], "--out", *out),
            spec=campaign.plot_spec("copies", setting, "mixture"),
        )


def paths(campaign: Campaign, kind: str, setting: str | None) -> list[str]:
    """Return the files of a kind."""
    return [file.path for file in files_of(campaign) if (file.kind, file.setting) == (kind, setting)]


def test_every_shape_of_data_has_numbers(small: Campaign):
    """Also the loss of the true denoiser, which of data of the paper's kind alone is compared with its theory."""
    (path,) = paths(small, "metrics", None)
    table = json.loads(Path(path).read_text())
    assert len(small.by_name) == 6
    for setting in small.by_name:
        assert f"{setting}/mixture/copies_density_correlation" in table
        assert table[f"{setting}/mixture/generalizing_loss"] > 0
        assert (f"{setting}/mixture/generalizing_loss_over_theory" in table) == (setting == PLAIN)
    assert [name.split("/")[0] for name in table if name.endswith("duplicated_over_single")] == [DUPLICATES]


def test_figures_are_drawn_of_what_was_measured(small: Campaign):
    """Each data set with a transition is drawn, with the correlation that stands in its metrics."""
    with xr.open_dataset(paths(small, "transition", None)[0]) as transition:
        known = np.isfinite(transition.m50.sel(model="mixture")).load()
    assert known.any()
    for setting in small.by_name:
        (table,), (image,) = paths(small, "csv", setting), paths(small, "png", setting)
        assert Path(image).stat().st_size > 10_000
        _, *lines = Path(table).read_text().splitlines()
        rows = [row for row in csv.DictReader(lines) if row["label"] == "one data set" and row["panel"] == "2"]
        assert [row["x"] != "" for row in rows] == known.sel(setting=setting).values.tolist()


def test_copies_of_duplicates_are_counted_once(small: Campaign):
    """All copies are of rows that repeat no other, and none is lost."""
    for path in paths(small, "evaluations", DUPLICATES):
        with xr.open_dataset(path) as evaluation:
            repeats = evaluation.copies_of.values != np.arange(20)
            assert repeats.sum() == 9
            copied = evaluation.copied.load()
            assert copied.values[repeats].sum() == 0
            np.testing.assert_array_equal(copied.sum("sample"), evaluation.memorized_count)
            assert evaluation.memorization_ratio.isel(model_size=-1) > 0.9
