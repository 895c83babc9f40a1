"""What a job said last."""

import re
from pathlib import Path


# The first line of what a command or Python says when it fails.
FAILURE = re.compile(r"^(edgemem \w+: |Traceback |\w*(Error|Exception|Interrupt)\b|Killed)")


def last_words(log: Path) -> str:
    """Return the line of a log that says most: the failure, or else the last one."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return ""
    line = next((line for line in reversed(lines) if FAILURE.match(line)), lines[-1] if lines else "")
    return re.sub(r"^\[[^]]*\] ", "", line)  # which job it is stands in front already
