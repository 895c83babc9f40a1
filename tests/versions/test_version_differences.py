"""`edgemem version diff` tells parameters, metrics and files apart, and what of it is more than chance."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest

from edgemem.commands.version.diff import summary
from edgemem.config.loading import read_campaign
from edgemem.reporting.downloads import PNG
from edgemem.reporting.further_claims import FURTHER
from edgemem.reporting.paper_claims import PAPER
from edgemem.versions.configuration import parameters
from edgemem.versions.differences import differences
from edgemem.versions.page import write_comparison
from edgemem.versions.version import File, Version
from workflow.campaign import ROOT


TEMPLATES = ROOT / "docs/templates"


def version(name: str, **content: object) -> Version:
    """Return a version with little in it."""
    empty = {
        "campaign": "tiny",
        "configfiles": [],
        "values": [],
        "extensions": [],
        "parameters": {},
        "metrics": {},
        "files": {},
        "packed": "",
        "data": "outs:",
    }
    return Version(name=name, **{**empty, **content})  # type: ignore[arg-type]


def with_interval(value: float, low: float, high: float) -> dict[str, float | None]:
    """Return the entries of a metric that has an interval."""
    return {"x/m50": value, "x/m50_low": low, "x/m50_high": high}


def test_parameters_that_are_changed_added_and_gone():
    """A key with another value, a new one and one that is no longer there are named; what is equal is not."""
    before = version("a", parameters={"steps": 20, "rate": 0.1, "old": 1})
    after = version("b", parameters={"steps": 30, "rate": 0.1, "new": 2})
    found = differences(before, after).parameters
    assert [(p.name, p.before, p.after) for p in found] == [("steps", 20, 30), ("old", 1, None), ("new", None, 2)]


@pytest.mark.parametrize("sign", [1, -1])
def test_difference_is_judged_by_the_interval_of_a_difference(sign: int):
    """For symmetric intervals the limit is that of independent estimates, the root of the sum of squares."""
    a, b = with_interval(0, -3, 3), with_interval(4.9 * sign, 4.9 * sign - 4, 4.9 * sign + 4)
    (found,) = differences(version("a", metrics=a), version("b", metrics=b)).metrics
    assert found.exceeds is False
    b = with_interval(5.1 * sign, 5.1 * sign - 4, 5.1 * sign + 4)
    (found,) = differences(version("a", metrics=a), version("b", metrics=b)).metrics
    assert found.exceeds is True


def test_equal_versions_rarely_exceed_their_intervals():
    """Estimates of one true value exceed the interval of their difference in about five cases of a hundred."""
    rng = np.random.default_rng(0)
    exceeding, cases = 0, 2000
    for x, y in rng.normal(size=(cases, 2)):
        a, b = with_interval(x, x - 1.96, x + 1.96), with_interval(y, y - 1.96, y + 1.96)
        (found,) = differences(version("a", metrics=a), version("b", metrics=b)).metrics
        exceeding += bool(found.exceeds)
    # Four standard errors of a proportion of 0.05.
    assert abs(exceeding / cases - 0.05) < 4 * np.sqrt(0.05 * 0.95 / cases)


def test_difference_has_the_interval_of_a_difference():
    """Each end comes from the sides of both intervals that face each other; what has none has a difference alone."""
    a, b = with_interval(1, 0, 3), with_interval(11, 7, 12)
    (found,) = differences(version("a", metrics=a), version("b", metrics=b)).metrics
    assert found.difference == (10, 10 - np.hypot(4, 2), 10 + np.hypot(1, 1))
    (found,) = differences(version("a", metrics={"x": 1.0}), version("b", metrics={"x": 3.0})).metrics
    assert found.difference == (2, None, None)


def test_metrics_without_intervals_are_not_judged():
    """A number without an interval, or unknown in one version, differs without a verdict; equal ones are counted."""
    before = version("a", metrics={"plain": 1.0, "unknown": None, "same": 2.0, **with_interval(1, 0, 2)})
    after = version("b", metrics={"plain": 1.5, "unknown": 3.0, "same": 2.0, **with_interval(1, 0, 2)})
    found = differences(before, after)
    assert [(m.name, m.exceeds) for m in found.metrics] == [("plain", None), ("unknown", None)]
    assert found.same == 2


def test_metrics_that_only_one_has_are_counted():
    """Of campaigns with other settings, what they share is compared; the ends of an interval are part of its metric."""
    before = version("a", metrics={"shared": 1.0, "old": 1.0, **with_interval(1, 0, 2)})
    found = differences(before, version("b", metrics={"shared": 2.0, "new": None, "newer": 1.0}))
    assert [metric.name for metric in found.metrics] == ["shared"]
    assert found.alone == (2, 2)
    assert "only one of both has 4" in summary(found)


def of_transitions(reached: int) -> dict[str, float | None]:
    """Return the metrics of one case, in so many of whose ten data sets the ratio goes all the way."""
    case = "gaussian_N10_d2_K2/mixture"
    point = {"m50_pooled": 0.8, "m50_pooled_low": 0.75, "m50_pooled_high": 0.85, "m10_pooled": 0.7, "m90_pooled": 0.9}
    own = point | {"transitions": reached, "data_sets": 10, "learned_variance_at_0.5": 1.0}
    return {f"{case}/{name}": value for name, value in own.items()}


def test_claims_are_judged_by_both():
    """A claim on which the verdicts differ is named, on the terminal and in the page; each is judged by both."""
    before, after = version("a", metrics=of_transitions(10)), version("b", metrics=of_transitions(0))
    found = differences(before, after)
    ((old, new),) = found.judged_otherwise
    assert (old.name, old.verdict, new.verdict) == ("Transition", "supported", "contradicted")
    assert "claims judged otherwise: 1\n  Transition: supported -> contradicted" in summary(found)
    assert [old.name for old, _ in found.claims] == [claim.name for claim in PAPER + FURTHER]


def test_files_by_content():
    """Files are told apart by content: another time is no difference, and logs are left out."""
    before = version("a", files=files(gone="1", changed="1", same="1"))
    log = {"results/logs/train/a.log": File("1", 10, 1)}
    after = version("b", files=files(9, added="1", changed="2", same="1") | log)
    assert differences(before, after).files == (["added"], ["changed"], ["gone"])


def files(mtime: int = 1, **checksums: str) -> dict[str, File]:
    """Return files by path, whose labels are their names."""
    return {f"results/{label}": File(checksum, 10, mtime, label) for label, checksum in checksums.items()}


def test_file_under_another_path_is_changed(tmp_path: Path):
    """Another value gives a file another path: it is the file that it was, changed, and no new one."""
    label = "evaluations of mixture on X, seed 1"
    before = version("a", files={"results/evaluations/X/seed1/mixture-0.nc": File("1", 10, 1, label)})
    after = version("b", files={"results/evaluations/X/seed1/mixture-1.nc": File("2", 10, 1, label)})
    found = differences(before, after)
    assert found.files == ([], [label], [])
    assert f"changed: {label}" in summary(found)
    assert re.search(f"changed</th>.*?{label}</span>", page(tmp_path, before, after), re.DOTALL)


def page(folder: Path, before: Version, after: Version, *images: dict[str, bytes]) -> str:
    """Return the page that compares two versions."""
    pair = images or ({}, {})
    found = differences(before, after)
    write_comparison(folder / "page.html", before, after, found, pair, TEMPLATES / "diff.html")  # type: ignore[arg-type]
    return (folder / "page.html").read_text(encoding="utf-8")


def png(content: str) -> bytes:
    """Return what passes for a PNG image."""
    return PNG + content.ljust(16).encode()


def test_page_shows_figures_that_both_have_side_by_side(tmp_path: Path):
    """Both images of a figure; an equal one once; of others the name alone."""
    old, new, same = png("old"), png("new"), png("same")
    images = (
        {"losses": old, "same": same},
        {"losses": new, "new": png("other"), "same": same},
    )
    html = page(tmp_path, version("a"), version("b"), *images)
    assert [base64.b64decode(found) for found in re.findall('src="data:image/png;base64,([^"]*)"', html)] == [
        old,
        new,
        same,
    ]
    assert html.count("(the same)") == 1
    assert re.search("Only b has <code>new</code>.", html)
    assert "Only a has <code>" not in html


def test_page_shows_two_campaigns(tmp_path: Path):
    """Transition points, verdicts, keys and metrics of both stand side by side, and nothing is loaded."""
    before = version("v1", metrics=of_transitions(10) | with_interval(0, -1, 1), parameters={"steps": 20})
    moved = {name: None if value is None else value + 0.1 for name, value in of_transitions(0).items()}
    after = version("mine", campaign="mine", metrics=moved | with_interval(9, 8, 10), parameters={"steps": 30}, data="")
    html = page(tmp_path, before, after)
    text = " ".join(re.sub("<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split())
    assert "v1 and campaign mine" in text
    assert "0.800 [0.750, 0.850] 0.900 [0.850, 0.950] +0.100 [+0.029, +0.171] exceeds" in text
    assert "steps 20 30" in text
    assert "x/ m50 0 [-1, 1] 9 [8, 10] +9 [+7.586, +10.41] exceeds" in text
    assert "supported" in text
    assert not re.search('<script|<link rel="stylesheet|https?://', html)


def test_what_is_printed_is_short():
    """Of long lists twenty lines are printed, and how many more the page has."""
    after = version("b", files=files(**{f"file{i:02}": "1" for i in range(50)}))
    lines = summary(differences(version("a"), after)).splitlines()
    assert lines[0] == "parameters that differ: none"
    assert "files: 50 added, 0 changed, 0 gone" in lines
    assert lines[-1].strip() == "... and 30 more"


def test_parameters_are_the_merged_configuration(tmp_path, monkeypatch):
    """Overlays replace lists and merge mappings, and defaults are written out: two versions are compared by value."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below.yaml").write_text(
        "campaign: below\nseeds: [1]\nsettings: [{family: gaussian, N: 10, d: 2, K: 2}]\n"
        "models: {m: {denoiser: isotropic_mixture, protocol: p}}\n"
        "protocols: {p: {steps: 10, draws: 2, peak_lr: 0.01, final_lr: 0.001}}\n"
        "evaluation: {generated: 50}\nfigures: []\n"
    )
    (tmp_path / "above.yaml").write_text("campaign: above\nseeds: [2, 3]\nevaluation: {draws: 7}\n")
    values = parameters(read_campaign("below.yaml", "above.yaml"))
    assert values["campaign"] == "above"
    assert values["seeds"] == [2, 3]
    assert (values["evaluation.generated"], values["evaluation.draws"]) == (50, 7)
    assert values["settings[0].N"] == [10]
    assert values["protocols.p.steps"] == 10
    assert values["models.m.sizes.coarse"] == 10
