"""Snakemake that asks SLURM after its jobs every second: its executor waits longer each time nothing has ended."""

import sys

import snakemake_executor_plugin_slurm
from snakemake.cli import main


class AlwaysOne:
    """An attribute that is 1, whatever it is set to."""

    def __get__(self, executor, kind=None):
        return 1

    def __set__(self, executor, seconds):
        pass


snakemake_executor_plugin_slurm.Executor.next_seconds_between_status_checks = AlwaysOne()
sys.exit(main())
