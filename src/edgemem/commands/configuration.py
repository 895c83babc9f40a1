"""The options that name a campaign, which several commands take as Snakemake does."""

import argparse

from edgemem.config.campaign import Campaign
from edgemem.config.loading import read_campaign


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
    return read_campaign(CONFIG, *options.configfile, values=options.config)
