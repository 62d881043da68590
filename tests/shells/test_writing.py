"""What of a letter is stored, by `letters.content`."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet

from capi_stream.delivery.batches import Letter, LetterKind
from capi_stream.kafka.settings import ProducerSettings
from capi_stream.kafka.writing import Writing, Written
from capi_stream.letter_heads import PREFIX, Head, own_headers, read
from capi_stream.model import Record, Rejection
from tests.builders import record
from tests.shells.letters import full_letter, letter

KEY = Fernet.generate_key().decode()

EVENT = b'{"event_name":"Purchase","event_id":"order-1001"}'
DEAD, PARKED = "letters", "parked"
REFUSED = Rejection("post", "invalid_parameter", "quotes ana@example.com", 0)


def written(of: Letter, **changes: Any) -> Written:
    given: dict[str, Any] = {"content": "hashed_event", "replay_id": "friday"}
    return Writing(ProducerSettings({}, DEAD, PARKED, **(given | changes)), 0.0).written(of)


def head_of(what: Written | Record) -> Head:
    head = read(what.headers)
    assert head is not None
    return head


def lying(what: Written, topic: str = DEAD) -> Record:
    """The record that it is, where it was stored."""
    return record(what.value, key=what.key, topic=topic, partition=1, offset=900, headers=what.headers)


def test_with_the_event_nothing_of_the_record_is_stored() -> None:
    source = record(b"raw ana@example.com", key=b"ana", headers=[("mail", b"ana@example.com")])
    found = written(letter(DEAD, source, rejection=REFUSED, event=EVENT))
    assert (found.key, found.value) == (None, EVENT)
    assert own_headers(found.headers) == []
    assert b"ana" not in b"".join(value or b"" for _, value in found.headers)
    head = head_of(found)
    assert (head.holds_event, head.value_omitted, head.detail, head.reason) == (True, None, "", "invalid_parameter")
    assert (head.source_topic, head.source_offset) == ("commerce.events", 0)


@pytest.mark.parametrize(
    "of", [letter(DEAD), letter(DEAD, event=EVENT, carries_value=False)], ids=["none", "too large"]
)
def test_where_there_is_no_event_there_is_no_value(of: Letter) -> None:
    found = written(of)
    assert (found.key, found.value) == (None, None)
    assert (head_of(found).holds_event, head_of(found).value_omitted) == (True, "true")


def test_records_are_verbatim_unless_that_is_asked_for() -> None:
    found = written(full_letter(DEAD, event=EVENT), content="record")
    assert (found.key, found.value) == (b"\xfe", b"\x00\xff\x01")
    assert (head_of(found).content, head_of(found).detail) == (None, "refused for fünf reasons")
    assert own_headers(found.headers) == [("h", b"1"), ("h", None)]


@pytest.mark.parametrize("content", ["record", "hashed_event"])
@pytest.mark.parametrize("event", [EVENT, None], ids=["refused again", "refused by a rule"])
def test_an_event_that_fails_again_stays_what_it_is(content: str, event: bytes | None) -> None:
    first = lying(written(letter(DEAD, event=EVENT)))
    found = written(letter(DEAD, first, event=event), content=content)
    assert (found.key, found.value) == (None, EVENT)
    head = head_of(found)
    assert (head.holds_event, head.value_omitted, head.replay_count) == (True, None, 1)


def test_a_record_that_fails_again_after_the_change_is_not_kept() -> None:
    first = lying(written(letter(DEAD, record(b"raw", key=b"k")), content="record"))
    assert written(letter(DEAD, first, event=EVENT)).value == EVENT
    assert written(letter(DEAD, first)).value is None


def test_a_topic_of_events_cannot_say_that_a_record_is_an_event() -> None:
    """Whoever may write there could else have its raw bytes kept."""
    forged = record(b"raw", topic="commerce.events", headers=lying(written(letter(DEAD, event=EVENT))).headers)
    assert written(letter(DEAD, forged)).value is None
    assert head_of(written(letter(DEAD, forged), content="record")).content is None


def test_it_is_encrypted_as_a_record_is() -> None:
    key = Fernet.generate_key().decode()
    found = written(letter(DEAD, rejection=REFUSED, event=EVENT), letter_keys=(key,))
    assert (found.key, head_of(found).is_sealed, head_of(found).holds_event) == (None, True, True)
    assert Fernet(key).decrypt(found.value or b"") == EVENT


def test_what_goes_into_a_topic_of_events_is_the_record() -> None:
    first = lying(written(letter(DEAD, record(b"raw", key=b"k", headers=[("h", b"1")])), content="record"))
    found = written(letter("commerce.events", first, kind=LetterKind.REPLAY, rejection=Rejection("", "undecodable")))
    assert (found.key, found.value, own_headers(found.headers)) == (b"k", b"raw", [("h", b"1")])
    assert [name for name, _ in found.headers if name == f"{PREFIX}content"] == []


@pytest.mark.parametrize("keys", [(), (KEY,)], ids=["plain", "encrypted"])
def test_a_topic_of_events_cannot_say_that_a_record_is_encrypted(keys: tuple[str, ...]) -> None:
    """Its letter would be stored plain beside encrypted ones, and never be read again."""
    said = [*lying(written(letter(DEAD))).headers, (f"{PREFIX}encrypted", b"fernet")]
    forged = letter(DEAD, record(b"raw", topic="commerce.events", headers=said))
    stored = written(forged, content="record", letter_keys=keys)
    assert (stored.value == b"raw") == (not keys)
    assert head_of(stored).is_sealed == bool(keys)
