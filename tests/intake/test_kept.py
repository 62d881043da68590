"""Letters that hold the event in place of the record: judged again, and sent byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capi_stream.intake.intake import Intake
from capi_stream.intake.settings import Routing
from capi_stream.model import Destination, Event, Malformed, Mapped, PixelId, Reading, Record
from tests.builders import PIXEL, TOPIC, UNIX_NOW, commerce_event, encoded, intake_settings, record
from tests.intake.commerce import INTAKE, new_intake
from tests.intake.test_parts import BOTH, letter

WEEK = 7 * 86_400
OTHER = PixelId("2345678901")


def made(intake: Intake = INTAKE) -> Event:
    """The event that an ordinary record becomes."""
    reading = intake(record(encoded(commerce_event())), UNIX_NOW)
    assert isinstance(reading, Mapped)
    return reading.events[0]


def kept(body: bytes | None = None, **said: Any) -> Record:
    """A letter that holds it."""
    source = record(made().body if body is None else body)
    given: dict[str, Any] = {
        "content": "hashed_event",
        "event_index": 0,
        "event_id": "order-1001",
        "pixel": PIXEL,
        "endpoint": "graph",
    }
    return letter(source, **(given | said))


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(made().body) | fields).encode()


def read(of: Record, intake: Intake = INTAKE, unix_now: float = UNIX_NOW) -> Mapped:
    reading: Reading = intake(of, unix_now)
    assert isinstance(reading, Mapped)
    return reading


def test_the_event_comes_back_as_it_was() -> None:
    assert read(kept()).events == [made()]


def test_its_bytes_are_those_that_were_kept() -> None:
    """Not written anew: a number of many digits would be another one."""
    body = made().body.replace(b"119.97", b"119.97000000000000000001")
    [event] = read(kept(body)).events
    assert event.body == body


def test_it_is_not_mapped_and_needs_no_schema() -> None:
    assert read(kept(), Intake(intake_settings())).events == [made()]


def test_an_event_of_many_keeps_its_number() -> None:
    [event] = read(kept(event_index=3)).events
    assert event.index == 3


def test_the_rules_are_checked_again() -> None:
    [too_old] = read(kept(), unix_now=UNIX_NOW + WEEK).rejections
    assert (too_old.stage, too_old.reason, too_old.event_id) == ("validate", "event_time_too_old", "order-1001")
    [unhashed] = read(kept(changed(user_data={"em": ["ana@example.com"]}))).rejections
    assert unhashed.reason == "user_data_not_hashed"


def test_its_age_counts_from_its_own_time() -> None:
    [event] = read(kept(changed(event_time=int(UNIX_NOW) - 100, action_source="physical_store"))).events
    assert event.time == int(UNIX_NOW) - 100
    assert event.not_after == event.time + 62 * 86_400


def test_it_goes_where_the_configuration_sends_its_pixel_now() -> None:
    both = new_intake(routing=Routing({PIXEL: BOTH}))
    assert read(kept(), both).events[0].destinations == (Destination(PIXEL),)
    assert read(kept(endpoint="gateway"), both).events[0].destinations == (Destination(PIXEL, "gateway"),)


@pytest.mark.parametrize(("said", "reason"), [
    ({"pixel": OTHER}, "pixel_not_configured"),
    ({"endpoint": "gateway"}, "no_longer_made"),
])  # fmt: skip
def test_where_it_cannot_go_any_more_it_is_refused(said: dict[str, Any], reason: str) -> None:
    mapped = read(kept(**said))
    assert ([each.reason for each in mapped.rejections], mapped.events) == ([reason], [])


@pytest.mark.parametrize("body", [
    b"", b"\x00\x00\x00\x00\x07", b"[]", b"null", b'"text"', b"{", b"{}", b'{"event_id": 7}', b"\xff", b"[" * 100_000,
])  # fmt: skip
def test_what_is_no_event_is_refused_for_that(body: bytes) -> None:
    reading = INTAKE(kept(body), UNIX_NOW)
    assert isinstance(reading, Malformed)
    assert reading.rejection.reason == "undecodable"


def test_without_a_pixel_nobody_knows_where_to() -> None:
    of = kept()
    of.headers = [(name, value) for name, value in of.headers if not name.endswith(".pixel")]
    assert isinstance(INTAKE(of, UNIX_NOW), Malformed)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
                    max_leaves=8)  # fmt: skip
NAMES = st.sampled_from(sorted(json.loads(made().body)))


@given(st.dictionaries(NAMES, JSON, max_size=3))
def test_no_event_makes_it_raise(fields: dict[str, Any]) -> None:
    reading = INTAKE(kept(changed(**fields)), UNIX_NOW)
    assert isinstance(reading, Mapped | Malformed)


def test_in_a_topic_of_events_a_header_stands_above_no_bytes() -> None:
    """Else whoever may write there could send any event to any pixel, past the mapping."""
    there = kept()
    there.partition = record(topic=TOPIC).partition
    reading = INTAKE(there, UNIX_NOW)
    assert isinstance(reading, Malformed)
    assert reading.rejection.reason == "not_framed"
    plain = record(encoded(commerce_event()))
    plain.headers = there.headers
    assert read(plain).events == [made()]


def test_one_that_is_nested_too_deep_is_no_event() -> None:
    deep = b'{"event_id": "x", "custom_data": ' + b'{"a":' * 300 + b"1" + b"}" * 301
    reading = INTAKE(kept(deep), UNIX_NOW)
    assert isinstance(reading, Malformed)
    assert reading.rejection.reason == "undecodable"
