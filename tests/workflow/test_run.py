"""`edgemem run` runs a campaign from anywhere, and says of each job in a line why it runs."""

import subprocess

import pytest
import yaml

from edgemem.workflow.reasons import why

from .campaign import CONFIG, OTHER_SETTING, SETTING, TINY, Workflow
from .test_traps import edgemem


def test_a_changed_key_is_named_in_one_line(workflow: Workflow):
    """A job that a changed value makes run says which key, before and after; what follows says no more than that."""
    workflow.configure(evaluation=TINY["evaluation"] | {"generated": 60})
    run = edgemem(workflow, "run", CONFIG, "-n")
    assert run.returncode == 0, run.stdout
    lines = run.stdout.splitlines()
    for setting in (SETTING, OTHER_SETTING):
        assert f"evaluate mixture on {setting}, seed 1: changed: evaluation.generated 50 → 60" in lines
    assert "report on campaign tiny: what it reads is made again" in lines
    assert max(map(len, lines)) < 200


def test_it_runs_from_any_folder_and_takes_several_files(workflow: Workflow):
    """Files are found from where one is; of two `--configfile` both count; options go to Snakemake, and its exit code
    comes back.
    """
    inside = workflow / "results/tiny"
    both = ("--configfile", CONFIG, "--configfile", "more.yaml")
    (inside / "more.yaml").write_text(yaml.safe_dump({"seeds": [1, 2, 5]}))
    run = edgemem(workflow, "run", *both, "--dry-run", here=inside)
    assert run.returncode == 0, run.stdout
    assert f"sample {SETTING}, seed 5: new" in run.stdout.splitlines()
    assert not (workflow / "results/samples" / SETTING / "seed5.nc").exists()
    assert edgemem(workflow, "run", CONFIG, "--no-such-option").returncode == 2


def test_a_failed_job_is_a_line_with_its_last_words(workflow: Workflow):
    """A job that fails is named with what it said last and where all of it is."""
    models = workflow.path("models", SETTING)
    (workflow / models).unlink()
    workflow.environment["EDGEMEM_CHECKPOINT_MINUTES"] = "often"
    run = edgemem(workflow, "run", CONFIG, models)
    assert run.returncode == 1
    (line,) = (line for line in run.stdout.splitlines() if line.startswith("failed: "))
    assert line.startswith(
        f"failed: train mixture on {SETTING}, seed 1: edgemem train: EDGEMEM_CHECKPOINT_MINUTES must"
    )
    (log,) = (file.log for file in workflow.files() if file.path == models)
    assert line.endswith(f"[{log}]")


def test_a_run_ends_when_its_last_job_does(workflow: Workflow):
    """Whether jobs succeed or fail: no look at ready jobs that Snakemake has put off is waited for.

    Nor without hooks, as Snakemake runs in each job of a cluster.
    """
    models = workflow.path("models", SETTING)
    (workflow / models).unlink()
    for minutes, code in (("often", 1), ("5", 0)):
        environment = workflow.environment | {"EDGEMEM_CHECKPOINT_MINUTES": minutes}
        words = workflow.command(models, "--cores", "1", "--no-hooks", "--max-jobs-per-timespan", "100/2h")
        run = subprocess.run(
            words, cwd=workflow.folder, env=environment, capture_output=True, timeout=1200, check=False
        )
        assert run.returncode == code


@pytest.mark.parametrize("made", [["files"], ["figures"]])
def test_the_last_lines_name_only_what_is_there(made: list[str], workflow: Workflow):
    """Whoever asks for a table is not told of a report that was not made, nor of one that is older than the tables."""
    for path in [*(workflow / "results/tiny").glob("*.html"), workflow / "results/tiny/files.csv"]:
        path.unlink()
    for path in (workflow / "results/tiny/figures").rglob("*.*"):
        path.unlink()
    run = edgemem(workflow, "run", CONFIG, *made, "--cores", "1")
    assert run.returncode == 0, run.stdout
    assert "report.html" not in run.stdout
    assert ("Figures: results/tiny/figures" in run.stdout.splitlines()) == (made == ["figures"])


REASONS = {
    "Missing output files: results/x.nc": "new",
    "Forced execution": "asked for again",
    "Input files updated by another job: a, b": "what it reads is made again",
    "Updated input files: src/edgemem/numerics/losses.py, src/edgemem/cli.py": (
        "code changed: cli.py, numerics/losses.py"
    ),
    "Updated input files: config.yaml": "input changed: config.yaml",
    "Updated input files: src/edgemem/a.py, src/edgemem/b.py, src/edgemem/c.py, src/edgemem/d.py, src/edgemem/e.py": (
        "code changed: a.py, b.py, c.py and 2 more"
    ),
    'Params have changed since last execution: before: {"a": {"b": 1}} now: {"a": {"b": 2}} ': "changed: a.b 1 → 2",
    'Params have changed since last execution: before: {"a": 1} now: {"a": 1, "c": "x"} ': "changed: c nothing → x",
    f'Params have changed since last execution: before: {{"a": {list(range(50))}}} now: {{"a": [1]}}': (
        "changed: a 50 values → [1]"
    ),
    "Code has changed since last execution; Set of input files has changed since last execution": (
        "its rule has changed; reads other files than last time"
    ),
}


@pytest.mark.parametrize("reason", REASONS)
def test_reasons_are_short(reason: str):
    """What Snakemake says becomes a few words."""
    assert why(reason, ["results/x.nc"], "edgemem files --spec '{}'") == REASONS[reason]
