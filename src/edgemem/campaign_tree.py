"""All results of a campaign as one tree of datasets, for use elsewhere."""

import contextlib
import warnings
from pathlib import Path

import xarray as xr

from edgemem import layout
from edgemem.config.file_list import CampaignFile, files_of
from edgemem.config.loading import read_campaign
from edgemem.errors import EdgememError
from edgemem.files.netcdf import open_dataset


def open_campaign(
    *overlays: str | Path, config: str | Path = "config.yaml", results: str | Path = layout.RESULTS
) -> xr.DataTree:
    """Return the files of a campaign as a tree whose arrays are read when they are used.

    `tree["evaluations/gaussian_N100_d30_K3/seed1/mixture"]` is one file: kind, setting, seed and, where there is one,
    model. The tables of the campaign are `tree["transition"]`, `tree["regression"]` and `tree["comparison"]`. Files
    that have not been made yet are left out: a warning counts them, and the attribute `missing` names their paths. Use
    the tree in a `with` statement, or call `close`.

    **Arguments:** `overlays`: files as given to `snakemake --configfile`; `config`: the file that they are laid over;
    `results`: folder of results.

    **Returns:** a tree with a node for each file; the attributes of a node are those of its file.

    **Raises:** EdgememError if the configuration is refused, a file is damaged, or none has been made.
    """
    campaign = read_campaign(config, *overlays)
    found: dict[str, xr.Dataset] = {}
    missing = []
    with contextlib.ExitStack() as opened:
        for file in files_of(campaign):
            path = Path(results, Path(file.path).relative_to(layout.RESULTS))
            if path.suffix != ".nc":
                continue
            if path.exists():
                found[_node(file)] = opened.enter_context(open_dataset(path, file.kind))
            else:
                missing.append(str(path))
        if not found:
            raise EdgememError(
                f"nothing of campaign {campaign.campaign} is in {results}; give the folder that holds its results, "
                "results=..., or run snakemake"
            )
        if missing:
            warnings.warn(
                f"{len(missing)} of {len(found) + len(missing)} files of campaign {campaign.campaign} have not been "
                f"made, as {missing[0]}; the attribute 'missing' names them",
                stacklevel=2,
            )
        tree = xr.DataTree.from_dict(found, name=campaign.campaign)
        tree.set_close(opened.pop_all().close)
    tree.attrs["missing"] = missing
    return tree


def _node(file: CampaignFile) -> str:
    """Return the place of a file in the tree: its kind, and the names that it has."""
    seed = None if file.seed is None else f"seed{file.seed}"
    return "/".join(filter(None, (file.kind, file.setting, seed, file.model)))
