"""The reference of the configuration, made from its model: the JSON schema and the table of all keys.

`python -m edgemem.config.reference` rewrites both in `docs/`, the table in the page and in its template. No stage
imports this module.
"""

import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from edgemem import pieces
from edgemem.config.campaign import Campaign


TEMPLATE = Path("docs/templates/configuration.md")
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
        written = super().dict_schema(schema)
        # Names that match no pattern are refused.
        return written | {"additionalProperties": False} if "patternProperties" in written else written


def json_schema() -> Node:
    """Return the JSON schema of a campaign's file, for editors and other programs.

    It knows the families, denoisers and figures that come with the package, and no extensions. Conditions between keys
    (K at most N, say) have no place in it: the model alone checks them.
    """
    schema = Campaign.model_json_schema(schema_generator=_InputSchema)
    figures = schema["properties"]["figures"]
    figures["items"] = {"anyOf": [_names_of("figure"), figures["items"]]}
    entry = schema["$defs"]["ModelEntry"]["properties"]
    entry["denoiser"] |= _names_of("denoiser")
    entry["families"]["anyOf"][0]["items"] = _names_of("family")
    return {"$schema": GenerateJsonSchema.schema_dialect} | schema


def _names_of(kind: pieces.Kind) -> Node:
    """Return the schema of a name of a piece that comes with the package."""
    inside = [name for name in pieces.names(kind) if pieces.extension(kind, name) is None]
    return {"enum": inside, "type": "string"}


class Key(NamedTuple):
    """One key: where it stands, and what may stand there."""

    path: str
    type: str
    allowed: str
    default: str
    description: str


def all_keys() -> list[Key]:
    """Return all keys in the order of the model; what several kinds of entries have in common is one key."""
    schema = json_schema()
    same_path: dict[str, list[tuple[str, Key]]] = {}
    for kind, key in _keys(_without_references(schema, schema["$defs"]), "", ""):
        same_path.setdefault(key.path, []).append((kind, key))
    return [_merged(alternatives) for alternatives in same_path.values()]


def _without_references(value: Any, definitions: Node) -> Any:
    """Return a schema with definitions in place of references to them; what stands beside a reference is stronger."""
    if isinstance(value, list):
        return [_without_references(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        value = definitions[value["$ref"].removeprefix("#/$defs/")] | {k: v for k, v in value.items() if k != "$ref"}
    return {name: _without_references(item, definitions) for name, item in value.items() if name != "$defs"}


def _keys(mapping: Node, path: str, kind: str) -> Iterator[tuple[str, Key]]:
    """Return the keys of a mapping and of all below it, each with the kind of entry it belongs to, if there are any."""
    for name, value in mapping.get("properties", {}).items():
        ways, own = _ways(value), path + name
        required = name in mapping.get("required", [])
        key = Key(
            path=own,
            type=" or ".join(dict.fromkeys(_type(way) for way in ways)),
            allowed="; ".join(dict.fromkeys(part for way in ways for part in _allowed(way))),
            default="required" if required else _default(value["default"]),
            # The key that chooses a kind of entry is described by the kind.
            description=value.get("description", mapping.get("description", "")),
        )
        yield kind, key
        for way in ways:
            yield from _keys(way, f"{own}.", kind)
            for entry in way.get("patternProperties", {}).values():
                for entry_way in _ways(entry):
                    yield from _keys(entry_way, f"{own}.NAME.", kind)
            entries = [entry for entry in _ways(way.get("items", {})) if "properties" in entry]
            for entry in entries:
                yield from _keys(entry, f"{own}[].", _kind(entry) if len(entries) > 1 else kind)


def _kind(entry: Node) -> str:
    """Return the value that tells an entry from those of other kinds, for example the name of a figure."""
    return next(f"`{value['const']}`" for value in entry["properties"].values() if "const" in value)


def _merged(alternatives: list[tuple[str, Key]]) -> Key:
    kinds: dict[str, list[str]] = {}
    for kind, key in alternatives:
        kinds.setdefault(key.description, []).append(kind)
    return alternatives[0][1]._replace(
        allowed=", ".join(dict.fromkeys(key.allowed for _, key in alternatives)),
        description=" ".join(
            f"{', '.join(filter(None, names))}: {text}".removeprefix(": ") for text, names in kinds.items()
        ),
    )


def _ways(node: Node) -> list[Node]:
    """Return the alternatives of a node, or the node itself where there is only one way."""
    alternatives = node.get("anyOf", node.get("oneOf"))
    return [way for choice in alternatives for way in _ways(choice)] if alternatives else [node]


def _type(way: Node) -> str:
    if way["type"] == "array":
        return "list of " + " or ".join(dict.fromkeys(f"{_type(item)}s" for item in _ways(way["items"])))
    return TYPES[str(way.get("format", way["type"]))]


def _allowed(way: Node) -> list[str]:
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
        parts += [part for item in _ways(way["items"]) for part in _allowed(item)]
    if "minItems" in way or "minProperties" in way:
        parts.append("not empty")
    return parts


def _default(value: Any) -> str:
    if value in ([], {}):
        return "none"
    if isinstance(value, dict):
        return "as below"
    if isinstance(value, list):
        return ", ".join(map(_default, value))
    if isinstance(value, float):
        # Ten digits were not typed: they are a fraction.
        value = Fraction(value).limit_denominator(1000) if len(repr(value)) > 10 else f"{value:g}"
    return f"`{'null' if value is None else value}`"


def table() -> str:
    """Return the table of all keys in Markdown."""
    lines = ["| Key | Type | Allowed | Default | What it is |", "| --- | --- | --- | --- | --- |"]
    for key in all_keys():
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
    """Rewrite the schema, and the table in the page and its template, of the repository in the current folder."""
    schema, pages = Path("docs/configuration-schema.json"), [Path("docs/configuration.md"), TEMPLATE]
    for page in pages:
        if not page.exists():
            sys.exit(f"{page} does not exist; run this in the repository's root")
    schema.write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")
    for page in pages:
        page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
