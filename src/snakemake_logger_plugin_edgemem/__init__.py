"""What `edgemem run` prints: a line for each job, with why it runs, and what went wrong.

Snakemake finds it by its name, and uses it with `--logger edgemem`.
"""

import re
import sys
from logging import LogRecord
from pathlib import Path

from snakemake.logging import DefaultFormatter
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from edgemem.workflow.last_words import last_words
from edgemem.workflow.reasons import why


# What Snakemake says between jobs, and of each that has ended, beside how many have.
SILENT = {LogEvent.JOB_FINISHED, LogEvent.JOB_STARTED, LogEvent.WORKFLOW_STARTED}
CHATTER = re.compile(
    "Select jobs to execute|host: |Assuming unrestricted shared|Building DAG|Using shell|"
    "Provided (cores|remote|resources)|Rules claiming|Some jobs were triggered by provenance"
)


class LogHandler(LogHandlerBase):
    """Prints to standard error, as Snakemake does."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = False
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Take Snakemake's words for all that is not of one job."""
        self._titles: dict[int, str] = {}
        self.setFormatter(DefaultFormatter(self.common_settings.quiet, self.common_settings.show_failed_logs))

    def emit(self, record: LogRecord) -> None:
        """Print what a record says, if it says something."""
        event = getattr(record, "event", None)
        if event in SILENT or (event is None and CHATTER.match(record.getMessage())):
            return
        if event == LogEvent.JOB_INFO and not record.shellcmd:  # it asks for files, and makes none
            return
        if event == LogEvent.JOB_INFO:
            title = self._titles[record.jobid] = record.rule_msg or record.rule_name
            text = f"{title}: {why(str(record.reason), record.output, record.shellcmd)}"
        elif event == LogEvent.JOB_ERROR:
            log = Path(record.log[0]) if record.log else None
            words = (last_words(log) if log else "") or "without a word"
            text = f"failed: {self._titles.get(record.jobid, record.rule_name)}: {words}" + (f" [{log}]" if log else "")
        else:
            text = self.format(record)
        if text.strip():
            print(text.strip("\n"), file=sys.stderr, flush=True)
