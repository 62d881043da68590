"""The mapping language as a JSON Schema, so that editors complete and check a mapping while it is written.

`python -m capi_stream.intake.mapping.language > capi_stream/mappings/mapping.schema.json`; a test holds the two
together. The names of parameters come from the one table of them. What a schema cannot see, such as whether a path is
in the Avro schema, is for `capi-stream check`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from capi_stream.intake.mapping.conversions import MOST_SCALE, READINGS
from capi_stream.intake.mapping.spec_expressions import SOURCES
from capi_stream.intake.mapping.targets import OBJECTS, OPEN, parameters_in
from capi_stream.intake.parameters.table import Kind, Parameter

Schema = dict[str, Any]

_VALUE = {"$ref": "#/$defs/value"}
_CONDITION = {"$ref": "#/$defs/condition"}
_PATH = {"$ref": "#/$defs/path"}


def schema() -> Schema:
    """The whole schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Mapping of capi-stream",
        "description": "From records of an Avro schema to events of the Conversions API. See docs/mapping.md.",
        **_closed(
            {
                "filters": _list_of({"$ref": "#/$defs/filter"}, "Records that are not sent, by counted reasons."),
                "pixel": _described(_VALUE, "The pixel of the events, or a list of several."),
                "event": _described({"$ref": "#/$defs/event"}, "What each parameter of the one event is made from."),
                "events": _list_of({"$ref": "#/$defs/template"}, "Instead of event: several of one record."),
            }
        ),
        "oneOf": [{"required": ["event"]}, {"required": ["events"]}],
        "$defs": {**_language(), **{_name(makes): _members(makes) for makes in OBJECTS}},
    }


def _language() -> Schema:
    return {
        "path": {
            "type": "string",
            "pattern": r"^[^.]+(\.[^.]+)*$",
            "description": "Names with dots between them; $header.NAME, $kafka.topic and $.PATH lead elsewhere.",
        },
        "filter": _closed(
            {"reason": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, "when": _CONDITION}, "reason", "when"
        ),
        "template": _closed(
            {"when": _CONDITION, "each": _PATH, "pixel": _VALUE, "event": {"$ref": "#/$defs/event"}}, "event"
        ),
        "expression": {
            **_closed(
                {
                    "from": _described(_PATH, "The path's value."),
                    "const": {"description": "Always the same."},
                    "first": _list_of(_VALUE, "The first that is not null."),
                    "each": _described(_PATH, "A list, of what item makes of every item of the array."),
                    "list": _list_of(
                        {"anyOf": [_VALUE, {"$ref": "#/$defs/object"}]}, "A list of these, without nulls."
                    ),
                    "item": {"anyOf": [_VALUE, {"$ref": "#/$defs/object"}]},
                    "format": _described({"type": "string", "pattern": r"\{[^{}]+\}"}, "A text with paths in braces."),
                    "as": _described({"enum": [*READINGS]}, "What a text or a number means."),
                    "scale": _described(
                        {"type": "integer", "minimum": 0, "maximum": MOST_SCALE}, "Digits behind the point."
                    ),
                    "store": _described(_VALUE, "The pixel of the configuration's store with this id."),
                    "values": {"type": "object", "description": "What to write for the value that was read."},
                    "otherwise": {"description": "What the table gives for all other values."},
                    "default": {"description": "Instead of null."},
                    "when": _described(_CONDITION, "Null, unless the condition holds."),
                }
            ),
            "oneOf": [{"required": [source]} for source in SOURCES],
            "dependentRequired": {"each": ["item"], "item": ["each"], "otherwise": ["values"]},
        },
        "value": {"anyOf": [_PATH, {"$ref": "#/$defs/expression"}]},
        "object": {
            "type": "object",
            "description": "An object of one's own, whose members are made as parameters are.",
            "not": {"anyOf": [{"required": [source]} for source in SOURCES]},
            "additionalProperties": {"anyOf": [_VALUE, {"$ref": "#/$defs/object"}]},
        },
        "condition": {
            "type": "object",
            "minProperties": 1,
            "properties": {"any": _list_of(_CONDITION), "all": _list_of(_CONDITION), "not": _CONDITION},
            "additionalProperties": {"anyOf": [{"$ref": "#/$defs/tested"}, {"$ref": "#/$defs/test"}]},
        },
        "tested": {"type": ["string", "number", "boolean", "null", "array"]},
        "test": {
            **_closed({"not": {"$ref": "#/$defs/tested"}, "present": {"type": "boolean"}}),
            "minProperties": 1,
            "maxProperties": 1,
        },
    }


def _members(makes: str) -> Schema:
    """The object `makes` of an event: the API's parameters, and in `custom_data` any other name."""
    parameters = parameters_in(makes) or {}
    made = _closed({name: _member(parameter, makes) for name, parameter in parameters.items()})
    if makes == OPEN:
        made["properties"]["*"] = _described(_PATH, "Every entry of this map, under its own name.")
        made["additionalProperties"] = {"anyOf": [_VALUE, {"$ref": "#/$defs/object"}]}
    return made


def _member(parameter: Parameter, within: str) -> Schema:
    inner = f"{parameter.name}" if within == "event" else f"{within}.{parameter.name}"
    if parameter.kind is Kind.OBJECT and inner in OBJECTS:
        return {"anyOf": [{"$ref": f"#/$defs/{_name(inner)}"}, {"$ref": "#/$defs/expression"}]}
    if f"{inner}[]" in OBJECTS:
        item = {"anyOf": [{"$ref": f"#/$defs/{_name(f'{inner}[]')}"}, {"$ref": "#/$defs/expression"}]}
        listed = _closed({"each": _PATH, "item": item, "when": _CONDITION}, "each", "item")
        others = {"allOf": [{"$ref": "#/$defs/expression"}, {"not": {"required": ["each"]}}]}
        return {"anyOf": [listed, _PATH, others]}
    values = f" One of {', '.join(sorted(parameter.values))}." if parameter.values else ""
    return _described(_VALUE, f"{parameter.kind.value}.{values}")


def _name(makes: str) -> str:
    return makes.rpartition(".")[2].removesuffix("[]")


def _closed(properties: Schema, *required: str) -> Schema:
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, "required": list(required)} if required else made


def _list_of(items: Schema, description: str = "") -> Schema:
    made: Schema = {"type": "array", "items": items, "minItems": 1}
    return _described(made, description) if description else made


def _described(made: Schema, description: str) -> Schema:
    return {**made, "description": description}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
