"""Versions with real runs: saved, compared, restored, verified, carried to other clones."""

import json
import re
import shutil
from pathlib import Path

import pytest

from workflow.campaign import AFTER_EVALUATE, AFTER_TRAIN, CONFIG, PROTOCOL, SETTING, TINY

from .repository import MORE_DRAWS, OWN_FIGURE, Repository, clone, contents, flip_byte


pytestmark = pytest.mark.slow

FIGURE = "results/tiny/figures/prediction.png"
MORE_STEPS = TINY["protocols"] | {"tiny": PROTOCOL | {"steps": 30}}


def test_two_versions(two: Repository, finished: Path):
    """Both come back as they were, configuration and all; there is nothing to do, and a change does its own jobs."""
    versioned, first, second = two, contents(finished), two.contents()
    assert versioned.git("status", "--porcelain").split() == ["M", CONFIG]

    table = versioned.version("list").splitlines()
    assert [line.split()[0] for line in table] == ["name", "v1", "v2"]
    commit = versioned.git("rev-parse", "HEAD")[:8]
    assert all(word in table[1] for word in ("tiny", " MB", commit, "as it was"))

    said = versioned.version("diff", "v1", "v2")
    assert "evaluation.draws: 2 -> 3" in said
    assert "files: 0 added, " in said and " changed, 0 gone" in said
    assert f"changed: evaluations of mixture on {SETTING}, seed 1" in said
    assert "models of" not in said
    page = (versioned / "results/diff-v1-v2.html").read_text()
    figures = [path for path in first if Path(path).match("figures/*.png")]
    assert page.count('src="data:image/png;base64,') == 2 * len(figures)
    assert "evaluation.draws" in page
    (versioned / "results/diff-v1-v2.html").unlink()

    assert "a dry-run has nothing to do" in versioned.version("restore", "v1")
    # Evaluations of the other value stay beside those of this one.
    assert versioned.contents() == second | first
    assert versioned.git("status", "--porcelain") == ""
    assert versioned.pending() == {}
    versioned.version("verify")
    versioned.configure(protocols=MORE_STEPS)
    assert versioned.pending() == {"train": 4, **AFTER_TRAIN, "files": 1}
    versioned.configure()

    versioned.version("restore", "v2")
    assert versioned.contents() == second
    assert versioned.pending() == {}
    versioned.version("verify")
    versioned.configure()
    assert versioned.pending() == AFTER_EVALUATE | {"files": 1}


def test_restored_version_is_the_start_of_a_run(two: Repository):
    """After a version is back, a run with another key does its own jobs, and then nothing is left to do."""
    two.version("restore", "v1", "--discard")
    two.configure(seeds=[1], figures=["prediction"])
    jobs = two.pending()
    assert jobs and not {"sample", "train", "evaluate"} & jobs.keys()
    two.run()
    assert two.pending() == {}


def test_saving_leaves_git_as_it_was(versioned: Repository):
    """A version is on no branch, and holds nothing of what is staged, changed or new, but the configuration."""
    (versioned / "staged.txt").write_text("staged")
    versioned.git("add", "staged.txt")
    (versioned / "docs/templates/report.html").touch()
    (versioned / "new.txt").write_text("new")
    with (versioned / CONFIG).open("a") as file:
        file.write("# a comment changes nothing\n")
    before = [versioned.git(*words) for words in (("status", "--porcelain"), ("rev-parse", "HEAD"), ("branch", "-v"))]
    versioned.save("v1")
    after = [versioned.git(*words) for words in (("status", "--porcelain"), ("rev-parse", "HEAD"), ("branch", "-v"))]
    assert after == before
    assert versioned.git("diff", "--name-only", "HEAD", "version/v1").split() == [CONFIG, "version.json"]
    assert "a comment changes nothing" in versioned.git("show", f"version/v1:{CONFIG}")
    assert "there is a version 'v1' already" in versioned.refused("save", "v1", "--configfile", CONFIG)


def test_extension_is_part_of_a_version(versioned: Repository):
    """A figure of one's own comes back with the results that it drew, whether git tracks it or not."""
    own = versioned / "experiments/own.py"
    own.parent.mkdir(exist_ok=True)
    own.write_text(OWN_FIGURE)
    versioned.configure(extensions=["experiments/own.py"], figures=[*TINY["figures"], "own"])
    versioned.run()
    versioned.save("v1")
    first = versioned.contents()
    assert versioned.git("show", "version/v1:experiments/own.py") == OWN_FIGURE
    versioned.version("verify")

    own.write_text(OWN_FIGURE.replace('"o"', '"x"'))
    said = versioned.refused("verify")
    assert "experiments/own.py is not the one that was saved" in said
    assert "a dry-run has something to do: " in said
    said = versioned.refused("restore", "v1")
    assert "\n  experiments/own.py" in said
    own.unlink()
    assert "a dry-run has nothing to do" in versioned.version("restore", "v1")
    assert own.read_text() == OWN_FIGURE
    assert versioned.contents() == first


