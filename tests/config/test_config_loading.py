"""Configurations are merged as Snakemake merges them, and read without what computes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.cli import parse_config
from snakemake.utils import update_config

from edgemem.config.loading import load_campaign, read_campaign
from edgemem.errors import EdgememError

from .conftest import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, default_text: str) -> Path:
    """A folder with the default campaign, in which commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(default_text, encoding="utf-8")
    return tmp_path


def by_snakemake(overlays: list[str], values: list[str]) -> dict[str, Any]:
    """Return the configuration that Snakemake hands to the workflow."""
    above: dict[str, Any] = {}
    for overlay in overlays:
        update_config(above, yaml.safe_load(Path(overlay).read_text(encoding="utf-8")))
    update_config(above, parse_config(values))
    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    update_config(config, above)
    return config


OVERLAYS = [
    [],
    ["evaluation: {generated: 500}"],
    ["evaluation: {generated: 500}", "{evaluation: {draws: 5}, seeds: [4]}"],
    ["seeds: [1]", "seeds: [2, 3]"],
    ["models: {mixture: {sizes: [10, 20]}}", "models: {mixture: {sizes: {coarse: 5}}}"],
    ["models: {mixture: {sizes: {coarse: 5}}}", "models: {mixture: {sizes: [10]}}"],
    # A model that one file takes out and the next has an opinion of is the one of config.yaml.
    ["models: {mixture: null}", "models: {mixture: {sizes: [10]}}"],
    ["{models: {templates: null}, settings: [{family: gaussian, N: 50, d: 2, K: 2}]}", "models: {mixture: {}}"],
    ["protocols: {fast: {lr_multipliers: {mean: 2}}}", "protocols: {fast: {lr_multipliers: {}}}"],
    ["models: {mixture: {sizes: [10]}}", "models: {mixture: {sizes: {}}}"],
    ["{}"],
]
VALUES = [
    [],
    ["campaign=mine"],
    ["campaign='mine'", 'datasets={fashion_mnist: "some where"}'],
    ["seeds=[1,2]", "evaluation={generated: 500, threshold: 1/2}"],
    ["evaluation={generated: 500}", "evaluation={draws: 5}"],
    ["models={mixture: {sizes: [10, 20]}}", "figures=[losses, {figure: transition, time: 0.5}]"],
    ["protocols={fast: {peak_lr: 2e-3, lr_multipliers: {mean: 0.5}}}"],
    ["settings=[{family: gaussian, N: [50, 60], d: 2, K: 2}]"],
]


@pytest.mark.parametrize("overlays", OVERLAYS, ids=str)
@pytest.mark.parametrize("values", VALUES, ids=str)
def test_commands_see_the_campaign_that_snakemake_runs(folder: Path, overlays: list[str], values: list[str]):
    names = [f"{i}.yaml" for i in range(len(overlays))]
    for name, text in zip(names, overlays, strict=True):
        Path(name).write_text(text, encoding="utf-8")
    campaign = read_campaign("config.yaml", *names, values=values)
    assert campaign == load_campaign(by_snakemake(names, values), ["config.yaml", *names])


@pytest.mark.parametrize(
    "value",
    [
        *("seeds=3", "seeds=3.5", "seeds=1e3", "seeds=True", "seeds=False", "seeds=true", "seeds=", "seeds=null"),
        *("campaign=2024", "campaign=x=y", "seeds=[1", "seeds={a: 1", "seeds=1_0", "campaign=a b", "seeds=nan"),
        *('campaign="mine"', "campaign='\"mine\"'", "models={mixture: null}", "seeds=[true, 1.5]"),
    ],
)
def test_values_are_read_as_snakemake_reads_them(folder: Path, value: str):
    """Also those that are refused: the message speaks of the same value."""

    def outcome(read) -> Any:
        try:
            return read()
        except EdgememError as error:
            return str(error)

    own = outcome(lambda: read_campaign("config.yaml", values=[value]))
    assert own == outcome(lambda: load_campaign(by_snakemake([], [value]), ["config.yaml"]))


def test_value_of_the_command_line_is_named_as_such(folder: Path):
    with pytest.raises(EdgememError) as caught:
        read_campaign("config.yaml", values=["evaluation={draws: 0}"])
    assert str(caught.value).startswith("--config: evaluation.draws: must be greater than or equal to 2 (got '0')")


@pytest.mark.parametrize("value", ["campaign", "=mine", ""])
def test_value_without_a_key_is_refused(folder: Path, value: str):
    with pytest.raises(EdgememError, match=r"^--config takes KEY=VALUE, as in --config campaign=mine \(got "):
        read_campaign("config.yaml", values=[value])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1", "bad.yaml, line 1 is not YAML: "),
        (b"a: 1\nb: {c: 1,\n  c: 2}", "bad.yaml, line 3: the key 'c' stands in line 2 already"),
        (b"", "bad.yaml is empty; it must hold keys and values, as in `campaign: mine`"),
        (b"- a", "bad.yaml must hold keys and values, as in `campaign: mine` (got ['a'])"),
        (b"a: \xff", "bad.yaml cannot be read: "),
        (None, "bad.yaml cannot be read: No such file or directory"),
    ],
)
def test_file_that_is_no_configuration_is_named(folder: Path, content: bytes | None, said: str):
    if content is not None:
        Path("bad.yaml").write_bytes(content)
    with pytest.raises(EdgememError) as caught:
        read_campaign("config.yaml", "bad.yaml")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e3", 1000), ("2.5e3", 2500), ("+1E3", 1000), ("1000", 1000), ("1000.0", 1000)],
)
def test_whole_numbers_may_have_exponents(folder: Path, text: str, value: int):
    """YAML 1.1 takes `1e3` for text; here it is the integer that it says, alone, in a list and in a grid."""
    Path("mine.yaml").write_text(
        f"protocols: {{fast: {{steps: {text}}}}}\n"
        f"models: {{mixture: {{snapshots: [{text}], sizes: [{text}]}}, templates: null}}\n"
        f"settings: [{{family: gaussian, N: [50, {text}], d: 2, K: 2}}]\nfigures: []\n"
    )
    campaign = read_campaign("config.yaml", "mine.yaml")
    assert campaign.protocols_by_name["fast"].steps == value
    assert (campaign.entries["mixture"].snapshots, campaign.entries["mixture"].sizes) == ([value], [value])
    assert [setting.N for setting in campaign.by_name.values()] == [50, value]


def test_a_name_that_looks_like_a_number_stays_a_name(folder: Path):
    """Only keys that hold no text are numbers."""
    assert read_campaign("config.yaml", values=["campaign=1e3x"]).campaign == "1e3x"
    Path("mine.yaml").write_text("campaign: 1e3\n")
    assert read_campaign("config.yaml", "mine.yaml").campaign == "1e3"


def test_reading_a_configuration_imports_nothing_that_computes():
    """Snakemake reads it twice for each job on a cluster: figures, denoisers and families are light until they run."""
    code = """
import json, sys
from pathlib import Path
from edgemem.config.file_list import files_of
from edgemem.config.loading import read_campaign

for overlay in ([], *([str(path)] for path in sorted(Path("experiments").glob("*.yaml")))):
    files_of(read_campaign("config.yaml", *overlay))
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {
        "jax",
        "equinox",
        "optax",
        "matplotlib",
        "scipy",
        "xarray",
        "pandas",
        "netCDF4",
        "sklearn",
        "PIL",
    }
    assert heavy & set(json.loads(run.stdout)) == set()
