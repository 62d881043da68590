"""The text of a first mapping, guessed from a schema: it invents nothing, and it always compiles.

Whoever runs it unread must not tell Meta what is not so. What is sent is read from the record or is Kafka's own. A
field whose name only resembles is read, and marked `unsure`: whoever looks at one event sees what came of it. But no
constant is live, not even `{const: Purchase}` where no field says what happened: of a whole topic it is right for most
shops, and wrong without a sign for the others.

The API wants some parameters of every event, and so does the compiler. Where no field is found for one, a header of
that name stands in, which records hardly have. So the mapping compiles, and until a person has decided, each event
becomes a dead letter (`event_name_missing`, ...), which can be replayed; a filter would have dropped it for good. The
head of the file lists what is to be decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from capi_stream.cli.mapping.guessed import guessed
from capi_stream.cli.mapping.leaves import leaves
from capi_stream.cli.mapping.lines import DECIDE, UNSURE, Line, with_members, with_stand_ins, without
from capi_stream.intake.avro.decoding import Decoder
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import RecordType, SchemaError
from capi_stream.intake.mapping.compiled import compile_mapping
from capi_stream.intake.mapping.spec import MappingError


class UnusableSchemaError(Exception):
    """A schema that no mapping can read. The message says why."""


STAND_INS: Mapping[str, Sequence[Line]] = {
    "event_name": [
        Line(
            1,
            "event_name: $header.event_name",
            f"{DECIDE}no field says what happened; {{const: Purchase}}, if every record is a purchase",
        )
    ],
    "event_time": [
        Line(1, "event_time: $kafka.timestamp", f"{UNSURE}when it was published, since no field is a time by its name")
    ],
    "action_source": [
        Line(
            1,
            "action_source: $header.action_source",
            f"{DECIDE}no field says where it happened; {{const: website}}, if all did there",
        )
    ],
    "user_data": [
        Line(1, "user_data:"),
        Line(2, "external_id: $header.external_id", f"{DECIDE}no field says who it was, and Meta must know"),
    ],
}
"""What stands for a parameter that every event must have, where nothing is found for it."""


def first_mapping(schema_text: str, schema_name: str, language: str) -> str:
    """A mapping for records of the schema, whose file is called `schema_name`. Raises UnusableSchemaError.

    `language` is where an editor finds the JSON Schema of mappings.
    """
    schema = _usable(schema_text)
    lines = with_stand_ins(with_members(guessed(leaves(schema))), STAND_INS)
    while True:
        head = _head(lines, f"{schema.name} ({schema_name})", language)
        text = "\n".join([*head, *map(str, lines), ""])
        try:
            compile_mapping(text, schema_name, schema, schema.name)
        except MappingError as error:
            wrong = {each.line - len(head) - 1: each.text for each in error.mistakes}
            made = with_stand_ins(with_members(without(lines, wrong)), STAND_INS)
            if made == lines:
                raise AssertionError(f"a guessed mapping does not compile: {'; '.join(wrong.values())}") from None
            lines = made
        else:
            return text


def undecided(text: str) -> list[str]:
    """The parameters of a first mapping that a person must decide on."""
    lines = (line.strip("# ") for line in text.splitlines() if f"# {DECIDE}" in line)
    return list(dict.fromkeys(line.partition(":")[0] for line in lines))


def _usable(schema_text: str) -> RecordType:
    try:
        schema = read_schema(schema_text)
        Decoder(schema, schema)
    except SchemaError as error:
        raise UnusableSchemaError(str(error)) from None
    if not isinstance(schema, RecordType):
        raise UnusableSchemaError("it is no record; a mapping reads fields")
    return schema


def _head(lines: Sequence[Line], schema: str, language: str) -> list[str]:
    head = [
        f"# yaml-language-server: $schema={language}",
        f"# A first mapping for {schema}, guessed from the names of its fields.",
        "# Read every line. The language: docs/mapping.md. Then: capi-stream mapping test, capi-stream explain.",
    ]
    if names := undecided("\n".join(map(str, lines))):
        head.append(f"# Until you decide, events become dead letters: {', '.join(names)} (the lines with DECIDE).")
    return head