def test_campaign_of_an_overlay_of_ones_own_and_of_values(versioned: Repository):
    """A campaign is what was given to Snakemake: files that git does not track, and values, which `restore` repeats."""
    own, values = "experiments/mine.yaml", ("campaign=mine", "seeds=[2]", "figures=[prediction]")
    (versioned / own).parent.mkdir(exist_ok=True)
    shutil.copy(versioned / CONFIG, versioned / own)
    given = ("--configfile", own, "--config", *values)
    assert versioned.snakemake("--cores", "2", "--config", *values).returncode == 0
    first = versioned.contents()
    assert "saved v1: campaign mine, " in versioned.version("save", "v1", *given)
    assert json.loads(versioned.git("show", "version/v1:version.json"))["values"] == list(values)
    versioned.version("verify")

    (versioned / "results/mine/transition.nc").unlink()
    (versioned / own).unlink()
    said = versioned.version("restore", "v1")
    typed = "--config campaign=mine 'seeds=[2]' 'figures=[prediction]'"
    assert f"to go on, type: snakemake --cores all --configfile {own} {typed}" in said
    assert versioned.contents() == first
    assert versioned.git("status", "--porcelain", "--untracked-files=all").split() == ["??", own]
    versioned.version("verify")
    assert versioned.pending("--config", *values) == {}
    assert re.search(r"^all +\d+$", versioned.edgemem("status", *given).stdout, re.MULTILINE), "all is done"


def test_verify_finds_what_is_wrong(versioned: Repository):
    """A flipped byte of the same size and time, a figure that is not saved, a missing file, another configuration."""
    versioned.save("v1")
    models, evaluation = (versioned.path(kind, SETTING, 1) for kind in ("models", "evaluations"))
    flip_byte(versioned / models)
    (versioned / "results/tiny/figures/own.png").write_bytes(b"a figure")
    (versioned / FIGURE.replace("png", "pdf")).unlink()
    assert versioned.pending() != {}
    versioned.configure(evaluation=MORE_DRAWS)
    said = versioned.refused("verify")
    assert f"{models} is not the one that was saved" in said
    assert f"{evaluation} is stale: it was made from another {models}" in said
    assert "results/tiny/figures/own.png is not saved" in said
    assert f"{FIGURE.replace('png', 'pdf')} is missing" in said
    assert f"{CONFIG} is not the one that was saved" in said
    assert "a dry-run has something to do: " in said and "4 evaluate" in said

    versioned.configure()
    assert "no version holds" in versioned.refused("restore", "v1")
    versioned.version("restore", "v1", "--discard")
    versioned.version("verify")


def test_flipped_byte_of_an_image(versioned: Repository):
    """Of a figure alone, which no other file is made from, a flipped byte is found as well."""
    versioned.save("v1")
    flip_byte(versioned / FIGURE)
    assert versioned.pending() == {}
    assert f"1 found:\n  {FIGURE} is not the one that was saved" in versioned.refused("verify")


def test_restoring_loses_nothing_that_is_not_saved(two: Repository, finished: Path):
    """Results and configurations that no version holds stop it before anything is changed, until one says so."""
    two.git("tag", "-d", "version/v2")
    second = two.contents()
    said = two.refused("restore", "v1")
    assert "\n  results/tiny/transition.nc" in said
    assert f"\n  {CONFIG}" in said
    assert "--discard" in said
    assert two.contents() == second
    two.version("restore", "v1", "--discard")
    assert two.contents() == second | contents(finished)


def test_other_campaigns_keep_their_files_and_records(two: Repository):
    """Restoring one campaign leaves what another one has made, and Snakemake's records of it."""
    regression = {"holdout": 0.5, "seed": 1}
    two.write(TINY | {"campaign": "other", "seeds": [3], "regression": regression, "figures": ["prediction"]})
    two.run()
    other = {path: content for path, content in two.contents().items() if "other" in path or "seed3" in path}
    config = (two / CONFIG).read_bytes()
    two.version("restore", "v1", "--discard")
    assert other.items() <= two.contents().items()
    (two / CONFIG).write_bytes(config)
    assert two.pending() == {}


def test_campaign_that_lies_here_is_compared_with_a_version(versioned: Repository):
    """Of two campaigns what they share stands side by side: transitions, verdicts, metrics, keys and figures."""
    versioned.save("v1")
    versioned.write(TINY | {"campaign": "other", "seeds": [1], "figures": ["mechanism"]})
    versioned.run()
    said = versioned.version("diff", "v1", CONFIG)
    assert "campaign: tiny -> other" in said
    assert "seeds: 1, 2 -> 1" in said
    page = (versioned / "results/diff-v1-other.html").read_text()
    assert "Campaign tiny beside campaign other." in page
    shared = f"mechanism_{SETTING}_mixture"
    assert re.findall('alt="([^"]*)"', page) == [f"figure {shared} of {of}" for of in ("v1", "campaign other")]
    assert "Only v1 has" in page


