"""Repair what disks and clocks have done to a campaign's results, without running any job."""

import argparse

from edgemem.commands.configuration import add_configuration, campaign_of
from edgemem.config.file_list import files_of
from edgemem.workflow.repair import missing_after_repair, repair
from edgemem.workflow.snakemake import command_line, require_rest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_configuration(parser)


def run(options: argparse.Namespace) -> None:
    """Set truncated files aside, give files of the future the present as their date, and say what was done.

    **Raises:** EdgememError if jobs run, the configuration is refused, or a file cannot be repaired.
    """
    paths = [file.path for file in files_of(campaign_of(options))]
    require_rest()
    lines: list[str] = []

    def log(line: str) -> None:
        print(line, flush=True)
        lines.append(line)

    repair(paths, log)
    if missing := missing_after_repair(paths):
        typed = command_line(options.configfile, options.config)
        print(f"to be made again: {len(missing)}; type: {typed}")
    elif not lines:
        print(f"nothing to repair in {len(paths)} files")
