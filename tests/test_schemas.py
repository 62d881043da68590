"""The contract evolves: every released version reads what every other wrote, and a change that breaks this is refused.

Two readers are asked with real bytes, fastavro alone and the service's own decoder, and a third opinion compares the
schemas. The changes that must be refused are planted one by one; a real registry says what it thinks of them.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import re
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import product
from typing import Any

import fastavro
import httpx
import pytest
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException

from capi_stream.cli.schema.subjects import refusing
from capi_stream.cli.schema.understanding import Change, compared
from capi_stream.intake.avro.decoding import Decoder, Undecodable
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import SchemaError
from capi_stream.intake.intake import Intake
from capi_stream.kafka.settings import RegistrySettings
from capi_stream.kafka.subjects import Subjects
from capi_stream.model import Mapped, SchemaRef
from tests.builders import (
    ROOT,
    SCHEMA_ID,
    SCHEMA_TEXT,
    UNIX_NOW,
    avro_bytes,
    commerce_event,
    encoded,
    intake_settings,
    parsed,
    record,
)

LEVEL = "FULL_TRANSITIVE"
RELEASED = ROOT / "avro/released"
VERSIONS = {path.name: path.read_text() for path in RELEASED.glob("*.avsc")}
TEXTS = {**VERSIONS, "the current file": SCHEMA_TEXT}


# Records of any schema.


def records(text: str) -> Iterator[dict[str, Any]]:
    """The smallest record of a schema, then full ones that go through every symbol and every branch between them."""
    schema, names = json.loads(text), dict(named(json.loads(text)))
    yield least(schema, names)
    for turn in range(max(len(each.get("symbols", "")) for each in names.values())):
        yield full(schema, names, turn)


def named(schema: Any, namespace: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every named type in a schema, under its name without a namespace and with it."""
    if isinstance(schema, list):
        for each in schema:
            yield from named(each, namespace)
    elif isinstance(schema, dict):
        if schema.get("type") in ("record", "enum", "fixed"):
            namespace = schema.get("namespace", namespace)
            yield schema["name"], schema
            yield f"{namespace}.{schema['name']}", schema
        for key in ("type", "items", "values"):
            yield from named(schema.get(key), namespace)
        for field in schema.get("fields", ()):
            yield from named(field["type"], namespace)


PRIMITIVES = {
    "null": None,
    "string": "text",
    "int": 20_000,
    "long": 1_767_225_660_000,  # fits no int
    "float": 1.5,
    "double": 1.1,
    "boolean": True,
    "bytes": b"\x01\x02",
}


def full(kind: Any, names: dict[str, Any], turn: int) -> Any:
    """A value with everything in it."""
    match kind:
        case str():
            return PRIMITIVES[kind] if kind in PRIMITIVES else full(names[kind], names, turn)
        case list():
            branches = [each for each in kind if each != "null"]
            return full(branches[turn % len(branches)], names, turn)
        case {"logicalType": "decimal", "scale": int(scale)}:
            return Decimal(12_345 + turn).scaleb(-scale)
        case {"symbols": list(symbols)}:
            return symbols[turn % len(symbols)]
        case {"fields": list(fields)}:
            return {field["name"]: full(field["type"], names, turn) for field in fields}
        case {"items": items}:
            return [full(items, names, turn)]
        case {"values": values}:
            return {"a key": full(values, names, turn)}
    return full(kind["type"], names, turn)


def least(kind: Any, names: dict[str, Any]) -> Any:
    """A value with only what has no default."""
    match kind:
        case list() if "null" in kind:
            return None
        case {"fields": list(fields)}:
            return {field["name"]: least(field["type"], names) for field in fields if "default" not in field}
        case {"items": _}:
            return []
        case {"values": _}:
            return {}
    return full(kind, names, 0)


# The check.


def refusals(writer: str, reader: str) -> list[str]:
    """Why records of `writer` cannot be read as `reader`; empty where all can."""
    try:
        written, read = read_schema(writer), read_schema(reader)
        found = [each.text for each in compared(written, read) if not isinstance(each, Change)]
        decode, plain = Decoder(written, read).whole, Decoder(written, written).whole
        values = [avro_bytes(each, writer) for each in records(writer)]
    except (SchemaError, SchemaParseException) as error:
        return [str(error)]
    for value in values:
        decoded = decode(value, 0)
        if isinstance(decoded, Undecodable):
            found.append(decoded.detail)
        else:
            found += [f"{path} changes" for path in changed(plain(value, 0), decoded, writer, "")]
        try:
            fastavro.schemaless_reader(io.BytesIO(value), parsed(writer), parsed(reader))
        except SchemaResolutionError as error:
            found.append(f"fastavro: {error}")
    return found


