"""The examples of the documentation run, and print what the pages say."""

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import matplotlib.pyplot as plt
import pytest
import yaml

from edgemem.cli import main
from edgemem.config.base import Spec
from edgemem.config.file_list import files_of
from edgemem.config.loading import read_campaign, read_yaml


ROOT = Path(__file__).parents[2]
PAGES = ("docs/using-the-data.md", "docs/outputs.md", "README.md")
SETTING = "gaussian_N100_d30_K3"
# The default campaign, whose names the pages use, with little to compute.
LITTLE = {
    "settings": [{"family": "gaussian", "N": [50, 100], "d": 30, "K": 3}],
    "models": {
        "mixture": {
            "denoiser": "isotropic_mixture",
            "sizes": [50, 80, 100],
            "protocol": "fast",
            "families": ["gaussian"],
        }
    },
    "evaluation": {"generated": 50, "draws": 2, "test_samples": 10},
    "figures": ["transition"],
}


# What depends on how much was computed, when and where, and what stands for it in a comparison.
VALUES = {r"\b\d+\.\d+\b|\bNaN\b": "0.0", r"\bmade \d.*": "made", r"\bsha256 \w+": "sha256"}


class Example(NamedTuple):
    """A block of Python, or a command of edgemem, on a page, and what it prints, if the page says so."""

    language: str
    code: str
    printed: str | None

    def run(self, names: dict[str, Any]) -> str:
        """Return what it prints, where names have these values, to which it may add."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            if self.language == "python":
                exec(compile(self.code, "example", "exec"), names)
            else:
                assert main(self.code.removeprefix("python -m edgemem ").split()) == 0
        return output.getvalue()


def examples(page: str) -> list[Example]:
    """Return the examples of a page in their order."""
    block = r"```(python|sh)\n((?:(?<=python\n)|python -m edgemem).*?)```\n(?:\n```text\n(.*?)```\n)?"
    return [Example(*found.groups()) for found in re.finditer(block, (ROOT / page).read_text(), re.DOTALL)]


def shape(printed: str) -> str:
    """Return a text with equal words for what differs between two runs, and single spaces."""
    for pattern, word in VALUES.items():
        printed = re.sub(pattern, word, printed)
    return " ".join(printed.split())


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a finished campaign with the names of the default one."""
    folder = tmp_path_factory.mktemp("quick")
    config = read_yaml(ROOT / "config.yaml") | LITTLE
    config["protocols"]["fast"]["steps"] = 20
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    with contextlib.chdir(folder):
        make()
    yield folder


def make() -> None:
    """Run the campaign of the current folder."""
    campaign = read_campaign("config.yaml")
    made = {(file.kind, file.setting, file.seed): file.path for file in files_of(campaign)}

    def run(*words: str, spec: Spec) -> None:
        assert main([*words, "--spec", spec.canonical()]) == 0

    for setting in campaign.by_name:
        for seed in campaign.seeds:
            samples, geometry, models, evaluation = (
                made[kind, setting, seed] for kind in ("samples", "geometry", "models", "evaluations")
            )
            run("sample", samples, spec=campaign.sample_spec(setting, seed))
            run("geometry", samples, geometry, spec=campaign.geometry_spec(setting, seed))
            run("train", samples, models, spec=campaign.train_spec(setting, seed, "mixture"))
            evaluate = "evaluate", samples, models, evaluation, "--geometry", geometry
            run(*evaluate, spec=campaign.evaluate_spec(setting, seed, "mixture"))
    evaluations = {file.path: file.setting for file in files_of(campaign) if file.kind == "evaluations"}
    tables = {kind: made[kind, None, None] for kind in ("transition", "regression", "metrics")}
    outputs = [word for kind, path in tables.items() for word in (f"--{kind}", path)]
    run("regress", *evaluations, *outputs, spec=campaign.regress_spec())
    own = [path for path, setting in evaluations.items() if setting == SETTING]
    plot = ["plot", "transition", *own, tables["transition"], "--out", made["png", SETTING, None]]
    run(*plot, spec=campaign.plot_spec("transition", SETTING, "mixture"))
    run("files", made["files", None, None], spec=campaign.files_spec())


@pytest.mark.parametrize("page", PAGES)
def test_examples_run_and_print_what_the_page_says(quick: Path, page: str, monkeypatch: pytest.MonkeyPatch):
    """The examples of a page run one after another and print what the page says, but for values; ... is anything."""
    monkeypatch.chdir(quick)
    matplotlib.use("agg")
    names: dict[str, Any] = {}
    found = examples(page)
    assert found
    try:
        for example in found:
            printed = shape(example.run(names))
            if example.printed is not None:
                said = shape(example.printed)
                assert re.fullmatch(re.escape(said).replace(r"\.\.\.", ".*"), printed), (said, printed)
    finally:
        plt.close("all")
        if "campaign" in names:
            names["campaign"].close()
