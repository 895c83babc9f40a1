"""A second data family in the workflow: its own protocol, the files it is made of, and the figures that show it."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from .campaign import PROTOCOL, TINY, Workflow, copy_finished, copy_parts, count
from .conftest import once


SOURCE = "my images"
SETTING = f"image_my-images-{hashlib.sha256(SOURCE.encode()).hexdigest()[:6]}_N10_K2_size4"
OTHER = "gaussian_N10_d2_K2"
CONFIG = TINY | {
    "settings": [
        {"family": "gaussian", "N": 10, "d": 2, "K": 2},
        {"family": "image", "templates": SOURCE, "N": 10, "K": 2, "size": 4},
    ],
    "seeds": [1],
    "models": {
        "mixture": TINY["models"]["mixture"],
        "templates": TINY["models"]["mixture"] | {"protocol": "small", "families": ["image"]},
    },
    "protocols": {"tiny": PROTOCOL, "small": PROTOCOL | {"draws": 2, "lr_multipliers": {"template": 0.1}}},
    "figures": ["losses", "gallery", "samples", "templates", "prediction"],
}
FIGURES = {"plot gallery": 1, "plot templates": 1}
OF_TABLES = {"plot losses": 2, "plot prediction": 1, "report": 1}


def write_images(folder: Path, seed: int) -> None:
    """Three images in a folder, with names as people give them."""
    folder.mkdir(exist_ok=True)
    for i, image in enumerate(np.random.default_rng(seed).integers(0, 256, size=(3, 5, 6)).astype(np.uint8)):
        Image.fromarray(image).save(folder / f"it's no. {i}.png")


@pytest.fixture
def images(shared: Path, tmp_path: Path) -> Workflow:
    """A finished campaign of a mixture and of images from a file, each with its own protocol."""

    def run(folder: Path) -> None:
        copy_parts(folder)
        write_images(folder / SOURCE, 0)
        workflow = Workflow(folder, shared / "cache")
        workflow.write(CONFIG)
        run = workflow.snakemake("--cores", "2")
        assert run.returncode == 0, run.stdout

    finished = once(shared, "images", run)
    folder = tmp_path / "workflow"
    copy_finished(finished, folder)
    return Workflow(folder, shared / "cache")


def test_each_family_has_its_model_and_its_figures(images: Workflow):
    """Models lie under their names; images are shown where there are some; nothing is left to do."""
    assert images.pending() == {}
    for setting, model in ((OTHER, "mixture"), (SETTING, "templates")):
        path = images.path("models", setting, model=model)
        assert [str(file) for file in (images / path).parent.iterdir()] == [str(images / path)]
    drawn = {path.stem for path in (images / "results/tiny/figures").glob("*.png")}
    shown = {f"{figure}_{SETTING}_templates" for figure in ("losses", "gallery", "templates")}
    assert drawn == {*shown, f"samples_{SETTING}", f"losses_{OTHER}_mixture", "prediction"}
    report = (images / "results/tiny/report.html").read_text()
    assert f"gallery_{SETTING}_templates" in report
    with xr.open_dataset(images / f"results/samples/{SETTING}/seed1.nc") as samples:
        assert set(json.loads(samples.attrs["inputs"])) == {f"{SOURCE}/it's no. {i}.png" for i in range(3)}


def test_other_images_rerun_their_setting_alone(images: Workflow):
    write_images(images / SOURCE, 1)
    jobs = images.jobs()
    own = {"sample": 1, "geometry": 1, "train": 1, "evaluate": 1, "regress": 1}
    assert count(jobs) == {**own, **FIGURES, "plot samples": 1, **OF_TABLES}
    assert {job.wildcards["setting"] for job in jobs if job.rule in own and job.rule != "regress"} == {SETTING}


@pytest.mark.parametrize("change", ["one more", "one fewer"])
def test_other_files_in_the_folder_draw_its_samples_again(images: Workflow, change: str):
    if change == "one more":
        Image.new("L", (4, 4), 255).save(images / SOURCE / "new.png")
    else:
        (images / SOURCE / "it's no. 0.png").unlink()
    jobs = images.jobs()
    assert {job.wildcards["setting"] for job in jobs if job.rule in ("sample", "train", "evaluate")} == {SETTING}


def test_protocol_of_one_family_leaves_the_other_alone(images: Workflow):
    changed = CONFIG["protocols"] | {"small": CONFIG["protocols"]["small"] | {"lr_multipliers": {"template": 0.15}}}
    images.write(CONFIG | {"protocols": changed})
    jobs = images.jobs()
    assert count(jobs) == {"train": 1, "evaluate": 1, "regress": 1, **FIGURES, **OF_TABLES, "files": 1}
    assert {job.wildcards["setting"] for job in jobs if job.rule == "train"} == {SETTING}


def test_samples_that_are_there_need_their_images_no_more(images: Workflow):
    """Results that were made elsewhere are used as they are; a new data set says what is missing, and nothing runs."""
    shutil.rmtree(images / SOURCE)
    assert images.pending() == {}
    images.write(CONFIG | {"seeds": [1, 2]})
    run = images.snakemake("--cores", "1")
    assert run.returncode != 0
    assert f"templates: '{SOURCE}' is neither a folder nor an array" in run.stdout
    assert "Traceback" not in run.stdout
    assert not (images / f"results/samples/{OTHER}/seed2.nc").exists()


def test_missing_data_set_says_how_to_get_it(images: Workflow):
    setting = {"family": "image", "templates": "fashion-mnist", "N": 10, "K": 2, "size": 4}
    images.write(CONFIG | {"settings": [setting], "datasets": {"fashion_mnist": "nowhere"}})
    run = images.snakemake("--dry-run")
    assert run.returncode != 0
    assert "FashionMNIST is not in nowhere" in run.stdout
    assert "apt-get install dataset-fashion-mnist" in run.stdout
    assert "Traceback" not in run.stdout
