"""The reference of the configuration, made from its model: the JSON schema and the table of all keys.

`python -m edgemem.config.reference` rewrites both in `docs/`. No stage imports this module.
"""

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from edgemem.config.campaign import Campaign
from edgemem.config.plot import FIGURES


BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"
TYPES = {
    "integer": "whole number",
    "number": "number",
    "fraction": "fraction",
    "string": "text",
    "object": "mapping",
    "null": "null",
}

Node = dict[str, Any]


class _InputSchema(GenerateJsonSchema):
    """The schema of what a user may write, which is more than what the model keeps."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False  # a title would repeat the key

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Node:
        # Of a value that may be written in several ways, pydantic bounds none; what is kept is bounded.
        written, kept = super().function_before_schema(schema), self.generate_inner(schema["schema"])
        for way in written.get("anyOf", []):
            if way.get("type") == kept.get("type"):
                way.update(kept)
            elif (way.get("type"), kept.get("type")) == ("string", "number"):
                way["format"] = "fraction"
        return written

    def dict_schema(self, schema: core_schema.DictSchema) -> Node:
        return super().dict_schema(schema) | {"additionalProperties": False}


def json_schema() -> Node:
    """Return the JSON schema of a campaign's file, for editors and other programs.

    Conditions between keys (K at most N, say) have no place in it: the model alone checks them.
    """
    schema = Campaign.model_json_schema(schema_generator=_InputSchema)
    figures = schema["properties"]["figures"]
    figures["items"] = {"anyOf": [{"enum": list(FIGURES), "type": "string"}, figures["items"]]}
    return {"$schema": GenerateJsonSchema.schema_dialect} | schema


class Key(NamedTuple):
    """One key: where it stands, and what may stand there."""

    path: str
    type: str
    allowed: str
    default: str
    description: str


def keys() -> list[Key]:
    """Return all keys in the order of the model; what several figures have in common is one key."""
    schema = json_schema()
    same_path: dict[str, list[tuple[str, Key]]] = {}
    for figure, key in _keys(schema, schema, "", ""):
        same_path.setdefault(key.path, []).append((figure, key))
    return [_merged(alternatives) for alternatives in same_path.values()]


def _merged(alternatives: list[tuple[str, Key]]) -> Key:
    figures: dict[str, list[str]] = {}
    for figure, key in alternatives:
        figures.setdefault(key.description, []).append(figure)
    first = alternatives[0][1]
    return first._replace(
        allowed=", ".join(dict.fromkeys(key.allowed for _, key in alternatives)),
        description=" ".join(f"{', '.join(names)}: {text}".removeprefix(": ") for text, names in figures.items()),
    )


def _keys(schema: Node, node: Node, path: str, figure: str) -> Iterator[tuple[str, Key]]:
    """Return the keys of a mapping and of all that lies below it, each with the figure it belongs to, if any."""
    required = node.get("required", [])
    for name, value in node.get("properties", {}).items():
        ways = _ways(schema, value)
        resolved = _resolved(schema, value)
        yield (
            figure,
            Key(
                path=path + name,
                type=" or ".join(dict.fromkeys(_type(schema, way) for way in ways)),
                allowed="; ".join(dict.fromkeys(part for way in ways for part in _allowed(schema, way))),
                default="required" if name in required else _default(resolved["default"]),
                # What chooses a figure is described by the figure.
                description=resolved.get("description", node.get("description", "")),
            ),
        )
        for way in ways:
            yield from _keys(schema, way, f"{path}{name}.", figure)
            for entry in way.get("patternProperties", {}).values():
                yield from _keys(schema, _resolved(schema, entry), f"{path}{name}.NAME.", figure)
            for entry in _ways(schema, way.get("items", {})):
                chosen = entry.get("properties", {}).get("figure", {}).get("const")
                yield from _keys(schema, entry, f"{path}{name}[].", f"`{chosen}`" if chosen else figure)


def _resolved(schema: Node, node: Node) -> Node:
    """Return a node with what it refers to; what stands beside the reference is stronger."""
    reference = node.get("$ref")
    return schema["$defs"][reference.removeprefix("#/$defs/")] | node if reference else node


def _ways(schema: Node, node: Node) -> list[Node]:
    """Return the alternatives of a node, or the node itself where there is only one way."""
    node = _resolved(schema, node)
    alternatives = node.get("anyOf", node.get("oneOf"))
    return [way for choice in alternatives for way in _ways(schema, choice)] if alternatives else [node]


def _type(schema: Node, way: Node) -> str:
    if way["type"] == "array":
        return "list of " + " or ".join(
            dict.fromkeys(f"{_type(schema, item)}s" for item in _ways(schema, way["items"]))
        )
    return TYPES[way.get("format", way["type"])]


def _allowed(schema: Node, way: Node) -> list[str]:
    """Return the values, ranges and lengths allowed, in words."""
    if values := way.get("enum", [way["const"]] if "const" in way else []):
        return [", ".join(f"`{value}`" for value in values)]
    if "minimum" in way and "maximum" in way:
        return [f"{way['minimum']:,} to {way['maximum']:,}"]
    words = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    bounds = [f"{word} {way[name]:,}" for name, word in words.items() if name in way]
    parts = [", ".join(bounds)] if bounds else []
    if "pattern" in way:
        parts.append(f"matches `{way['pattern']}`")
    if "items" in way:
        parts += [part for item in _ways(schema, way["items"]) for part in _allowed(schema, item)]
    if "minItems" in way or "minProperties" in way:
        parts.append("not empty")
    return parts


def _default(value: Any) -> str:
    if isinstance(value, dict):
        return "as below"
    if isinstance(value, list):
        (value,) = value  # a grid of one point
    if isinstance(value, float) and len(repr(value)) > 10:
        value = Fraction(value).limit_denominator(1000)
    return f"`{value:g}`" if isinstance(value, float) else f"`{'null' if value is None else value}`"


def table() -> str:
    """Return the table of all keys in Markdown."""
    lines = ["| Key | Type | Allowed | Default | What it is |", "| --- | --- | --- | --- | --- |"]
    for key in keys():
        cells = [cell.replace("|", r"\|") for cell in key._replace(path=f"`{key.path}`")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """Return a page with the table between its two marker comments, in place of what stood there.

    **Raises:** ValueError if the page does not have both markers.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page needs the line {BEGIN} and, after it, the line {END}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    """Rewrite the schema, and the table in the page, of the repository in the current folder."""
    schema, page = Path("docs/configuration-schema.json"), Path("docs/configuration.md")
    if not page.exists():
        sys.exit(f"{page} does not exist; run this in the repository's root")
    schema.write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
