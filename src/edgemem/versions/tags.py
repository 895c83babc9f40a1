"""Names of versions: annotated tags `version/NAME`, each on a commit of its own.

The commit holds the tree of the commit that was checked out, the configuration as it was used, and `version.json`.
It is on no branch, and is made beside index and working tree: nothing that is staged or changed gets into it.
"""

import difflib
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from edgemem.errors import EdgememError
from edgemem.versions.git import git, head
from edgemem.versions.version import Version


DESCRIPTION = "version.json"
# Ends of names that git or, of configuration files, a comparison takes for something else.
RESERVED = (".lock", ".yaml", ".yml")


class Tag(NamedTuple):
    """A version's tag: its name, when it was saved, the commit whose code was used, and the message."""

    name: str
    date: str
    commit: str
    message: str


def reference(name: str) -> str:
    """Return the name that git knows a version by."""
    return f"version/{name}"


def require_new(name: str) -> None:
    """Check that a version can be given a name.

    **Raises:** EdgememError if it is taken, or no name.
    """
    if not re.fullmatch(r"[A-Za-z0-9]+([._-]?[A-Za-z0-9]+)*", name) or name.endswith(RESERVED):
        raise EdgememError(
            f"'{name}' is no name for a version; it may hold letters, digits and, between them, single . _ -, and does "
            f"not end with {', '.join(RESERVED)}"
        )
    if name in [tag.name for tag in all_tags()]:
        raise EdgememError(f"there is a version '{name}' already; choose another name, or: git tag -d version/{name}")


def all_tags() -> list[Tag]:
    """Return the tags of all versions, oldest first."""
    form = "%(refname:lstrip=3)%00%(creatordate:format:%Y-%m-%d %H:%M)%00%(*parent)%00%(contents:subject)"
    lines = git("for-each-ref", "--sort=creatordate", f"--format={form}", "refs/tags/version/").splitlines()
    return [Tag(*line.split("\0")) for line in lines]


def read(name: str) -> Version:
    """Return a version.

    **Raises:** EdgememError if there is none of this name.
    """
    names = [tag.name for tag in all_tags()]
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        known = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(names) or 'none'}"
        raise EdgememError(f"there is no version '{name}' here; {known}")
    # Its tag may have been given another name since.
    return replace(Version.from_json(git("show", f"{reference(name)}:./{DESCRIPTION}")), name=name)


def read_all() -> list[Version]:
    """Return all versions, oldest first."""
    return [read(tag.name) for tag in all_tags()]


def changed(paths: Sequence[str], references: Sequence[str]) -> list[str]:
    """Return those of some files that are missing, or have a content here that they have in none of some commits.

    Files that git does not track are compared as well, which `git diff` takes for deleted ones.
    """
    lines = git("cat-file", "--batch-check", text="".join(f"{r}:./{p}\n" for p in paths for r in references))
    ids = [line.split()[0] for line in lines.splitlines()]
    known = {path: ids[i * len(references) : (i + 1) * len(references)] for i, path in enumerate(paths)}
    return [path for path in paths if not Path(path).exists() or git("hash-object", "--", path) not in known[path]]


def write(version: Version, configuration: Iterable[str], message: str) -> None:
    """Make the commit and the tag of a version.

    **Arguments:** `configuration`: files that the commit holds as they are now; `message`: for `list`.
    """
    parent, here = head(), git("rev-parse", "--show-prefix")
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        git("read-tree", parent, environment=index)
        blobs = {path: git("hash-object", "-w", "--", path) for path in configuration}
        blobs[DESCRIPTION] = git("hash-object", "-w", "--stdin", text=version.to_json())
        for path, blob in blobs.items():
            git("update-index", "--add", "--cacheinfo", f"100644,{blob},{here}{path}", environment=index)
        tree = git("write-tree", environment=index)
    title = f"Version {version.name} of campaign {version.campaign}"
    commit = git("commit-tree", tree, "-p", parent, "-m", title)
    git("tag", "--no-sign", "-a", reference(version.name), commit, "-m", message)
