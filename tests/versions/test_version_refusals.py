"""What `edgemem version` refuses, in one message that says what to type; none of it needs DVC."""

import base64
import fcntl
import re
import shutil
from pathlib import Path

import pytest
from snakemake.persistence.file import FilePersistence

from edgemem.commands.version.share import _place
from edgemem.errors import EdgememError
from edgemem.files.file_lock import lock_of
from edgemem.versions.records import _place as place_of_record
from workflow.campaign import CONFIG, SETTING, TINY, Workflow

from .repository import OWN_FIGURE, Repository, flip_byte


SAVE = ("save", "v1", "--configfile", CONFIG)
ACTIONS = [("list",), SAVE, ("restore", "v1"), ("verify",), ("push", "."), ("pull", ".")]


@pytest.mark.parametrize(
    "action", [("list",), SAVE, ("restore", "v1"), ("verify",), ("push", "."), ("pull", ".")], ids=str
)
def test_without_a_repository_one_message_says_what_to_type(workflow: Workflow, shared: Path, action: tuple[str, ...]):
    """Where there is no git repository, every action says so, and how to make one."""
    shutil.rmtree(workflow / ".git", ignore_errors=True)
    said = Repository(workflow.folder, shared / "cache").refused(*action)
    assert "this folder is in no git repository; type: git init" in said


def test_files_are_verified_without_git(workflow: Workflow, shared: Path):
    """Results that were copied from elsewhere, without Snakemake's records and without git, are checked."""
    shutil.rmtree(workflow / ".snakemake")
    repository = Repository(workflow.folder, shared / "cache")
    assert "belong together" in repository.version("verify", "--files")
    models, evaluation = (workflow.path(kind, SETTING, 1) for kind in ("models", "evaluations"))
    flip_byte(workflow / models)
    said = repository.refused("verify", "--files")
    assert f"{evaluation} is stale: it was made from another {models}" in said


def test_other_commands_know_nothing_of_versions(workflow: Workflow, shared: Path):
    """Who does not use versions sees neither git nor DVC: a run and its state are as before."""
    assert workflow.pending() == {}
    said = Repository(workflow.folder, shared / "cache").edgemem("status", "--configfile", CONFIG)
    assert said.returncode == 0
    assert not any(word in said.stdout + said.stderr for word in ("git", "DVC", "version"))


def test_unfinished_campaign_is_not_saved(repository: Repository):
    """A state that the configuration would not give is refused, with the command that makes it."""
    repository.configure(evaluation=TINY["evaluation"] | {"draws": 3})
    said = repository.refused(*SAVE)
    assert f"type first: snakemake --cores all --configfile {CONFIG}" in said
    assert repository.path("evaluations", SETTING, 1) in said


def test_values_of_the_command_line_are_part_of_the_configuration(repository: Repository):
    """A campaign that values name is another one: the command that makes it has them, and a bad one is named."""
    said = repository.refused(*SAVE, "--config", "campaign=mine", "evaluation={draws: 3}")
    typed = f"snakemake --cores all --configfile {CONFIG} --config campaign=mine 'evaluation={{draws: 3}}'"
    assert f"type first: {typed}" in said
    assert "results/mine/metrics.json" in said
    assert "--config: seeds: " in repository.refused(*SAVE, "--config", "seeds=none")
    assert "--config takes KEY=VALUE, as in --config campaign=mine" in repository.refused(*SAVE, "--config", "mine")


@pytest.mark.parametrize("change", ["changed", "added", "staged"])
def test_code_of_no_commit_is_not_saved(repository: Repository, change: str):
    """A version's code is that of a commit: what is changed, new or only staged is refused by name."""
    path = "src/edgemem/errors.py" if change == "changed" else "src/edgemem/new.py"
    with (repository / path).open("a") as file:
        file.write("# more\n")
    if change == "staged":
        repository.git("add", path)
    said = repository.refused(*SAVE)
    assert "the code is not that of a commit" in said
    assert path in said


def test_what_the_campaign_does_not_make_is_not_saved(repository: Repository):
    """A figure that is left over from another configuration is refused by name."""
    (repository / "results/tiny/figures/old.png").write_bytes(b"old")
    assert "results/tiny/figures/old.png" in repository.refused(*SAVE)


def test_stale_file_is_not_saved(repository: Repository):
    """Models that changed after they were evaluated are refused, though Snakemake sees no other size and time."""
    models = repository.path("models", SETTING, 1)
    flip_byte(repository / models)
    assert repository.pending() == {}
    said = repository.refused(*SAVE)
    assert f"is stale: it was made from another {models}" in said


def test_results_without_records_are_not_saved(repository: Repository):
    """Copied results, of which nobody knows what made them, are refused."""
    shutil.rmtree(repository / ".snakemake/metadata")
    assert "Snakemake has no record of how some files were made" in repository.refused(*SAVE)


def test_nothing_is_saved_during_a_run(repository: Repository):
    """While Snakemake or one of its jobs works, results are left alone."""
    lock = repository / ".snakemake/locks/0.output.lock"
    lock.parent.mkdir(exist_ok=True)
    lock.write_text("results")
    assert "Snakemake is running in this folder" in repository.refused(*SAVE)
    lock.unlink()
    job = lock_of(repository / repository.path("models", SETTING, 1))
    with job.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert f"a job is still running and holds {job.relative_to(repository.folder)}" in repository.refused(*SAVE)


