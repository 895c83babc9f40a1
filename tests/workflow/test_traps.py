"""What a user falls into is one clear message, before anything is written."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import yaml

from .campaign import CONFIG, TINY, Workflow, copy_parts


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> Workflow:
    """The workflow in a folder without results, in which traps change nothing."""
    folder = tmp_path_factory.mktemp("traps")
    copy_parts(folder)
    workflow = Workflow(folder, shared / "cache")
    workflow.configure()
    return workflow


def edgemem(workflow: Workflow, *words: str, here: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody in a folder does, that of the workflow if none is given."""
    command = [workflow.python, "-m", "edgemem", *words]
    return _run(command, workflow, here or workflow.folder)


def snakemake(workflow: Workflow, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Snakemake as it is."""
    return _run([workflow.python, "-m", "snakemake", *words], workflow, workflow.folder)


def _run(command: list[str], workflow: Workflow, here: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=here,
        env=workflow.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def files(folder: Path) -> dict[str, int]:
    """Return all files of a folder with the times of their last change, but for notes of programs about themselves."""
    return {
        str(path.relative_to(folder)): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not {".snakemake", "__pycache__"} & set(path.relative_to(folder).parts)
    }


class Trap(NamedTuple):
    """What somebody does, and what the message says.

    **Arguments:** `text`: the file `mine.yaml`, a text or what YAML writes of a mapping laid over the tiny campaign;
    `words`: the command; `says`: what its message has to have.
    """

    text: str | bytes | dict
    says: list[str]
    words: tuple[str, ...] = ("run", "mine.yaml", "-n")
    by: Callable[..., subprocess.CompletedProcess[str]] = edgemem


def images(templates: str = "digits", **setting: object) -> dict:
    """Return a campaign of images."""
    entry = {"family": "image", "templates": templates, "N": 10, "K": 2, "size": 4} | setting
    model = {"denoiser": "coloured_templates", "protocol": "image", "sizes": [2]}
    return {"settings": [entry], "models": {"mixture": None, "templates": model}, "figures": ["losses"]}


TRAPS = {
    # YAML
    "syntax": Trap("campaign: mine\nseeds: [1\n", ["mine.yaml, line 3", "is not YAML"]),
    "tab": Trap("campaign: mine\nevaluation:\n\tdraws: 2\n", ["mine.yaml, line 3", "is not YAML"]),
    "empty file": Trap("# nothing yet\n", ["mine.yaml is empty"]),
    "duplicate key": Trap("campaign: a\nseeds: [1]\ncampaign: b\n", ["line 3", "'campaign'", "line 1 already"]),
    "duplicate inner key": Trap("campaign: a\nevaluation: {draws: 2, draws: 3}\n", ["line 2", "'draws'"]),
    "list": Trap("- campaign: mine\n", ["mine.yaml must hold keys and values"]),
    "not text": Trap(b"campaign: \xff\xfe\n", ["mine.yaml cannot be read"]),
    "missing file": Trap("", ["there is no file absent.yaml"], ("run", "absent.yaml")),
    "misspelt file": Trap("", ["did you mean experiments/paper.yaml?"], ("run", "experiments/papr.yaml")),
    "missing file of a plan": Trap("", ["there is no file absent.yaml"], ("plan", "absent.yaml")),
    "no cores": Trap("", ["--cores must be at least 1 (got 0)"], ("plan", "--cores", "0")),
    # Snakemake's own
    "two of --configfile": Trap(
        "campaign: a\n",
        ["--configfile is there twice", "name all files after one"],
        ("-n", "--configfile", CONFIG, "--configfile", "mine.yaml"),
        snakemake,
    ),
    "duplicate key, by snakemake": Trap(
        "campaign: a\nseeds: [1]\nseeds: [2]\n", ["line 3", "'seeds'"], ("-n", "--configfile", "mine.yaml"), snakemake
    ),
    "another's results": Trap("seeds: [1]\n", ["campaign", "results/quick", "campaign: mine"]),
    "another's results, by snakemake": Trap(
        "seeds: [1]\n", ["mine.yaml: campaign", "results/quick"], ("-n", "--configfile", "mine.yaml"), snakemake
    ),
    "another's results, by a value": Trap("", ["--config: campaign"], ("run", "--config", "seeds=[1]")),
    # Targets
    "no such file": Trap(
        {}, ["'figures/transition.pdf' is no file of campaign tiny"], ("run", "mine.yaml", "figures/transition.pdf")
    ),
    "no such figure": Trap(
        {},
        ["did you mean results/tiny/figures/losses_gaussian_N10_d2_K2_mixture.pdf?"],
        ("run", "mine.yaml", "results/tiny/figures/losses.pdf"),
    ),
    "no such figure, by snakemake": Trap(
        {},
        ["campaign tiny has no figure 'losses'; did you mean 'losses_gaussian_N10_d2_K2_mixture'?"],
        ("-n", "results/tiny/figures/losses.pdf", "--configfile", "mine.yaml"),
        snakemake,
    ),
    "of another campaign": Trap(
        {}, ["is no file of campaign tiny"], ("run", "mine.yaml", "results/quick/metrics.json")
    ),
    "no such rule": Trap({}, ["'reprot' is no file", "report"], ("run", "mine.yaml", "reprot")),
    # What cannot be drawn or trained
    "figure of images": Trap({"figures": ["losses", "gallery"]}, ["figures[1]", "'gallery' needs images"]),
    "rates known to fail": Trap(
        images()
        | {
            "protocols": {"fast": TINY["protocols"]["tiny"]},
            "models": {"mixture": None, "templates": {"protocol": "fast"}},
        },
        ["models.templates.protocol", "known to fail", "'template'"],
    ),
    "no model for the data": Trap(images() | {"models": {"templates": None}}, ["no model is trained on settings[0]"]),
    "no such protocol": Trap({"models": {"mixture": {"protocol": "slow"}}}, ["no protocol 'slow'"]),
    "snapshots after the end": Trap({"models": {"mixture": {"snapshots": [30]}}}, ["at most the 20 steps"]),
    "figure twice": Trap({"figures": ["losses", "losses"]}, ["figures[1]", "already in the list"]),
    "no such extension": Trap({"extensions": ["mine.py"]}, ["the extension mine.py does not exist"]),
    # Templates
    "array of one image": Trap(images("flat.npy"), ["flat.npy must hold one array", "(got shape (8, 8))"]),
    "two arrays": Trap(images("two.npz"), ["two.npz must hold one array", "(3, 8, 8), (2, 2)"]),
    "array of text": Trap(images("text.npy"), ["text.npy cannot be read as an array of numbers"]),
    "no array": Trap(images("broken.npy"), ["broken.npy cannot be read as an array of numbers"]),
    "fewer images than templates": Trap(images("few.npy"), ["few.npy' are 1 images, but K is 2"]),
    "folder without images": Trap(images("nothing"), ["the folder nothing of templates has no image"]),
    "missing templates": Trap(images("absent.npy"), ["absent.npy does not exist"]),
    # Values
    "misspelt key": Trap({"seedz": [1]}, ["seedz: unknown key; did you mean 'seeds'?"]),
    "no whole number": Trap({"seeds": ["1.5e-1"]}, ["seeds[0]", "integer"]),
    "no number": Trap({"evaluation": {"draws": float("nan")}}, ["evaluation.draws", "nan"]),
    "truth value": Trap({"evaluation": {"draws": True}}, ["evaluation.draws", "must not be true or false"]),
    "no seeds": Trap({"seeds": []}, ["seeds", "at least 1"]),
    "seed twice": Trap({"seeds": [1, 1]}, ["seeds[1]", "already in the list"]),
    "more components than samples": Trap(
        {"settings": [{"family": "gaussian", "N": 10, "d": 2, "K": 11}]}, ["settings[0]", "K=11", "N=10"]
    ),
    "name of a folder": Trap({"campaign": "models"}, ["'models' is a folder of results"]),
    "earlier keys": Trap({"model_sizes": [5]}, ["model_sizes", "each model has its own sizes"]),
}


@pytest.fixture(scope="module")
def templates(clean: Workflow) -> None:
    """Files of templates that are none, and a campaign's file."""
    np.save(clean / "flat.npy", np.zeros((8, 8)))
    np.savez(clean / "two.npz", np.zeros((3, 8, 8)), np.zeros((2, 2)))
    np.save(clean / "text.npy", np.full((3, 8, 8), "black"))
    (clean / "broken.npy").write_text("no array")
    np.save(clean / "few.npy", np.zeros((1, 8, 8)))
    (clean / "nothing").mkdir()
    (clean / "experiments").mkdir()
    (clean / "experiments/paper.yaml").write_text("campaign: paper\n")


@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize("name", TRAPS)
def test_traps_are_one_message_and_nothing_is_written(name: str, clean: Workflow):
    """Each is refused with a message of at most six lines that names what is wrong, and no file is made or changed."""
    trap, own = TRAPS[name], clean / "mine.yaml"
    text = yaml.safe_dump(laid_over(TINY, trap.text)) if isinstance(trap.text, dict) else trap.text
    own.write_bytes(text.encode() if isinstance(text, str) else text)
    before = files(clean.folder)
    run = trap.by(clean, *trap.words)
    assert run.returncode not in (0, 2), run.stdout
    assert all(said in run.stdout for said in trap.says), run.stdout
    assert len(run.stdout.splitlines()) <= 6, run.stdout
    assert "Traceback" not in run.stdout
    assert files(clean.folder) == before


def laid_over(below: object, above: dict) -> dict:
    """Return a configuration with another on it: mappings merge, all else replaces."""
    merged = dict(below) if isinstance(below, dict) else {}
    for key, value in above.items():
        merged[key] = laid_over(merged.get(key), value) if isinstance(value, dict) else value
    return merged


def test_there_are_thirty_traps():
    """The table is as long as it was promised to be."""
    assert len(TRAPS) >= 30
