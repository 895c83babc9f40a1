"""Bring versions to other clones and fetch theirs: names by git, content by DVC."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from edgemem.errors import EdgememError
from edgemem.versions import store, tags
from edgemem.versions.git import git


NAMES = "refs/tags/version/*:refs/tags/version/*"


def push(options: argparse.Namespace) -> None:
    """Copy the content of all versions to a place, then their names to the git remote `origin`.

    **Raises:** EdgememError if either cannot be done.
    """
    versions = tags.read_all()
    if not versions:
        raise EdgememError("there is no version to push; type: python -m edgemem version save NAME")
    place = _place(options.place, "push")
    with store.opened_store(versions):
        store.set_place(place)
        _explained(store.push, place)
    print(f"pushed the content of {len(versions)} versions to {place}")
    if "origin" in git("remote").splitlines():
        _exchange_names("push")
        print("pushed their names to origin")
    else:
        print("there is no git remote 'origin' to push their names to; who clones this repository gets them")


def pull(options: argparse.Namespace) -> None:
    """Fetch the names of versions from the git remote `origin`, then their content from a place.

    **Raises:** EdgememError if either cannot be done.
    """
    place = _place(options.place, "pull")
    if "origin" in git("remote").splitlines():
        _exchange_names("fetch", "--no-tags")
    versions = tags.read_all()
    if not versions:
        raise EdgememError("neither this repository nor its git remote 'origin' has a version")
    with store.opened_store(versions):
        store.set_place(place)
        _explained(store.pull, place)
    print(f"pulled {len(versions)} versions: {', '.join(version.name for version in versions)}")


def _exchange_names(*command: str) -> None:
    """Push or fetch names; where another clone has used one, say how to give the own version another."""
    try:
        git(*command, "origin", NAMES)
    except EdgememError as error:
        if not re.search(r"would clobber|already exists", str(error)):
            raise
        raise EdgememError(
            f"{error}\norigin has another version of the same name; rename the one here: "
            "git tag -a -m TEXT version/NEW version/OLD^{} && git tag -d version/OLD"
        ) from None


def _place(given: str | None, action: str) -> str:
    """Return the place in full: an absolute folder, or an address of S3.

    **Raises:** EdgememError if it is neither, holds a password, or is not known.
    """
    place = given or store.place()
    if place is None:
        raise EdgememError(
            f"it is not known where to; type: python -m edgemem version {action} FOLDER, or s3://BUCKET/FOLDER"
        )
    if re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]+(/.*)?", place):
        return place
    if "://" in place:
        raise EdgememError(
            f"'{re.sub('//.*@', '//...@', place)}' is no place for versions; allowed are a folder, and "
            "s3://BUCKET/FOLDER with credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    folder = Path(place).expanduser().resolve()
    needed = folder if action == "pull" else folder.parent
    if not needed.is_dir():
        raise EdgememError(f"there is no folder {needed}; make it, or name another place")
    return str(folder)


def _explained(transfer: Callable[[], None], place: str) -> None:
    """Do a transfer; of S3, say where its credentials come from if it fails."""
    try:
        transfer()
    except EdgememError as error:
        if not place.startswith("s3://"):
            raise
        raise EdgememError(
            f"{error}\nS3 is reached with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and with AWS_ENDPOINT_URL "
            "if it is not Amazon's"
        ) from error
