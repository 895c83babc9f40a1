"""The report of the tiny campaign, as its run made it, and the command to make another."""

import json
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from edgemem.cli import main
from edgemem.config.loading import read_campaign
from workflow.campaign import CONFIG, ROOT, copy_finished
from workflow.conftest import finished, quick, shared  # noqa: F401  the campaign that the tests of workflows run once


TEMPLATE = ROOT / "docs/templates/report.html"
RESULTS = "results/tiny"


class Element(NamedTuple):
    """An element that was opened."""

    tag: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """What a browser makes of a page: its elements, its text, the cells of its tables row by row."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[Element] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(html)
        self.close()
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        self._inside.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.text += data
        if {"td", "th"} & set(self._inside):
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str]]:
        """Return the attributes of all elements of a kind."""
        return [element.attributes for element in self.elements if element.tag == tag]


@pytest.fixture(scope="session")
def report(finished: Path) -> Path:  # noqa: F811
    """The page that the workflow made."""
    return finished / RESULTS / "report.html"


@pytest.fixture(scope="session")
def page(report: Path) -> Page:
    """The page, read."""
    return Page(report.read_text())


@pytest.fixture(scope="session")
def spec(finished: Path) -> dict[str, Any]:  # noqa: F811
    """What the workflow hands to the stage."""
    campaign = read_campaign(finished / "config.yaml", finished / CONFIG)
    found: dict[str, Any] = json.loads(campaign.report_spec().canonical())
    return found


@pytest.fixture(scope="session")
def model(spec: dict[str, Any]) -> str:
    """The name of the campaign's one model."""
    (found,) = spec["models"]
    return str(found)


@pytest.fixture
def folder(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A copy of the finished campaign, as the working directory."""
    copy_finished(finished, tmp_path / "campaign")
    monkeypatch.chdir(tmp_path / "campaign")
    return tmp_path / "campaign"


@pytest.fixture
def make(folder: Path) -> Callable[..., int]:
    """A function that makes a report of the copy, without Snakemake, and returns the exit code."""
    return make_report


def make_report(spec: Mapping[str, Any], template: Path = TEMPLATE) -> int:
    """Make a report of the campaign in the current folder, and return the exit code."""
    data = sorted(map(str, Path(RESULTS).glob("*.nc"))) + sorted(map(str, Path("results/evaluations").rglob("*.nc")))
    figures = sorted(str(path) for path in Path(f"{RESULTS}/figures").rglob("*.*"))
    words = ["report", str(template), *data, "--metrics", f"{RESULTS}/metrics.json", "--figures", *figures]
    return main([*words, "--out", "new.html", "--spec", json.dumps(spec)])
