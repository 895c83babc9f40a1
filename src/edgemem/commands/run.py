"""Run a campaign: Snakemake, with what it does not check checked first, and why each job runs said in a line."""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from edgemem.commands.configuration import campaign_of, configuration_file
from edgemem.config.campaign import Campaign
from edgemem.config.file_list import files_of
from edgemem.errors import EdgememError
from edgemem.layout import CAMPAIGN, PUBLISHING, STAGES
from edgemem.workflow.repository import workflow_folder
from edgemem.workflow.snakemake import options_of


YAML = (".yaml", ".yml")
# Rules that make all of their files: what may be asked for by name.
RULES = ("all", "figures", *(name for name, stage in STAGES.items() if stage.job == CAMPAIGN), *PUBLISHING)
# With one of them Snakemake need not be told how many cores it has.
WITHOUT_CORES = {"-c", "--cores", "-j", "--jobs", "-e", "--executor", "--profile", "--workflow-profile"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.usage = "%(prog)s [CAMPAIGN.yaml ...] [TARGET ...] [OPTION OF SNAKEMAKE ...]"
    parser.add_argument(
        "words",
        nargs="*",
        metavar="CAMPAIGN.yaml | TARGET",
        help="files laid over config.yaml, the last one strongest; what to make, files or rules: all if none is named",
    )
    parser.epilog = "Everything from the first option on is handed to Snakemake: -n, --cores 4, --resources gpu=4, ..."


def run(options: argparse.Namespace) -> NoReturn:
    """Check all that can be checked, and become Snakemake.

    **Raises:** EdgememError if the configuration or a target is refused.
    """
    here = Path.cwd()
    folder = workflow_folder(here)
    given, passed = _configuration(options.passed)
    os.chdir(folder)
    files = [word for word in options.words if word.endswith(YAML)] + given.configfile
    given.configfile = [configuration_file(file, here, folder) for file in files]
    campaign = campaign_of(given)
    targets = [_target(word, campaign, here, folder) for word in options.words if not word.endswith(YAML)]
    cores = [] if {word.partition("=")[0] for word in passed} & WITHOUT_CORES else ["--cores", "all"]
    command = [*targets, *cores, "--logger", "edgemem", *passed, *options_of(given.configfile, given.config)]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder / "src"), os.environ.get("PYTHONPATH")]))
    sys.stdout.flush()
    # Snakemake takes the place of this process: signals reach it, and its exit code is that of the command.
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", *command])


def _configuration(words: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the files and values among Snakemake's options, and the other options.

    Of an option that is there twice Snakemake would take the last, and say nothing; here all count.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--configfile", "--configfiles", nargs="+", action="extend", default=[])
    parser.add_argument("--config", "-C", nargs="+", action="extend", default=[])
    return parser.parse_known_args(words)


def _target(word: str, campaign: Campaign, here: Path, folder: Path) -> str:
    """Return a target as Snakemake knows it: a rule, or the path of a file of the campaign, or a page.

    **Raises:** EdgememError that names the nearest file if it is none of them.
    """
    paths = [file.path for file in files_of(campaign)]
    if word in RULES:
        return word
    for start in (here, folder):
        path = os.path.relpath(start / word, folder)
        if path in paths or path.startswith("docs/"):
            return path
    # Whoever leaves out the folder or the setting means a file that ends or begins alike.
    name = Path(word)
    alike = [path for path in paths if path.endswith(f"/{word}")]
    alike += [path for path in paths if Path(path).suffix == name.suffix and Path(path).name.startswith(name.stem)]
    alike += difflib.get_close_matches(word, paths, n=1)
    raise EdgememError(
        f"'{word}' is no file of campaign {campaign.campaign}, no page and no rule"
        + (f"; did you mean {alike[0]}?" if alike else "")
        + f" (rules: {', '.join(RULES)})"
    )
