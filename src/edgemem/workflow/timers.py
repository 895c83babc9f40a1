"""Timers that would keep Snakemake alive when its work is done."""

import threading
from typing import Any


class _Timer(threading.Timer):
    """A timer that no process waits for."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self.daemon = True


def end_with_the_last_job() -> None:
    """Let no timer that Snakemake starts from now on outlive its work.

    It starts one whenever it has looked at the ready jobs, to look again when more may start, after the timespan of
    `max-jobs-per-timespan`, and would wait for all of them before it ends. No option and no hook helps: on a cluster
    each job has a Snakemake of its own, which runs without hooks.
    """
    threading.Timer = _Timer  # type: ignore[misc]
