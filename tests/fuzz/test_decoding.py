"""Any text is a schema or is not, any two can be resolved or cannot, any bytes are a record or are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.avro.decoding import Decoder, Undecodable
from capi_stream.intake.avro.fastavro_schemas import schema_fingerprint
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import SchemaError, Type
from tests.builders import SCHEMA_TEXT, avro_bytes, commerce_event
from tests.fuzz.fuzzing import assert_linear, corpus, fuzzed, name_of
from tests.fuzz.layouts import everything
from tests.fuzz.schemas import almost_schemas, long, schemas, sized, value_of


def decoded(writer: str, reader: str, value: bytes, references: tuple[str, ...] = ()) -> Any:
    """What `value` is: a decoded record, Undecodable, or SchemaError where the schemas cannot be used."""
    try:
        written, read = read_schema(writer, references), read_schema(reader)
        schema_fingerprint(written)
        made: Any = Decoder(written, read).whole(value, 0)
    except SchemaError as error:
        made = error
    why = made.detail if isinstance(made, Undecodable) else str(made) if isinstance(made, SchemaError) else "-"
    assert why.encode()  # it stands in dead letters
    return made


def case_in(content: bytes) -> tuple[str, str, bytes]:
    """A corpus file: a line of the writer's schema, a line of the reader's (empty: the same), the bytes."""
    writer, reader, value = content.split(b"\n", 2)
    text = writer.decode("utf-8", "surrogateescape")
    return text, reader.decode("utf-8", "surrogateescape") or text, value


@pytest.mark.parametrize("file", corpus("decoding"), ids=name_of)
def test_the_corpus(file: Path) -> None:
    writer, reader, value = case_in(file.read_bytes())
    made = decoded(writer, reader, value)
    assert isinstance(made, SchemaError) == file.name.startswith("refused_"), made
    assert isinstance(made, Undecodable) == file.name.startswith("undecodable_"), made


ALMOST = almost_schemas().map(json.dumps)


@fuzzed(150)
@given(st.text() | ALMOST, ALMOST, st.binary(max_size=40))
def test_any_text_and_any_bytes(writer: str, reader: str, value: bytes) -> None:
    decoded(writer, writer, value)
    decoded(writer, reader, value)
    decoded(writer, writer, value, (reader,))


def _good(schema: Any) -> tuple[str, Type] | None:
    try:
        return json.dumps(schema), read_schema(json.dumps(schema))
    except SchemaError:
        return None


GOOD = schemas(st.sampled_from(["a", "b", "c"])).map(_good).filter(bool)


@fuzzed(200)
@given(GOOD, st.data(), st.binary(max_size=3), st.integers(min_value=0))
def test_values_of_a_schema_and_what_is_almost_one(
    schema: tuple[str, Type], draws: st.DataObject, put: bytes, at: int
) -> None:
    text, kind = schema
    draw: Any = draws.draw
    value = value_of(draw, kind)
    if not isinstance(made := decoded(text, text, value), SchemaError):  # such as an array in a union twice
        assert not isinstance(made, Undecodable), made
    at %= len(value) + 1
    decoded(text, text, value[:at] + put + value[at + len(put) :])
    decoded(text, text, value[:at])


@fuzzed(150)
@given(st.integers(min_value=0), st.binary(max_size=3))
def test_the_contract_with_a_few_bytes_changed(at: int, put: bytes) -> None:
    value = avro_bytes(commerce_event())
    at %= len(value) + 1
    decoded(SCHEMA_TEXT, SCHEMA_TEXT, value[:at] + put + value[at + len(put) :])


def record(*fields: Any, name: str = "R") -> dict[str, Any]:
    """A record of fields of these types, called f0, f1, ..."""
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": f"f{n}", "type": each} for n, each in enumerate(fields)],
    }


def in_a_row(size: int) -> Any:
    """Record after record, each of which holds the one before twice."""
    before: Any = "int"
    fields = []
    for number in range(size):
        fields.append(record(before, before, name=f"R{number}"))
        before = f"R{number}" if number % 20 else "int"
    return record(*fields, name="Top")


WIDE: dict[str, Callable[[int], Any]] = {
    "fields": lambda size: record(*["int"] * size),
    "symbols": lambda size: {"type": "enum", "name": "E", "symbols": [f"S{n}" for n in range(size)]},
    "references": lambda size: record({"type": "fixed", "name": "F", "size": 1}, *["F"] * size),
    "names": in_a_row,
    "arrays": lambda size: record(*[{"type": "array", "items": "int"}] * size),
    "aliases": lambda size: record("int") | {"aliases": [f"A{n}" for n in range(size)]},
    "field aliases": lambda size: {
        "type": "record",
        "name": "R",
        "fields": [{"name": f"f{n}", "type": "int", "aliases": [f"g{n}"]} for n in range(size)],
    },
    "nesting": lambda size: json.loads('{"type": "array", "items": ' * min(size, 400) + '"int"' + "}" * min(size, 400)),
    "default": lambda size: {
        "type": "record",
        "name": "R",
        "fields": [{"name": "f", "type": {"type": "array", "items": "int"}, "default": [1] * size}],
    },
    "text": lambda size: {"type": "record", "name": "R", "fields": [], "doc": "a" * size},
}


@pytest.mark.parametrize("shape", WIDE)
def test_time_grows_with_the_schema_and_no_faster(shape: str) -> None:
    def made(size: int) -> tuple[str, str]:
        schema = WIDE[shape](size)
        return json.dumps(schema), json.dumps({**schema, "doc": "another"})

    assert_linear(lambda texts: decoded(*texts, b""), made, 500)


STRINGS = json.dumps(record({"type": "array", "items": "string"}))
MAPS = json.dumps(record({"type": "map", "values": ["null", "string"]}))
ONE = json.dumps(record("string"))
LONG = json.dumps(record("long"))
NASTY = {
    "items": (STRINGS, lambda size: long(size) + b"\2a" * size + b"\0"),
    "blocks of one": (STRINGS, lambda size: b"\2\2a" * size + b"\0"),
    "blocks with their length": (STRINGS, lambda size: b"\1\4\2a" * size + b"\0"),
    "blocks of the lowest count": (STRINGS, lambda size: (long(-(2**63)) + b"\0") * size),
    "a count and nothing": (STRINGS, lambda size: long(size * 10**9)),
    "no end": (STRINGS, lambda size: long(2**62) + b"\2a" * size),
    "empty strings": (STRINGS, lambda size: long(size) + b"\0" * size + b"\0"),
    "nulls of a map": (MAPS, lambda size: long(size) + b"\2a\0" * size + b"\0"),
    "keys of a map": (MAPS, lambda size: long(size) + b"".join(sized(b"%d" % n) + b"\0" for n in range(size)) + b"\0"),
    "a long string": (ONE, lambda size: sized(b"a" * size)),
    "a string that is no UTF-8": (ONE, lambda size: sized(b"\xff" * size)),
    "a string without end": (ONE, lambda size: long(2**62) + b"a" * size),
    "a string of negative length": (ONE, lambda size: long(-5) + b"a" * size),
    "a number without end": (LONG, lambda size: b"\xff" * size),
    "what is left over": (LONG, lambda size: b"\0" * size),
}


@pytest.mark.parametrize("shape", NASTY)
def test_time_grows_with_the_record_and_no_faster(shape: str) -> None:
    schema, made = NASTY[shape]
    reader = json.loads(schema)
    reader["fields"].append({"name": "more", "type": "int", "default": 7})
    for read in (schema, json.dumps(reader)):
        writer, reader_type = read_schema(schema), read_schema(read)
        decoder = Decoder(writer, reader_type, everything(reader_type))
        assert_linear(partial(decoder.whole, start=0), made, 20_000)
        assert_linear(partial(decoder, start=0), made, 20_000)
