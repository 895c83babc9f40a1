"""Save, compare and share versions of a campaign's results."""

import argparse
from collections.abc import Callable
from pathlib import Path

from edgemem.commands.configuration import add_configuration
from edgemem.commands.version import diff, overview, prune, restore, save, share, verify
from edgemem.errors import EdgememError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions and their arguments."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    def action(name: str, function: Callable[[argparse.Namespace], None], summary: str) -> argparse.ArgumentParser:
        added = actions.add_parser(name, help=summary, description=f"edgemem version {name}: {summary}")
        added.set_defaults(action=function)
        return added

    new = action("save", save.save, "keep the results of a finished campaign under a name")
    new.add_argument("name", metavar="NAME")
    new.add_argument("-m", dest="message", default="", metavar="TEXT", help="a message")
    add_configuration(new)

    action("list", overview.print_list, "print all versions")

    two = action(
        "diff", diff.diff, "say what differs between two versions or campaigns, and show their figures side by side"
    )
    what = "a version, or the configuration file of a campaign whose results lie here, as config.yaml"
    two.add_argument("before", metavar="A", help=what)
    two.add_argument("after", metavar="B", help=what)
    two.add_argument("--out", metavar="PAGE.html", help="page to write; else results/diff-A-B.html")

    old = action("restore", restore.restore, "bring back the results and the configuration of a version")
    old.add_argument("name", metavar="NAME")
    old.add_argument("--discard", action="store_true", help="also if that loses results that no version holds")

    check = action("verify", verify.verify, "check results byte by byte")
    which = check.add_mutually_exclusive_group()
    which.add_argument("name", nargs="?", metavar="NAME", help="a version; else the one saved or restored last")
    which.add_argument(
        "--files", action="store_true", help="only whether files were made from each other; needs no git"
    )

    for name, function, summary in (
        ("push", share.push, "copy all versions to a folder or S3"),
        ("pull", share.pull, "fetch all versions from a folder or S3"),
    ):
        place = action(name, function, summary)
        place.add_argument(
            "place", nargs="?", metavar="PLACE", help="a folder or s3://BUCKET/FOLDER; else the last one"
        )

    old_content = action("prune", prune.prune, "delete content that no version names from the store")
    old_content.add_argument("--yes", action="store_true", help="do not ask")


def run(options: argparse.Namespace) -> None:
    """Do the action.

    **Raises:** EdgememError if this is not the workflow's folder, which only a check of files alone can do without.
    """
    if not (Path("Snakefile").exists() or getattr(options, "files", False)):
        raise EdgememError("there is no Snakefile here; type this in the folder of the workflow")
    options.action(options)
