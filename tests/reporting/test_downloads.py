"""What a page hands out holds what it shows, as programs read it."""

import base64
import csv
import io
from pathlib import Path

import pytest

from edgemem.errors import EdgememError
from edgemem.reporting.downloads import PNG, csv_address, csv_text, image, made_by


def test_table_as_csv():
    """Numbers have no commas and no markup, intervals have columns of their own, and what is unknown is empty."""
    header = ["setting", "`M` / N", "jobs", "said"]
    rows = [
        ["`a_b`", "0.80 [0.75, 0.85]", "1,200", "C = 1.3 [1.2, 1.4] at 0.5, and more"],
        ["**b**", "–", "–", 'a "word"'],
        ["c", "-1.0e-04 [-2.0e-04, +3e+05]", "12", "1,2"],
    ]
    text = csv_text(header, rows, "campaign x; edgemem 1")
    assert text.splitlines()[0] == "# campaign x; edgemem 1"
    assert list(csv.reader(io.StringIO(text)))[1:] == [
        ["setting", "M / N", "M / N low", "M / N high", "jobs", "said"],
        ["a_b", "0.80", "0.75", "0.85", "1200", "C = 1.3 [1.2, 1.4] at 0.5, and more"],
        ["b", "", "", "", "", 'a "word"'],
        ["c", "-1.0e-04", "-2.0e-04", "+3e+05", "12", "1,2"],
    ]


def test_files_in_addresses():
    """Content is in its address byte by byte; of an image also its size is known."""
    kind, _, content = csv_address(b"a,\xc3\xa9\n").partition(";base64,")
    assert (kind, base64.b64decode(content)) == ("data:text/csv;charset=utf-8", b"a,\xc3\xa9\n")
    header = PNG + b"\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
    shown = image(header, "a.png")
    assert (shown.width, shown.height) == (640, 480)
    assert base64.b64decode(shown.address.removeprefix("data:image/png;base64,")) == header
    with pytest.raises(EdgememError, match=r"figures/a.png is no PNG file"):
        image(b"GIF89a", Path("figures/a.png"))


def test_lineage_in_a_line():
    made = {"edgemem_version": "1.0", "git_commit": "abc", "created": "2026-01-01T00:00:00+00:00"}
    assert made_by("campaign x", made) == "campaign x; edgemem 1.0, commit abc, 2026-01-01T00:00:00+00:00"
