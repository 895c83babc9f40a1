"""The command line: one command a stage."""

import argparse
import importlib
import sys
from collections.abc import Sequence

from edgemem import __version__
from edgemem.errors import EdgememError


# Stages are imported only when they run: the code of one is no input of another, and help comes at once.
COMMANDS = {
    "sample": "draw the training and test samples of one setting and seed",
    "train": "train the models of all sizes on one set of samples",
    "evaluate": "measure losses, memorization and distances of trained models",
    "regress": "find the transitions of a campaign and compare them with predictions",
    "compare": "compare training protocols with a reference",
    "sensitivity": "generate points again in other ways and find the transition by other rules",
    "plot": "draw one figure",
    "collect": "collect the figures, main numbers and costs of a finished campaign for the documentation",
    "claims": "judge the claims of the paper by the collected numbers",
    "publish": "put a table and a figure into a page of the documentation",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 after a message on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="python -m edgemem", description="Measure and predict memorization.")
    parser.add_argument("--version", action="version", version=f"edgemem {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"edgemem {name}: {summary}")
        if words[:1] == [name]:
            importlib.import_module(f"edgemem.stages.{name}").add_arguments(command)
    options = parser.parse_args(words)
    stage = importlib.import_module(f"edgemem.stages.{options.command}")
    try:
        stage.run(options)
    except EdgememError as error:
        print(f"edgemem {options.command}: {error}", file=sys.stderr)
        return 1
    return 0
