"""The report in a real browser without a network: nothing goes wrong, and everything can be seen and read."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .browser import PROGRAMS, Browser, started


pytestmark = pytest.mark.slow

DESKTOP, PHONE = 1280, 375
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


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def width(request: pytest.FixtureRequest) -> int:
    """The width of the screen."""
    found: int = request.param
    return found


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    """The colours that the reader has asked the browser for."""
    found: str = request.param
    return found


@pytest.fixture
def opened(browser: Browser, report: Path, width: int, scheme: str) -> Browser:
    """The browser, showing the report."""
    browser.log()
    browser.open(report, width, scheme)
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
        "return [...document.images].map(image => [image.naturalWidth, image.clientWidth, image.clientHeight, "
        "getComputedStyle(image.closest('.card')).backgroundColor])"
    )
    assert len(images) == 4
    for natural, shown, height, ground in images:
        assert natural > 0
        assert shown > 0.8 * min(width, 1000)
        assert shown / height > 1
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
