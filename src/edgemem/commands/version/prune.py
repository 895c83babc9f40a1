"""Delete content that no version names."""

import argparse

from edgemem.commands.text import agreed
from edgemem.reporting.numbers import megabytes
from edgemem.versions import store, tags


def prune(options: argparse.Namespace) -> None:
    """Say what in the store is in no version, and delete it, after asking; places pushed to stay as they are."""
    versions = tags.read_all()
    with store.opened_store(versions):
        files = store.unnamed()
        names = ", ".join(version.name for version in versions) or "none"
        print(f"versions: {names}")
        if not files:
            print("nothing in the store is in no version")
            return
        size = sum(file.stat().st_size for file in files if file.exists())
        print(f"in no version: {len(files)} files of the store, {megabytes(size)}")
        if not (options.yes or agreed("delete them?")):
            print("nothing was deleted; give --yes to delete them without being asked")
            return
        store.remove_unnamed()
        print(f"deleted {len(files)} files, {megabytes(size)}")
