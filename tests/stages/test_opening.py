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
from edgemem.config.campaign import read_campaign
from edgemem.errors import EdgememError
from edgemem.storage import write_dataset


CONFIG = {
    "campaign": "tiny",
    "seeds": [1, 2],
    "settings": [{"family": "gaussian", "N": 10, "d": 2, "K": 2, "variance": [1, 2]}],
    "model_sizes": [5, 10],
    "protocol": "short",
    "protocols": {
        name: {"steps": steps, "draws": 1, "peak_rate": 0.1, "final_rate": 0.1}
        for name, steps in (("short", 10), ("long", 20))
    },
    "figures": ["losses"],
}
SETTINGS = ["gaussian_N10_d2_K2", "gaussian_N10_d2_K2_var2"]
NODES = {
    f"{kind}/{setting}/seed{seed}"
    for kind in ("samples", "models", "evaluations")
    for setting in SETTINGS
    for seed in (1, 2)
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, the current one, with a campaign whose files hold a few numbers."""
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(yaml.safe_dump(CONFIG))
    campaign = read_campaign("config.yaml")
    for i, setting in enumerate(SETTINGS):
        for seed in (1, 2):
            data = xr.Dataset({"a": ("x", np.full(4, 10 * i + seed), {"long_name": "a", "units": "1"})})
            for kind, name in (("samples", ".nc"), ("models", "/short.nc"), ("evaluations", "/short.nc")):
                path = f"results/{kind}/{setting}/seed{seed}{name}"
                write_dataset(data, path, kind=kind, spec=campaign.sample_spec(setting, seed), title=kind)
    for kind in ("transition", "regression"):
        write_dataset(data, f"results/tiny/{kind}.nc", kind=kind, spec=campaign.regress_spec(), title=kind)
    return tmp_path


def nodes(tree: xr.DataTree) -> set[str]:
    return {node.path.lstrip("/") for node in tree.subtree if node.data_vars}


def open_files(folder: Path) -> list[str]:
    """Return the files below a folder that this process holds open."""
    links = list(Path("/proc/self/fd").iterdir())
    return [str(link.readlink()) for link in links if link.is_symlink() and folder in link.readlink().parents]


def test_tree_holds_every_setting_and_seed(folder: Path):
    """Each file has its place by kind, setting and seed, and the tables theirs at the top."""
    with edgemem.open_campaign() as tree:
        assert nodes(tree) == NODES | {"transition", "regression"}
        assert tree.attrs["missing"] == []
        for i, setting in enumerate(SETTINGS):
            for seed in (1, 2):
                node = tree[f"evaluations/{setting}/seed{seed}"]
                assert node.attrs["edgemem_file"] == "evaluations"
                assert node.a.values.tolist() == [10 * i + seed] * 4


def test_nothing_is_read_before_it_is_used_and_all_is_closed(folder: Path):
    """Opening reads no arrays, and the end of the with statement closes every file."""
    with edgemem.open_campaign() as tree:
        assert not any(node.a.variable._in_memory for node in tree.subtree if node.data_vars)
        assert open_files(folder)
    assert open_files(folder) == []


def test_campaign_is_named_as_for_snakemake(folder: Path):
    """Overlays are laid over the configuration: mappings merge, lists are replaced; results may lie elsewhere."""
    Path("overlay.yaml").write_text("seeds: [2]\nprotocols: {short: {steps: 11}}\n")
    assert read_campaign("config.yaml", "overlay.yaml").protocols["short"].draws == 1
    shutil.move("results", "elsewhere")
    with edgemem.open_campaign("overlay.yaml", results="elsewhere") as tree:
        assert nodes(tree) == {node for node in NODES if node.endswith("2")} | {"transition", "regression"}


def test_unfinished_campaign_says_what_is_missing(folder: Path):
    """Files that have not been made are left out, counted in a warning and named."""
    gone = ["results/tiny/regression.nc", f"results/evaluations/{SETTINGS[1]}/seed2/short.nc"]
    for path in gone:
        Path(path).unlink()
    with pytest.warns(UserWarning, match="2 of 14 files of campaign tiny have not been made"):
        tree = edgemem.open_campaign()
    assert nodes(tree) == NODES - {f"evaluations/{SETTINGS[1]}/seed2"} | {"transition"}
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
