"""Say what differs between two versions."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from edgemem import layout
from edgemem.commands.text import listed
from edgemem.files.atomic_write import atomic_write
from edgemem.reporting.numbers import readable
from edgemem.versions import store, tags
from edgemem.versions.differences import Differences, Files, Metric, differences
from edgemem.versions.page import comparison, estimate
from edgemem.versions.version import Version


def diff(options: argparse.Namespace) -> None:
    """Print what differs in short, and write a page with all of it and the figures of both side by side.

    **Raises:** EdgememError if there is no such version, or its figures are not here.
    """
    before, after = tags.read(options.before), tags.read(options.after)
    found = differences(before, after)
    print(summary(found), flush=True)
    page = Path(options.out or f"{layout.RESULTS}/diff-{before.name}-{after.name}.html")
    with store.opened_store(tags.read_all()):
        images = _images(before), _images(after)
        text = comparison(before, after, found, *images)
    atomic_write(page, lambda path: path.write_text(text, encoding="utf-8"))
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
                f"by less {len(within)}, without an interval {len(unknown)}, not at all {found.same}",
                [f"{m.name}: {estimate(m.before)} -> {estimate(m.after)}" for m in beyond],
            ),
            listed("files: " + ", ".join(f"{len(getattr(found.files, kind))} {kind}" for kind in Files._fields), files),
        ]
    )


def by_interval(metrics: Iterable[Metric]) -> tuple[list[Metric], list[Metric], list[Metric]]:
    """Return those that differ by more than their intervals, by less, and those without one."""
    metrics = list(metrics)
    beyond, within, unknown = ([m for m in metrics if m.exceeds is answer] for answer in (True, False, None))
    return beyond, within, unknown


def _images(version: Version) -> dict[str, bytes]:
    """Return the figures of a version by name."""
    figures = version.folder / "figures"
    if not any(Path(path).parent == figures for path in version.files):
        return {}
    folder = store.fetch_out(version.name, [str(figures)]) / figures
    return {path.stem: path.read_bytes() for path in sorted(folder.glob("*.png"))}
