"""How a record's bytes name the schema they were written with.

Confluent: a zero byte and a 4-byte schema id before the Avro bytes, or the schema's GUID in a header.
Single object: C3 01 and the 8-byte CRC-64-AVRO fingerprint of the schema (Avro, "Single-object encoding").
Bare: nothing; the schema is known from elsewhere.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple
from uuid import UUID

from capi_stream.model import Headers, SchemaKey

Framing = Literal["auto", "confluent", "single_object", "bare"]
"""How a record's bytes name the schema they were written with; `auto` tells Confluent and single-object apart."""

SCHEMA_ID_HEADER = "__value_schema_id"
ID_MAGIC = b"\x00"
GUID_MAGIC = b"\x01"
SINGLE_OBJECT_MAGIC = b"\xc3\x01"


class ByKey(NamedTuple):
    """The schema has `key` in the registry; the Avro bytes begin at `start`."""

    key: SchemaKey
    start: int


class ByFingerprint(NamedTuple):
    """The schema is the one with this CRC-64-AVRO fingerprint (8 bytes, as they stand in the record)."""

    fingerprint: bytes
    start: int


class Bare(NamedTuple):
    """The schema is the one that the topic's settings name."""

    start: int = 0


class Unframed(NamedTuple):
    """The bytes name no schema. `detail` says what was found."""

    detail: str


Frame = ByKey | ByFingerprint | Bare | Unframed


def unframe(value: bytes, headers: Headers, framing: Framing) -> Frame:
    """Find which schema `value` was written with. Total: any bytes give a frame."""
    if framing == "bare":
        return Bare()
    if framing in ("auto", "confluent"):
        for name, content in headers:
            if name == SCHEMA_ID_HEADER and content is not None:
                return _from_header(content)
        if value[:1] == ID_MAGIC:
            return _confluent(value[:5])
    if framing in ("auto", "single_object") and value[:2] == SINGLE_OBJECT_MAGIC:
        return _single_object(value)
    expected = {
        "auto": "00 (Confluent) or c3 01 (single object)",
        "confluent": "00 (Confluent)",
        "single_object": "c3 01 (single object)",
    }[framing]
    return Unframed(f"it begins with '{value[:2].hex(' ')}', not with {expected}")


@lru_cache(maxsize=1_000)  # a topic has few schemas
def _confluent(head: bytes) -> Frame:
    if len(head) < 5:
        return Unframed(f"it ends after {len(head)} bytes, within the schema id")
    return ByKey(int.from_bytes(head[1:], "big"), 5)


def _from_header(content: bytes) -> Frame:
    if content[:1] == GUID_MAGIC and len(content) == 17:
        return ByKey(str(UUID(bytes=content[1:])), 0)
    if content[:1] == ID_MAGIC and len(content) == 5:
        return ByKey(int.from_bytes(content[1:], "big"), 0)
    return Unframed(f"its header {SCHEMA_ID_HEADER} is neither 01 and a GUID nor 00 and an id")


def _single_object(value: bytes) -> Frame:
    if len(value) < 10:
        return Unframed(f"it ends after {len(value)} bytes, within the schema's fingerprint")
    return ByFingerprint(value[2:10], 10)
