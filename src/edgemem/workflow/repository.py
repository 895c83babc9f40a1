"""The folder of the workflow, in which Snakemake runs."""

from pathlib import Path

from edgemem.errors import EdgememError


# What the folder has, and no folder above it.
MARKS = ("Snakefile", "src/edgemem")


def workflow_folder(start: Path) -> Path:
    """Return the nearest folder with the workflow: one that `start` lies in, or else the one that this code lies in.

    **Arguments:** `start`: an absolute path.

    **Raises:** EdgememError if there is none.
    """
    for folder in (start, *start.parents, Path(__file__).parents[3]):
        if all((folder / mark).exists() for mark in MARKS):
            return folder
    raise EdgememError(f"{start} is in no clone of edgemem; go to the folder that has the Snakefile")