def test_results_that_lie_here_are_compared_without_git_and_dvc(workflow: Workflow, shared: Path):
    """Campaigns are named by their configuration files, and compared as they lie here; git and DVC are not needed."""
    shutil.rmtree(workflow / ".git", ignore_errors=True)
    repository = Repository(workflow.folder, shared / "cache")
    said = repository.version("diff", CONFIG, CONFIG)
    assert "parameters that differ: none" in said
    assert "files: 0 added, 0 changed, 0 gone" in said
    page = (workflow / "results/diff-tiny-tiny.html").read_text()
    figures = list((workflow / "results/tiny/figures/column").glob("*.png"))
    shown = [base64.b64decode(found) for found in re.findall('src="data:image/png;base64,([^"]*)"', page)]
    assert sorted(shown) == sorted(path.read_bytes() for path in figures)
    assert page.count("(the same)") == len(figures)


def test_comparison_names_what_it_cannot_find(repository: Repository):
    """A version, a file, or results that are not as their configuration has them; nothing is written."""
    said = repository.refused("diff", "v1", CONFIG)
    assert "there is no version 'v1' here; there are: none" in said
    assert "results that lie here are named by a configuration file, as config.yaml" in said
    assert "none.yaml cannot be read: No such file or directory" in repository.refused("diff", CONFIG, "none.yaml")
    typed = f"type first: snakemake --cores all --configfile {CONFIG}"
    changes = ({"campaign": "other"}, {"seeds": [1]}, {"evaluation": TINY["evaluation"] | {"draws": 3}})
    for change in changes:
        repository.configure(**change)
        said = repository.refused("diff", CONFIG, CONFIG)
        name = change.get("campaign", "tiny")
        assert f"the results of campaign {name} are not here as {CONFIG} has them; {typed}" in said
    assert not list((repository / "results").glob("*.html"))


@pytest.mark.parametrize("name", ["", "a b", "-v", "a..b", "a/b", "v1.lock", "v1.yaml", "."])
def test_impossible_names_are_refused(repository: Repository, name: str):
    """A name is letters and digits with single marks between them."""
    ended = repository.edgemem("version", "save", name)
    assert ended.returncode
    assert "is no name for a version" in ended.stderr or "required: NAME" in ended.stderr


def test_configuration_from_elsewhere_is_refused(repository: Repository, tmp_path: Path):
    """A configuration outside of the folder could not be restored."""
    (tmp_path / "far.yaml").write_text("campaign: far\n")
    assert "lies outside of this folder" in repository.refused("save", "v1", "--configfile", str(tmp_path / "far.yaml"))


def test_extension_from_elsewhere_is_refused(repository: Repository, tmp_path: Path):
    """Neither could an extension outside of the folder."""
    (tmp_path / "far.py").write_text(OWN_FIGURE)
    repository.configure(extensions=[str(tmp_path / "far.py")])
    assert f"{tmp_path / 'far.py'} lies outside of this folder, and a version cannot hold it" in repository.refused(
        *SAVE
    )


def test_unknown_version_is_answered_with_what_there_is(repository: Repository):
    """Who asks for a version that is not there, or before there is any, is told."""
    assert "there is no version 'v1' here; there are: none" in repository.refused("restore", "v1")
    assert "there is no version to push" in repository.refused("push", ".")
    assert "no version was saved or restored here lately" in repository.refused("verify")
    assert "no versions yet" in repository.version("list")


def test_elsewhere_than_in_the_workflow(repository: Repository, tmp_path: Path):
    """Outside of the workflow's folder the command says where to type it."""
    elsewhere = Repository(tmp_path, tmp_path)
    elsewhere.environment["PYTHONPATH"] = repository.environment["PYTHONPATH"]
    assert "type this in the folder of the workflow" in elsewhere.refused("list")


@pytest.mark.parametrize("place", ["s3://key:secret@bucket/x", "https://user:secret@host/x", "s3://"])
def test_places_hold_no_secrets(place: str):
    """Credentials come from the environment: a place that holds some is refused, and not repeated."""
    with pytest.raises(EdgememError, match="AWS_ACCESS_KEY_ID") as refused:
        _place(place, "push")
    assert "secret" not in str(refused.value)


def test_places_are_folders_or_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder may be new but not lie in a folder that is not there; an address of S3 stays as it is."""
    monkeypatch.chdir(tmp_path)
    assert _place("new", "push") == str(tmp_path / "new")
    assert _place("s3://bucket/some/folder", "pull") == "s3://bucket/some/folder"
    with pytest.raises(EdgememError, match="there is no folder"):
        _place("new", "pull")
    with pytest.raises(EdgememError, match="there is no folder"):
        _place("missing/new", "push")


@pytest.mark.parametrize("path", ["a.nc", "results/ü.nc", "x" * 500, "y" * 190, "y" * 191, "long/" * 200])
def test_records_lie_where_snakemake_keeps_them(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The place of a record is the one that Snakemake itself computes, also of long paths."""
    monkeypatch.chdir(tmp_path)
    snakemake = FilePersistence.__new__(FilePersistence)
    snakemake._max_len = None
    (tmp_path / ".snakemake/metadata").mkdir(parents=True)
    assert str(place_of_record("metadata", path)) == snakemake._record_path(".snakemake/metadata", path)
