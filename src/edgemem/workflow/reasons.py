"""Why a job runs, in a few words: the keys that changed and their values, not the whole of what a job is given."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgemem.files.attributes import read_attributes


# What Snakemake says of a job, and what that means here; `{}` are the files or values that it names.
WORDS = {
    "Forced execution": "asked for again",
    "Incomplete output files": "was cut off",
    "Updated input files": "{}",
    "Input files updated by another job": "",
    "Set of input files has changed since last execution": "reads other files than last time",
    "Code has changed since last execution": "its rule has changed",
    "Software environment definition has changed since last execution": "its environment has changed",
}
# Changed keys that are named; of more the number is.
NAMED = 3


def why(reason: str, outputs: Sequence[str], command: str) -> str:
    """Return why a job runs.

    **Arguments:** `reason`: what Snakemake says; `outputs`: what the job makes; `command`: with its `--spec`.
    """
    found = []
    for part in re.split(r"; (?=[A-Z])", reason):
        what, _, details = part.partition(": ")
        if what == "Missing output files":
            found.append(_new(outputs, command))
        elif what == "Params have changed since last execution":
            found.append(_changed(*_objects(details)))
        elif what in WORDS:
            found.append(WORDS[what].format(_inputs(details.split(", "))))
    # That what it reads is made again says enough only where nothing else does.
    return "; ".join(filter(None, found)) or "what it reads is made again"


def _new(outputs: Sequence[str], command: str) -> str:
    """Return what differs from the newest file of the same setting, seed and model that is there; else nothing is."""
    spec = next(_objects(command.partition("--spec")[2]), None)
    model, dash, _ = Path(outputs[0]).name.rpartition("-")
    others = sorted(Path(outputs[0]).parent.glob(f"{model}-*.nc"), key=_made, reverse=True) if dash else []
    for other in others:
        try:
            before = json.loads(read_attributes(other).get("spec", "null"))
        except (OSError, ValueError):
            continue
        if before and spec and before != spec:
            return _changed(before, spec)
    return "new"


def _made(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # it was there a moment ago
        return 0.0


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text."""
    place = text.find("{")
    while place >= 0:
        try:
            value, end = json.JSONDecoder().raw_decode(text, place)
            yield value
        except ValueError:
            end = place + 1
        place = text.find("{", end)


def _inputs(paths: Sequence[str]) -> str:
    """Return which code and which other files have changed."""
    source = "src/edgemem/"
    code = [path.removeprefix(source) for path in paths if path.startswith(source)]
    others = [path for path in paths if not path.startswith(source)]
    words = [f"{what} changed: {_few(sorted(names))}" for what, names in (("code", code), ("input", others)) if names]
    return "; ".join(words)


def _changed(before: Mapping[str, Any] | None = None, now: Mapping[str, Any] | None = None) -> str:
    """Return the keys whose values differ, with both values."""
    old, new = dict(_leaves(before or {})), dict(_leaves(now or {}))
    words = [
        f"{name} {_value(old.get(name))} → {_value(new.get(name))}"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]
    return f"changed: {_few(words)}" if words else "its parameters have changed"


def _leaves(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the keys of nested mappings as one would write them, with their values."""
    for name, inner in value.items():
        if isinstance(inner, dict) and inner:
            yield from _leaves(inner, f"{path}{name}.")
        else:
            yield path + name, inner


def _value(value: Any) -> str:
    """Return a value, or how many there are of a list that is long."""
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False).strip('"')
    return f"{len(value)} values" if isinstance(value, list) and len(text) > 30 else text[:30]


def _few(words: Sequence[str]) -> str:
    more = f" and {len(words) - NAMED} more" if len(words) > NAMED else ""
    return ", ".join(words[:NAMED]) + more
