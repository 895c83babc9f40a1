"""What differs between two versions: parameters, metrics and files."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from edgemem.versions.files import is_note
from edgemem.versions.version import Version


class Parameter(NamedTuple):
    """A key of the configuration with another value; None where it is not there."""

    name: str
    before: Any
    after: Any


class Estimate(NamedTuple):
    """A number with its interval, each None where it is unknown."""

    value: float | None
    low: float | None
    high: float | None


class Metric(NamedTuple):
    """A metric with another value."""

    name: str
    before: Estimate
    after: Estimate

    @property
    def exceeds(self) -> bool | None:
        """Whether the difference is more than its interval; None without intervals.

        Zou and Donner's interval for a difference of independent estimates: of each the side that faces the other.
        Versions that share seeds or samples are not independent, and their interval is wider than need be.
        """
        smaller, larger = sorted((self.before, self.after), key=lambda estimate: estimate.value or 0)
        if None in (*smaller, *larger):
            return None
        assert smaller.value is not None and smaller.high is not None
        assert larger.value is not None and larger.low is not None
        return larger.value - smaller.value > math.hypot(smaller.high - smaller.value, larger.value - larger.low)


class Files(NamedTuple):
    """Labels of results, not of logs and benchmarks, that are in one version only or have another content."""

    added: list[str]
    changed: list[str]
    gone: list[str]


class Differences(NamedTuple):
    """All that differs; `same` counts the metrics that do not."""

    parameters: list[Parameter]
    metrics: list[Metric]
    same: int
    files: Files


def differences(before: Version, after: Version) -> Differences:
    """Return what differs between two versions."""
    names = {**before.parameters, **after.parameters}
    pairs = [Parameter(name, before.parameters.get(name), after.parameters.get(name)) for name in names]
    metrics = [
        Metric(name, _estimate(before.metrics, name), _estimate(after.metrics, name))
        for name in sorted({**before.metrics, **after.metrics})
        if not (name.endswith(("_low", "_high")) and name.rpartition("_")[0] in {**before.metrics, **after.metrics})
    ]
    changed = [metric for metric in metrics if metric.before != metric.after]
    old, new = (
        {file.label: file.sha256 for path, file in version.files.items() if not is_note(path)}
        for version in (before, after)
    )
    return Differences(
        [pair for pair in pairs if pair.before != pair.after],
        changed,
        len(metrics) - len(changed),
        Files(
            sorted(new.keys() - old.keys()),
            sorted(label for label in old.keys() & new.keys() if old[label] != new[label]),
            sorted(old.keys() - new.keys()),
        ),
    )


def _estimate(metrics: Mapping[str, float | None], name: str) -> Estimate:
    return Estimate(metrics.get(name), metrics.get(f"{name}_low"), metrics.get(f"{name}_high"))
