"""The page that shows two versions beside each other."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from edgemem import layout
from edgemem.files.lineage import lineage_attributes
from edgemem.reporting.downloads import image, made_by
from edgemem.reporting.numbers import readable
from edgemem.reporting.pages import Table, write_page
from edgemem.reporting.summary import Transition, transition
from edgemem.versions.differences import Differences, Estimate, Files, Metric
from edgemem.versions.version import Version


TEMPLATE = Path(layout.TEMPLATES, "diff.html")
# Whether a difference is more than its interval.
WORDS = {True: "exceeds", False: "within", None: "–"}


def write_comparison(
    page: str | Path,
    before: Version,
    after: Version,
    found: Differences,
    images: tuple[Mapping[str, bytes], Mapping[str, bytes]],
    template: str | Path = TEMPLATE,
) -> None:
    """Write the page: transitions, claims, parameters, metrics, files, and figures that both have.

    **Arguments:** `images`: PNG figures of both, by name.
    """
    versions = (before, after)
    names = [version.title for version in versions]
    made = lineage_attributes("diff", "{}", [], {})
    metrics = sorted(found.metrics, key=lambda one: (one.exceeds is not True, one.exceeds is None, one.name))
    judged = [metric for metric in metrics if metric.exceeds is not None]
    pairs = _transitions(before, after)
    write_page(
        template,
        page,
        names=names,
        versions=versions,
        made=made,
        lineage=made_by(" and ".join(names), made),
        file=f"diff-{before.name}-{after.name}",
        found=found,
        beyond=sum(metric.exceeds is True for metric in judged),
        judged=len(judged),
        transitions=pairs,
        scale=max([1.0, *(one.m90 or 0.0 for pair in pairs for one in pair)]),
        transition_table=_transition_table(names, pairs),
        claims=_claims_table(names, found),
        parameters=Table(
            ["key", *names], [[f"`{p.name}`", readable(p.before), readable(p.after)] for p in found.parameters]
        ),
        metrics=Table(
            ["metric", *names, "difference", "its interval"], [[f"`{one.name}`", *_row(one)] for one in metrics]
        ),
        figures=list(_figures(names, *images)),
        alone=[sorted(one.keys() - other.keys()) for one, other in (images, images[::-1])],
        files=Table(["", "file"], [[kind, label] for kind in Files._fields for label in getattr(found.files, kind)]),
    )


def estimate(value: Estimate, form: str = "") -> str:
    """Return a number with its interval, if it has one.

    **Arguments:** `form`: as `format` takes it, else as one reads numbers.
    """
    number, low, high = (format(end, form) if form and end is not None else readable(end) for end in value)
    return number if value.low is None or value.high is None else f"{number} [{low}, {high}]"


def _row(metric: Metric, form: str = "", sign: str = "+.4g") -> list[str]:
    """Return both numbers, their difference, and how that is beside its interval."""
    numbers = [estimate(metric.before, form), estimate(metric.after, form), estimate(metric.difference, sign)]
    return [*numbers, WORDS[metric.exceeds]]


def _transitions(before: Version, after: Version) -> list[tuple[Transition, Transition]]:
    """Return where the transition of each case is in both, the cases of the earlier one first."""
    end = "/m50_pooled"
    cases = [name.removesuffix(end) for name in {**before.metrics, **after.metrics} if name.endswith(end)]
    return [(transition(case, before.metrics), transition(case, after.metrics)) for case in cases]


def _transition_table(names: Iterable[str], pairs: Iterable[tuple[Transition, Transition]]) -> Table:
    """Return the transition points of both, with their difference."""
    rows = []
    for old, new in pairs:
        metric = Metric("", *(Estimate(one.m50, one.low, one.high) for one in (old, new)))
        rows.append([f"`{old.setting}`", f"`{old.model}`", *_row(metric, ".3f", "+.3f")])
    return Table(["setting", "model", *names, "difference", "its interval"], rows)


def _claims_table(names: Iterable[str], found: Differences) -> Table:
    """Return all claims with the numbers and the verdict of each version."""
    header = ["claim", *(title for name in names for title in (name, f"verdict of {name}"))]
    return Table(header, [[old.claim, old.ours, old.verdict, new.ours, new.verdict] for old, new in found.claims])


def _figures(names: Iterable[str], *images: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """Yield each figure that both have; equal ones are shown once."""
    for name in sorted(set.intersection(*map(set, images))):
        contents = [one[name] for one in images]
        same = contents[0] == contents[1]
        sides = zip(names, contents[:1] if same else contents, strict=not same)
        yield {
            "name": name,
            "same": same,
            "images": [
                {"of": of, "png": image(content, f"{name}.png of {of}"), "column": None} for of, content in sides
            ],
        }
