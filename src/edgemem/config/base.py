"""What all configuration models share."""

import difflib
import functools
import hashlib
import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, ValidationError, model_validator

from edgemem.errors import EdgememError


class KeyProblem(ValueError):
    """What is wrong with one key, where the key is not the one being validated."""

    def __init__(self, message: str, *path: str | int):
        super().__init__(message)
        self.path = path


def nearest(word: object, allowed: Iterable[str]) -> str:
    """Return `; did you mean X?` for the allowed word most like this one, and what is allowed."""
    words = sorted(allowed)
    close = difflib.get_close_matches(str(word), words, n=1)
    return (f"; did you mean '{close[0]}'?" if close else "") + f" (allowed: {', '.join(words)})"


# What YAML 1.1 takes for text, for want of a point and a sign: 1e3.
EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


def as_number(value: Any) -> Any:
    """Return `1e3`, also in a list, as the number that it is, an integer where it is whole; others as they are."""
    if isinstance(value, list):
        return [as_number(part) for part in value]
    if not (isinstance(value, str) and EXPONENT.fullmatch(value)):
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def _types(annotation: Any) -> set[Any]:
    """Return the types that an annotation is made of: `int` and `str` of `list[int] | str`."""
    parts = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _types(parts[0])
    return set().union(*map(_types, parts)) if parts else {annotation}


@functools.cache
def _without_text(model: type[BaseModel]) -> frozenset[str]:
    """Return the keys of a model that hold no text."""
    return frozenset(name for name, field in model.model_fields.items() if str not in _types(field.annotation))


class Model(BaseModel):
    """A part of the configuration: unknown keys are refused, and nothing changes after validation."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for key in value:
                if key not in cls.model_fields:
                    raise KeyProblem(f"unknown key{nearest(key, cls.model_fields)}", key)
                # No key is true or false, but Python, and so pydantic, takes them for 1 and 0.
                for i, part in enumerate(value[key] if isinstance(value[key], list) else [value[key]]):
                    if isinstance(part, bool):
                        where = (key, i) if isinstance(value[key], list) else (key,)
                        raise KeyProblem(f"must not be true or false (got {part})", *where)
            value = {key: as_number(part) if key in _without_text(cls) else part for key, part in value.items()}
        return value


# What the name of a file says of it.
NAMES = ("campaign", "setting", "seed", "model")


class Spec(Model):
    """All that one job of a stage reads from the configuration; its canonical JSON is the rule's one parameter."""

    @property
    def names(self) -> dict[str, str | int]:
        """The names of what the job's files are of: campaign, setting, seed and model, as far as they apply."""
        found = {name: getattr(self, name, None) for name in NAMES}
        return {
            name: value if isinstance(value, str | int) else value.name
            for name, value in found.items()
            if value is not None
        }

    def canonical(self) -> str:
        """Return the JSON with sorted keys, in which equal values are spelled equally (1 and 1.0, 1/3 and 0.333...)."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the spec written in a `--spec` argument or a file's attribute.

        **Raises:** EdgememError naming the key, what was found and what is allowed.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problems = "; ".join(f"{path_name(path)}: {message}" for path, message in explain(error))
            raise EdgememError(f"--spec is not what this stage reads: {problems}") from None


def key(*specs: Spec) -> str:
    """Return what tells files of the same setting, seed and model apart: eight hexadecimal digits of what made them.

    The beginning of the SHA-256 of JSON of the specs of a file's stage and of those before it, without what stands in
    the path anyway, and without values that equal their defaults: a key that is added later with a default renames no
    file.
    """
    made_by = [spec.model_dump(mode="json", exclude_defaults=True, exclude=set(NAMES)) for spec in specs]
    text = json.dumps(made_by, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def explain(error: ValidationError) -> list[tuple[tuple[str | int, ...], str]]:
    """Return, for each problem, the path of its key and a message with the value found and what is allowed."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for problem in error.errors():
        path = problem["loc"]
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, ValidationError):  # of a model that was found by its name
            found += [(path + inner, message) for inner, message in explain(cause)]
            continue
        if isinstance(cause, KeyProblem):
            path += cause.path
        if cause is not None:
            message = str(cause)
        elif problem["type"] == "missing":
            message = "this key is required"
        else:
            value = repr(problem["input"])
            value = value if len(value) < 80 else value[:77] + "..."
            message = problem["msg"].replace("Input should be", "must be", 1).replace(" after validation", "")
            message = re.sub(r"a valid dictionary or instance of \w+", "a mapping of keys to values", message)
            message = message.replace("List should have", "must have", 1) + f" (got {value})"
        found.append((path, message))
    return found


def path_name(path: Iterable[str | int]) -> str:
    """Return a key's path as one would write it: settings[0].N."""
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}"
    return name.lstrip(".") or "top level"


def _fraction(value: object) -> object:
    """Read `1/3` as a number; anything else is left to the type that follows."""
    if isinstance(value, str) and value.count("/") == 1:
        numerator, denominator = value.split("/")
        try:
            return float(numerator) / float(denominator)
        except (ValueError, ZeroDivisionError):
            return value
    return value


# Chooses between the two branches of a union tagged "list" and "other", so that an error speaks of one branch only.
list_or_other = Discriminator(lambda value: "list" if isinstance(value, list) else "other")

Fraction = Annotated[float, BeforeValidator(_fraction, json_schema_input_type=float | str)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
