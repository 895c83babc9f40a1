"""The command line: one command a stage, and some that look at campaigns."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from edgemem import __version__, pieces
from edgemem.errors import EdgememError
from edgemem.files.file_lock import file_lock
from edgemem.layout import COMMANDS, PUBLISHING, STAGES


JOBS = STAGES | PUBLISHING


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 after a message on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] != ["train"]:
        # Only training is worth a GPU, and leases one. JAX reads this when it is imported.
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    parser = argparse.ArgumentParser(prog="python -m edgemem", description="Measure and predict memorization.")
    parser.add_argument("--version", action="version", version=f"edgemem {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in ({name: stage.summary for name, stage in JOBS.items()} | COMMANDS).items():
        command = commands.add_parser(name, help=summary, description=f"edgemem {name}: {summary}")
        # Modules are imported only when they run: the code of one stage is no input of another, and help comes at once.
        if words[:1] == [name]:
            importlib.import_module(_module_of(words)).add_arguments(command)
            if _is_job(words):
                command.add_argument(
                    "--extensions", nargs="*", default=[], metavar="FILE", help="files of your own pieces that are used"
                )
    # `run` hands on its words from the first option.
    own, passed = _split(words) if words[:1] == ["run"] else (words, [])
    options = parser.parse_args(own, argparse.Namespace(passed=passed))
    module = importlib.import_module(_module_of(words))
    written = getattr(options, JOBS[options.command].output) if _is_job(words) else None
    try:
        pieces.register(getattr(options, "extensions", []))
        with file_lock(written if isinstance(written, str) else written[0]) if written else nullcontext():
            module.run(options)
            sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has read enough, as `head` does; Python would fail again when it ends
        if _is_job(words):
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except EdgememError as error:
        print(f"edgemem {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


def _split(words: list[str]) -> tuple[list[str], list[str]]:
    """Return words up to the first option, and those from it on; a question for help is the command's own."""
    first = next((i for i, word in enumerate(words) if word.startswith("-")), len(words))
    if words[first:] and words[first] in ("-h", "--help"):
        first += 1
    return words[:first], words[first:]


def _is_job(words: Sequence[str]) -> bool:
    """Return whether words ask for a stage: a page of what is there while others work on it is no job."""
    return words[0] in JOBS and not _is_partial(words)


def _is_partial(words: Sequence[str]) -> bool:
    return words[0] == "report" and "--partial" in words


def _module_of(words: Sequence[str]) -> str:
    """Return the name of the module that runs what words ask for, the command first."""
    if _is_partial(words):
        return "edgemem.commands.partial"
    return f"edgemem.{'stages' if words[0] in JOBS else 'commands'}.{words[0]}"
