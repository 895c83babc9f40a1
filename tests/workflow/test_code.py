"""An edit in the code reruns the jobs that run it and what follows; what no job runs, and a new date, rerun nothing."""

import os
from pathlib import Path

import pytest

from .campaign import (
    AFTER_EVALUATE,
    AFTER_PLOT,
    AFTER_REGRESS,
    AFTER_SAMPLE,
    AFTER_TRAIN,
    ALL,
    FILES,
    Job,
    Workflow,
    count,
)


EVERY_PLOT = {"plot losses": 2, "plot mechanism": 1, "plot prediction": 1, **AFTER_PLOT}
TRAINED = {"train": 4, **AFTER_TRAIN}
EDITS = {
    # The list of all files is no NetCDF file.
    "files/lineage.py": {name: number for name, number in ALL.items() if name != "files"},
    "files/attributes.py": {name: number for name, number in ALL.items() if name != "files"},
    "files/atomic_write.py": ALL,
    "layout.py": ALL,
    "pieces.py": ALL,
    "config/settings.py": ALL,
    # A family is an input of its own jobs, and of tables over all settings.
    "families/gaussian/setting.py": {name: n for name, n in ALL.items() if name != "plot prediction"} | EVERY_PLOT,
    "families/gaussian/data.py": {"sample": 4, **AFTER_SAMPLE},
    "families/gaussian/true_denoiser.py": {"evaluate": 4, **AFTER_EVALUATE},
    "families/image/setting.py": {},
    "families/image/data.py": {},
    "families/image/templates.py": {},
    "families/image/true_denoiser.py": {},
    # A denoiser is an input of its own training and of what follows.
    "denoisers/abstract.py": TRAINED,
    "denoisers/storage.py": TRAINED,
    "denoisers/isotropic_mixture.py": TRAINED,
    "denoisers/coloured_templates.py": {},
    "numerics/isotropic_mixture.py": {"geometry": 4, **TRAINED},
    "config/train.py": TRAINED | FILES,
    "numerics/sampling.py": {"geometry": 4, **TRAINED},
    "numerics/training.py": TRAINED,
    "engine/trainer.py": TRAINED,
    "runtime/checkpoints.py": TRAINED,
    "runtime/devices.py": TRAINED,
    "stages/evaluate.py": {"evaluate": 4, **AFTER_EVALUATE},
    "engine/evaluation.py": {"evaluate": 4, **AFTER_EVALUATE},
    "stages/geometry.py": {"geometry": 4, **AFTER_TRAIN},
    "engine/sample_geometry.py": {"geometry": 4, **AFTER_TRAIN},
    "engine/evaluation_noise.py": {"geometry": 4, **AFTER_TRAIN},
    "numerics/references.py": {"geometry": 4, **AFTER_TRAIN},
    "config/regress.py": {"regress": 1, **AFTER_REGRESS},
    "numerics/theory.py": {"regress": 1, **AFTER_REGRESS},
    "numerics/regression.py": {"regress": 1, **AFTER_REGRESS},
    "analysis/metrics.py": {"regress": 1, **AFTER_REGRESS},
    "stages/files.py": FILES,
    "stages/report.py": AFTER_PLOT,
    "reporting/claims.py": AFTER_PLOT,
    "reporting/cost.py": AFTER_PLOT,
    # Asked for by name alone.
    "stages/sensitivity.py": {},
    "engine/sensitivity.py": {},
    "stages/barrier.py": {},
    "engine/barrier.py": {},
    "numerics/paths.py": {},
    "stages/agreement.py": {},
    "engine/agreement.py": {},
    "numerics/agreement.py": {},
    "denoisers/matching.py": {},
    "stages/claims.py": {},
    "config/plot.py": EVERY_PLOT,
    "figures/style.py": EVERY_PLOT,
    "figures/losses.py": {"plot losses": 2, **AFTER_PLOT},
    "figures/left_out.py": {"plot mechanism": 1, **AFTER_PLOT},
    # No figure of this campaign.
    "figures/transition.py": {},
    "figures/image_rows.py": {},
    # These make the jobs; what they hand to a job is compared by itself.
    "config/campaign.py": {},
    "config/checks.py": {},
    "config/loading.py": {},
    "workflow/plan.py": {},
    "workflow/resources.py": {},
    "workflow/repair.py": {},
    "workflow/code_inputs.py": {},
    "commands/status.py": {},
    "commands/partial.py": {},
    "commands/lineage.py": {},
    "campaign_tree.py": {},
}


# One of each kind: a piece of training, of all plots, of one figure, of a family that is not there, of no job.
EDITED = ("numerics/training.py", "figures/style.py", "figures/losses.py", "families/image/data.py", "workflow/plan.py")


@pytest.fixture(scope="module")
def planned(finished: Path, shared: Path) -> list[Job]:
    """All jobs of the tiny campaign."""
    return Workflow(finished, shared / "cache").jobs("--forceall")


@pytest.mark.parametrize("module", EDITS)
def test_module_is_an_input_of_what_imports_it(planned: list[Job], module: str):
    """The jobs that read a module, and those that read what they make, are the jobs whose stage imports it."""
    changed = {f"src/edgemem/{module}"}
    rerun: list[Job] = []
    while new := [job for job in planned if job not in rerun and changed & set(job.input)]:
        rerun += new
        changed.update(*(job.output for job in new))
    assert count(rerun) == EDITS[module]


@pytest.mark.parametrize("module", EDITED)
def test_edited_module_reruns_what_reads_it(workflow: Workflow, module: str):
    """An edit in a module reruns the jobs whose input it is, what follows from them, and nothing else."""
    with (workflow / f"src/edgemem/{module}").open("a") as file:
        file.write("# edited\n")
    assert workflow.pending() == EDITS[module]


@pytest.mark.parametrize("template", ["report", "base", "parts"])
def test_edited_template_reruns_the_report(workflow: Workflow, template: str):
    """Other words around what is reported, or another style, make the report again, and nothing else."""
    with (workflow / f"docs/templates/{template}.html").open("a") as file:
        file.write("<!-- edited -->")
    assert workflow.pending() == AFTER_PLOT


def test_touched_modules_rerun_nothing(workflow: Workflow):
    """Source files with new dates and the old content rerun nothing."""
    now = max(path.stat().st_mtime for path in (workflow / "results").rglob("*"))
    for path in (workflow / "src").rglob("*.py"):
        os.utime(path, (now + 100, now + 100))
    assert workflow.pending() == {}


def test_comments_and_pages_rerun_nothing(workflow: Workflow):
    """Words in README and docs, and comments in the configuration, the profile and the rules, rerun nothing."""
    (workflow / "README.md").write_text("# Another title\n")
    (workflow / "docs/page.md").write_text("A page.\n")
    rules = list((workflow / "rules").glob("*.smk"))
    for path in [workflow / "Snakefile", workflow / "config.yaml", workflow / "profiles/default/config.yaml", *rules]:
        path.write_text(f"# A comment.\n{path.read_text()}\n# Another.\n")
    assert workflow.pending() == {}
