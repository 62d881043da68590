"""The headers of letters are read again as they were written, and letters of letters remember the first."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.kafka.headers import headers
from capi_stream.letter_heads import PREFIX, Head, original, own_headers, read
from capi_stream.model import Destination, Part, PixelId, Record, Rejection
from tests.builders import PIXEL, record
from tests.shells.letters import full_letter, letter

OFFSET = time.time() - time.monotonic()


def stored(sent: Letter, replay_id: str = "") -> Record:
    """The record that `sent` is, where it was stored."""
    source = sent.record
    written = headers(sent, OFFSET, replay_id)
    return record(source.value, key=source.key, partition=1, offset=900, topic="letters", headers=written)


def head_of(of: Record) -> Head:
    head = read(of.headers)
    assert head is not None
    return head


def test_what_a_full_letter_says_is_read_again() -> None:
    head = head_of(stored(full_letter("letters", first_failed_at=1.0, last_failed_at=2.0)))
    assert (head.kind, head.reason, head.stage) == ("parked", "unknown", "post")
    assert head.detail == "refused for fünf reasons"
    assert head.part == Part(0, PIXEL, "gateway", "order-1001", "Purchase")
    assert (head.code, head.subcode, head.attempts, head.schema) == (100, 2804019, 3, "7")
    assert (head.source_topic, head.source_partition, head.source_offset) == ("commerce.events", 2, 41)
    assert (head.replay_count, head.replay_id, head.first_reason) == (0, None, None)
    assert head.last_failed_at is not None
    assert head.first_failed_at is not None
    assert head.last_failed_at - head.first_failed_at == 1_000


def test_the_record_comes_back_as_it_was() -> None:
    sent = full_letter("letters")
    kept = stored(sent)
    assert original(kept, head_of(kept)) == replace(sent.record, headers=list(sent.record.headers))


@given(st.lists(st.tuples(st.sampled_from([f"{PREFIX}{name}" for name in Head.__dataclass_fields__] + ["h", PREFIX]),
                          st.none() | st.binary(max_size=30))))  # fmt: skip
def test_no_headers_make_it_raise(pairs: list[tuple[str, bytes | None]]) -> None:
    head = read(pairs)
    assert head is None or isinstance(head.source_offset, int)
    assert all(not name.startswith(PREFIX) for name, _ in own_headers(pairs))


def test_a_number_that_is_none_of_ours_makes_no_letter() -> None:
    kept = stored(full_letter("letters"))
    for odd in (b"", b"-", b"1e3", b"\xd9\xa1", b"9" * 400, b" 1"):
        changed = [(name, odd if name == f"{PREFIX}source_offset" else value) for name, value in kept.headers]
        assert read(changed) is None, odd


# Letters of letters.


def test_what_fails_again_says_where_it_began_and_why_at_first() -> None:
    first = stored(full_letter("letters", first_failed_at=1.0, last_failed_at=2.0))
    refused = Rejection("post", "invalid_parameter", "", 0, PIXEL, "order-1001", "Purchase")
    again = head_of(stored(letter("letters", first, rejection=refused, attempts=2, last_failed_at=9.0), "friday"))
    before = head_of(first)
    assert (again.source_topic, again.source_partition, again.source_offset) == ("commerce.events", 2, 41)
    assert again.source_timestamp == before.source_timestamp
    assert again.first_failed_at == before.first_failed_at
    assert (again.reason, again.first_reason) == ("invalid_parameter", "unknown")
    assert (again.replay_count, again.replay_id, again.attempts) == (1, "friday", 5)
    assert (before.read_from, again.read_from) == (None, "letters/1/900")
    third = head_of(stored(letter("letters", stored(letter("letters", first), "friday")), "monday"))
    assert (third.replay_count, third.replay_id, third.first_reason) == (2, "monday", "unknown")


def test_what_fails_again_as_a_whole_still_means_no_more_than_before() -> None:
    """A mapping that was broken meanwhile refuses the whole record: its other events were accepted long ago."""
    kept = stored(letter("letters", stored(full_letter("letters")), rejection=Rejection("map", "invalid_value")))
    assert head_of(kept).part == Part(0, PIXEL, "gateway", "order-1001", "Purchase")


def test_what_fails_again_for_one_event_means_that_alone() -> None:
    whole = stored(letter("letters"))
    narrower = Rejection("post", "invalid_parameter", "", 3, PIXEL, "id-3", "Lead")
    kept = stored(letter("letters", whole, rejection=narrower, destination=Destination(PixelId(PIXEL), "graph")))
    assert head_of(kept).part == Part(3, PIXEL, "graph", "id-3", "Lead")


def test_what_is_put_into_a_topic_keeps_all_and_counts_once() -> None:
    first = stored(full_letter("letters"))
    forwarded = letter("events", first, kind=LetterKind.REPLAY, rejection=Rejection("", "unknown"))
    put = stored(forwarded, "friday")
    head, before = head_of(put), head_of(first)
    changed: dict[str, Any] = {"kind": "replay", "replay_count": 1, "replay_id": "friday", "read_from": "letters/1/900"}
    assert head == replace(before, **changed)
    assert (put.key, put.value) == (first.key, first.value)
    refused_there = head_of(stored(letter("letters", put)))
    assert (refused_there.replay_count, refused_there.replay_id) == (1, "friday"), "not counted twice"


def test_the_mapping_is_told_whose_numbers_the_events_have() -> None:
    of_event = Rejection("post", "invalid_parameter", "", 1, PIXEL, "id-1", "Lead")
    first = letter("letters", rejection=of_event)
    first.ticket.mapping = "aaaaaaaa"
    kept = stored(first)
    assert head_of(kept).mapping == "aaaaaaaa"
    for rejection, expected in ((of_event, "bbbbbbbb"), (Rejection("map", "invalid_value"), "aaaaaaaa")):
        again = letter("letters", kept, rejection=rejection)
        again.ticket.mapping = "bbbbbbbb"
        assert head_of(stored(again)).mapping == expected, "as its number, which a record that is refused whole keeps"
