"""The report, and the comparison of two campaigns, in a real browser without a network.

Nothing goes wrong, and everything can be seen, read and taken along, on a phone, a tablet and a desktop.
"""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgemem.reporting.summary_metrics import read_metrics
from edgemem.versions.differences import differences
from edgemem.versions.page import write_comparison
from edgemem.versions.version import File, Version
from workflow.campaign import copy_finished

from .browser import PATIENCE, PROGRAMS, Browser, started
from .conftest import RESULTS, TEMPLATE, make_report


pytestmark = pytest.mark.slow

PHONE, TABLET, DESKTOP = 390, 800, 1200
# The contrast that WCAG asks of text of this size.
CONTRAST = 4.5
LOWEST_CONTRAST = """
const light = colour => {
  const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(value => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = element => {
  const colour = getComputedStyle(element).backgroundColor;
  return /, 0\\)$/.test(colour) ? ground(element.parentElement) : colour;
};
const says = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
const shown = element => says(element) && element.getClientRects().length;
return Math.min(...[...document.body.querySelectorAll('*')].filter(shown).map(element => {
  const style = getComputedStyle(element);
  const ink = element.closest('svg') ? style.fill : style.color;
  const [low, high] = [light(ink), light(ground(element))].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}));
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser; REQUIRE_CHROMIUM=1 makes it an error that there is none."""
    absent = [program for program in PROGRAMS if not shutil.which(program)]
    if absent:
        reason = f"there is no {', '.join(absent)}: apt-get install chromium chromium-driver"
        (pytest.fail if os.environ.get("REQUIRE_CHROMIUM") == "1" else pytest.skip)(reason)
    with started(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture(params=[PHONE, TABLET, DESKTOP])
def width(request: pytest.FixtureRequest) -> int:
    """The width of the screen."""
    found: int = request.param
    return found


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """The colours that the reader has asked the browser for."""
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def pages(finished: Path, spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report, with figures in one column and their numbers, and the page that compares two campaigns."""
    folder = tmp_path_factory.mktemp("pages") / "campaign"
    copy_finished(finished, folder)
    figures = folder / RESULTS / "figures"
    with contextlib.chdir(folder):
        assert make_report(spec) == 0
        before, after = two_campaigns(dict(read_metrics(f"{RESULTS}/metrics.json")))
        images = {path.stem: path.read_bytes() for path in figures.glob("column/*.png")}
        other = images | dict.fromkeys(list(images)[:1], next(reversed(images.values())))
        found = differences(before, after)
        write_comparison("diff.html", before, after, found, (images, other), TEMPLATE.with_name("diff.html"))
    return {"report": folder / "new.html", "comparison": folder / "diff.html"}


def two_campaigns(metrics: dict[str, float | None]) -> tuple[Version, Version]:
    """Return campaigns of which all numbers are known, and some differ."""
    known = {name: 0.8 if value is None else value for name, value in metrics.items()}
    other = {name: value + 0.1 if "m50" in name else value for name, value in known.items()}
    files = {f"{RESULTS}/{name}.nc": File(name, 1, 1, f"{name} of mixture") for name in ("models", "evaluations")}
    first = Version("tiny", "tiny", [], [], [], {"steps": 20, "seeds": [1, 2]}, known, files, "", "")
    parameters = {"steps": 30, "seeds": [1, 2, 3]}
    return first, Version("mine", "mine", [], [], [], parameters, other, {}, "", "")


@pytest.fixture(params=["report", "comparison"])
def opened(
    request: pytest.FixtureRequest, browser: Browser, pages: dict[str, Path], width: int, scheme: str
) -> Browser:
    """The browser, showing a page."""
    browser.log()
    browser.open(pages[request.param], width, scheme)
    return browser


def test_console_stays_empty(opened: Browser):
    """The browser has nothing to complain about, not even of something that it could not load."""
    assert opened.log() == []
    opened.run("console.error('noticed')")
    assert any("noticed" in line for line in opened.log()), "an error would not be seen"


def test_nothing_is_loaded(opened: Browser):
    """The browser asks for nothing but the page."""
    loaded = opened.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert [name for name in loaded if not name.startswith("data:")] == []


def test_every_figure_is_visible(opened: Browser, width: int):
    """Each image has been read, is as wide as its card or can be moved in it, and has a white ground."""
    images = opened.run(
        "return [...document.images].map(image => [image.naturalWidth, image.clientWidth, "
        "image.closest('.card').clientWidth, getComputedStyle(image.closest('.card')).backgroundColor])"
    )
    assert len(images) >= 4
    for natural, shown, card, ground in images:
        assert natural > 0
        assert shown > 0.8 * min(card, natural)
        assert ground == "rgb(255, 255, 255)"


def test_page_is_no_wider_than_the_screen(opened: Browser, width: int):
    """What is wider than the screen, a table or a figure, moves by itself; the page does not."""
    assert opened.run("return document.documentElement.scrollWidth") <= width
    opened.run("window.scrollTo(1000, 0)")
    assert opened.run("return window.scrollX") == 0


def test_text_can_be_read(opened: Browser, scheme: str):
    """The ground is light or dark as asked for, and every text stands out from what is behind it."""
    opened.run("document.querySelectorAll('details').forEach(details => details.open = true)")
    red = opened.run("return Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
    assert red > 200 if scheme == "light" else red < 50
    assert opened.run(LOWEST_CONTRAST) >= CONTRAST


def test_no_column_is_cut(opened: Browser, width: int):
    """On a desktop all columns are to be seen; below, tables move beside their first column, or are lists of cells."""
    tables = opened.run(
        "return [...document.querySelectorAll('.scroll')].map(box => { box.scrollLeft = 9999; "
        "const name = box.querySelector('tbody th').getBoundingClientRect(), frame = box.getBoundingClientRect(); "
        "return [box.scrollWidth - box.clientWidth, name.left - frame.left, name.width / frame.width, "
        "box.querySelector('table').className]; })"
    )
    assert tables
    for hidden, left, share, kind in tables:
        if width == DESKTOP or (width == PHONE and kind == "stack"):
            assert hidden <= 0, kind
        if kind == "numeric" and hidden > 0:
            assert abs(left) < 3
            assert share < 0.5


@pytest.mark.parametrize("page", ["report", "comparison"])
def test_cells_of_a_list_have_their_columns_name(browser: Browser, pages: dict[str, Path], page: str):
    """Where a row is a list of its cells, each begins with what its column is called."""
    browser.open(pages[page], PHONE, "light")
    names = browser.run(
        "return [...document.querySelectorAll('.stack td')].map(cell => [getComputedStyle(cell, '::before').content, "
        "cell.closest('table').querySelectorAll('thead th')[cell.cellIndex].innerText])"
    )
    assert names
    assert all(before == json.dumps(name, ensure_ascii=False) for before, name in names)


@pytest.mark.parametrize("size", [PHONE, TABLET, DESKTOP, 1280])
def test_first_figure_is_in_the_first_screen(browser: Browser, pages: dict[str, Path], size: int):
    """Below the results in words, and whole where the screen is wide; no table comes before."""
    browser.open(pages["report"], size, "light")
    words, top, bottom, table, height = browser.run(
        "const box = name => document.querySelector(name).getBoundingClientRect(); "
        "return [box('.summary').bottom, box('img').top, box('img').bottom, box('table').top, window.innerHeight]"
    )
    assert words < top < height
    assert bottom < height or size == PHONE
    assert bottom < table


def test_narrow_screens_show_the_version_for_one_column(browser: Browser, pages: dict[str, Path]):
    width = "return document.images[0].naturalWidth"
    browser.open(pages["report"], PHONE, "light")
    assert browser.run(width) == round(3.4 * 220)  # inches of a column, and dots an inch
    browser.open(pages["report"], TABLET, "light")
    assert browser.run(width) > 3.4 * 220


def test_numbers_can_be_taken_along_without_a_network(browser: Browser, pages: dict[str, Path], tmp_path: Path):
    """The links to CSV put files into the folder of downloads: a figure’s as it is, a table as text."""
    browser.download_to(tmp_path)
    browser.open(pages["report"], DESKTOP, "light")
    figures = pages["report"].parent / RESULTS / "figures"
    figure = browser.run(
        "const link = document.querySelector('figure a[download]'); link.click(); return link.download"
    )
    assert downloaded(tmp_path / figure) == (figures / figure).read_bytes()
    browser.run("document.querySelector('a[download=\"tiny-transitions.csv\"]').click()")
    assert downloaded(tmp_path / "tiny-transitions.csv").startswith(b"# campaign tiny; edgemem ")


def downloaded(file: Path) -> bytes:
    """Return the content of a file as soon as all of it is there.

    The browser reserves the name with an empty file, writes beside it, and renames what is complete.
    """
    end = time.monotonic() + PATIENCE
    while not file.exists() or file.stat().st_size == 0:
        assert time.monotonic() < end, f"{file} is not downloaded"
        time.sleep(0.1)
    return file.read_bytes()