def changed(before: Any, after: Any, writer: str, path: str) -> Iterator[str]:
    """Where a value is another one after it was read as another schema; symbols may become their default."""
    match before, after:
        case dict(), dict():
            for name in before.keys() & after.keys():
                yield from changed(before[name], after[name], writer, f"{path}.{name}")
        case list(), list():
            for one, other in zip(before, after, strict=True):
                yield from changed(one, other, writer, f"{path}[]")
        case _ if before != after and f'"{before}"' not in writer:
            yield path


def incompatible(old: str, new: str) -> list[str]:
    """Why the level forbids `new` beside `old`, in both directions."""
    return [*refusals(old, new), *refusals(new, old)]


# What is released.


def test_a_released_version_never_changes() -> None:
    lines = (RELEASED / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split() for line in lines)}
    assert sums == {name: hashlib.sha256(text.encode()).hexdigest() for name, text in VERSIONS.items()}


def test_versions_are_numbered_without_a_gap_and_the_level_is_stated() -> None:
    numbers = sorted(int(re.fullmatch(r"commerce_event\.v(\d+)\.avsc", name)[1]) for name in VERSIONS)  # type: ignore[index]
    assert numbers == list(range(1, len(VERSIONS) + 1))
    assert f"## Compatibility: {LEVEL}" in (ROOT / "avro/README.md").read_text()


@pytest.mark.parametrize(("writer", "reader"), [*product(TEXTS, TEXTS)])
def test_every_version_reads_what_every_version_wrote(writer: str, reader: str) -> None:
    assert refusals(TEXTS[writer], TEXTS[reader]) == []


@pytest.mark.parametrize("name", VERSIONS)
def test_the_service_makes_the_same_event_of_a_record_of_any_released_version(name: str) -> None:
    made = [bodies(text) for text in (VERSIONS[name], SCHEMA_TEXT)]
    assert made[0] == made[1]


def bodies(text: str) -> list[bytes]:
    """What the real intake makes of an ordinary event that was written with `text`."""
    intake = Intake(intake_settings())
    intake.learned(SchemaRef("", SCHEMA_ID), text)
    reading = intake(record(encoded(commerce_event(), schema_text=text)), UNIX_NOW)
    assert isinstance(reading, Mapped)
    assert len(reading.events) == 1
    return [event.body for event in reading.events]


# Changes that must be refused, and changes that may be made.

Edit = Callable[[dict[str, Any]], None]


def field(schema: dict[str, Any], path: str) -> dict[str, Any]:
    """The field at a dotted path."""
    names = dict(named(schema))
    at: Any = schema
    found: dict[str, Any] = {}
    for name in path.split("."):
        while "fields" not in at:
            at = next(each for each in at if each != "null") if isinstance(at, list) else at.get("items", at["type"])
            at = names.get(at, at) if isinstance(at, str) else at
        found = next(each for each in at["fields"] if each["name"] == name)
        at = found["type"]
    return found


def put(path: str, **changes: Any) -> Edit:
    """Change keys of a field."""
    return lambda schema: field(schema, path).update(changes)


def put_type(path: str, **changes: Any) -> Edit:
    """Change keys of a field's type, or of the type beside its null."""

    def edit(schema: dict[str, Any]) -> None:
        kind = field(schema, path)["type"]
        (kind[1] if isinstance(kind, list) else kind).update(changes)

    return edit


def add(**new: Any) -> Edit:
    """Add a field to the record."""
    return lambda schema: schema["fields"].append(new)


def drop(path: str, key: str = "") -> Edit:
    """Take a field away, or one of its keys."""

    def edit(schema: dict[str, Any]) -> None:
        gone = field(schema, path)
        if key:
            del gone[key]
        else:
            within = field(schema, path.rpartition(".")[0])["type"] if "." in path else schema
            next(each for each in (within if isinstance(within, list) else [within]) if each != "null")[
                "fields"
            ].remove(gone)

    return edit


