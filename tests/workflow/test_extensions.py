"""A family, a denoiser and a figure of the user's own, in files outside of the package, stand like its own."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from edgemem.files.lineage import sha256

from .campaign import AFTER_PLOT, FILES, SETTING, TINY, Workflow, copy_finished, count
from .conftest import once


HERE = Path(__file__).parent / "extensions"
FAMILY, DENOISER = "mine/ring.py", "mine/blocks.py"
RING = "ring_N10_d2"
OWN: dict[str, Any] = {
    "seeds": [1],
    "figures": [{"figure": "losses", "settings": [SETTING]}, "prediction"],
    "extensions": [FAMILY, DENOISER],
    "settings": [*TINY["settings"], {"family": "ring", "N": 10, "d": 2}],
    "models": TINY["models"]
    | {
        # A mixture serves any data, and so does the user's own denoiser.
        "mixture": TINY["models"]["mixture"] | {"families": ["gaussian", "ring"]},
        "own": {"denoiser": "blocks", "sizes": [1, 2], "protocol": "tiny", "options": {"first_variance": 2.0}},
    },
}
# Of the setting `ring` two models, of the two others one more each.
MORE = {"sample": 1, "geometry": 1, "train": 2 + 2, "evaluate": 2 + 2, "regress": 1}


@pytest.fixture
def extended(finished: Path, shared: Path, tmp_path: Path) -> Workflow:
    """The finished tiny campaign, to which the user's own pieces were added."""

    def run(folder: Path) -> None:
        copy_finished(finished, folder)
        workflow = Workflow(folder, shared / "cache")
        add_extensions(workflow)
        workflow.configure(**OWN)
        jobs = workflow.jobs()
        run = workflow.snakemake("--cores", "2")
        assert run.returncode == 0, run.stdout
        (folder / "planned.json").write_text(json.dumps(count(jobs)))

    folder = once(shared, "extended", run)
    copy_finished(folder, tmp_path / "workflow")
    return Workflow(tmp_path / "workflow", shared / "cache")


def add_extensions(workflow: Workflow) -> None:
    """Copy the pieces to where the user keeps his own."""
    (workflow / "mine").mkdir()
    for path in HERE.glob("*.py"):
        shutil.copy(path, workflow / "mine")


def test_they_are_small():
    """What a piece has to say is little."""
    assert len((HERE / "ring.py").read_text().splitlines()) <= 60
    assert len((HERE / "blocks.py").read_text().splitlines()) <= 40


def test_campaign_runs_with_them_to_the_report(extended: Workflow):
    """Only jobs of the new setting and the new model ran, and nothing is left to do."""
    planned: Mapping[str, int] = json.loads((extended / "planned.json").read_text())
    assert {name: planned[name] for name in MORE} == MORE
    assert extended.pending() == {}
    report = (extended / "results/tiny/report.html").read_text()
    assert RING in report
    assert "blocks" in report
    metrics = json.loads((extended / "results/tiny/metrics.json").read_text())
    assert f"{RING}/mixture/m50_pooled" in metrics
    assert f"{RING}/own/m50_pooled" in metrics


def test_they_stand_in_lineage_and_attributes(extended: Workflow):
    """Each file was made from the pieces that its job ran, by their content, and says its names."""
    path = extended.path("models", RING, model="own")
    with xr.open_dataset(extended / path) as models:
        inputs = json.loads(models.attrs["inputs"])
        assert {name: inputs[name] for name in (FAMILY, DENOISER)} == {
            name: sha256(extended / name) for name in (FAMILY, DENOISER)
        }
        assert (models.attrs["setting"], models.attrs["seed"], models.attrs["model"]) == (RING, 1, "own")
        assert models["mean"].dims == ("model_size", "step", "feature")
        assert models["log_variance"].dims == ("model_size", "step", "block")
    with xr.open_dataset(extended / extended.path("evaluations", RING, model="own")) as evaluation:
        assert evaluation.reference.values.tolist() == ["memorizing", "linear"]
        assert "learned_variance" not in evaluation
        assert evaluation.fraction.attrs["long_name"] == "parameters / (N d)"
    with xr.open_dataset(extended / extended.path("models", SETTING)) as models:
        assert not set(json.loads(models.attrs["inputs"])) & {FAMILY, DENOISER}, "it has no part in these"


def test_edited_denoiser_reruns_its_training_and_what_follows(extended: Workflow):
    """Three settings are trained again, by the edited denoiser alone."""
    with (extended / DENOISER).open("a") as file:
        file.write("# edited\n")
    jobs = extended.jobs()
    # The list of files says nothing of code.
    plots = {"plot losses": 2, "plot prediction": 1}
    assert count(jobs) == {"train": 3, "evaluate": 3, "regress": 1, **plots, **AFTER_PLOT}
    assert {job.wildcards["model"] for job in jobs if job.rule in ("train", "evaluate")} == {"own"}


