"""A change of the configuration reruns the jobs that read it and what follows from them, and nothing else."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from .campaign import (
    AFTER_EVALUATE,
    AFTER_PLOT,
    AFTER_REGRESS,
    AFTER_TRAIN,
    ALL,
    FILES,
    OTHER_SETTING,
    PROTOCOL,
    SETTING,
    TINY,
    Workflow,
    copy_finished,
    copy_parts,
    count,
)


def times(folder: Path) -> dict[str, int]:
    """Return when each result was last written."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_whole_campaign_is_as_many_jobs_as_it_says(workflow: Workflow):
    """The helper sees jobs: all of them if all are asked for. Otherwise 'nothing reruns' would prove nothing."""
    assert workflow.pending("--forceall") == ALL


def test_second_run_does_nothing(workflow: Workflow):
    """A second run does nothing."""
    before = times(workflow / "results/tiny")
    assert workflow.jobs("--cores", "1") == []
    assert times(workflow / "results/tiny") == before


def test_plot_key_reruns_its_plots_alone(workflow: Workflow):
    """The time shown in a figure reruns the plots of that figure, and the report that holds them, alone."""
    workflow.configure(figures=[{"figure": "losses", "time": 0.5}, *TINY["figures"][1:]])
    assert workflow.pending() == {"plot losses": 2, **AFTER_PLOT}


@pytest.mark.parametrize(
    ("change", "stages"),
    [
        ({"generated": 60}, ["evaluate"]),
        ({"test_samples": 11}, ["evaluate"]),
        ({"threshold": 0.4}, ["geometry", "evaluate"]),
        ({"draws": 3}, ["geometry", "evaluate"]),
    ],
    ids=str,
)
def test_evaluation_key_never_retrains(workflow: Workflow, change: dict[str, Any], stages: list[str]):
    """A key of the evaluation reruns the stages that read it and what follows, never sample or train."""
    workflow.configure(evaluation=TINY["evaluation"] | change)
    assert workflow.pending() == {**dict.fromkeys(stages, 4), **AFTER_EVALUATE, **FILES}


@pytest.mark.parametrize("change", [{"holdout": 0.25}, {"seed": 1}], ids=str)
def test_regression_key_reruns_regress(workflow: Workflow, change: dict[str, Any]):
    """A key of the regression reruns regress and the figures that read its tables, only."""
    workflow.configure(regression=TINY["regression"] | change)
    assert workflow.pending() == {"regress": 1, **AFTER_REGRESS}


def test_new_seed_runs_its_own_jobs(workflow: Workflow):
    """A new seed is sampled, trained and evaluated, and enters the regression and the plots; no old seed reruns."""
    workflow.configure(seeds=[1, 2, 3])
    jobs = workflow.jobs()
    assert count(jobs) == {"sample": 2, "geometry": 2, "train": 2, "evaluate": 2, **AFTER_EVALUATE, **FILES}
    assert {job.wildcards["seed"] for job in jobs if "seed" in job.wildcards} == {"3"}


def test_new_setting_runs_its_own_jobs(workflow: Workflow):
    """A new setting is sampled, trained, evaluated and drawn; of the old ones rerun only plots of the regression."""
    workflow.configure(settings=[TINY["settings"][0] | {"variance": [1, 2, 4]}])
    jobs = workflow.jobs()
    stages = {"sample": 2, "geometry": 2, "train": 2, "evaluate": 2}
    assert count(jobs) == {**stages, "regress": 1, **AFTER_REGRESS, "plot losses": 3, **FILES}
    assert {job.wildcards["setting"] for job in jobs if job.rule in stages} == {"gaussian_N10_d2_K2_var4"}


def test_new_figure_runs_its_own_jobs(workflow: Workflow):
    """A new figure is drawn and enters the report and the list of files, and nothing else happens."""
    workflow.configure(figures=[*TINY["figures"], "transition"])
    assert workflow.pending() == {"plot transition": 2, **AFTER_PLOT, **FILES}


