"""Progress lines of a long job."""

import sys
import time


class Progress:
    """Prints what a job is doing, at most every few seconds, each line with the job's name."""

    def __init__(self, job: str, *, interval: float = 5.0):
        self._job, self._interval = job, interval
        self._started = time.monotonic()
        self._printed = self._started

    def elapsed(self) -> float:
        """Return the seconds since the job began."""
        return time.monotonic() - self._started

    def log(self, text: str) -> None:
        """Print a line now."""
        print(f"[{self._job}] {text}", file=sys.stderr, flush=True)
        self._printed = time.monotonic()

    def update(self, text: str) -> None:
        """Print a line if the last one is long enough ago."""
        if time.monotonic() - self._printed >= self._interval:
            self.log(text)
