"""Files that Snakemake makes again although they are there."""

from collections.abc import Iterable
from typing import Any


def force(workflow: Any, files: Iterable[str]) -> None:
    """Let a workflow make files again, as if each had been named after `--forcerun`.

    Snakemake offers nothing for this to a Snakefile: its settings are not there yet while the file is read, and
    whatever else makes a job run again (a marker among its inputs or parameters) is recorded, and would make it run
    once more the next time. So the settings are changed when Snakemake first uses them, right before it builds its
    graph.

    **Arguments:** `workflow`: Snakemake's own object of that name.
    """
    prepare, forced = workflow._prepare_dag, frozenset(files)

    def prepare_with_forced_files(*arguments: Any, **options: Any) -> None:
        settings = workflow.dag_settings
        settings.forcerun = frozenset(settings.forcerun) | forced
        prepare(*arguments, **options)

    workflow._prepare_dag = prepare_with_forced_files