@pytest.mark.parametrize("kind", ["folder", "S3"])
def test_second_clone_restores_without_computing(
    versioned: Repository, dvc: Path, s3: dict[str, str], shared: Path, tmp_path: Path, kind: str
):
    """Names come by git, content from a folder or S3; whoever has both has the results, and can give back others."""
    place = {"folder": str(tmp_path / "place"), "S3": f"s3://versions/{tmp_path.name}"}[kind]
    versioned.environment |= s3
    versioned.save("v1")
    first = versioned.contents()
    versioned.version("push", place)

    other = clone(versioned, tmp_path / "other", shared / "cache")
    (other / ".venv-dvc").symlink_to(dvc)
    other.environment |= s3
    assert "v1" in other.version("list")
    assert "python -m edgemem version pull PLACE" in other.refused("restore", "v1")
    assert "v1" in other.version("pull", place)
    other.version("restore", "v1")
    assert other.contents() == first
    assert other.pending() == {}
    other.version("verify")

    other.change(figures=[{"figure": "losses", "time": 0.5}, *TINY["figures"][1:]])
    other.save("v2")
    second = other.contents()
    other.version("push")
    assert "v1, v2" in versioned.version("pull")
    versioned.version("restore", "v2")
    assert versioned.contents() == second
    assert versioned.pending() == {}
    secrets = [
        path
        for path in (*versioned.folder.rglob("*"), *other.folder.rglob("*"))
        if path.is_file() and s3["AWS_SECRET_ACCESS_KEY"].encode() in path.read_bytes()
    ]
    assert secrets == []


def test_s3_without_credentials(versioned: Repository, s3: dict[str, str], tmp_path: Path):
    """Without credentials in the environment nothing is pushed, and the message names the variables."""
    versioned.save("v1")
    versioned.environment |= {"AWS_ENDPOINT_URL": s3["AWS_ENDPOINT_URL"], "AWS_EC2_METADATA_DISABLED": "true"}
    versioned.environment |= {"HOME": str(tmp_path)}
    assert "AWS_ACCESS_KEY_ID" in versioned.refused("push", "s3://versions/x")


def test_other_code_is_named_with_the_way_to_it(versioned: Repository):
    """Where the code has changed since, results come back, and the message says how to have their code as well."""
    versioned.save("v1")
    first = versioned.contents()
    with (versioned / "src/edgemem/figures/prediction.py").open("a") as file:
        file.write("\n# more\n")
    versioned.commit()
    versioned.run()
    versioned.save("v2")
    said = versioned.refused("restore", "v1")
    assert "this code would make others (1 plot" in said
    assert versioned.contents() == first
    versioned.git("switch", "--quiet", "--detach", "version/v1")
    versioned.version("restore", "v1")
    assert versioned.pending() == {}


def test_prune_deletes_what_no_version_names(two: Repository, finished: Path):
    """Content of a version whose tag is gone is deleted after it was said; what another version has stays."""
    assert "nothing in the store is in no version" in two.version("prune", "--yes")
    two.git("tag", "-d", "version/v2")
    said = two.version("prune")
    assert "versions: v1" in said
    assert "in no version: " in said
    assert "nothing was deleted; give --yes" in said
    second = two.contents()
    stored = len([path for path in (two / ".versions/.dvc/cache").rglob("*") if path.is_file()])
    assert "deleted" in two.version("prune", "--yes")
    assert len([path for path in (two / ".versions/.dvc/cache").rglob("*") if path.is_file()]) < stored
    two.version("restore", "v1", "--discard")
    assert two.contents() == second | contents(finished)


@pytest.mark.parametrize("beginning", [b"\x89PNG", b'{"notes"'], ids=["figure", "records"])
def test_damaged_store_changes_nothing(two: Repository, beginning: bytes):
    """What the store gives is compared with what was saved before anything is replaced."""
    before = two.contents()
    for path in (two / ".versions/.dvc/cache").rglob("*"):
        if path.is_file() and path.read_bytes().startswith(beginning):
            path.chmod(0o644)
            flip_byte(path)
    assert "the store is damaged" in two.refused("restore", "v1")
    assert two.contents() == before
    two.version("verify", "v2")


def test_half_a_restore_is_taken_for_a_killed_job(two: Repository):
    """Were restoring cut off, Snakemake would make the files again; typed again, it ends well."""
    code = (
        "import edgemem.commands.version.restore as restore\n"
        "from edgemem.cli import main\n"
        "restore.write_records = lambda records: exit(9)\n"
        "main(['version', 'restore', 'v1'])\n"
    )
    (two / "half.py").write_text(code)
    assert two.script("half.py") == 9
    assert {"sample", "train", "evaluate"} <= two.pending().keys()
    (two / "half.py").unlink()
    two.version("restore", "v1")
    assert two.pending() == {}
