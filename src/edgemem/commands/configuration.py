"""The options that name a campaign, which several commands take as Snakemake does."""

import argparse
import difflib
import os
from pathlib import Path

from edgemem.config.campaign import Campaign
from edgemem.config.loading import read_campaign
from edgemem.config.overlays import check_overlays
from edgemem.errors import EdgememError


# What stands below all overlays.
CONFIG = "config.yaml"


def add_configuration(parser: argparse.ArgumentParser) -> None:
    """Declare `--configfile` and `--config`."""
    parser.add_argument("--configfile", nargs="+", default=[], metavar="FILE", help="as given to snakemake")
    parser.add_argument("--config", nargs="+", default=[], metavar="KEY=VALUE", help="as given to snakemake")


def campaign_of(options: argparse.Namespace) -> Campaign:
    """Return the campaign that the options name.

    **Raises:** EdgememError if its configuration is refused.
    """
    campaign = read_campaign(CONFIG, *options.configfile, values=options.config)
    check_overlays(campaign, [CONFIG, *options.configfile])
    return campaign


def configuration_file(file: str, here: Path, folder: Path) -> str:
    """Return the path of a campaign's file from the workflow's folder.

    **Arguments:** `file`: as somebody in the folder `here` names it, or from the workflow's folder; `folder`: of the
    workflow.

    **Raises:** EdgememError that names the nearest file if there is none.
    """
    for start in (here, folder):
        if (start / file).is_file():
            path = Path(os.path.normpath(start / file))
            return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
    known = [str(path.relative_to(folder)) for path in sorted(folder.glob("experiments/*.yaml"))]
    close = difflib.get_close_matches(file, known, n=1)
    raise EdgememError(
        f"there is no file {file} in {here}"
        + (f"; did you mean {close[0]}?" if close else "")
        + f" (campaigns that are here: {', '.join(known)})"
    )
