"""A campaign opens as one tree, read when used, whether it has finished or not."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import yaml

import edgemem
from edgemem.config.base import Spec
from edgemem.config.file_list import CampaignFile, files_of
from edgemem.config.loading import read_campaign
from edgemem.errors import EdgememError
from edgemem.files.netcdf import write_dataset


CONFIG = {
    "campaign": "tiny",
    "seeds": [1, 2],
    "settings": [{"family": "gaussian", "N": 10, "d": 2, "K": 2, "variance": [1, 2]}],
    "models": {
        name: {"denoiser": "isotropic_mixture", "sizes": [5, 10], "protocol": name} for name in ("short", "long")
    },
    "protocols": {
        name: {"steps": steps, "draws": 1, "peak_lr": 0.1, "final_lr": 0.1}
        for name, steps in (("short", 10), ("long", 20))
    },
    "figures": ["losses"],
}
SETTINGS = ["gaussian_N10_d2_K2", "gaussian_N10_d2_K2_var2"]
MODELS = ("short", "long")
NODES = {
    f"{kind}/{setting}/seed{seed}" for kind in ("samples", "geometry") for setting in SETTINGS for seed in (1, 2)
} | {
    f"{kind}/{setting}/seed{seed}/{model}"
    for kind in ("models", "evaluations")
    for setting in SETTINGS
    for seed in (1, 2)
    for model in MODELS
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the current one, with a campaign whose files hold a few numbers."""
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(yaml.safe_dump(CONFIG))
    campaign = read_campaign("config.yaml")
    for file in files_of(campaign):
        if not file.path.endswith(".nc"):
            continue
        spec: Spec = campaign.regress_spec()
        if file.setting is not None and file.seed is not None:
            spec = campaign.sample_spec(file.setting, file.seed)
        data = xr.Dataset({"a": ("x", np.full(4, number(file)), {"long_name": "a", "units": "1"})})
        write_dataset(data, file.path, kind=file.kind, spec=spec, title=file.kind)
    return tmp_path


def number(file: CampaignFile) -> int:
    """Return a number that no other file of its kind has."""
    names = (SETTINGS.index(file.setting), file.seed, MODELS.index(file.model)) if file.model else (0, 0, 0)
    return int("".join(map(str, names)))


def path(kind: str, setting: str, seed: int, model: str) -> str:
    """Return the path of a file."""
    names = (kind, setting, seed, model)
    files = files_of(read_campaign("config.yaml"))
    return next(file.path for file in files if (file.kind, file.setting, file.seed, file.model) == names)


def nodes(tree: xr.DataTree) -> set[str]:
    return {node.path.lstrip("/") for node in tree.subtree if node.data_vars}


def open_files(folder: Path) -> list[str]:
    """Return the files below a folder that this process holds open."""
    links = list(Path("/proc/self/fd").iterdir())
    return [str(link.readlink()) for link in links if link.is_symlink() and folder in link.readlink().parents]


def test_tree_holds_every_setting_seed_and_model(folder: Path):
    """Each file has its place by kind, setting, seed and model, and the tables theirs at the top."""
    with edgemem.open_campaign() as tree:
        assert nodes(tree) == NODES | {"transition", "regression"}
        assert tree.attrs["missing"] == []
        for i, setting in enumerate(SETTINGS):
            for seed in (1, 2):
                for j, model in enumerate(MODELS):
                    node = tree[f"evaluations/{setting}/seed{seed}/{model}"]
                    assert node.attrs["edgemem_file"] == "evaluations"
                    assert node.a.values.tolist() == [100 * i + 10 * seed + j] * 4


def test_nothing_is_read_before_it_is_used_and_all_is_closed(folder: Path):
    """Opening reads no arrays, and the end of the with statement closes every file."""
    with edgemem.open_campaign() as tree:
        assert not any(node.a.variable._in_memory for node in tree.subtree if node.data_vars)
        assert open_files(folder)
    assert open_files(folder) == []


def test_campaign_is_named_as_for_snakemake(folder: Path):
    """Overlays are laid over the configuration: mappings merge, lists are replaced; results may lie elsewhere."""
    Path("overlay.yaml").write_text("seeds: [2]\nmodels: {long: null}\n")
    shutil.move("results", "elsewhere")
    with edgemem.open_campaign("overlay.yaml", results="elsewhere") as tree:
        expected = {node for node in NODES if "/seed2" in node and not node.endswith("long")}
        assert nodes(tree) == expected | {"transition", "regression"}


def test_files_of_other_values_are_missing(folder: Path):
    """A changed value of training makes models and evaluations of its model others, and nothing else."""
    Path("overlay.yaml").write_text("protocols: {short: {steps: 11}}\n")
    with pytest.warns(UserWarning, match="8 of 26 files"), edgemem.open_campaign("overlay.yaml") as tree:
        assert nodes(tree) == {node for node in NODES if not node.endswith("short")} | {"transition", "regression"}


def test_unfinished_campaign_says_what_is_missing(folder: Path):
    """Files that have not been made are left out, counted in a warning and named."""
    gone = ["results/tiny/regression.nc", path("evaluations", SETTINGS[1], 2, "short")]
    for file in gone:
        Path(file).unlink()
    with pytest.warns(UserWarning, match="2 of 26 files of campaign tiny have not been made"):
        tree = edgemem.open_campaign()
    assert nodes(tree) == NODES - {f"evaluations/{SETTINGS[1]}/seed2/short"} | {"transition"}
    assert sorted(tree.attrs["missing"]) == sorted(gone)
    tree.close()


def test_nothing_there_is_an_error(folder: Path):
    with pytest.raises(EdgememError, match="nothing of campaign tiny is in nowhere"):
        edgemem.open_campaign(results="nowhere")
    with pytest.raises(EdgememError, match=r"none\.yaml cannot be read"):
        edgemem.open_campaign(config="none.yaml")


def test_damaged_file_is_an_error_and_leaves_none_open(folder: Path):
    """A file that is cut off is named, with what to do, and those that were open are closed."""
    damaged = Path("results/tiny/transition.nc")
    damaged.write_bytes(damaged.read_bytes()[:1000])
    with pytest.raises(EdgememError, match=r"transition\.nc is not a readable NetCDF file"):
        edgemem.open_campaign()
    assert open_files(folder) == []


def test_importing_edgemem_imports_nothing_large():
    """What opens results is imported only when it is used."""
    code = "import edgemem, sys; print(*({name.split('.')[0] for name in sys.modules} & {'jax', 'xarray', 'numpy'}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
    with pytest.raises(AttributeError, match="no attribute 'open_campaigns'"):
        _ = edgemem.open_campaigns
