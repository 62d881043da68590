"""How bytes name their schema."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.avro.framing import (
    SCHEMA_ID_HEADER,
    Bare,
    ByFingerprint,
    ByKey,
    Frame,
    Framing,
    Unframed,
    unframe,
)

GUID = "89791762-2336-4186-9674-299b90a802e2"
GUID_HEADER = b"\x01" + bytes.fromhex(GUID.replace("-", ""))
FINGERPRINT = bytes.fromhex("8f5c393f1ad57572")


@pytest.mark.parametrize(
    ("framing", "value", "header", "expected"),
    [
        ("auto", b"\x00\x00\x00\x00\x07AVRO", None, ByKey(7, 5)),
        ("auto", b"\x00\xff\xff\xff\xff", None, ByKey(0xFFFFFFFF, 5)),
        ("auto", b"AVRO", GUID_HEADER, ByKey(GUID, 0)),
        ("auto", b"AVRO", b"\x00\x00\x00\x00\x07", ByKey(7, 0)),
        ("auto", b"\x00\x00\x00\x00\x07AVRO", GUID_HEADER, ByKey(GUID, 0)),
        ("auto", b"\xc3\x01" + FINGERPRINT + b"AVRO", None, ByFingerprint(FINGERPRINT, 10)),
        ("confluent", b"\x00\x00\x00\x00\x07AVRO", None, ByKey(7, 5)),
        ("confluent", b"AVRO", GUID_HEADER, ByKey(GUID, 0)),
        ("single_object", b"\xc3\x01" + FINGERPRINT, None, ByFingerprint(FINGERPRINT, 10)),
        ("single_object", b"\xc3\x01" + FINGERPRINT, GUID_HEADER, ByFingerprint(FINGERPRINT, 10)),
        ("bare", b"\x00\x00\x00\x00\x07AVRO", GUID_HEADER, Bare()),
        ("bare", b"", None, Bare()),
    ],
)
def test_a_frame_names_the_schema(framing: Framing, value: bytes, header: bytes | None, expected: Frame) -> None:
    headers = [("trace", b"x")] + ([(SCHEMA_ID_HEADER, header)] if header else [])

    assert unframe(value, headers, framing) == expected


@pytest.mark.parametrize(
    ("framing", "value", "header", "detail"),
    [
        ("auto", b"", None, "begins with ''"),
        ("auto", b'{"event_id": 1}', None, "begins with '7b 22', not with 00 (Confluent) or c3 01"),
        ("auto", b"\x00\x00\x00\x07", None, "ends after 4 bytes"),
        ("auto", b"\xc3\x01\x00", None, "ends after 3 bytes"),
        ("auto", b"AVRO", GUID_HEADER[:-1], "neither 01 and a GUID nor 00 and an id"),
        ("confluent", b"\xc3\x01" + FINGERPRINT, None, "not with 00 (Confluent)"),
        ("single_object", b"\x00\x00\x00\x00\x07", None, "not with c3 01"),
    ],
)
def test_bytes_without_a_frame_say_what_they_lack(
    framing: Framing, value: bytes, header: bytes | None, detail: str
) -> None:
    frame = unframe(value, [(SCHEMA_ID_HEADER, header)] if header else (), framing)

    assert isinstance(frame, Unframed)
    assert detail in frame.detail


def test_a_schema_header_without_a_value_counts_as_absent() -> None:
    assert unframe(b"\x00\x00\x00\x00\x07", [(SCHEMA_ID_HEADER, None)], "auto") == ByKey(7, 5)


@given(
    value=st.binary(max_size=20), header=st.none() | st.binary(max_size=20), framing=st.sampled_from(get_args(Framing))
)
def test_any_bytes_give_a_frame(value: bytes, header: bytes | None, framing: Framing) -> None:
    frame = unframe(value, [(SCHEMA_ID_HEADER, header)], framing)

    assert isinstance(frame, Unframed) or frame.start <= max(len(value), 0)
