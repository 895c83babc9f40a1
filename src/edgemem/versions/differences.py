"""What differs between two versions: parameters, metrics, verdicts on claims, and files."""

import math
from typing import Any, NamedTuple

from edgemem.reporting.claims import Judged, campaign_claims, cases_of, compared_claims
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.numbers import Metrics
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
    """A metric of both with another value."""

    name: str
    before: Estimate
    after: Estimate

    @property
    def difference(self) -> Estimate:
        """The later value minus the earlier one, with Zou and Donner's interval for independent estimates.

        Each end takes from both intervals the sides that face each other. Versions that share seeds or samples are not
        independent, and their interval is wider than need be.
        """
        (old, old_low, old_high), (new, new_low, new_high) = self.before, self.after
        if old is None or new is None:
            return Estimate(None, None, None)
        if old_low is None or old_high is None or new_low is None or new_high is None:
            return Estimate(new - old, None, None)
        below, above = math.hypot(new - new_low, old_high - old), math.hypot(new_high - new, old - old_low)
        return Estimate(new - old, new - old - below, new - old + above)

    @property
    def exceeds(self) -> bool | None:
        """Whether the interval of the difference is on one side of zero; None without one."""
        _, low, high = self.difference
        return None if low is None or high is None else low > 0 or high < 0


class Files(NamedTuple):
    """Labels of results, not of logs and benchmarks, that are in one version only or have another content."""

    added: list[str]
    changed: list[str]
    gone: list[str]


class Differences(NamedTuple):
    """All that differs.

    **Attributes:** `same`: how many metrics do not; `alone`: how many only the one has, and only the other; `claims`:
    each claim as both judge it.
    """

    parameters: list[Parameter]
    metrics: list[Metric]
    same: int
    alone: tuple[int, int]
    claims: list[tuple[Judged, Judged]]
    files: Files

    @property
    def judged_otherwise(self) -> list[tuple[Judged, Judged]]:
        """The claims on which the verdicts differ."""
        return [(old, new) for old, new in self.claims if old.verdict != new.verdict]


def differences(before: Version, after: Version) -> Differences:
    """Return what differs between two versions."""
    names = {**before.parameters, **after.parameters}
    pairs = [Parameter(name, before.parameters.get(name), after.parameters.get(name)) for name in names]
    old_names, new_names = (_names(version.metrics) for version in (before, after))
    metrics = [
        Metric(name, _estimate(before.metrics, name), _estimate(after.metrics, name))
        for name in sorted(old_names & new_names)
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
        (len(old_names - new_names), len(new_names - old_names)),
        list(zip(_judged(before.metrics), _judged(after.metrics), strict=True)),
        Files(
            sorted(new.keys() - old.keys()),
            sorted(label for label in old.keys() & new.keys() if old[label] != new[label]),
            sorted(old.keys() - new.keys()),
        ),
    )


def _names(metrics: Metrics) -> set[str]:
    """Return the names of metrics, without those of the ends of their intervals."""
    ends = {f"{name}{end}" for name in metrics for end in ("_low", "_high")}
    return set(metrics) - ends


def _judged(metrics: Metrics) -> list[Judged]:
    """Return all claims, the paper's first, as a campaign judges them."""
    cases = cases_of(metrics)
    own = [campaign_claims(metrics, cases), campaign_claims(metrics, cases, FURTHER), compared_claims(metrics, cases)]
    return [judged for group in own for judged in group]


def _estimate(metrics: Metrics, name: str) -> Estimate:
    return Estimate(metrics.get(name), metrics.get(f"{name}_low"), metrics.get(f"{name}_high"))
