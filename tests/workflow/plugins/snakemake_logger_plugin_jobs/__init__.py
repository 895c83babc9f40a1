"""A logger for Snakemake that writes down each job it runs, or would run: one JSON object a line.

Snakemake finds it by its name on PYTHONPATH and uses it with `--logger jobs`; JOBS_FILE names the file.
"""

import json
import os
from logging import LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent


KEPT = ("rule_name", "rule_msg", "wildcards", "reason", "input", "output", "log", "benchmark", "threads", "shellcmd")


class LogHandler(LogHandlerBase):
    """Keeps the events that speak of one job."""

    writes_to_stream = False
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def emit(self, record: LogRecord) -> None:
        """Append a job to the file."""
        if getattr(record, "event", None) != LogEvent.JOB_INFO:
            return
        job = {key: getattr(record, key) for key in KEPT}
        job["resources"] = dict(record.resources.items())
        with Path(os.environ["JOBS_FILE"]).open("a") as file:
            print(json.dumps(job, default=str), file=file)
