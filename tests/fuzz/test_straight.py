"""A straight-line decoder gives what fastavro gives, or says that it cannot: any schemas, any bytes."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.events import SCHEMA_TEXT, Buyers
from capi_stream.intake.avro.decoding import Decoder, Undecodable
from capi_stream.intake.avro.layout import Layout, Place, laid_out
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import RecordType, SchemaError, Type
from capi_stream.intake.avro.straight import ODD, straight_decoder
from capi_stream.intake.avro.straight_lines import MOST_CHARACTERS, NotStraightError
from capi_stream.intake.avro.straight_source import straight_source
from tests.builders import avro_bytes, commerce_event
from tests.fuzz.fuzzing import fuzzed
from tests.fuzz.layouts import everything
from tests.fuzz.schemas import long, schemas, value_of

LAST = (Place(("last",)),)

SEEN: Counter[str] = Counter()
"""How the examples of this process ended, so that a test which never meets a straight line fails."""


def read(writer: Type, reader: Type, value: bytes, layout: Layout | None = None) -> None:
    """Both ways, and compare what they give; of all that there is, unless `layout` says of what."""
    try:
        whole = Decoder(writer, reader).whole(value, 0)
    except SchemaError:
        return
    wanted = everything(reader) if layout is None else layout
    decode = straight_decoder(writer, reader, wanted)
    if decode is None:
        SEEN["no straight line"] += 1
        return
    try:
        made = decode(value, 0)
    except ODD:
        SEEN["odd"] += 1
        return
    SEEN["read"] += 1
    assert not isinstance(whole, Undecodable) or layout is not None, whole.detail
    assert isinstance(whole, Undecodable) or shown(made) == shown(laid_out(whole, wanted))


def shown(value: Any) -> str:
    """A decoded value as a text, in which NaN equals itself, and 1 neither true nor 1.0."""
    match value:
        case dict():
            return "record " + ", ".join(f"{key!r}: {shown(value[key])}" for key in sorted(value)) + ";"
        case list() | tuple():
            return f"{type(value).__name__} {', '.join(map(shown, value))};"
    return f"{type(value).__name__} {value!r}"


def good(schema: Any) -> Type | None:
    try:
        return read_schema(json.dumps(schema))
    except SchemaError:
        return None


def drawn(draws: st.DataObject, kind: Type) -> bytes:
    """Avro bytes of a random value."""
    draw: Any = draws.draw
    return value_of(draw, kind)


def within(schema: Any) -> Any:
    """A record whose one field has this schema."""
    return {"type": "record", "name": "Top", "fields": [{"name": "inner", "type": schema}]}


GOOD = schemas(st.sampled_from(["a", "b", "c"])).map(within).map(good).filter(bool)
CHANGED = st.binary(max_size=3), st.integers(min_value=0)


def test_the_same_schema() -> None:
    @fuzzed(400)
    @given(GOOD, st.data(), *CHANGED)
    def reads(kind: Type, draws: st.DataObject, put: bytes, at: int) -> None:
        value = drawn(draws, kind)
        at %= len(value) + 1
        for changed in (value, value[:at], value[:at] + put + value[at + len(put) :], value + put):
            read(kind, kind, changed)

    SEEN.clear()
    reads()
    assert min(SEEN["read"], SEEN["odd"], SEEN["no straight line"]) > 50, SEEN


@fuzzed(300)
@given(GOOD, GOOD, st.data())
def test_two_schemas(writer: Type, reader: Type, draws: st.DataObject) -> None:
    read(writer, reader, drawn(draws, writer))


@fuzzed(200)
@given(GOOD, st.data())
def test_what_is_wanted(kind: Type, draws: st.DataObject) -> None:
    wanted = draws.draw(st.permutations(everything(kind)))
    read(kind, kind, drawn(draws, kind), tuple(wanted[: draws.draw(st.integers(0, len(wanted)))]))


OURS = read_schema(SCHEMA_TEXT)


@fuzzed(400)
@given(*CHANGED)
def test_the_contract_with_a_few_bytes_changed(put: bytes, at: int) -> None:
    value = avro_bytes(commerce_event())
    at %= len(value) + 1
    read(OURS, OURS, value[:at] + put + value[at + len(put) :])


def without(text: str, *names: str) -> Type:
    """The contract as it was before it had the fields `names`."""
    schema = json.loads(text)
    schema["fields"] = [each for each in schema["fields"] if each["name"] not in names]
    return read_schema(json.dumps(schema))


@pytest.mark.parametrize("names", [(), ("page",), ("properties", "app", "consent"), ("search_string",)])
def test_the_contract_and_its_former_versions_lead_straight(names: tuple[str, ...]) -> None:
    """Both ways: fields that the writer has not, and fields that the reader has not."""
    older = without(SCHEMA_TEXT, *names)
    for writer, reader in ((OURS, older), (OURS, OURS)):
        before = SEEN["read"]
        for value in Buyers(["1"]).values(20, 1_767_225_660_000):
            read(writer, reader, value[5:])
        assert SEEN["read"] == before + 20
    assert straight_decoder(older, OURS, everything(OURS)) is not None


ENUM: dict[str, Any] = {"type": "enum", "name": "E", "symbols": ["A", "B", "C"]}
FIXED: dict[str, Any] = {"type": "fixed", "name": "F", "size": 3}
INNER: dict[str, Any] = {
    "type": "record",
    "name": "I",
    "fields": [{"name": "x", "type": "int"}, {"name": "y", "type": "string"}],
}
KINDS: list[Any] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string", ENUM, FIXED, INNER,
         {"type": "array", "items": FIXED}, {"type": "map", "values": "double"}, ["null", "string", ENUM],
         ["null", INNER], {"type": "array", "items": INNER}, ["null", {"type": "array", "items": ["null", INNER]}],
         {"type": "map", "values": INNER}, ["null", "int", INNER]]  # fmt: skip
EVOLVED: dict[str, tuple[Any, Any]] = {
    "fewer symbols": (ENUM, {**ENUM, "symbols": ["A", "B"]}),
    "fewer symbols and a default": (ENUM, {**ENUM, "symbols": ["A", "B"], "default": "A"}),
    "more symbols, elsewhere": (ENUM, {**ENUM, "symbols": ["Z", "C", "B", "A"]}),
    "nullable now": ("string", ["null", "string"]),
    "nullable no more": (["null", "string"], "string"),
    "other order": (["null", "string", "int"], ["int", "string", "null"]),
    "promoted": ("int", "double"),
    "promoted in a union": ("int", ["null", "long"]),
    "promoted in a union that has it too": ("int", ["double", "int"]),
    "promoted in a nullable union that has it too": (["null", "int"], ["null", "double", "int"]),
    "text as bytes in a union that has text": ("string", ["bytes", "string"]),
    "its own type first": ("int", ["int", "double"]),
    "both names": (
        {"type": "record", "name": "I", "fields": [{"name": "x", "type": "int"}, {"name": "old", "type": "int"}]},
        {"type": "record", "name": "I", "fields": [{"name": "x", "aliases": ["old"], "type": "int"}]},
    ),
    "text as bytes": ("string", "bytes"),
    "fewer fields": (INNER, {**INNER, "fields": INNER["fields"][1:]}),
    "one more field": (INNER, {**INNER, "fields": [*INNER["fields"], {"name": "z", "type": FIXED, "default": "abc"}]}),
    "a field of another name": (
        INNER,
        {**INNER, "fields": [{"name": "new", "aliases": ["x"], "type": "int", "default": 1}]},
    ),
    "of another size": (FIXED, {**FIXED, "size": 4}),
}


def of(*kinds: Any) -> Type | None:
    """A record of fields of these types, the last an int."""
    fields = [{"name": f"f{number}", "type": kind} for number, kind in enumerate(kinds)]
    return good({"type": "record", "name": "R", "fields": [*fields, {"name": "last", "type": "int"}]})


LEAD = {
    "more symbols, elsewhere",
    "nullable now",
    "other order",
    "fewer fields",
    "one more field",
    "its own type first",
}
"""The changes across which a line leads; across the others fastavro reads."""


@pytest.mark.parametrize("change", EVOLVED)
@fuzzed(30)
@given(draws=st.data())
def test_what_changes_in_a_schema(change: str, draws: st.DataObject) -> None:
    writer, reader = map(of, EVOLVED[change])
    assert writer is not None
    assert reader is not None
    SEEN.clear()
    read(writer, reader, drawn(draws, writer))
    ended = +SEEN
    assert ended == Counter() or ended.keys() <= ({"read", "odd"} if change in LEAD else {"no straight line"})


@pytest.mark.parametrize("kind", KINDS, ids=str)
@fuzzed(20)
@given(draws=st.data())
def test_every_kind_is_passed_over_by_whom_it_is_not_wanted(kind: Any, draws: st.DataObject) -> None:
    written = of(kind)
    assert written is not None
    before = SEEN["read"], SEEN["odd"]
    read(written, written, drawn(draws, written), LAST)
    assert (SEEN["read"], SEEN["odd"]) != before


NULLABLE = [["null", "string"], ["null", "long"], ["null", INNER], ["null", {"type": "array", "items": "string"}],
            ["string", "null"], ["null", "bytes"], ["null", "string"], ["null", "boolean"],
            ["null", "int"]]  # fmt: skip


@fuzzed(200)
@given(st.permutations(NULLABLE), st.data(), *CHANGED)
def test_nulls_in_a_row(kinds: list[Any], draws: st.DataObject, put: bytes, at: int) -> None:
    """Any of them, all of them, too few of them; and zeros that are none."""
    names = iter("ABCDEFGHI")
    kinds = [json.loads(json.dumps(kind).replace('"name": "I"', f'"name": "{next(names)}"')) for kind in kinds]
    written = of(*kinds)
    assert isinstance(written, RecordType)
    layout = draws.draw(st.permutations(everything(written)))
    value = b"".join(draws.draw(st.sampled_from([b"\0", drawn(draws, field.type)])) for field in written.fields)
    at %= len(value) + 1
    for changed in (value, value[:at], value[:at] + put + value[at + len(put) :], bytes(at)):
        read(written, written, changed)
        read(written, written, changed, tuple(layout[: draws.draw(st.integers(1, len(layout)))]))


def test_a_unit_is_not_lost_where_a_union_has_the_writers_type_too() -> None:
    """fastavro takes the double, as which the number of microseconds is what it says."""
    micros = {"type": "long", "logicalType": "timestamp-micros"}
    writer, reader = of(micros), of(["double", {"type": "long", "logicalType": "timestamp-millis"}])
    assert writer is not None
    assert reader is not None
    assert straight_decoder(writer, reader, everything(reader)) is None


OVERLONG = [b"\x80" * 9 + b"\x02", b"\xff" * 9 + b"\x7f", b"\xfe" + b"\xff" * 8 + b"\x7f", b"\x80" * 10 + b"\x00",
            long(2**63 - 1), long(-(2**63)), long(2**62), b"\x82\x00"]  # fmt: skip


@pytest.mark.parametrize("number", OVERLONG, ids=bytes.hex)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_numbers_that_are_too_long_or_too_large_are_read_as_fastavro_reads_them(kind: Any, number: bytes) -> None:
    """As a number, as a length and as a count, with every kind of value behind it, wanted or not."""
    for first in (
        "long",
        "int",
        "string",
        "bytes",
        {"type": "array", "items": "string"},
        {"type": "map", "values": "int"},
    ):
        written = of(first, kind)
        assert written is not None
        for wanted in (None, LAST):
            for zeros in range(10):  # for some of them it is the whole record
                read(written, written, number + b"\0" * zeros, wanted)
            read(written, written, number + b"abc", wanted)


def test_a_record_with_a_number_beyond_64_bits_becomes_a_letter_or_an_event() -> None:
    """It must not raise: that record would end the service at each of its starts."""
    value = avro_bytes(commerce_event(order_items=[{"sku": "A", "quantity": 1}]))
    at = value.index(b"\x02A\x02") + 2  # where the quantity is
    for number in OVERLONG:
        changed = value[:at] + number + value[at + 1 :]
        read(OURS, OURS, changed)
        decoded = Decoder(OURS, OURS).whole(changed, 0)
        quantity = 0 if isinstance(decoded, Undecodable) else decoded["order"]["items"][0]["quantity"]
        assert -(2**63) <= quantity < 2**63


def test_a_schema_whose_ways_are_far_more_than_its_types_is_given_up() -> None:
    """Each of its records holds the one before twice: 2 ** 40 ways."""
    kind: Any = {"type": "record", "name": "E0", "fields": []}
    for number in range(1, 41):
        fields = [{"name": "a", "type": kind}, {"name": "b", "type": kind["name"]}]
        kind = {"type": "record", "name": f"E{number}", "fields": fields}
    written = of(kind)
    assert written is not None
    for wanted in ((Place(("f0",)),), LAST):
        assert straight_decoder(written, written, wanted) is None


@pytest.mark.parametrize("items", ["double", "float", FIXED, "string", "boolean", ENUM], ids=str)
def test_a_count_without_bytes_behind_it_is_odd_at_once(items: Any) -> None:
    """Of what nobody wants, too."""
    kind = of({"type": "array", "items": items})
    assert kind is not None
    for wanted in (everything(kind), LAST):
        decode = straight_decoder(kind, kind, wanted)
        assert decode is not None
        with pytest.raises(ODD):
            decode(long(2**62) + b"\2" * 9, 0)


@pytest.mark.parametrize("items", ["double", "float", FIXED, "string", "boolean", ENUM, INNER], ids=str)
def test_a_count_without_bytes_behind_it_is_not_counted_to_its_end_where_we_have_no_such_field(items: Any) -> None:
    """fastavro would be at it for hours, at each start of the service."""
    written, ours = of({"type": "array", "items": items}), good({"type": "record", "name": "R", "fields": []})
    assert written is not None
    assert ours is not None
    assert isinstance(Decoder(written, ours)(long(2**62) + b"\2" * 9, 0), Undecodable)


@pytest.mark.parametrize("kind", ["double", "string", "bytes", FIXED, "boolean", "long"], ids=str)
def test_a_record_whose_bytes_end_within_what_we_do_not_read_is_undecodable(kind: Any) -> None:
    fields = [{"name": "a", "type": "int"}, {"name": "b", "type": kind}]
    written = good({"type": "record", "name": "R", "fields": fields})
    ours = good({"type": "record", "name": "R", "fields": fields[:1]})
    assert written is not None
    assert ours is not None
    for value in (b"\2", b"\2\x80") if kind == "boolean" else (b"\2", b"\2\4a"):
        assert isinstance(Decoder(written, ours).whole(value, 0), Undecodable) == (value != b"\2\x80")


def nested(depth: int) -> Any:
    """A record in a record and so on, each of which may be null and stands between two texts that may be."""
    inner: Any = "string"
    for number in range(depth):
        names = ("before", "inner", "after")
        kinds = (["null", "string"], ["null", inner], ["null", "string"])
        fields = [{"name": name, "type": kind} for name, kind in zip(names, kinds, strict=True)]
        inner = {"type": "record", "name": f"R{number}", "fields": fields}
    return inner


def test_a_path_may_lead_through_many_records() -> None:
    kind = good(nested(14))
    assert kind is not None
    layout = (Place(("inner",) * 14),)
    read(kind, kind, b"\0\2" * 14 + b"\2a" + b"\0" * 14, layout)
    assert straight_decoder(kind, kind, layout) is not None


def test_what_stands_in_a_schema_again_and_again_is_written_once() -> None:
    """The symbols of an enum, and the default of a field that the writer has not: schemas of 60 kB took gigabytes."""
    enum = {"type": "enum", "name": "E", "symbols": [f"SYMBOL_{number}" for number in range(5_000)]}
    many = of(enum, *["E"] * 100)
    assert many is not None
    assert len(straight_source(many, many, everything(many))) < MOST_CHARACTERS
    before = {"type": "record", "name": "P", "fields": [{"name": "a", "type": "int"}]}
    more = {"name": "d", "type": {"type": "array", "items": "int"}, "default": list(range(20_000))}
    after = {**before, "fields": [*before["fields"], more]}
    writer, reader = of(before, *["P"] * 300), of(after, *["P"] * 300)
    assert writer is not None
    assert reader is not None
    with pytest.raises(NotStraightError):
        straight_source(writer, reader, tuple(Place((f"f{number}", "d")) for number in range(300)))
