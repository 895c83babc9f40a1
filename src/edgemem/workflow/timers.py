"""Timers with which Snakemake would keep itself alive when its work is done."""

import threading


def end_timers() -> None:
    """End all timers of this process.

    Snakemake starts one whenever it has looked at the ready jobs, to look again when more may start. Each keeps the
    process alive until it rings, which is after the timespan of `max-jobs-per-timespan`.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
