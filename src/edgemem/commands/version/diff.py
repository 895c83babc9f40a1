"""Say what differs between two versions."""

import argparse
import contextlib
from collections.abc import Iterable
from pathlib import Path

from edgemem import layout
from edgemem.commands.text import listed
from edgemem.commands.version.sides import images, side
from edgemem.reporting.numbers import readable
from edgemem.versions import store, tags
from edgemem.versions.differences import Differences, Files, Metric, differences
from edgemem.versions.page import estimate, write_comparison


def diff(options: argparse.Namespace) -> None:
    """Print what differs in short, and write a page with all of it and the figures of both side by side.

    **Raises:** EdgememError if there is no such version or campaign, or its figures are not here.
    """
    before, after = side(options.before), side(options.after)
    found = differences(before, after)
    print(summary(found), flush=True)
    page = Path(options.out or f"{layout.RESULTS}/diff-{before.name}-{after.name}.html")
    # Results that lie here need neither git nor DVC.
    stored = before.kept or after.kept
    with store.opened_store(tags.read_all()) if stored else contextlib.nullcontext():
        write_comparison(page, before, after, found, (images(before), images(after)))
    print(f"all of it, and the figures side by side: {page}")


def summary(found: Differences) -> str:
    """Return what is printed: all in numbers, and the beginning of each list."""
    beyond, within, unknown = by_interval(found.metrics)
    files = [f"{kind}: {label}" for kind in Files._fields for label in getattr(found.files, kind)]
    return "\n".join(
        [
            listed(
                f"parameters that differ: {len(found.parameters) or 'none'}",
                [f"{p.name}: {readable(p.before)} -> {readable(p.after)}" for p in found.parameters],
            ),
            listed(
                f"metrics that differ by more than their 95 % intervals: {len(beyond) or 'none'}; "
                f"by less {len(within)}, without an interval {len(unknown)}, not at all {found.same}; "
                f"only one of both has {sum(found.alone)}",
                [f"{m.name}: {estimate(m.before)} -> {estimate(m.after)}" for m in beyond],
            ),
            listed(
                f"claims judged otherwise: {len(found.judged_otherwise) or 'none'}",
                [f"{old.name}: {old.verdict} -> {new.verdict}" for old, new in found.judged_otherwise],
            ),
            listed("files: " + ", ".join(f"{len(getattr(found.files, kind))} {kind}" for kind in Files._fields), files),
        ]
    )


def by_interval(metrics: Iterable[Metric]) -> tuple[list[Metric], list[Metric], list[Metric]]:
    """Return those that differ by more than their intervals, by less, and those without one."""
    metrics = list(metrics)
    beyond, within, unknown = ([m for m in metrics if m.exceeds is answer] for answer in (True, False, None))
    return beyond, within, unknown
