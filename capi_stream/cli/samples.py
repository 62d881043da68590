"""One record that a person has at hand, as Avro bytes or as JSON, made ready for intake. No server is asked."""

from __future__ import annotations

import io
import json
from codecs import BOM_UTF8
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import fastavro

from capi_stream.cli.json_scalars import UnfitJsonError, bounded
from capi_stream.cli.json_text import JsonError, read
from capi_stream.cli.plain_json import from_json
from capi_stream.cli.topics import Chosen
from capi_stream.cli.usage import UsageError
from capi_stream.intake.avro.decoding import Decoder, Undecodable
from capi_stream.intake.avro.framing import Bare, ByFingerprint, ByKey, Unframed, unframe
from capi_stream.intake.avro.schema_text import read_schema
from capi_stream.intake.avro.schemas import Array, Map, RecordType, SchemaError, Type, Union
from capi_stream.intake.intake import Intake
from capi_stream.intake.topics import IntakeError, Topic
from capi_stream.model import Headers, Malformed, NeedSchema, Partition, Reading, Record


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside a record's value in Kafka. `timestamp_ms` None: as `unix_now`."""

    unix_now: float
    topic: str | None = None
    key: str | None = None
    headers: Headers = ()
    timestamp_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A record, what intake made of it, and the value that the mapping has seen; None where there is none.

    `notes` say how it was read, where that is not how the service would.
    """

    record: Record
    reading: Reading
    decoded: Any
    chosen: Chosen
    topic: Topic
    notes: Sequence[str]


def sample(content: bytes, beside: Beside, chosen: Chosen) -> Sample:
    """The record in `content`. Raises UsageError where it is JSON that is no record, or the settings are wrong."""
    given = _json(content, _names(chosen))
    if isinstance(given, dict):
        return _of_json(given, beside, chosen)
    made = _of_avro(content, beside, chosen)
    if given and isinstance(made.reading, Malformed):
        raise UsageError(given)
    return made


def _names(chosen: Chosen) -> Container[str]:
    """The names of all fields of a topic's schema: they can be told, other names in JSON may be people's."""
    try:
        return frozenset(_fields(read_schema(chosen.topic.schema), set()))
    except SchemaError:  # told when the schema is used
        return ()


def _fields(kind: Type, seen: set[int]) -> Iterator[str]:
    """The names of all fields within `kind`; shared definitions, which can be met very often, are gone into once."""
    match kind:
        case RecordType(fields=members) if id(kind) not in seen:
            seen.add(id(kind))
            for each in members:
                yield each.name
                yield from _fields(each.type, seen)
        case Array(items=inner) | Map(values=inner):
            yield from _fields(inner, seen)
        case Union(branches=types):
            for each_type in types:
                yield from _fields(each_type, seen)


def _json(content: bytes, names: Container[str]) -> dict[str, Any] | str:
    """The JSON object in `content`, or a sentence on what it is in place of one, should it be no Avro; empty: unknown.

    Avro may begin with any byte, so that only a whole object or list of JSON is surely none. Raises UsageError for it.
    """
    if not content.strip():
        return "The record is empty."
    if (encoding := json.detect_encoding(content)) not in ("utf-8", "utf-8-sig"):
        return _in_another(content, encoding)
    try:
        value = read(content, names)
    except JsonError as error:
        return _of_text(content, error)
    if isinstance(value, list):
        raise UsageError("This is a JSON array; one record is read at a time, and that is an object: {...}.")
    called = "null" if value is None else f"a {_JSON_TYPES.get(type(value), 'number')}"
    return value if isinstance(value, dict) else f"This is {called} in JSON, and a record is an object: {{...}}."


_JSON_TYPES: Mapping[type, str] = {str: "text", bool: "boolean"}


def _of_text(content: bytes, error: JsonError) -> str:
    """As `_json`, of what is no JSON."""
    is_text = not any(byte < 32 and byte not in b"\t\r\n" for byte in content)
    begin = content.removeprefix(BOM_UTF8).lstrip()
    if begin.startswith((b"//", b"/*", b"#")) and _is_printable(content):
        return f"The record, {error}: JSON has no comments."
    is_meant = begin.startswith((b"{", b"[", b'"')) or _is_printable(content)
    return f"The record, {error}." if is_text and is_meant else ""


def _is_printable(content: bytes) -> bool:
    try:
        return all(letter.isprintable() or letter in "\t\r\n" for letter in content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return False


def _in_another(content: bytes, encoding: str) -> str:
    """As `_json`, of what looks like a text of `encoding`, such as `utf-16-le`."""
    text = content.decode(encoding, "replace").lstrip("\ufeff").lstrip()
    if text[:1] not in ("{", "["):
        return ""
    name = encoding.upper().removesuffix("-LE").removesuffix("-BE")
    wrong = f"This is text in {name}; JSON is read as UTF-8. What to do: iconv -f {name} -t UTF-8 FILE."
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return wrong
    raise UsageError(wrong)


def _of_json(value: dict[str, Any], beside: Beside, chosen: Chosen) -> Sample:
    bare = chosen.with_topic(replace(chosen.topic, framing="bare", writer_schemas=()))
    note = "JSON by the schema: unions without wrapping, decimals as numbers or texts, times in ISO or as numbers"
    return _read(_avro_of(value, chosen), beside, bare, [note])


def _avro_of(value: Any, chosen: Chosen) -> bytes:
    try:
        made = from_json(bounded(read_schema(chosen.topic.schema), json.loads(chosen.topic.schema)), value)
    except SchemaError as error:
        raise UsageError(f"{chosen.topic.schema_name} cannot be used: {error}.") from None
    except UnfitJsonError as error:
        raise UsageError(f"This JSON is no record of {chosen.topic.schema_name}: {error}.") from None
    stream = io.BytesIO()
    schema = fastavro.parse_schema(_without_logical_types(json.loads(chosen.topic.schema)))
    fastavro.schemaless_writer(stream, schema, made)
    return stream.getvalue()


def _without_logical_types(schema: Any) -> Any:
    """A schema's JSON as the decoder reads it: a decimal is its bytes, a time its number."""
    if isinstance(schema, dict):
        kept = {
            key: _without_logical_types(each) for key, each in schema.items() if key not in ("logicalType", "default")
        }
        return kept | ({"default": schema["default"]} if "symbols" in schema and "default" in schema else {})
    return [_without_logical_types(each) for each in schema] if isinstance(schema, list) else schema


