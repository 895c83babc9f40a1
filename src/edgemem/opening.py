"""All results of a campaign as one tree of datasets, for use elsewhere."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path

import xarray as xr

from edgemem.config.campaign import Campaign, read_campaign
from edgemem.errors import EdgememError
from edgemem.storage import open_dataset


def open_campaign(
    *overlays: str | Path, config: str | Path = "config.yaml", results: str | Path = "results"
) -> xr.DataTree:
    """Return the files of a campaign as a tree whose arrays are read when they are used.

    `tree["evaluations/gaussian_N100_d30_K3/seed1"]` is one file, and so are `tree["transition"]` and
    `tree["regression"]`. Files that have not been made yet are left out: a warning counts them, and the attribute
    `missing` names them. Use the tree in a `with` statement, or call `close`.

    **Arguments:** `overlays`: files as given to `snakemake --configfile`; `config`: the file that they are laid over;
    `results`: folder of results.

    **Raises:** EdgememError if the configuration is refused, a file is damaged, or none has been made.
    """
    campaign = read_campaign(config, *overlays)
    found: dict[str, xr.Dataset] = {}
    missing = []
    with contextlib.ExitStack() as opened:
        for node, kind, path in _files(campaign, Path(results)):
            if path.exists():
                found[node] = opened.enter_context(open_dataset(path, kind))
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


def _files(campaign: Campaign, results: Path) -> Iterator[tuple[str, str, Path]]:
    """Return the place in the tree, the kind and the path of each file of a campaign."""
    figures = {entry.figure for entry in campaign.figures}
    kinds = ["samples", "models", "evaluations", *(["sensitivity"] if "sensitivity" in figures else [])]
    for kind in kinds:
        for setting in campaign.by_name:
            for seed in campaign.seeds:
                node = f"{kind}/{setting}/seed{seed}"
                name = ".nc" if kind == "samples" else f"/{campaign.protocol_of(setting)}.nc"
                yield node, kind, results / f"{node}{name}"
    for kind, name in (("transition", "transition"), ("regression", "regression"), ("comparison", "protocols")):
        if kind != "comparison" or "protocols" in figures:
            yield kind, kind, results / campaign.campaign / f"{name}.nc"
