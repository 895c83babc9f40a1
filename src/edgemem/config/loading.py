"""Configuration files: read, laid over each other, and validated, with the file named in which a bad value stands."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from edgemem import pieces
from edgemem.config.base import explain, path_name
from edgemem.config.campaign import Campaign
from edgemem.config.old_keys import refuse_old_keys
from edgemem.errors import EdgememError


def load_campaign(config: Mapping[str, Any], files: Sequence[str | Path]) -> Campaign:
    """Return the campaign of a merged configuration.

    **Arguments:** `config`: the configuration after all overlays; `files`: the YAML files it was merged from, the
    last one strongest. They are read again only to name the file in which a bad value stands.

    **Raises:** EdgememError with one line a problem: file, key, value found, what is allowed.
    """
    refuse_old_keys(config, files)
    pieces.register(_extensions(config))
    try:
        return Campaign.model_validate(dict(config))
    except ValidationError as error:
        contents = [(str(file), read_yaml(file)) for file in files]
        lines = []
        for raw_path, message in explain(error):
            path = _existing_path(config, raw_path)
            lines.append(f"{_source(config, contents, path)}: {path_name(path)}: {message}")
        raise EdgememError("\n".join(dict.fromkeys(lines))) from None


def _extensions(config: Mapping[str, Any]) -> list[str]:
    """Return the files of a user's own pieces, which have to be known before anything else is validated.

    **Raises:** EdgememError if they are no list of paths.
    """
    found = config.get("extensions") or []
    if not isinstance(found, list) or not all(isinstance(path, str) for path in found):
        raise EdgememError(f"extensions: must be a list of Python files, as in [experiments/mine.py] (got {found!r})")
    return found


def read_campaign(*files: str | Path) -> Campaign:
    """Return the campaign of some YAML files, each laid over those before it, as Snakemake does with --configfile.

    **Raises:** EdgememError with one line a problem: file, key, value found, what is allowed.
    """
    config: dict[str, Any] = {}
    for file in files:
        config = _laid_over(config, read_yaml(file))
    return load_campaign(config, files)


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two configurations in one: mappings merge, anything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def read_yaml(file: str | Path) -> dict[str, Any]:
    """Return the keys of a configuration file.

    **Raises:** EdgememError if it cannot be read, is not YAML, or holds something other than keys and values.
    """
    try:
        content = yaml.safe_load(Path(file).read_text())
    except OSError as error:
        raise EdgememError(f"{file} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise EdgememError(f"{file} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict | None):
        raise EdgememError(f"{file} must hold keys and values, as in `campaign: quick` (got {content!r})")
    return content or {}


def _existing_path(config: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Drop what validation added to a path: list indices of single values, names of union branches."""
    kept: list[str | int] = []
    for position, part in enumerate(path):
        last = position == len(path) - 1
        if _has(config, part):
            config = config[part]
        elif not (isinstance(config, dict) and last):  # a missing key is the last of its path, and stays
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
