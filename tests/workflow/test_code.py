"""An edit in the code reruns the jobs that run it and what follows; what no job runs, and a new date, rerun nothing."""

import os

import pytest

from .campaign import AFTER_EVALUATE, AFTER_PLOT, AFTER_REGRESS, AFTER_TRAIN, ALL, Workflow


EVERY_PLOT = {"plot losses": 2, "plot mechanism": 1, "plot prediction": 1, **AFTER_PLOT}
EDITS = {
    "lineage.py": ALL,
    "attributes.py": ALL,
    "config/settings.py": ALL,
    "families/gaussian_data.py": ALL,
    # Families are known by name to every stage that draws samples.
    "families/template_images.py": ALL,
    "numerics/coloured_templates.py": {"train": 4, **AFTER_TRAIN},
    "config/train.py": {"train": 4, **AFTER_TRAIN},
    "numerics/sampling.py": {"train": 4, **AFTER_TRAIN},
    "writing.py": ALL,
    "trainer.py": {"train": 4, **AFTER_TRAIN},
    "checkpoints.py": {"train": 4, **AFTER_TRAIN},
    "devices.py": {"train": 4, **AFTER_TRAIN},
    "stages/evaluate.py": {"evaluate": 4, **AFTER_EVALUATE},
    "config/evaluate.py": {"evaluate": 4, **AFTER_EVALUATE},
    "config/regress.py": {"regress": 1, **AFTER_REGRESS},
    "numerics/theory.py": {"regress": 1, **AFTER_REGRESS},
    "numerics/regression.py": {"regress": 1, **AFTER_REGRESS},
    "tables/metrics.py": {"regress": 1, **AFTER_REGRESS},
    "stages/report.py": AFTER_PLOT,
    "captions.py": AFTER_PLOT,
    "tables/claims.py": AFTER_PLOT,
    "tables/cost.py": AFTER_PLOT,
    # Asked for by name alone.
    "stages/sensitivity.py": {},
    "stages/claims.py": {},
    "config/plot.py": EVERY_PLOT,
    "figures/style.py": EVERY_PLOT,
    "figures/losses.py": {"plot losses": 2, **AFTER_PLOT},
    # No figure of this campaign.
    "figures/transition.py": {},
    "figures/images.py": {},
    # These make the jobs; what they hand to a job is compared by itself.
    "config/campaign.py": {},
    "config/needs.py": {},
    "mending.py": {},
    "commands/status.py": {},
    "commands/lineage.py": {},
    "opening.py": {},
    "code_inputs.py": {},
}


@pytest.mark.parametrize("module", EDITS)
def test_edited_module_reruns_what_imports_it(workflow: Workflow, module: str):
    """An edit in a module reruns the jobs whose stage imports it, what follows from them, and nothing else."""
    with (workflow / f"src/edgemem/{module}").open("a") as file:
        file.write("# edited\n")
    assert workflow.pending() == EDITS[module]


def test_edited_template_reruns_the_report(workflow: Workflow):
    """Other words around what is reported make the report again, and nothing else."""
    with (workflow / "docs/templates/report.html").open("a") as file:
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
