"""Which letters a replay takes, which it passes over, and what they are read as."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from capi_stream.letter_heads import Head, read
from capi_stream.model import Forwarded, Mapped, Record
from capi_stream.replay.choosing import Choice
from capi_stream.replay.pace import Pace
from capi_stream.replay.reading import PASSED_OVER, Letters, Wish
from tests.builders import PIXEL, UNIX_NOW, commerce_event, encoded, record
from tests.intake.commerce import INTAKE
from tests.intake.test_parts import letter

ALL = Wish(Choice())


def head_of(of: Record) -> Head:
    head = read(of.headers)
    assert head is not None
    return head


def purchase(**said: Any) -> Record:
    return letter(record(encoded(commerce_event())), **said)


SAID: dict[str, Any] = {"pixel": PIXEL, "code": 100, "event_name": "Purchase", "last_failed_at": 50_000}


@pytest.mark.parametrize(("takes", "leaves"), [
    (Choice(reasons=frozenset({"invalid_parameter"})), Choice(reasons=frozenset({"not_framed"}))),
    (Choice(stages=frozenset({"post", "map"})), Choice(stages=frozenset({"map"}))),
    (Choice(pixels=frozenset({PIXEL})), Choice(pixels=frozenset({"5"}))),
    (Choice(codes=frozenset({100})), Choice(codes=frozenset({190}))),
    (Choice(topics=frozenset({"commerce.events"})), Choice(topics=frozenset({"letters"}))),
    (Choice(event_names=frozenset({"Purchase"})), Choice(event_names=frozenset({"Lead"}))),
    (Choice(since=50.0), Choice(since=50.1)),
    (Choice(until=50.1), Choice(until=50.0)),
])  # fmt: skip
def test_each_filter_takes_and_leaves(takes: Choice, leaves: Choice) -> None:
    head = head_of(purchase(**SAID))
    assert takes.takes(head)
    assert not leaves.takes(head)
    both = replace(takes, reasons=frozenset({"not_framed"}))
    assert not both.takes(head), "a letter must pass each filter"


def test_a_letter_that_does_not_say_when_is_in_no_span_of_time() -> None:
    head = head_of(purchase())
    assert Choice().takes(head)
    assert not Choice(since=0.0).takes(head)


@pytest.mark.parametrize(("reason", "of", "wish"), [
    ("not_chosen", purchase(), Wish(Choice(reasons=frozenset({"x"})))),
    ("no_letter", record(), ALL),
    ("not_decrypted", purchase(encrypted="fernet"), ALL),
    ("not_decrypted", purchase(encrypted="fernet"), Wish(Choice(), to_topic="events")),
    ("value_omitted", purchase(value_omitted="true"), ALL),
    ("not_a_record", purchase(content="hashed_event"), Wish(Choice(), to_topic="events")),
    ("replayed_too_often", purchase(replay_count=5), ALL),
    ("replayed_too_often", purchase(replay_count=2), Wish(Choice(), most_replays=2)),
    ("topic_not_configured", letter(record(topic="gone")), ALL),
])  # fmt: skip
def test_what_is_passed_over_says_why(reason: str, of: Record, wish: Wish) -> None:
    [(_, reading)] = Letters(INTAKE, wish).readings([of], UNIX_NOW)
    assert reading == Mapped(filtered=[reason])
    assert reason in PASSED_OVER


def test_what_is_only_too_old_is_left_where_it_lies() -> None:
    week = 7 * 86_400
    [(_, reading)] = Letters(INTAKE, ALL).readings([purchase()], UNIX_NOW + week)
    assert isinstance(reading, Mapped)
    assert (reading.filtered, reading.rejections) == (["too_old"], [])
    assert "too_old" in PASSED_OVER
    [(_, soon)] = Letters(INTAKE, ALL).readings([purchase()], UNIX_NOW)
    assert isinstance(soon, Mapped)
    assert soon.events


def test_letters_stay_in_order_and_only_those_that_are_sent_again_cost_room() -> None:
    told: list[int] = []
    letters = [purchase(event_id=f"id-{at}", event_index=0) if at % 2 else record() for at in range(150)]
    readings = list(Letters(INTAKE, ALL, told.append).readings(letters, UNIX_NOW))
    assert [each for each, _ in readings] == letters
    assert sum(told) == 75
    ids = [each.events[0].event_id for _, each in readings if isinstance(each, Mapped) and each.events]
    assert ids == [f"id-{at}" for at in range(1, 150, 2)]


def test_letters_for_a_topic_are_not_looked_into() -> None:
    odd = letter(record(b"no Avro", topic="gone"))
    [(_, reading)] = Letters(INTAKE, Wish(Choice(), to_topic="events")).readings([odd], UNIX_NOW)
    assert reading == Forwarded("events", "invalid_parameter")


# Pace.


def test_without_a_rate_there_is_always_room() -> None:
    pace = Pace(0.0)
    pace.spent(10_000)
    assert pace.room(1.0, 1_000) == 1_000


def test_room_grows_with_time_up_to_a_second_s_worth() -> None:
    pace = Pace(10.0)
    assert pace.room(100.0, 1_000) == 0
    assert pace.room(100.25, 1_000) == 2
    assert pace.room(500.0, 1_000) == 10
    assert pace.room(500.0, 4) == 4


def test_only_what_was_spent_is_gone() -> None:
    pace = Pace(10.0)
    pace.room(0.0, 1)
    assert pace.room(1.0, 1_000) == 10
    pace.spent(0)  # all ten were passed over
    assert pace.room(1.0, 1_000) == 10
    pace.spent(10)
    assert pace.room(1.0, 1_000) == 0


def test_a_rate_below_one_a_second_comes_to_something_too() -> None:
    pace = Pace(0.1)
    pace.room(0.0, 1)
    assert [pace.room(at, 1_000) for at in (5.0, 10.5)] == [0, 1]
