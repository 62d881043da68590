"""Any bytes name a schema, or it is said why not."""

from __future__ import annotations

from pathlib import Path
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
from capi_stream.model import Headers
from tests.fuzz.fuzzing import assert_linear, corpus, fuzzed, name_of

FRAMINGS: tuple[Framing, ...] = get_args(Framing)


def framed(value: bytes, content: bytes | None = None) -> None:
    """Every framing of `value`, without the header and with it, alone and behind others."""
    headers: list[Headers] = [(), [(SCHEMA_ID_HEADER, content)], [("x", value), (SCHEMA_ID_HEADER, content)]]
    for framing in FRAMINGS:
        for each in headers:
            _holds(value, unframe(value, each, framing))


def _holds(value: bytes, frame: Frame) -> None:
    match frame:
        case ByKey(key, start):
            assert isinstance(key, str) or 0 <= key < 2**32
            assert start in (0, 5)
            assert start <= len(value)
        case ByFingerprint(fingerprint, start):
            assert (len(fingerprint), start) == (8, 10)
            assert start <= len(value)
        case Unframed(detail):
            assert 0 < len(detail) < 200
        case _:
            assert frame == Bare()


@pytest.mark.parametrize("file", corpus("framing"), ids=name_of)
def test_the_corpus(file: Path) -> None:
    content = file.read_bytes()
    framed(content)
    framed(b"", content)
    framed(content, content)


STARTS = st.sampled_from([b"", b"\x00", b"\x01", b"\xc3\x01", b"\xc3", b"\x00\x00\x00\x00\x01"])
VALUES = st.builds(bytes.__add__, STARTS, st.binary(max_size=24))


@fuzzed(300)
@given(VALUES, st.none() | VALUES)
def test_any_bytes(value: bytes, content: bytes | None) -> None:
    framed(value, content)


@pytest.mark.parametrize("start", [b"", b"\x00", b"\xc3\x01"])
def test_the_length_costs_nothing_but_itself(start: bytes) -> None:
    assert_linear(framed, lambda size: start + size * b"\x80", 100_000)
