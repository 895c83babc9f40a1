"""Configuration files: read, laid over each other, and validated, with the file named in which a bad value stands."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from edgemem import pieces
from edgemem.config.base import explain, path_name
from edgemem.config.campaign import Campaign
from edgemem.config.old_keys import old_keys
from edgemem.errors import EdgememError


def load_campaign(config: Mapping[str, Any], files: Sequence[str | Path]) -> Campaign:
    """Return the campaign of a merged configuration.

    **Arguments:** `config`: the configuration after all overlays; `files`: the YAML files it was merged from, the
    last one strongest. They are read again only to name the file in which a bad value stands.

    **Raises:** EdgememError with one line a problem: file, key, value found, what is allowed.
    """
    if old := list(old_keys(config)):
        raise _refused(config, files, old)
    try:
        # They have to be known before anything that names them is validated.
        pieces.register(_extensions(config))
    except EdgememError as error:
        raise _refused(config, files, [(("extensions",), str(error))]) from None
    try:
        return Campaign.model_validate(dict(config))
    except ValidationError as error:
        raise _refused(config, files, explain(error)) from None


def _extensions(config: Mapping[str, Any]) -> list[str]:
    """Return the files of a user's own pieces.

    **Raises:** EdgememError if they are no list of paths.
    """
    found = config.get("extensions", [])
    if not isinstance(found, list) or not all(isinstance(path, str) for path in found):
        raise EdgememError(f"must be a list of Python files, as in [experiments/mine.py] (got {found!r})")
    return found


def _refused(
    config: Mapping[str, Any], files: Sequence[str | Path], problems: Iterable[tuple[tuple[str | int, ...], str]]
) -> EdgememError:
    """Return an error with a line for each problem, of which the path of the key and the message are given."""
    contents = [(str(file), read_yaml(file)) for file in files]
    lines = []
    for raw_path, message in problems:
        path = _existing_path(config, raw_path)
        lines.append(f"{_source(config, contents, path)}: {path_name(path)}: {message}")
    return EdgememError("\n".join(dict.fromkeys(lines)))


def read_campaign(*files: str | Path, values: Sequence[str] = ()) -> Campaign:
    """Return the campaign of some YAML files, merged as Snakemake does it.

    **Arguments:** `files`: the first is what `configfile:` names in the workflow, the others are those of
    `--configfile`; `values`: `KEY=VALUE` as given to `--config`, stronger than all files.

    **Raises:** EdgememError with one line a problem: file, key, value found, what is allowed.
    """
    contents = [read_yaml(file) for file in files]
    overlays: dict[str, Any] = functools.reduce(_laid_over, [*contents[1:], *map(_given, values)], {})
    return load_campaign(_laid_over(contents[0] if contents else {}, overlays), files)


def _given(text: str) -> dict[str, Any]:
    """Return a key and its value as they are given on the command line, where nested values are texts.

    **Raises:** EdgememError if there is no key.
    """
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise EdgememError(f"--config takes KEY=VALUE, as in --config campaign=mine (got {text!r})")
    return {key: _read_value(value.strip("'\""))}


def _read_value(text: str) -> Any:
    """Return a number, true or false, YAML with texts in it, or the text itself, whichever is possible first."""
    if text in ("", "True", "False"):
        return text == "True" if text else None
    for read in (int, float, functools.partial(yaml.load, Loader=yaml.BaseLoader)):
        try:
            return read(text)
        except (ValueError, yaml.YAMLError):
            pass
    return text


def _laid_over(below: Any, above: Mapping[str, Any]) -> Any:
    """Return two configurations in one: mappings merge, anything else is replaced."""
    if not above:
        return below
    merged = dict(below) if isinstance(below, Mapping) else {}
    for key, value in above.items():
        merged[key] = _laid_over(merged.get(key, {}), value) if isinstance(value, Mapping) else value
    return merged


def read_yaml(file: str | Path) -> dict[str, Any]:
    """Return the keys of a configuration file.

    **Raises:** EdgememError if it cannot be read, is not YAML, or holds something other than keys and values.
    """
    try:
        content = yaml.load(Path(file).read_text(encoding="utf-8"), _Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise EdgememError(f"{file} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except yaml.YAMLError as error:
        raise EdgememError(f"{file}{_place(error)}") from None
    if content is None:
        raise EdgememError(f"{file} is empty; it must hold keys and values, as in `campaign: mine`")
    if not isinstance(content, dict):
        raise EdgememError(f"{file} must hold keys and values, as in `campaign: mine` (got {content!r})")
    return content


class _Loader(yaml.SafeLoader):
    """YAML in which a key stands once: of two the parser would take the last, and say nothing."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        first: dict[str, yaml.Mark] = {}
        for key, _ in node.value:
            if first.setdefault(key.value, key.start_mark) is not key.start_mark:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key '{key.value}' stands in line {first[key.value].line + 1} already; "
                    "leave one of the two",
                    problem_mark=key.start_mark,
                )
        return node


def _place(error: yaml.YAMLError) -> str:
    """Return the line of an error in a file, and what is wrong there."""
    mark: yaml.Mark | None = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or " ".join(str(error).split())
    line = f", line {mark.line + 1}" if mark else ""
    return (
        f"{line}: {problem}"
        if isinstance(error, yaml.constructor.ConstructorError)
        else f"{line} is not YAML: {problem}"
    )


def _existing_path(config: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Drop what validation added to a path: list indices of single values, names of union branches, `[key]`."""
    kept: list[str | int] = []
    for position, part in enumerate(path):
        last = position == len(path) - 1
        if _has(config, part):
            config = config[part]
        elif not (isinstance(config, dict) and last and part != "[key]"):  # a missing key is the last, and stays
            continue
        kept.append(part)
    return tuple(kept)


def _has(value: Any, part: str | int) -> bool:
    """Return whether a mapping has a key, or a list an index."""
    return part in value if isinstance(value, dict) else isinstance(value, list) and part in range(len(value))


def _source(config: Any, contents: list[tuple[str, Any]], path: tuple[str | int, ...]) -> str:
    """Return the file from which the value at a path came, or the longest beginning of the path that is anywhere.

    A list comes as a whole from one file; a value that no file gives was given on the command line.
    """
    whole = next((end for end, part in enumerate(path) if isinstance(part, int)), len(path))
    for length in range(whole, 0, -1):
        beginning = path[:length]
        if not _holds(config, beginning):
            continue
        merged = _value(config, beginning)
        for file, content in reversed(contents):
            # Spelled out, NaN is equal to itself.
            if _holds(content, beginning) and (
                isinstance(merged, dict) or repr(_value(content, beginning)) == repr(merged)
            ):
                return file
        return "--config"
    return contents[0][0] if contents else "--config"


def _holds(content: Any, path: tuple[str | int, ...]) -> bool:
    """Return whether nested mappings and lists have a value at a path."""
    return not path or (_has(content, path[0]) and _holds(content[path[0]], path[1:]))


def _value(content: Any, path: tuple[str | int, ...]) -> Any:
    """Return the value at a path."""
    return _value(content[path[0]], path[1:]) if path else content
