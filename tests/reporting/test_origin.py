"""Where results come from: every file that is still there, what made it, and what has changed since."""

import json
from pathlib import Path

import pytest

from edgemem.errors import EdgememError
from edgemem.reporting import origin
from edgemem.reporting.origin import File, changed, origin_table, trace


MADE = {
    "created": "2026-01-02T03:04:05Z",
    "git_commit": "0123456789abcdef",
    "git_dirty": "false",
    "device_kind": "cpu",
    "jax_version": "0.10",
    "python_version": "3.11",
    "edgemem_version": "1.0",
    "host_platform": "Linux",
}


def file(kind: str, **attributes: str) -> File:
    return File(f"{kind}.nc", 10, "abc", MADE | {"edgemem_file": kind, "setting": "s", "seed": "1"} | attributes)


def test_files_say_what_they_are():
    assert file("samples").label == "samples of s, seed 1"
    assert file("models", model="mixture").label == "models of mixture on s, seed 1"
    assert file("transition", campaign="paper").label == "transition of campaign paper"
    source = File("data/images.npy", 10, "abc", {})
    assert (source.label, source.kind, source.inputs) == ("data/images.npy", "source", {})
    assert file("models", inputs='{"a": "b"}').inputs == {"a": "b"}


def test_table_has_a_row_for_each_kind():
    """In the order in which they are made; times from the first to the last, values that differ side by side."""
    files = [
        file("models", created="2026-01-03T00:00:00Z", git_dirty="true"),
        file("models", device_kind="gpu"),
        file("samples"),
        File("data/images.npy", 10, "abc", {}),
    ]
    samples, models = origin_table(files).rows
    assert samples[:4] == ["samples", "1", "2026-01-02 03:04", "`0123456789ab`"]
    assert models[:3] == ["models", "2", "2026-01-02 03:04 to 2026-01-03 00:00"]
    assert models[3] == "`0123456789ab`, `0123456789ab` with changes that were not committed"
    assert models[4:] == ["cpu, gpu", "0.10", "3.11", "1.0", "Linux"]
    assert len(origin_table(files).header) == len(models)


@pytest.fixture
def chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Files c <- b <- a, and a that is also made of what is no longer there; attributes stand in the files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(origin, "read_attributes", lambda path: json.loads(Path(path).read_text()))
    inputs = {"a.nc": {"b.nc": "old", "gone.nc": "x"}, "b.nc": {"c.txt": "y"}, "c.txt": {}}
    for name, made_of in inputs.items():
        Path(name).write_text(json.dumps({"edgemem_file": name, "inputs": json.dumps(made_of)} if made_of else {}))
    return inputs


def test_trace_follows_inputs(chain):
    """As far as they are still there, with their sizes and checksums as they are now."""
    found = trace(["a.nc"])
    assert set(found) == {"a.nc", "b.nc", "c.txt"}
    assert found["c.txt"].size == 2
    assert found["c.txt"].attributes == {}
    assert len(found["a.nc"].sha256) == 64


def test_changed_files_are_named(chain):
    """Each with the file that was made of it when it was another; what is gone is not compared."""
    found = trace(["a.nc"])
    assert [(one.path, made.path) for one, made in changed(found)] == [("b.nc", "a.nc"), ("c.txt", "b.nc")]
    same = {name: one._replace(sha256="old" if name == "b.nc" else "y") for name, one in found.items()}
    assert list(changed(same)) == []


def test_files_that_cannot_be_traced(chain, monkeypatch):
    """Missing, truncated and foreign files are refused with what to do."""
    with pytest.raises(EdgememError, match=r"gone.nc does not exist; type: snakemake gone.nc"):
        trace(["gone.nc"])
    Path("foreign.nc").write_text("{}")
    with pytest.raises(EdgememError, match="no file of edgemem"):
        trace(["foreign.nc"])

    def broken(path: str) -> dict[str, str]:
        raise OSError("bad")

    monkeypatch.setattr(origin, "read_attributes", broken)
    with pytest.raises(EdgememError, match=r"cannot be read, perhaps truncated \(bad\)"):
        trace(["a.nc"])
