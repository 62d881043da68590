"""Settled runs as the text beside a committed offset: what is done above it, so that a crash sends little twice.

The text says what is done, never what is missing: it can be cut after any run, and text that is not surely ours for
this very offset reads as "nothing is settled". Both cost duplicates and never a record.

Form: `cs1:` and base64url of varints (LEB128) with a CRC-32 (4 bytes, big endian) behind them. The first varint is the
committed offset, which the text belongs to; then for each run, rising, how many offsets lie between the end of the one
before and its start, and how many it has.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

TAG = "cs1:"
LIMIT_CHARACTERS = 4_095  # of offset.metadata.max.bytes (4,096) the client takes one for the NUL behind it (seen)
_CRC_BYTES = 4
_LONGEST_RUN_BYTES = 20  # two varints of 64 bits
_ROOM_BYTES = (LIMIT_CHARACTERS - len(TAG)) * 3 // 4 - _CRC_BYTES

Run = tuple[int, int]
"""Offsets from the first up to, and without, the second."""


class Runs:
    """A set of offsets, as rising runs that do not touch."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self._runs = list(runs)
        self._starts = [start for start, _ in self._runs]

    def __contains__(self, offset: int) -> bool:
        at = bisect_right(self._starts, offset) - 1
        return at >= 0 and offset < self._runs[at][1]

    def __bool__(self) -> bool:
        return bool(self._runs)

    def above(self, offset: int) -> Iterator[Run]:
        """The runs, or what of them lies at `offset` and above."""
        for start, end in self._runs:
            if end > offset:
                yield max(start, offset), end


class Unread(NamedTuple):
    """A text that says nothing to us. `reason`: foreign, newer, damaged or other_offset."""

    reason: str


NOTHING = Runs()


def written(committed: int, runs: Iterable[Run]) -> str:
    """The text for `runs`, which rise and lie above `committed`; as many of them as fit. Empty where there is none."""
    payload = bytearray(_varint(committed))
    before, empty = committed, len(payload)
    for start, end in runs:
        if len(payload) + _LONGEST_RUN_BYTES > _ROOM_BYTES:
            break
        payload += _varint(start - before) + _varint(end - start)
        before = end
    if len(payload) == empty:
        return ""
    payload += binascii.crc32(payload).to_bytes(_CRC_BYTES, "big")
    return TAG + urlsafe_b64encode(payload).rstrip(b"=").decode()


def read(text: str, committed: int) -> Runs | Unread:
    """The runs in `text`, which stood beside the offset `committed`; or why it says nothing. Never raises."""
    if not text:
        return NOTHING
    if not text.startswith(TAG):
        return Unread("newer" if text.startswith("cs") and text[2:3].isdigit() else "foreign")
    payload = _decoded(text.removeprefix(TAG))
    if payload is None:
        return Unread("damaged")
    numbers = list(_numbers(payload))
    if len(numbers) % 2 == 0:
        return Unread("damaged")
    if numbers[0] != committed:
        return Unread("other_offset")
    runs: list[Run] = []
    before = committed
    for gap, length in zip(numbers[1::2], numbers[2::2], strict=True):
        runs.append((before + gap, before + gap + length))
        before += gap + length
    return Runs(runs)


def between(unsettled: Iterable[int], end: int) -> Iterator[Run]:
    """The runs of offsets between the `unsettled` ones, which rise, and up to `end`.

    Offsets that no record has (compaction, transaction markers) count as settled: none will ever come for them.
    """
    for first, second in pairwise([*unsettled, end]):
        if second > first + 1:
            yield first + 1, second


def _decoded(text: str) -> bytes | None:
    """The bytes of `text` before their checksum; None where it does not hold."""
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    payload, checksum = content[:-_CRC_BYTES], content[-_CRC_BYTES:]
    return payload if payload and binascii.crc32(payload).to_bytes(_CRC_BYTES, "big") == checksum else None


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(payload: bytes) -> Iterator[int]:
    number = shift = 0
    for byte in payload:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield number
            number = shift = 0