def _of_avro(content: bytes, beside: Beside, chosen: Chosen) -> Sample:
    """Read as the topic's settings say; if that is no record, bare, which is said."""
    framed = _read(content, beside, chosen, [])
    if not isinstance(framed.reading, Malformed) or chosen.topic.framing == "bare":
        return framed
    note = (
        f"bare Avro, without a frame: in a topic whose framing is {chosen.topic.framing} the service would refuse it"
        f" ({framed.reading.rejection.reason})"
    )
    bare = _read(content, beside, chosen.with_topic(replace(chosen.topic, framing="bare")), [note])
    return framed if isinstance(bare.reading, Malformed) else bare


def _read(value: bytes, beside: Beside, chosen: Chosen, notes: list[str]) -> Sample:
    try:
        intake, topic = Intake(chosen.intake), Topic(chosen.topic)
    except IntakeError as error:
        raise UsageError(str(error)) from None
    now_ms = int(beside.unix_now * 1000)
    timestamp = now_ms if beside.timestamp_ms is None else beside.timestamp_ms
    key = None if beside.key is None else beside.key.encode()
    record = Record(Partition(beside.topic or chosen.name, 0), 0, timestamp, key, value, beside.headers)
    reading = intake(record, beside.unix_now)
    if isinstance(reading, NeedSchema):
        intake.learned(reading.schema, chosen.topic.schema)
        notes = [
            *notes,
            f"Confluent, schema {reading.schema.key}: no registry was asked, {chosen.topic.schema_name} was taken",
        ]
        reading = intake(record, beside.unix_now)
    decoded = None if isinstance(reading, Malformed) else _decoded(record, topic, chosen)
    return Sample(record, reading, decoded, chosen, topic, notes or [f"Avro, {chosen.topic.schema_name}"])


def _decoded(record: Record, topic: Topic, chosen: Chosen) -> Any:
    assert record.value is not None
    match unframe(record.value, record.headers, chosen.topic.framing):
        case ByKey(_, start):
            schema = read_schema(chosen.topic.schema)
            made = Decoder(schema, schema).whole(record.value, start)
        case ByFingerprint(fingerprint, start):
            made = topic.by_fingerprint[fingerprint].whole(record.value, start)
        case Bare(start):
            made = topic.bare.whole(record.value, start)
        case Unframed():
            made = None
    return None if isinstance(made, Undecodable) else made
