"""The reference of the configuration, written from the model: the JSON schema and the table of all keys.

`python -m edgemem.config.reference` rewrites both in `docs/`; no stage imports this module.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

from edgemem.config.campaign import Campaign
from edgemem.config.plot import FIGURES


BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"

Node = dict[str, Any]


class _InputSchema(GenerateJsonSchema):
    """The schema of what a user may write, which is more than what the model keeps."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False  # a title would only repeat the key

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Node:
        # Where a value may be written in several ways, pydantic drops the bounds of the way that is kept.
        written, kept = super().function_before_schema(schema), self.generate_inner(schema["schema"])
        for way in written.get("anyOf", []):
            if way.get("type") == kept.get("type"):
                way.update(kept)
        return written

    def dict_schema(self, schema: core_schema.DictSchema) -> Node:
        return super().dict_schema(schema) | {"additionalProperties": False}


def json_schema() -> Node:
    """Return the JSON schema of a campaign's YAML file, for editors and other programs.

    What concerns several keys at once (K at most N, say) has no place in a schema; the model alone checks it.
    """
    schema = Campaign.model_json_schema(schema_generator=_InputSchema)
    figures = schema["properties"]["figures"]
    figures["items"] = {"anyOf": [{"enum": list(FIGURES), "type": "string"}, figures["items"]]}
    return {"$schema": GenerateJsonSchema.schema_dialect} | schema


class Key(NamedTuple):
    """A row of the table."""

    path: str
    type: str
    allowed: str
    default: str
    description: str


def keys() -> list[Key]:
    """Return all keys in the order of the model; a key of several figures is one row."""
    schema = json_schema()
    rows: dict[str, list[Key]] = {}
    for key in _keys(schema, schema, ""):
        rows.setdefault(key.path, []).append(key)
    return [Key(*(" or ".join(dict.fromkeys(column)) for column in zip(*same, strict=True))) for same in rows.values()]


def _keys(schema: Node, node: Node, path: str) -> Iterator[Key]:
    for name, child in node.get("properties", {}).items():
        own = path + name
        value = _resolved(schema, child)
        default = _default(value) if name not in node.get("required", []) else "required"
        yield Key(f"`{own}`", _type(schema, value), _allowed(schema, value), default, value.get("description", ""))
        for way in _ways(schema, value):
            for pattern_free in way.get("patternProperties", {}).values():
                yield from _keys(schema, _resolved(schema, pattern_free), f"{own}.NAME.")
            if "items" in way:
                for item in _ways(schema, way["items"]):
                    yield from _keys(schema, item, f"{own}[].")
            yield from _keys(schema, way, f"{own}.")


def _resolved(schema: Node, node: Node) -> Node:
    """Return a node in place of a reference to it; what stands beside the reference is stronger."""
    if "$ref" in node:
        return schema["$defs"][node["$ref"].rpartition("/")[2]] | {k: v for k, v in node.items() if k != "$ref"}
    return node


def _ways(schema: Node, node: Node) -> list[Node]:
    """Return the alternatives of a node, or the node itself where there is one."""
    node = _resolved(schema, node)
    branches = node.get("anyOf") or node.get("oneOf")
    return [way for branch in branches for way in _ways(schema, branch)] if branches else [node]


def _type(s,n): return ""
def _allowed(s,n): return ""
def _default(n): return str(n.get("default"))

def main(arguments: Sequence[str] | None = None) -> int:
    print(json.dumps(json_schema(), indent=1))
    for k in keys(): print(" | ".join(k))
    return 0
