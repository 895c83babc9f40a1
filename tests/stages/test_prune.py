"""`edgemem prune` removes what no campaign of the folder refers to, and nothing else."""

import fcntl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from edgemem.cli import main
from edgemem.config.file_list import CampaignFile, files_of
from edgemem.config.loading import read_campaign
from edgemem.files.lineage import sha256
from edgemem.versions import tags
from edgemem.versions.records import read_records, write_records
from edgemem.versions.version import File, Version


PROTOCOL = {"steps": 10, "draws": 1, "peak_lr": 0.1, "final_lr": 0.1}
CONFIG: dict[str, Any] = {
    "campaign": "tiny",
    "seeds": [1, 2],
    "settings": [{"family": "gaussian", "N": 10, "d": 2, "K": 2, "variance": [0.25, 1]}],
    "models": {"mixture": {"denoiser": "isotropic_mixture", "sizes": [5, 10], "protocol": "short"}},
    "protocols": {"short": PROTOCOL},
    "figures": ["prediction"],
}
LONGER = {"protocols": {"short": PROTOCOL | {"steps": 20}}}


def make(*overlays: str) -> list[CampaignFile]:
    """Make all files of a campaign, with logs and benchmarks, and return them; each holds its own path."""
    files = files_of(read_campaign("config.yaml", *overlays))
    for path in {path for file in files for path in (file.path, file.log, file.benchmark)}:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)
    write_records({file.path: {"rule": file.stage} for file in files})
    return files


def contents() -> dict[str, bytes]:
    """Return everything below results by path."""
    return {str(path): path.read_bytes() for path in Path("results").rglob("*") if path.is_file()}


def configure(**changes: Any) -> None:
    """Write the configuration, with other values of some keys."""
    Path("config.yaml").write_text(yaml.safe_dump(CONFIG | changes))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the current one, with a finished campaign."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    configure()
    make()
    return tmp_path