def test_figure_no_longer_wanted_leaves_the_report_alone_to_run(workflow: Workflow):
    """Leaving out figures, or settings of one, reruns the report, makes a new list of files, and nothing else."""
    workflow.configure(figures=[{"figure": "losses", "settings": [OTHER_SETTING]}])
    assert workflow.pending() == {**AFTER_PLOT, **FILES}


@pytest.mark.parametrize(
    "change", [{"steps": 21}, {"draws": 22}, {"clip_norm": None}, {"weighting": "x0"}, {"minibatch": 5}], ids=str
)
def test_protocol_in_use_retrains(workflow: Workflow, change: dict[str, Any]):
    """A change of the protocol in use retrains, and does not draw the samples anew."""
    workflow.configure(protocols=TINY["protocols"] | {"tiny": PROTOCOL | change})
    assert workflow.pending() == {"train": 4, **AFTER_TRAIN, **FILES}


def test_protocol_not_in_use_reruns_nothing(workflow: Workflow):
    """A change of a protocol that the campaign does not use reruns nothing, and neither does a new one."""
    spare = PROTOCOL | {"steps": 1000, "draws": 1}
    workflow.configure(protocols=TINY["protocols"] | {"spare": spare, "fast": spare, "new": spare})
    assert workflow.pending() == {}


def test_swapped_values_retrain(workflow: Workflow):
    """Two keys that exchange their values retrain, though the set of values is the same."""
    swapped = PROTOCOL | {"steps": PROTOCOL["draws"], "draws": PROTOCOL["steps"]}
    assert swapped != PROTOCOL
    workflow.configure(protocols=TINY["protocols"] | {"tiny": swapped})
    assert workflow.pending() == {"train": 4, **AFTER_TRAIN, **FILES}


