"""The command line: one command a stage, and some that look at a campaign."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

from edgemem import __version__
from edgemem.errors import EdgememError
from edgemem.writing import sole_writer


class Command(NamedTuple):
    """What a command does, the argument that names the first file it writes, if any, and the package of its module."""

    summary: str
    output: str | None
    package: str = "edgemem.stages"


# Stages are imported only when they run: the code of one is no input of another, and help comes at once.
COMMANDS = {
    "sample": Command("draw the training and test samples of one setting and seed", "output"),
    "train": Command("train the models of all sizes on one set of samples", "output"),
    "evaluate": Command("measure losses, memorization and distances of trained models", "output"),
    "regress": Command("find the transitions of a campaign and compare them with predictions", "transition"),
    "compare": Command("compare training protocols with a reference", "comparison"),
    "sensitivity": Command("generate points again in other ways and find the transition by other rules", "output"),
    "plot": Command("draw one figure", "out"),
    "report": Command("show a finished campaign in one page", "out"),
    "collect": Command(
        "collect the figures, main numbers and costs of a finished campaign for the documentation", "out"
    ),
    "claims": Command("judge the claims of the paper by the collected numbers", "page"),
    "publish": Command("put a table and a figure into a page of the documentation", "page"),
    "status": Command("say what of a campaign is done, running, failed and to do", None, "edgemem.commands"),
    "lineage": Command("say what a file was made of, from what it carries", None, "edgemem.commands"),
    "version": Command("save, compare and share versions of results", None, "edgemem.commands"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 after a message on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] != ["train"]:
        # Only training is worth a GPU, and leases one. JAX reads this when it is imported.
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    parser = argparse.ArgumentParser(prog="python -m edgemem", description="Measure and predict memorization.")
    parser.add_argument("--version", action="version", version=f"edgemem {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (summary, _, package) in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"edgemem {name}: {summary}")
        if words[:1] == [name]:
            importlib.import_module(f"{package}.{name}").add_arguments(command)
    options = parser.parse_args(words)
    _, output, package = COMMANDS[options.command]
    module = importlib.import_module(f"{package}.{options.command}")
    written = getattr(options, output) if output else None
    try:
        with sole_writer(written if isinstance(written, str) else written[0]) if written else nullcontext():
            module.run(options)
    except EdgememError as error:
        print(f"edgemem {options.command}: {error}", file=sys.stderr)
        return 1
    return 0
