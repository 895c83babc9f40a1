"""Names of versions are tags of git: they can be renamed, and two clones may have used the same one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgemem.errors import EdgememError
from edgemem.versions import tags
from edgemem.versions.version import File, Version

from .repository import Repository, clone


@pytest.fixture
def named(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with a version whose content is nowhere; this process runs in it."""
    for key in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"):
        monkeypatch.setenv(key, repository.environment[key])
    monkeypatch.chdir(repository.folder)
    tags.write(version("tiny"), [], "the first")
    return repository


def version(campaign: str) -> Version:
    """Return a version named v1."""
    files = {"results/a": File("0", 10, 1, "samples of a")}
    return Version("v1", campaign, [], ["seeds=[1]"], [], {"steps": 20}, {"x/m50": None}, files, "", "outs:\n")


def test_version_is_read_as_it_was_written(named: Repository):
    """All that a version is, but for the content of its files, comes back from git."""
    assert tags.read("v1") == version("tiny")
    (tag,) = tags.all_tags()
    assert (tag.name, tag.message, tag.commit) == ("v1", "the first", named.git("rev-parse", "HEAD").strip())


def test_versions_of_the_format_before_can_be_read():
    """They are as they were saved, and had no values of `--config`."""
    content = json.loads(version("tiny").to_json()) | {"format": 2}
    del content["values"]
    assert Version.from_json(json.dumps(content)) == replace(version("tiny"), values=[])
    with pytest.raises(EdgememError, match="version v1 has format 4, this edgemem reads 2 and 3"):
        Version.from_json(json.dumps(content | {"format": 4}))


def test_files_that_git_does_not_track_are_compared(named: Repository):
    """An overlay of one's own is the one that was saved until it is changed, whatever git knows of it."""
    own = "experiments/mine.yaml"
    (named / own).parent.mkdir(exist_ok=True)
    (named / own).write_text("campaign: mine\n")
    tags.write(replace(version("mine"), name="v2", configfiles=[own]), [own], "")
    assert tags.changed([own], ["version/v2"]) == []
    assert tags.changed([own], ["HEAD"]) == [own]
    (named / own).write_text("campaign: other\n")
    assert tags.changed([own], ["version/v2"]) == [own]
    (named / own).unlink()
    assert tags.changed([own], ["version/v2"]) == [own]


def test_version_can_be_renamed(named: Repository):
    """A version is called what its tag is called."""
    named.git("tag", "-a", "-m", "renamed", "version/new", "version/v1^{}")
    named.git("tag", "-d", "version/v1")
    assert tags.read("new").name == "new"
    assert [line.split()[0] for line in named.version("list").splitlines()] == ["name", "new"]
    assert "did you mean 'new'?" in named.refused("restore", "newer")


@pytest.mark.parametrize("folder", ["", "part"])
def test_workflow_may_be_a_part_of_the_repository(
    named: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
):
    """Paths in a version's commit are those of the workflow's folder, wherever it is in the repository."""
    (named / folder).mkdir(exist_ok=True)
    (named / folder / "config.yaml").write_text("campaign: part\n")
    monkeypatch.chdir(named / folder)
    tags.write(replace(version("part"), name="v2"), ["config.yaml"], "")
    assert tags.read("v2").campaign == "part"
    assert named.git("show", f"version/v2:{Path(folder, 'config.yaml')}") == "campaign: part\n"


def test_two_clones_with_the_same_name(
    named: Repository, shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Who has saved another version under a name that the other clone has used is told how to rename it."""
    named.git("tag", "-d", "version/v1")
    other = clone(named, tmp_path / "other", shared / "cache")
    tags.write(version("tiny"), [], "of the first clone")
    monkeypatch.chdir(other.folder)
    tags.write(version("other"), [], "of the second clone")
    said = other.refused("pull", str(tmp_path))
    assert "git tag -a -m TEXT version/NEW version/OLD^{} && git tag -d version/OLD" in said
    other.git("tag", "-a", "-m", "mine", "version/mine", "version/v1^{}")
    other.git("tag", "-d", "version/v1")
    other.git("fetch", "--quiet", "origin", "refs/tags/version/*:refs/tags/version/*")
    assert {tag.name for tag in tags.all_tags()} == {"v1", "mine"}