def symbols(path: str, *, gone: str = "", new: str = "", default: str | None = "") -> Edit:
    """Change an enum; `default` None takes its default away."""

    def edit(schema: dict[str, Any]) -> None:
        enum = field(schema, path)["type"]
        enum["symbols"] = [each for each in enum["symbols"] if each != gone] + ([new] if new else [])
        if default is None:
            del enum["default"]

    return edit


def after(edit: Edit) -> str:
    """The contract after a change."""
    schema = copy.deepcopy(json.loads(SCHEMA_TEXT))
    edit(schema)
    return json.dumps(schema)


MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 18}
SEEN_BY_REGISTRY: dict[str, Edit] = {
    "a new field without a default": add(name="loyalty", type="string"),
    "a nullable field without a default": add(name="loyalty", type=["null", "string"]),
    "a field without a default goes": drop("event_id"),
    "a map has values of another type": put("properties", type={"type": "map", "values": "long"}),
    "a type is narrowed": put("occurred_at", type={"type": "int"}),
    "a type is widened": put("order.items.quantity", type="long"),
    "text becomes a number": put("event_id", type="long"),
    "a list becomes a single value": put("customer.emails", type="string", default=""),
    "a field may be null from now on": put("event_id", type=["null", "string"]),
    "a field may not be null any more": put("search_string", type="string", default=""),
    "a union has one type more": put("search_string", type=["null", "string", "long"]),
    "a record has another name": put_type("consent", name="Permission"),
    "an enum has another name": put_type("channel", name="Source"),
    "a field without a default has another name": put("occurred_at", name="happened_at"),
    "the same, with an alias, which only newer readers know": put(
        "occurred_at", name="happened_at", aliases=["occurred_at"]
    ),
    "a symbol goes from an enum that has no default any more": symbols("channel", gone="CHAT", default=None),
}
SEEN_BY_US_ALONE: dict[str, Edit] = {
    "a decimal has another scale": put("order.value", type=["null", {**MONEY, "scale": 2}]),
    "a time has another unit": put_type("occurred_at", logicalType="timestamp-micros"),
}
REFUSED = {**SEEN_BY_REGISTRY, **SEEN_BY_US_ALONE}
ALLOWED: dict[str, Edit] = {
    "nothing changes": lambda _: None,
    "a new field with a default": add(name="loyalty", type=["null", "string"], default=None),
    "a field with a default goes": drop("search_string"),
    "a field with a default goes from a record within": drop("customer.fbp"),
    "a symbol comes to an enum that has a default": symbols("event_type", new="RETURN"),
    "a symbol goes from an enum that has a default": symbols("event_type", gone="DONATE"),
    "another text": put("event_id", doc="Another text."),
}


@pytest.mark.parametrize("change", REFUSED)
def test_a_change_that_breaks_a_reader_is_refused(change: str) -> None:
    assert incompatible(SCHEMA_TEXT, after(REFUSED[change])) != []


@pytest.mark.parametrize("change", ALLOWED)
def test_a_change_that_breaks_nobody_is_let_through(change: str) -> None:
    assert incompatible(SCHEMA_TEXT, after(ALLOWED[change])) == []


def test_a_symbol_may_not_come_to_an_enum_that_had_no_default() -> None:
    older = after(symbols("channel", default=None))
    newer = after(symbols("channel", new="KIOSK", default=None))
    assert incompatible(older, newer) != []


def test_a_default_that_is_none_of_its_type_is_refused() -> None:
    assert incompatible(SCHEMA_TEXT, after(add(name="points", type="int", default="none"))) != []


def test_a_real_registry_at_this_level_agrees_but_for_units_which_it_does_not_see(registry: str) -> None:
    subject = f"contract-{uuid.uuid4().hex}-value"
    with Subjects(RegistrySettings({"url": registry})) as there:
        there.register(subject, SCHEMA_TEXT)
        httpx.put(f"{registry}/config/{subject}", json={"compatibility": LEVEL}).raise_for_status()

        refused = {name for name, edit in (REFUSED | ALLOWED).items() if refusing(there, subject, after(edit), LEVEL)}

    assert refused == SEEN_BY_REGISTRY.keys()
