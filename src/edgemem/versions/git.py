"""Git, as far as versions need it."""

import os
import subprocess
from collections.abc import Mapping

from edgemem.errors import EdgememError


def git(*arguments: str, text: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Return what a git command prints, without the last line's end.

    **Arguments:** `text`: what it reads from standard input; `environment`: variables for it besides the present ones.

    **Raises:** EdgememError when there is no git or no repository, or with what git said.
    """
    variables = os.environ | {"LC_ALL": "C", **(environment or {})}
    try:
        ended = subprocess.run(
            ["git", *arguments], input=text or "", env=variables, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise EdgememError("versions are named by tags of git, and there is no program git here; install it") from None
    if not ended.returncode:
        return ended.stdout.rstrip("\n")
    if "not a git repository" in ended.stderr:
        raise EdgememError(
            "versions are named by tags of git, and this folder is in no git repository; "
            "type: git init && git add . && git commit -m 'Begin'"
        )
    raise EdgememError(f"git {arguments[0]} failed: {ended.stderr.strip()}")


def head() -> str:
    """Return the commit that is checked out.

    **Raises:** EdgememError when there is none.
    """
    commit = git("rev-parse", "--verify", "--quiet", "HEAD^{commit}") if git("rev-list", "-n1", "--all") else ""
    if not commit:
        raise EdgememError("this git repository has no commit yet; type: git add . && git commit -m 'Begin'")
    return commit


def uncommitted(*paths: str) -> list[str]:
    """Return the files below some paths that differ from the commit that is checked out, or are not in it."""
    listed = git("status", "--porcelain", "--untracked-files=all", "--no-renames", "-z", "--", *paths)
    return sorted(entry[3:] for entry in listed.split("\0") if entry)


def in_repository() -> bool:
    """Return whether there is git, and this folder is in a repository of it."""
    try:
        ended = subprocess.run(["git", "rev-parse", "--git-dir"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return not ended.returncode
