"""What Snakemake does not say of its own arguments."""

from collections.abc import Sequence

from edgemem.errors import EdgememError


def require_one_configfile(words: Sequence[str]) -> None:
    """Check that `--configfile` is there once: of two Snakemake drops the first, and says nothing.

    **Raises:** EdgememError that says how to name several files.
    """
    given = [word for word in words if word.partition("=")[0] in ("--configfile", "--configfiles")]
    if len(given) > 1:
        raise EdgememError(
            "--configfile is there twice, and of the first Snakemake would take nothing; name all files after one, as "
            "in --configfile experiments/a.yaml experiments/b.yaml"
        )