@pytest.fixture
def prune(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A function that runs the command, which must succeed, and returns what it prints."""

    def run(*words: str) -> str:
        capsys.readouterr()
        assert main(["prune", *words]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """A function that runs the command, which must refuse and change nothing, and returns its message."""

    def run(*words: str) -> str:
        before = contents()
        assert main(["prune", *words]) == 1
        assert contents() == before
        printed = capsys.readouterr()
        assert printed.out == ""
        return printed.err

    return run


def test_a_finished_campaign_has_nothing_to_remove(prune: Callable[..., str]):
    """All that a campaign has made is used, whatever else lies hidden or is somebody's own."""
    own = [Path("results", name) for name in ("diff-a-b.html", ".jax-cache/program", "notes/mine.txt")]
    for path in [*own, Path("results/tiny/figures/mine.png")]:
        path.parent.mkdir(exist_ok=True)
        path.write_text("own")
    before = contents()
    assert prune("--yes") == "nothing to remove: all else belongs to the campaigns here (tiny)\n"
    assert contents() == before


def test_what_a_changed_value_leaves_behind_is_removed(prune: Callable[..., str]):
    """After a changed value the models and evaluations of the old one go, with logs, benchmarks and records."""
    configure(**LONGER)
    new = make()
    old = [file for file in files_of(read_campaign_of(CONFIG)) if file.path not in {each.path for each in new}]
    assert {file.kind for file in old} == {"models", "evaluations"}
    gone = {path for file in old for path in (file.path, file.log, file.benchmark)}
    before = contents()

    said = prune()
    assert all(file.path in said for file in old)
    assert f"in all {len(gone)} files, " in said
    assert "nothing was removed; give --yes" in said
    assert contents() == before

    assert f"removed {len(gone)} files" in prune("--yes")
    assert contents() == {path: content for path, content in before.items() if path not in gone}
    assert read_records(file.path for file in old) == {}
    assert len(read_records(file.path for file in new)) == len(new)
    assert "nothing to remove" in prune("--yes")


def test_pages_of_campaigns_that_ran_are_removed(prune: Callable[..., str]):
    """What `report --partial` has left is no result, whoever's campaign it shows."""
    before = contents()
    for path in ("results/tiny/partial/report.html", "results/tiny/partial/figures/prediction.png"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(path)
    assert "results/tiny/partial (2 files)" in prune()
    assert "removed 2 files" in prune("--yes")
    assert contents() == before
    assert not Path("results/tiny/partial").exists()


def read_campaign_of(config: dict[str, Any]) -> Any:
    """Return the campaign of a configuration that is in no file here."""
    path = Path("elsewhere.yaml")
    path.write_text(yaml.safe_dump(config))
    campaign = read_campaign(path)
    path.unlink()
    return campaign


@pytest.mark.parametrize("name", ["mine.yaml", "mine.yml"])
def test_what_an_experiment_uses_is_kept(prune: Callable[..., str], name: str):
    """Files that another campaign file refers to, laid over the configuration, are used."""
    configure(**LONGER)
    make()
    Path("experiments").mkdir()
    overlay = Path("experiments", name)
    overlay.write_text(yaml.safe_dump({"campaign": "mine", "protocols": CONFIG["protocols"]}))
    make(str(overlay))
    before = contents()
    assert prune("--yes") == "nothing to remove: all else belongs to the campaigns here (mine, tiny)\n"
    assert contents() == before


def test_what_a_named_combination_uses_is_kept(prune: Callable[..., str]):
    """Files of a campaign that is laid over two others are used if it is named."""
    Path("a.yaml").write_text(yaml.safe_dump({"campaign": "both"}))
    Path("b.yaml").write_text(yaml.safe_dump({"protocols": {"short": {"steps": 30}}}))
    make("a.yaml", "b.yaml")
    assert "nothing to remove" in prune("--configfile", "a.yaml", "b.yaml")
    said = prune("--configfile", "a.yaml")
    assert "mixture-" in said
    assert "results/both" not in said
    assert "  results/both (" in prune()


def test_folder_of_a_campaign_that_is_gone_is_removed(prune: Callable[..., str]):
    """Tables, figures, logs and benchmarks of another campaign go, and what it shared with this one stays."""
    before = contents()
    Path("old.yaml").write_text("campaign: old\n")
    make("old.yaml")
    Path("results/logs/collect").mkdir(parents=True)
    Path("results/logs/collect/old.log").write_text("collected")
    assert "  results/old (" in prune("--yes")
    assert contents() == before
    assert not Path("results/old").exists()
    assert not Path("results/logs/collect").exists()


def test_what_lies_beside_a_result_goes_and_stays_with_it(prune: Callable[..., str]):
    """A checkpoint or a file that was set aside belongs to its result."""
    used = next(file.path for file in files_of(read_campaign("config.yaml")) if file.kind == "models")
    beside = [Path(used + end) for end in (".truncated", ".work/state.npz")]
    for path in beside:
        path.parent.mkdir(exist_ok=True)
        path.write_text("beside")
    assert "nothing to remove" in prune("--yes")
    configure(**LONGER)
    make()
    prune("--yes")
    assert not Path(used).exists()
    assert not any(path.exists() for path in beside)
    assert not Path(used + ".work").exists()


def test_what_a_saved_version_has_is_kept(prune: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    """A file that is in a version just so is kept, and it is said; one of the same name with other bytes is not."""
    git("init", "--quiet")
    for key in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{key}_NAME", "Tester")
        monkeypatch.setenv(f"GIT_{key}_EMAIL", "tester@example.org")
    git("commit", "--quiet", "--allow-empty", "-m", "Begin")
    files = [file.path for file in files_of(read_campaign("config.yaml")) if file.kind in ("models", "evaluations")]
    saved = {path: File(sha256(path), 1, 1, path) for path in files}
    saved[files[0]] = File("0" * 64, 1, 1, files[0])
    tags.write(Version("v1", "tiny", [], [], [], {}, {}, saved, "", ""), [], "")
    configure(**LONGER)
    said = prune("--yes")
    assert f"kept, since a saved version has them: {len(files) - 1} files, " in said
    assert files[0] in said
    assert not Path(files[0]).exists()
    assert all(Path(path).exists() for path in files[1:])


def git(*words: str) -> None:
    """Run git here."""
    subprocess.run(["git", *words], check=True)


def test_a_campaign_file_that_is_refused_stops_it(refused: Callable[..., str]):
    """Nothing is listed as unused by mistake: a file that cannot be read, or has a wrong value, is named."""
    configure(**LONGER)
    Path("experiments").mkdir()
    Path("experiments/broken.yaml").write_text("seeds: [1")
    assert "experiments/broken.yaml, line 1 is not YAML" in refused("--yes")
    Path("experiments/broken.yaml").write_text("seeds: []")
    assert "experiments/broken.yaml: seeds" in refused("--yes")
    Path("experiments/broken.yaml").unlink()
    assert "none.yaml cannot be read" in refused("--yes", "--configfile", "none.yaml")


def test_nothing_is_removed_while_jobs_run(refused: Callable[..., str]):
    """While Snakemake or one of its jobs works, results are left alone."""
    configure(**LONGER)
    lock = Path(".snakemake/locks/0.output.lock")
    lock.parent.mkdir(parents=True)
    lock.write_text("x")
    assert "Snakemake is running in this folder" in refused("--yes")
    lock.unlink()
    job = Path("results/tiny/.report.html.job")
    with job.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert f"a job is still running and holds {job}" in refused("--yes")
    job.unlink()


@pytest.mark.parametrize(("answer", "left"), [("y", False), ("", True)])
def test_somebody_at_a_terminal_is_asked(
    prune: Callable[..., str], monkeypatch: pytest.MonkeyPatch, answer: str, left: bool
):
    """Without --yes files go if somebody says so."""
    Path("old.yaml").write_text("campaign: old\n")
    make("old.yaml")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    prune()
    assert Path("results/old").exists() == left
