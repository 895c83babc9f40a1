"""What was cut off, or lies in the future, is told from what is whole."""

import os
import time
from pathlib import Path

import pytest

from edgemem.errors import EdgememError
from edgemem.workflow.repair import future, is_truncated, missing_after_repair, repair, truncated

from .conftest import Made


def every_file(made: Made) -> list[Path]:
    """Return all NetCDF files of the tiny campaign."""
    files = [value for value in made if isinstance(value, Path)]
    for value in made:
        files += value.values() if isinstance(value, dict) else []
    return [path for path in files if path.suffix == ".nc"]


def test_whole_files(made: Made):
    """No file that a stage has written looks truncated."""
    assert len(every_file(made)) > 8
    assert [path for path in every_file(made) if is_truncated(path)] == []


@pytest.mark.parametrize("kept", [0, 1, 8, 47, 48, 500, -1])
def test_every_cut_is_seen(made: Made, tmp_path: Path, kept: int):
    """A file is truncated wherever it was cut off, be it by its last byte, or to nothing."""
    for number, path in enumerate(every_file(made)):
        copy = tmp_path / f"{number}.nc"
        copy.write_bytes(path.read_bytes()[:kept])
        assert is_truncated(copy)


def test_what_is_no_netcdf_file(tmp_path: Path):
    """A file of something else is no result either."""
    path = tmp_path / "text.nc"
    path.write_text("no NetCDF file at all, " * 10)
    assert is_truncated(path)


def test_looking_changes_nothing(made: Made, tmp_path: Path):
    """What is truncated, or lies in the future, is found without a change of any file; what is missing is neither."""
    whole, cut, text, none = (tmp_path / name for name in ("whole.nc", "cut.nc", "text.json", "none.nc"))
    content = made.transition.read_bytes()
    whole.write_bytes(content)
    cut.write_bytes(content[:1000])
    text.write_text("{}")
    later = time.time() + 1000
    os.utime(text, (later, later))
    paths = [str(path) for path in (whole, cut, text, none)]
    before = {path: (path.read_bytes(), path.stat()) for path in tmp_path.iterdir()}
    assert truncated(paths) == [str(cut)]
    assert future(paths) == [str(text)]
    assert missing_after_repair(paths) == []
    after = {path: (path.read_bytes(), path.stat()) for path in tmp_path.iterdir()}
    assert [(c, s.st_mtime_ns) for c, s in after.values()] == [(c, s.st_mtime_ns) for c, s in before.values()]


def test_truncated_files_are_set_aside(made: Made, tmp_path: Path):
    """Truncated files are renamed and are missing until they are made again; others, and none, stay as they are."""
    whole, cut, none = (tmp_path / f"{name}.nc" for name in ("whole", "cut", "none"))
    content = made.transition.read_bytes()
    whole.write_bytes(content)
    cut.write_bytes(content[:1000])
    paths = [str(path) for path in (whole, cut, none)]
    lines: list[str] = []
    for _ in range(2):
        repair(paths, lines.append)
        assert truncated(paths) == []
        assert missing_after_repair(paths) == [str(cut)]
    assert lines == [f"{cut} is truncated; renamed to cut.nc.truncated"]
    assert whole.read_bytes() == content
    assert (tmp_path / "cut.nc.truncated").read_bytes() == content[:1000]
    cut.write_bytes(content)
    assert missing_after_repair(paths) == []


def test_file_that_cannot_be_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where a file cannot be renamed the message names it and the reason."""

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "cut.nc").write_text("cut")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(EdgememError, match=r"cut\.nc is truncated, and cannot be renamed to .*: Permission denied"):
        repair([str(tmp_path / "cut.nc")], print)


def test_file_that_cannot_be_dated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where a file's date cannot be changed the message names it and the reason."""
    path = tmp_path / "future.json"
    path.touch()
    later = time.time() + 1000
    os.utime(path, (later, later))

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    with pytest.raises(EdgememError, match=r"future\.json lies in the future, .*: Operation not permitted"):
        repair([str(path)], print)


def test_files_of_the_future(tmp_path: Path):
    """Files that lie in the future are of the present afterwards, with one line; others keep their dates."""
    now = time.time()
    files = [tmp_path / name for name in ("past", "future", "later")]
    for path, date in zip(files, (now - 1000, now + 1000, now + 2000), strict=True):
        path.touch()
        os.utime(path, (date, date))
    lines: list[str] = []
    for _ in range(2):
        repair(map(str, [*files, tmp_path / "none"]), lines.append)
    assert lines == [f"2 results were written in the future, {files[1]} for one; they are now of the present"]
    assert future(map(str, files)) == []
    past, soon, later = (path.stat().st_mtime for path in files)
    assert past == pytest.approx(now - 1000)
    assert now - 1 < soon <= later <= time.time()
