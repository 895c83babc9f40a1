"""A job's inputs and parameter are what its stage reads: the modules it imports, the keys it uses."""

import json
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import xarray as xr

from .campaign import OTHER_SETTING, PROTOCOL, ROOT, SETTING, TINY, Job, Workflow, copy_finished
from .conftest import once


# One job of each stage, and of each figure; of training one, too, that draws samples itself.
NAMES = (
    "sample",
    "train",
    "train on fresh samples",
    "geometry",
    "evaluate",
    "regress",
    "plot losses",
    "plot transition",
    "plot mechanism",
    "plot prediction",
    "plot seeds",
    "plot copies",
    "plot regression",
    "plot refutation",
    "sensitivity",
    "plot sensitivity",
    "barrier",
    "plot barrier",
    "agreement",
    "plot agreement",
    "plot samples",
    "plot gallery",
    "plot templates",
    "files",
    "report",
    "collect",
    "claims",
    "pages",
)
# One job of each figure is done, and the report reads no other.
CASE = {"settings": [SETTING], "models": ["mixture"]}
WAYS = {"figure": "sensitivity", **CASE, "times": [4], "t_min": [], "thresholds": [0.5], "points": [50]}
PATHS = {"figure": "barrier", **CASE, "to": "start", "places": 3, "generated": 50}
OF_ONE = [
    {"figure": figure, **CASE} for figure in ("mechanism", "losses", "transition", "seeds", "copies", "agreement")
]
# One of each is enough.
SEED = TINY["seeds"][0]
# The other part of the samples of the first setting, with which its models are compared.
PART = {"family": "gaussian", "N": 10, "d": 2, "K": 2, "part": 2}
WITH_IMAGES, SHOWING = "image_digits_N10_K2_size4", ("plot samples", "plot gallery", "plot templates")
IMAGE = {"family": "image", "templates": "digits", "N": 10, "K": 2, "size": 4}
FIGURES = [*OF_ONE, "prediction", "regression", "refutation", WAYS, PATHS, "samples", "gallery", "templates"]
CHOOSING = {"settings", "models", "thresholds", "times", "t_min", "points"}
# Of the figure `barrier`: `templates` and `gallery` have fractions that they draw.
CHOOSING_PATHS = {"settings", "models", "fractions", "sizes", "places", "steps", "generated"}
# These pages are made of published numbers alone.
WITHOUT_SPEC = ("claims", "pages")


@pytest.fixture(scope="session")
def recorded(finished: Path, shared: Path) -> dict[str, dict[str, Any]]:
    """The job of each name, and what its command loads and reads where it finds nothing but its input files."""

    def record(folder: Path) -> None:
        copy_finished(finished, folder)
        workflow = Workflow(folder, shared / "cache")
        templates = TINY["models"]["mixture"] | {"families": ["image"], "protocol": "slow"}
        start = TINY["models"]["mixture"] | {"denoiser": "isotropic_mixture", "protocol": "start"}
        workflow.configure(
            seeds=[SEED],
            figures=FIGURES,
            settings=[*TINY["settings"], PART, IMAGE],
            models=TINY["models"] | {"templates": templates, "start": start},
            protocols=TINY["protocols"]
            | {
                "slow": PROTOCOL | {"lr_multipliers": {"template": 0.1}},
                "start": PROTOCOL | {"initialization": "fresh_samples"},
            },
        )
        shutil.copytree(ROOT / "docs/results", folder / "docs/results")
        ways = [workflow.path(kind, SETTING, SEED) for kind in ("sensitivity", "barriers", "agreements")]
        ways += [workflow.path("evaluations", f"{SETTING}_part2", SEED, model) for model in ("mixture", "start")]
        ways += [workflow.path("evaluations", WITH_IMAGES, SEED, "templates")]
        ways += [workflow.path("evaluations", own, SEED, "start") for own in (SETTING, OTHER_SETTING)]
        assert workflow.snakemake("--cores", "2", *ways).returncode == 0
        wanted = ("all", "collect", "docs/claims.md", "pages")
        planned = workflow.jobs("--forceall", *wanted)
        jobs = {job.name: job for job in reversed(planned) if of_first(job)}
        (fresh,) = (
            job
            for job in planned
            if job.name == "train" and job.output == [workflow.path("models", SETTING, SEED, "start")]
        )
        jobs["train on fresh samples"] = fresh
        (folder / "jobs.json").write_text(json.dumps({name: jobs[name] for name in NAMES}))
        # A stage works without Snakemake and without the configuration.
        for name in ("Snakefile", "config.yaml", "tiny.yaml"):
            (folder / name).unlink()

        def run(name: str) -> None:
            (folder / jobs[name].log[0]).parent.mkdir(parents=True, exist_ok=True)  # as Snakemake does
            recorder = [workflow.python, Path(__file__).parent / "recorder.py", folder / f"{name}.json"]
            command = jobs[name].command.replace("python -m edgemem", shlex.join(map(str, recorder)))
            subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=workflow.environment, check=True)

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(run, [name for name in NAMES if name not in ("report", "collect", "pages")]))
        for name in ("report", "collect"):  # they read the figures that the others have drawn
            run(name)
        shutil.copy(ROOT / "config.yaml", folder)  # its numbers stand in pages
        run("pages")

    folder = once(shared, "recorded", record)
    jobs = json.loads((folder / "jobs.json").read_text())
    return {name: {"job": Job(*jobs[name]), **json.loads((folder / f"{name}.json").read_text())} for name in NAMES}


def of_first(job: Job) -> bool:
    """Tell whether a job is about the first setting, or about all of them; some figures are only of images."""
    if "figure" in job.wildcards:
        return job.name in SHOWING or SETTING + "_mixture" in job.output[0] or SETTING not in job.output[0]
    of = job.wildcards
    return of.get("setting", SETTING) == SETTING and of.get("model", "mixture") == "mixture"


@pytest.mark.parametrize("name", NAMES)
def test_code_inputs_are_the_modules_that_the_stage_loads(recorded: dict[str, dict[str, Any]], name: str):
    """The source files among a job's inputs are exactly those that its command loads."""
    record = recorded[name]
    assert sorted(record["job"].code) == record["modules"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT_SPEC])
def test_every_key_of_the_parameter_is_read(recorded: dict[str, dict[str, Any]], name: str):
    """A stage reads every key of its parameter; a key that it does not read would rerun it for nothing.

    Recorded is each access to a key after validation. Keys with only one allowed value cannot change and are left out,
    and so are options of a figure that choose jobs, or what another stage does: they are in no plot's parameter.
    """
    asked, read = (set(map(tuple, recorded[name][key])) for key in ("asked", "read"))
    assert asked, "nothing was recorded"
    if name.startswith("plot"):
        own = choosing(name)
        assert not set(json.loads(recorded[name]["job"].spec)["figure"]) & own
    unread = {(model, key) for model, key in asked - read if not ("Figure" in model and key in choosing(model))}
    assert unread == set()


def choosing(figure: str) -> set[str]:
    """Return the options of a figure that choose jobs."""
    return CHOOSING_PATHS if "barrier" in figure.lower() else CHOOSING


def test_the_parameter_is_what_the_files_record(workflow: Workflow):
    """The spec in each file's attributes is, letter by letter, the parameter of the job that made it."""
    checked = 0
    for job in workflow.jobs("--forceall"):
        for path in job.output:
            if path.endswith(".nc"):
                with xr.open_dataset(workflow / path, engine="netcdf4") as dataset:
                    assert dataset.attrs["spec"] == job.spec, path
                checked += 1
    assert checked == 4 + 4 + 4 + 4 + 2