def reversed_keys(value: Any) -> Any:
    """Return the same configuration with the keys of every mapping in opposite order."""
    return {key: reversed_keys(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


@pytest.mark.parametrize(
    "config",
    [
        reversed_keys(TINY),
        TINY | {"protocols": TINY["protocols"] | {"tiny": PROTOCOL | {"clip_norm": 100.0, "steps": 20.0}}},
        TINY | {"evaluation": TINY["evaluation"] | {"threshold": 0.3333333333333333}},
        TINY | {"settings": [TINY["settings"][0] | {"N": [10], "separation": 1.0}], "extensions": []},
        TINY | {"settings": [TINY["settings"][0] | {"variance": variance} for variance in (1, 2.0)]},
        TINY | {"protocols": {"tiny": PROTOCOL | {"minibatch": None}}},
        TINY | {"models": {"templates": None, "mixture": TINY["models"]["mixture"] | {"snapshots": 1, "options": {}}}},
        TINY | {"figures": ["losses", *TINY["figures"][1:]]},
    ],
    ids=[
        "order of keys",
        "1.0 for 1",
        "0.333 for 1/3",
        "defaults",
        "grid written out",
        "null",
        "models",
        "figure by name",
    ],
)
def test_same_campaign_written_otherwise_reruns_nothing(workflow: Workflow, config: dict[str, Any]):
    """Another spelling of the same configuration reruns nothing."""
    workflow.write(config)
    assert workflow.pending() == {}


def test_other_campaign_shares_what_it_can(workflow: Workflow):
    """A campaign of another name uses samples, models and evaluations that exist, and makes its own tables."""
    workflow.configure(campaign="other", figures=["prediction"], seeds=[2])
    assert workflow.pending() == {"regress": 1, "plot prediction": 1, **AFTER_PLOT, **FILES}


@pytest.mark.parametrize("old", ["as copied", "inputs newer than outputs"])
def test_fresh_clone_with_results_reruns_nothing(finished: Path, shared: Path, tmp_path: Path, old: str):
    """Code files as new as a clone, in another folder, with results and Snakemake's records copied: nothing reruns."""
    carried, clone = tmp_path / "carried", tmp_path / "another/clone"
    copy_finished(finished, carried)
    copy_parts(clone)
    for name in ("results", ".snakemake", "tiny.yaml"):
        (carried / name).rename(clone / name)
    now = max(path.stat().st_mtime for path in (clone / "results").rglob("*.nc"))
    for path in clone.rglob("*"):
        if path.is_file() and "results" not in path.parts and ".snakemake" not in path.parts:
            os.utime(path, (now + 100, now + 100))
    if old == "inputs newer than outputs":
        for age, kind in enumerate(("samples", "models", "evaluations", "tiny/*.nc", "tiny/*.json", "tiny/figures")):
            for path in (clone / "results").glob(kind):
                for file in [path, *path.rglob("*")]:
                    os.utime(file, (now - age, now - age))
    assert Workflow(clone, shared / "cache").pending() == {}


def test_touched_large_inputs_rerun_nothing(workflow: Workflow):
    """A file above the megabyte up to which Snakemake compares contents by default is compared by content, too."""
    setting = "gaussian_N10_d200_K2"
    workflow.configure(settings=[{"family": "gaussian", "N": 10, "d": 200, "K": 2}], models=sizes([1]), figures=[])
    samples, models = (workflow.path(kind, setting) for kind in ("samples", "models"))
    assert count(workflow.jobs("--cores", "1", models)) == {"sample": 1, "train": 1}
    path = workflow / samples
    assert path.stat().st_size > 1e6
    later = (workflow / models).stat().st_mtime + 100
    os.utime(path, (later, later))
    assert workflow.pending(models) == {}


def sizes(wanted: list[int], **models: Any) -> dict[str, Any]:
    """Return the models of the tiny campaign with other sizes, and more models."""
    return TINY["models"] | {"mixture": TINY["models"]["mixture"] | {"sizes": wanted}} | models


def test_changing_back_reruns_nothing_but_tables(workflow: Workflow):
    """A changed number makes new files beside the old ones; changed back, only what has no key is made again."""
    before = times(workflow / "results/models") | times(workflow / "results/evaluations")
    workflow.configure(protocols=TINY["protocols"] | {"tiny": PROTOCOL | {"steps": 25}}, seeds=[1], figures=[])
    assert count(workflow.jobs("--cores", "2"))["train"] == 2
    after = times(workflow / "results/models") | times(workflow / "results/evaluations")
    assert after.items() > before.items()
    assert len(after) == len(before) + 4
    workflow.configure()
    assert workflow.pending() == {"regress": 1, **AFTER_REGRESS, **FILES}


def test_campaigns_that_differ_in_one_number_live_side_by_side(workflow: Workflow):
    """Neither of two campaigns replaces a file of the other: when one has run, the other has nothing to do."""
    workflow.configure(campaign="other", evaluation=TINY["evaluation"] | {"draws": 3}, seeds=[1], figures=[])
    assert count(workflow.jobs("--cores", "2"))["evaluate"] == 2
    assert workflow.pending() == {}
    workflow.configure()
    assert workflow.pending() == {}


def test_second_model_runs_its_own_jobs(workflow: Workflow):
    """A model more is trained and evaluated on the samples that are there; the first model's files stay."""
    second = {"denoiser": "isotropic_mixture", "sizes": [3], "protocol": "spare", "families": ["gaussian"]}
    workflow.configure(models=TINY["models"] | {"second": second})
    jobs = workflow.jobs()
    plots = {"plot losses": 4, "plot mechanism": 1, "plot prediction": 1}
    assert count(jobs) == {"train": 4, "evaluate": 4, "regress": 1, **plots, **AFTER_PLOT, **FILES}
    assert {job.wildcards["model"] for job in jobs if job.rule in ("train", "evaluate")} == {"second"}


def test_snapshots_retrain_under_another_key(workflow: Workflow):
    """More snapshots are other files, whose last step has the models that were there."""
    models = TINY["models"] | {"mixture": TINY["models"]["mixture"] | {"snapshots": [5, 20]}}
    old = workflow.path("models", SETTING)
    workflow.configure(models=models, seeds=[1], figures=[])
    new = workflow.path("models", SETTING)
    assert new != old
    assert count(workflow.jobs("--cores", "2", new)) == {"train": 1}
    with xr.open_dataset(workflow / old) as one, xr.open_dataset(workflow / new) as many:
        assert many.step.values.tolist() == [5, 20]
        for name in ("mean", "standard_deviation"):
            np.testing.assert_array_equal(many[name].sel(step=20), one[name].isel(step=-1))