def test_what_a_piece_imports_from_the_package_is_code_of_its_jobs(extended: Workflow):
    """A denoiser of the user's own that uses another one of the package is trained again when that one is edited."""
    with (extended / DENOISER).open("a") as file:
        file.write("from edgemem.denoisers.coloured_templates import ColouredTemplates\n")
    measured = extended.path("evaluations", RING, model="own")
    assert extended.snakemake("--cores", "2", measured).returncode == 0
    assert extended.pending(measured) == {}
    with (extended / "src/edgemem/denoisers/coloured_templates.py").open("a") as file:
        file.write("# edited\n")
    assert extended.pending(measured) == {"train": 1, "evaluate": 1}
    # The others of its models are to be trained for the first edit, and no other model is for either.
    jobs = [job for job in extended.jobs() if job.rule in ("train", "evaluate")]
    assert count(jobs) == {"train": 3, "evaluate": 3}
    assert {job.wildcards["model"] for job in jobs} == {"own"}


def test_edited_family_reruns_its_own_jobs(extended: Workflow):
    """Its data are drawn again and its models trained again, those of the other family are not."""
    with (extended / FAMILY).open("a") as file:
        file.write("# edited\n")
    jobs = extended.jobs()
    of_data = [job for job in jobs if job.rule in ("sample", "train", "evaluate")]
    assert count(of_data) == {"sample": 1, "train": 2, "evaluate": 2}
    assert {job.wildcards["setting"] for job in of_data} == {RING}


def test_one_more_piece_in_the_package_plans_nothing(workflow: Workflow):
    """A family, a denoiser and a figure that are added, and that the campaign does not name, rerun nothing."""
    package = workflow / "src/edgemem"
    shutil.copytree(package / "families/gaussian", package / "families/other")
    for path in (package / "families/other").glob("*.py"):
        path.write_text(
            path.read_text().replace('"gaussian"', '"other"').replace("families.gaussian", "families.other")
        )
    shutil.copy(package / "denoisers/isotropic_mixture.py", package / "denoisers/other.py")
    shutil.copy(package / "figures/mechanism.py", package / "figures/other.py")
    assert workflow.pending() == {}


def test_a_figure_of_ones_own(workflow: Workflow):
    """It is drawn and stands in the report, and an edit draws it again alone."""
    figure = workflow / "mine/signature.py"
    figure.parent.mkdir()
    source = (workflow / "src/edgemem/figures/mechanism.py").read_text()
    figure.write_text(source.replace('"mechanism"', '"signature"'))
    workflow.configure(figures=[*TINY["figures"], "signature"], extensions=["mine/signature.py"])
    assert workflow.pending() == {"plot signature": 2, **FILES, **AFTER_PLOT}
    assert count(workflow.jobs("--cores", "2")) == {"plot signature": 2, **FILES, **AFTER_PLOT}
    assert f"signature_{SETTING}_mixture" in (workflow / "results/tiny/report.html").read_text()
    figure.write_text(figure.read_text() + "# edited\n")
    assert workflow.pending() == {"plot signature": 2, **AFTER_PLOT}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (", "cannot be read as Python"),
        ("x = 1\n", "must be one of a family, a denoiser or a figure"),
        ("import nowhere\n\n\nclass A(AbstractSetting):\n    pass\n", "cannot be imported: ModuleNotFoundError"),
    ],
)
def test_a_broken_piece_is_named(workflow: Workflow, text: str, said: str):
    """One message says which file it is, and nothing runs."""
    (workflow / "broken.py").write_text(text)
    settings = [{"family": "broken", "N": 10}]
    workflow.configure(extensions=["broken.py"], settings=settings)
    run = workflow.snakemake("--cores", "1")
    assert run.returncode != 0
    assert "broken.py" in run.stdout
    assert said in run.stdout
    assert "Traceback" not in run.stdout


def test_old_configuration_says_what_to_write(workflow: Workflow):
    """A file of before the models had entries of their own is refused with the new text."""
    config = {name: value for name, value in TINY.items() if name != "models"}
    workflow.write(config | {"model_sizes": [5], "protocol": "tiny"})
    run = workflow.snakemake("--dry-run")
    assert run.returncode != 0
    assert "models:" in run.stdout
    assert "sizes:" in run.stdout
    assert "Traceback" not in run.stdout


def test_files_are_listed_with_what_made_them(workflow: Workflow):
    """files.csv names every file of the campaign."""
    listed = (workflow / "results/tiny/files.csv").read_text()
    for kind in ("samples", "models", "evaluations"):
        assert workflow.path(kind, SETTING) in listed
    workflow.configure(evaluation=TINY["evaluation"] | {"draws": 3})
    assert FILES.items() <= workflow.pending().items()
